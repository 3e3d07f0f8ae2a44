"""The handoff: what the next person needs, with recovery commands that work when pasted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cockpit.domain.causes import error_line, todo_about
from cockpit.domain.glyphs import check_glyph
from cockpit.domain.hyperparameters import LR
from cockpit.domain.marks import mark_text
from cockpit.domain.run import Launch, RunState
from cockpit.domain.state import State
from cockpit.domain.summary import as_record
from cockpit.domain.text import count, counted, duration, number, pair, safe, shell_line, shell_word, size

TITLE = "## ML SESSION HANDOFF"
_NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class HandoffContext:
    """What the document says beside the run's own state."""

    cockpit: str  # absolute path of the command
    checkpoint: str | None  # absolute; what a resume starts from
    config_copy: str
    without_cockpit: tuple[str, ...]  # argv that resumes by the trainer alone; empty where none is known
    config_changes: tuple[str, ...] = ()
    gpu_reason: str = "no GPU was sampled"


def markdown(state: RunState, context: HandoffContext) -> str:
    """The document."""
    sections = [
        TITLE,
        "",
        "### Experiment State",
        *_fields(_experiment(state)),
        "",
        "### Training Status",
        *_fields(_training(state, context)),
        "",
        "### Recovery Commands",
        *_recovery(state, context),
        "",
        "### Details",
        *_fields(_details(state, context)),
        "",
        *_good_training(state),
        *_marks(state),
        "### Next steps",
        *(f"- {step}" for step in _next_steps(state, context)),
    ]
    return "\n".join(sections) + "\n"


def _marks(state: RunState) -> list[str]:
    if not state.marks:
        return []
    told = [f"- step {count(mark.step)}, {mark.kind}: {code(mark_text(mark))}" for mark in state.marks]
    return ["### Changes and notes", *told, ""]


def overview(project: str, runs: int, documents: list[str]) -> str:
    """The handoffs of a project in one document, in the order given."""
    if not documents:
        return f"# {safe(project)}\n\nOf {counted(runs, 'run')} none is active or interrupted.\n"
    head = f"# {safe(project)}\n\nNot finished: {len(documents)} of {counted(runs, 'run')}, newest first.\n"
    return "\n---\n\n".join([head, *documents])


def as_json(state: RunState, context: HandoffContext) -> dict[str, Any]:
    """The same for machines."""
    return {
        "schema": 1,
        "run": as_record(state),
        "experiment_state": dict(_experiment(state)),
        "training_status": dict(_training(state, context)),
        "recovery": {
            "with_cockpit": _resume_lines(state, context),
            "without_cockpit": _plain_lines(state, context),
            "watch": _watch_lines(state, context) if state.state.active else [],
        },
        "details": dict(_details(state, context)),
        "good_training": [criterion.record for criterion in state.criteria],
        "troubles": [trouble.text for trouble in state.troubles],
        "config_changes": list(context.config_changes),
        "next_steps": _next_steps(state, context),
    }


def code(text: str) -> str:
    """``text`` as inline code from which no backtick can break out."""
    content = safe(text, 1000)
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def _fields(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"- **{label}**: {value}" for label, value in pairs]


def _experiment(state: RunState) -> list[tuple[str, str]]:
    epoch = _NOT_YET
    if state.epoch is not None:
        total = count(state.epochs_total) if state.epochs_total else "open"
        epoch = f"{state.epoch + 1}/{total} (step {count(state.step)}/{count(state.steps_total)})"
    best = _NOT_YET
    if state.best is not None:
        at = f"epoch {state.best.epoch + 1}" if state.best.epoch is not None else "epoch ?"
        best = f"{code(state.best.metric)} {number(state.best.value)} @ {at}, step {count(state.best.step)}"
    return [
        ("Experiment ID", code(state.id)),
        ("Epoch", epoch),
        ("Best metric", best),
        ("Last checkpoint", code(state.last_checkpoint) if state.last_checkpoint else _NOT_YET),
    ]


def _training(state: RunState, context: HandoffContext) -> list[tuple[str, str]]:
    def loss(value: float | None) -> str:
        return _NOT_YET if value is None else number(value)

    gpus = ", ".join(f"GPU {gpu.index} {pair(gpu.memory_used, gpu.memory_total)}" for gpu in state.gpus)
    return [
        ("Loss", f"train {loss(state.loss_train)} / val {loss(state.loss_val)}"),
        ("Learning rate", _NOT_YET if state.learning_rate is None else number(state.learning_rate)),
        ("GPU memory", gpus or f"none: {safe(context.gpu_reason)}"),
        ("ETA", eta_text(state)),
    ]


def eta_text(state: RunState) -> str:
    """``27m (24m–31m)``, or why there is none."""
    eta = state.eta
    if not state.state.active:
        return f"none: the run is {state.state}"
    if eta.seconds is None:
        return f"{_NOT_YET}: {eta.reason}"
    return "at most " * eta.at_most + " ".join(eta.words)


def _recovery(state: RunState, context: HandoffContext) -> list[str]:
    lines: list[str] = []
    if state.state.active:
        lines += ["The run is going on. To watch it:", *_block(_watch_lines(state, context)), ""]
        lines += ["Only if it has died (a live run refuses to be resumed):"]
    if context.checkpoint is None:
        again = "from the run's own config" if state.launch is None or state.launch.config else "by its own command"
        return [*lines, "", f"No checkpoint is known; start again {again}:",
                *_block(_plain_lines(state, context)), *_own_way(state.launch)]  # fmt: skip
    plain = _plain_lines(state, context)
    asked = "" if plain or state.launch is None else " (it asks once how its command takes a checkpoint)"
    lines += [f"With cockpit, in the same run{asked}:", *_block(_resume_lines(state, context))]
    if plain:
        lines += ["", f"Without cockpit, by the trainer alone{_forgotten(state)}:", *_block(plain)]
    return lines


def _forgotten(state: RunState) -> str:
    """Names what a person changed on the way: from a checkpoint the recorder restores it, the trainer alone may not."""
    changed = [name for mark in state.marks if mark.kind == "change" and mark.in_force for name in mark.values]
    names = [safe(name) for name in dict.fromkeys(changed) if name != LR]
    return f" (which may not know of the changed {', '.join(names)})" if names else ""


def _own_way(launch: Launch | None) -> list[str]:
    """The script's own way to resume, where no checkpoint is known: a person fills in ``PATH``, so it is no block."""
    if launch is None or not launch.framework or not launch.resume:
        return []
    return ["", f"From what it may have saved by itself: {code(shell_line(launch.resume_argv('PATH')))}"]


def _block(lines: list[str]) -> list[str]:
    return ["```bash", *lines, "```"]


def _preamble(state: RunState) -> list[str]:
    """Into the project, its environment and the GPUs it was given."""
    launch = state.launch
    if launch is None:
        return []
    lines = [f"cd {shell_word(launch.folder)}"]
    if activate := launch.environment.get("activate"):
        lines.append(activate)
    if launch.python_path:
        lines.append(f"export PYTHONPATH={shell_word(launch.python_path)}")
    if launch.cuda_visible_devices is None:
        lines.append("unset CUDA_VISIBLE_DEVICES")
    else:
        lines.append(f"export CUDA_VISIBLE_DEVICES={shell_word(launch.cuda_visible_devices)}")
    return lines


def _watch_lines(state: RunState, context: HandoffContext) -> list[str]:
    return [*_preamble(state), shell_line([context.cockpit, "status", state.id])]


def _resume_lines(state: RunState, context: HandoffContext) -> list[str]:
    if context.checkpoint is None:
        return []
    command = [context.cockpit, "resume", state.id, "--from", context.checkpoint, "--allow", "resume", "--detach"]
    return [*_preamble(state), shell_line(command)]


def _plain_lines(state: RunState, context: HandoffContext) -> list[str]:
    return [*_preamble(state), shell_line(context.without_cockpit)] if context.without_cockpit else []


def _details(state: RunState, context: HandoffContext) -> list[tuple[str, str]]:
    launch = state.launch
    pairs = [("State", safe(state.told))]
    if launch is not None:
        tree = {True: ", with uncommitted changes", False: ", clean", None: ""}[launch.git_dirty]
        tree = f"{tree}, without {code(launch.untracked)}" if launch.untracked else tree
        pairs += [
            ("Host", code(launch.host)),
            ("Git commit", f"{code(launch.git_commit)}{tree}" if launch.git_commit else "not in a git repository"),
            _config(launch, context),
            ("Environment", f"{launch.environment.get('kind', '?')} {code(launch.environment.get('prefix', ''))}"),
        ]
    pairs += [
        ("Seed", _seed(state)),
        ("Time in training", duration(state.active_seconds)),
        ("Memory", f"trainer {size(state.ram_used)}" if state.ram_used is not None else "not sampled"),
        *([("Last save", f"failed: {safe(state.save_error)}")] if state.save_error else []),
        ("Non-finite values", count(state.nonfinite_count)),
        *_trackers(state),
    ]
    changes = context.config_changes
    pairs.append(("Config changes since launch", "none" if not changes else "; ".join(code(line) for line in changes)))
    return pairs


def _config(launch: Launch, context: HandoffContext) -> tuple[str, str]:
    if not launch.config:
        return "Command", code(launch.command)
    return "Config", f"{code(launch.config)} (the run's own copy: {code(context.config_copy)})"


def _good_training(state: RunState) -> list[str]:
    """The six criteria with what they rest on, and what is wrong; nothing before there is a record to judge by."""
    if not state.criteria:
        return []
    lines = ["### Good training"]
    for criterion in state.criteria:
        todo = f" → {criterion.todo}" if criterion.todo else ""
        evidence = "; ".join(safe(line, 300) for line in criterion.evidence)
        lines.append(f"- **{check_glyph(criterion.status)} {criterion.title}** ({criterion.word}): {evidence}{todo}")
    lines += [f"- **! {trouble.short}**: {trouble.text} → {trouble.todo}" for trouble in state.troubles]
    return [*lines, ""]


def _seed(state: RunState) -> str:
    by = state.vitals.recorder
    return str(state.seed) if state.seed is not None else f"not told by {safe(by)}" if by else "not set"


def _trackers(state: RunState) -> list[tuple[str, str]]:
    """Each with its id, what shows it, and how to see that from elsewhere."""
    if not state.trackers:
        own = state.launch is not None and state.launch.framework is not None
        usual = ("TensorBoard", code(f"tensorboard --logdir {shell_word(state.path)}"))
        return [("Trackers", "none known: its script has told of none") if own else usual]
    pairs = []
    for tracker in state.trackers:
        tunnel = tracker.tunnel(state.launch.host if state.launch else "")
        parts = [
            *([f"run {code(tracker.id)}"] if tracker.id else []),
            *([code(line)] if (line := tracker.command or tracker.page or tracker.place) else []),
            *([f"from elsewhere {code(tunnel)}, then {code(tracker.page)}"] if tunnel else []),
        ]
        pairs.append((safe(tracker.name), "; ".join(parts) or "told by the trainer"))
    return pairs


def _next_steps(state: RunState, context: HandoffContext) -> list[str]:
    on = "start again: no checkpoint is known" if context.checkpoint is None else "resume from the last checkpoint"
    match state.state:
        case State.FINISHED if context.checkpoint is None:
            return ["Look for what it has saved by itself: no checkpoint is known"]
        case State.FINISHED:
            best = next((c for c in state.checkpoints if "best" in c.roles), None)
            return [f"Evaluate the best checkpoint: {code(best.path)}" if best else "Evaluate the last checkpoint"]
        case State.FAILED:
            error = error_line(state.exception) or state.evidence
            todo = [f"Perhaps: {known}"] if (known := todo_about(error)) else []
            return [f"Find the cause: {code(error)}", *todo, "The whole output: " + code(f"cockpit logs {state.id}")]
        case State.KILLED:
            return [f"Find out who ended it ({safe(state.evidence)}), then {on}"]
        case State.STOPPED | State.INTERRUPTED:
            return [f"When there is time for it, {on}"]
        case State.UNKNOWN:
            return [f"Find out what became of it: {safe(state.evidence)}"]
        case _:
            return ["Let it run; look again when the ETA is over"]

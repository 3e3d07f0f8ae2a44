"""Is it good training, where does it hang, which operation makes the NaN?"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from cockpit.commands.common import say, wrapped
from cockpit.domain.criteria import BAD, Criterion, unjudged
from cockpit.domain.glyphs import check_glyph
from cockpit.domain.run import RunState
from cockpit.domain.summary import json_number
from cockpit.domain.text import safe
from cockpit.domain.trouble import Trouble
from cockpit.domain.weights import table
from cockpit.project import Project
from cockpit.runs.reader import RunReader
from cockpit.runs.store import find_run


def criteria(project: Project, arguments: Namespace) -> int:
    """The six criteria and the troubles of a run; 1 if a criterion fails."""
    state = RunReader(find_run(project.runs_folder, arguments.run)).poll()
    record = {
        "id": state.id,
        "verdict": state.verdict,
        "criteria": [asdict(criterion) for criterion in state.criteria],
        "troubles": [asdict(trouble) for trouble in state.troubles],
    }
    say(record, arguments, "\n".join(_lines(state)))
    return int(any(criterion.status == BAD for criterion in state.criteria))


def _lines(state: RunState) -> list[str]:
    if not state.criteria:
        return [f"{state.id}: {unjudged(state)} ({safe(state.evidence)})"]
    lines = [f"{state.id}  {state.verdict}"]
    for criterion in state.criteria:
        lines += _criterion_lines(criterion, state.updated)
    for trouble in state.troubles:
        lines += _trouble_lines(trouble)
    return lines


def _criterion_lines(criterion: Criterion, now: float) -> list[str]:
    head = f"{check_glyph(criterion.status)} {criterion.title}: {criterion.word_at(now)}"
    todo = [f"    → {criterion.todo}"] if criterion.todo else []
    evidence = [part for line in criterion.evidence for part in _indented(safe(line, 400))]
    return ["", head, *evidence, *todo]


def _indented(line: str) -> list[str]:
    first, *more = wrapped(line, 6)
    return [f"    {first}", *(f"      {part}" for part in more)]


def _trouble_lines(trouble: Trouble) -> list[str]:
    return ["", f"{check_glyph(trouble.level)} {trouble.text}", f"    → {trouble.todo}"]


def weights(project: Project, arguments: Namespace) -> int:
    """How far a step moves each layer, as a table."""
    from cockpit.actions.weights import weigh

    weighed = weigh(find_run(project.runs_folder, arguments.run), arguments.wait)
    layers = [{**_numbers(asdict(layer)), "verdict": layer.verdict} for layer in weighed.layers]
    groups = [_numbers(asdict(group)) for group in weighed.groups]
    record = _numbers(asdict(weighed)) | {"layers": layers, "groups": groups}
    say(record, arguments, "\n".join([*weighed.lines, "", *table(weighed)]))
    return 0


def _numbers(record: dict[str, Any]) -> dict[str, Any]:
    return {name: json_number(value) if isinstance(value, float) else value for name, value in record.items()}


def stacks(project: Project, arguments: Namespace) -> int:
    """Every Python stack of a trainer."""
    from cockpit.actions.stacks import dump_stacks

    found = dump_stacks(find_run(project.runs_folder, arguments.run))
    text = "\n".join(safe(line, 1000) for line in found.text.splitlines())
    say({"pids": found.pids, "stacks": found.text}, arguments, text)
    return 0


def replay(project: Project, arguments: Namespace) -> int:
    """From before the first NaN, with anomaly detection."""
    from cockpit.actions import replay as replaying
    from cockpit.actions.permission import make_guard
    from cockpit.commands.consent import with_consent
    from cockpit.domain.guard import Permit, Question

    run = find_run(project.runs_folder, arguments.run)
    guard = make_guard(project, "cli")

    def plan() -> tuple[replaying.ReplayPlan, Question]:
        planned = replaying.plan_replay(run, arguments.checkpoint)
        return planned, planned.question

    def deed(planned: replaying.ReplayPlan, permit: Permit) -> str:
        replaying.replay(planned, permit, guard)
        return planned.base.report.checkpoint.name

    name = with_consent(guard, plan, deed, arguments, run.id)
    say({"id": run.id, "from": name, "anomaly": True}, arguments, f"{run.id} is replayed from {safe(name)}")
    return 0

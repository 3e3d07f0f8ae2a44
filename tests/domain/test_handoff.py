"""The handoff: every field, and recovery blocks that a real bash executes as they stand."""

import json
import re
import subprocess
from dataclasses import replace

import pytest
from support.fakes import EIGHT_GPUS, FAILED, FINISHED, LAUNCHING, checkpoint, launch, run_state
from support.hostile import HOSTILE

from cockpit.domain.criteria import Criterion
from cockpit.domain.handoff import HandoffContext, as_json, markdown
from cockpit.domain.run import Best, GpuUse, Mark
from cockpit.domain.state import State
from cockpit.domain.vitals import Vitals

FIELDS = {
    "Experiment State": ("Experiment ID", "Epoch", "Best metric", "Last checkpoint"),
    "Training Status": ("Loss", "Learning rate", "GPU memory", "ETA"),
}
PATHS = ("plain", "a b", "it's", 'say "so"', "$(touch pwned)", "`touch pwned`", "a\nb", "tab\there", "-rf", "*;&|>é漢")


def context(**changes):
    made = HandoffContext(
        "/bin/cockpit", checkpoint(1200, 1.6).path, "/runs/7f3a/config.yaml", ("python", "-m", "trainers")
    )
    return replace(made, **changes)


def fields(document):
    """The labelled lines below each heading."""
    sections = re.split(r"^### (.+)$", document, flags=re.M)[1:]
    return {
        title: dict(re.findall(r"^- \*\*(.+?)\*\*: (.*)$", body, flags=re.M))
        for title, body in zip(sections[::2], sections[1::2], strict=True)
    }


def blocks(document):
    return re.findall(r"^```bash\n(.*?)^```$", document, flags=re.M | re.S)


def test_the_fields_stand_in_their_order_and_are_filled():
    gpu = GpuUse(0, "H100", memory_used=41.2 * 2**30, memory_total=79.6 * 2**30)
    document = markdown(run_state(gpus=(gpu,)), context())
    assert document.startswith("## ML SESSION HANDOFF\n")
    found = fields(document)
    assert list(found)[:3] == ["Experiment State", "Training Status", "Recovery Commands"]
    for section, labels in FIELDS.items():
        assert tuple(found[section]) == labels
    assert found["Experiment State"]["Epoch"].startswith("4/10")
    assert found["Experiment State"]["Best metric"] == "`val/loss` 1.598 @ epoch 3, step 1,000"
    assert found["Training Status"]["Loss"] == "train 1.482 / val 1.611"
    assert found["Training Status"]["GPU memory"] == "GPU 0 41.2/79.6 GiB"
    assert found["Training Status"]["ETA"] == "27m (24m–31m)"


def test_of_somebodys_own_loop_nothing_is_told_that_is_not_known():
    own = launch(framework="PyTorch", resume=(), config="", seed=None)
    state = run_state(launch=own, seed=None, trackers=(), vitals=Vitals(recorder="its own loop"))
    details = fields(markdown(state, context()))["Details"]
    assert details["Seed"] == "not told by its own loop"
    assert "TensorBoard" not in details
    assert details["Trackers"].startswith("none known")


def test_what_is_not_there_yet_says_so():
    found = fields(
        markdown(run_state(**LAUNCHING, last_checkpoint=None), context(checkpoint=None, gpu_reason="no driver"))
    )
    state, training = found["Experiment State"], found["Training Status"]
    assert [state[k] for k in ("Epoch", "Best metric", "Last checkpoint")] == ["not yet"] * 3
    assert training["Loss"] == "train not yet / val not yet"
    assert training["Learning rate"] == "not yet"
    assert training["GPU memory"] == "none: no driver"
    assert training["ETA"].startswith("not yet")


def test_what_is_not_told_is_told_as_such_and_nothing_before_there_is_a_record():
    untold = Criterion("memory", "memory", "Memory monitored", "untold", "not told", ("metrics.csv tells nothing",))
    text = markdown(run_state(criteria=(untold,)), context())
    assert "- **? Memory monitored** (not told): metrics.csv tells nothing\n" in text
    assert "Good training" not in markdown(run_state(**LAUNCHING), context())


def test_nan_is_said():
    assert "train NaN" in fields(markdown(run_state(**FAILED), context()))["Training Status"]["Loss"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (run_state(**FINISHED), "Evaluate the best checkpoint"),
        (run_state(**FAILED), "ValueError: loss is not finite"),
        (run_state(state=State.STOPPED), "resume from the last checkpoint"),
        (run_state(), "Let it run"),
    ],
)
def test_the_next_step_fits_the_state(state, said):
    assert said in markdown(state, context()).split("### Next steps")[1]


@pytest.mark.parametrize("state", [State.STOPPED, State.KILLED, State.INTERRUPTED, State.FINISHED])
def test_no_step_leads_to_a_checkpoint_that_is_not_known(state):
    document = markdown(run_state(state=state), context(checkpoint=None))
    assert "no checkpoint is known" in document.split("### Next steps")[1]


def test_a_command_whose_checkpoint_nobody_knows_how_to_give_is_told_to_be_asked_for():
    document = markdown(run_state(**FAILED, launch=launch(framework="Lightning")), context(without_cockpit=()))
    assert "it asks once how its command takes a checkpoint" in document
    assert len(blocks(document)) == 1
    assert "it asks" not in markdown(run_state(**FAILED), context())


def test_a_script_that_saves_by_itself_is_told_with_its_own_way():
    own = launch(framework="PyTorch", resume=("python", "train.py", "--resume", "{checkpoint}"), config="")
    document = markdown(run_state(state=State.KILLED, launch=own), context(checkpoint=None))
    assert "saved by itself: `python train.py --resume PATH`" in document
    assert not any("PATH" in block for block in blocks(document))  # nobody pastes what a person has to fill in
    assert "by itself" not in markdown(run_state(state=State.KILLED), context(checkpoint=None))


@pytest.mark.parametrize(
    ("error", "todo"),
    [("EOFError: EOF when reading a line", "detached"), ("ModuleNotFoundError: No module named 'x'", "PYTHONPATH")],
)
def test_an_error_of_being_run_elsewhere_is_known(error, todo):
    failed = FAILED | {"exception": f"Traceback (most recent call last):\n{error}\n"}
    assert todo in markdown(run_state(**failed), context()).split("### Next steps")[1]
    assert "Perhaps" not in markdown(run_state(**FAILED), context())


def test_a_state_that_its_evidence_begins_with_is_said_once():
    stopped = run_state(state=State.STOPPED, evidence="stopped at step 12, checkpoint saved")
    assert fields(markdown(stopped, context()))["Details"]["State"] == stopped.evidence
    assert fields(markdown(run_state(**FAILED), context()))["Details"]["State"].startswith("failed: ")


def test_a_live_run_is_watched_before_it_is_resumed():
    watch, resume, plain = blocks(markdown(run_state(), context()))
    assert "cockpit status" in watch
    assert "cockpit resume" in resume
    assert "python -m trainers" in plain


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("devices", [None, "0,1", "GPU-1'$(x)"])
def test_bash_runs_the_blocks_as_they_stand(tmp_path, name, devices):
    project = tmp_path / name
    project.mkdir()
    stub = project / "cockpit"
    stub.write_text(
        '#!/bin/bash\nprintf "%s\\0" "$PWD" "${CUDA_VISIBLE_DEVICES-unset}" "$PYTHONPATH" "$ACTIVE" "$@" > "$OUT"\n'
    )
    stub.chmod(0o755)
    (tmp_path / "activate").write_text("export ACTIVE=yes\n")
    saved = str(project / "checkpoints" / f"{name}.ckpt")
    state = run_state(
        **FINISHED,
        launch=launch(
            project=str(project),
            cuda_visible_devices=devices,
            python_path=f"src:{name}",
            environment={"kind": "venv", "prefix": name, "activate": f"source {tmp_path}/activate"},
        ),
    )
    document = markdown(state, context(cockpit=str(stub), checkpoint=saved, without_cockpit=(str(stub), "fit", saved)))
    out = tmp_path / "out"
    expected = [["resume", state.id, "--from", saved, "--allow", "resume", "--detach"], ["fit", saved]]
    for block, argv in zip(blocks(document), expected, strict=True):
        subprocess.run(
            ["env", "-i", "PATH=/usr/bin:/bin", "CUDA_VISIBLE_DEVICES=7", f"OUT={out}", "bash", "-e"],
            input=block, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        told = out.read_bytes().decode().split("\0")[:-1]
        assert told == [str(project), "unset" if devices is None else devices, f"src:{name}", "yes", *argv]
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_cannot_break_out(text):
    state = run_state(
        **FAILED | {"evidence": text, "exception": text, "best": Best(text, 1.0, 1, 1), "last_checkpoint": text},
        launch=launch(git_commit=text, config=text, host=text),
    )  # fmt: skip
    document = markdown(state, context(config_copy=text, config_changes=(text,), gpu_reason=text))
    assert not any((c < " " and c != "\n") or c in "\u202e\u200b\u2066" for c in document)
    assert [line for line in document.splitlines() if line.startswith("#")] == [
        "## ML SESSION HANDOFF", *(f"### {title}" for title in fields(document))
    ]  # fmt: skip
    assert len(fields(document)) == 6


def test_machines_read_the_same():
    state = run_state(
        **FINISHED, gpus=tuple(GpuUse(g.index, g.name, g.memory_used, g.memory_total) for g in EIGHT_GPUS.gpus)
    )
    record = json.loads(json.dumps(as_json(state, context(config_changes=("lr: 1 → 2",)))))
    found = fields(markdown(state, context()))
    assert record["experiment_state"] == found["Experiment State"]
    assert record["training_status"] == found["Training Status"]
    assert record["config_changes"] == ["lr: 1 → 2"]
    assert record["recovery"]["watch"] == []


def test_the_way_without_cockpit_names_what_the_trainer_alone_does_not_know_of():
    marks = (
        Mark("a", 5, 0.0, "change", "", values={"lr": 0.1, "max_steps": 36}),
        Mark("b", 6, 0.0, "change", "", values={"patience": 3}, in_force=False),
    )
    told = markdown(run_state(**FINISHED, launch=launch(), marks=marks), context())
    assert "Without cockpit, by the trainer alone (which may not know of the changed max_steps):" in told
    assert "by the trainer alone:" in markdown(run_state(**FINISHED, launch=launch(), marks=marks[1:]), context())

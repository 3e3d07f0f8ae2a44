"""A loop that tells its figures, in a process of its own."""

import json
import os
import subprocess
import sys

import pytest
from support.fits import new_run

from cockpit.recorder.tags import known_line
from cockpit.runs import requests
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import ENV_ATTEMPT, ENV_RUN_DIR
from cockpit.runs.reader import RunReader

LOOP = """
import math
from cockpit import emit
emit.total(100)
for step in range(1, 101):
    emit(step, loss=1 / step if step != 7 else math.nan, lr=0.1, accuracy=step / 100)
    if emit.should_stop():
        open("model.pt", "wb").write(b"weights")
        emit.checkpoint("model.pt", step)
        break
    if {fail} and step == 50:
        raise ValueError("the data are cursed")
"""


@pytest.fixture
def run(tmp_path):
    return new_run(tmp_path / "2026-11-25T0100-loop-1a2b")


def loop(run, *, fail=False, attempt=1, **environment):
    code = LOOP.format(fail=fail)
    around = os.environ | {ENV_RUN_DIR: str(run.root), ENV_ATTEMPT: str(attempt)} | environment
    return subprocess.run(
        [sys.executable, "-c", code], env=around, cwd=run.root, capture_output=True, text=True, timeout=60, check=False
    )


def events(run):
    return JournalTail(run.journal).poll()[0]


def test_its_figures_and_its_end_are_written_down(run):
    done = loop(run)
    assert (done.returncode, done.stderr) == (0, "")
    state = RunReader(run, series=True).poll()
    assert state.series["train/loss"].steps.tolist() == list(range(1, 101))
    assert state.metrics["accuracy"] == 1.0
    assert [(n.step, n.what) for n in state.nonfinite] == [(7, "train/loss")]
    assert events(run)[-1]["event"] == "end"
    assert (events(run)[-1]["reason"], events(run)[-1]["step"]) == ("finished", 100)


def test_what_it_does_not_tell_is_not_held_against_it(run):
    loop(run)
    found = {criterion.key: criterion for criterion in RunReader(run).poll().criteria}
    assert {key: criterion.status for key, criterion in found.items() if key != "memory"} == {
        "reproducible": "untold", "metrics": "ok", "checkpoints": "untold", "gradients": "bad", "validation": "untold",
    }  # fmt: skip
    assert "its own loop tells nothing of a seed, deterministic kernels" in found["reproducible"].evidence[-1]
    assert "train/loss is not finite since step 7" in found["gradients"].evidence[0]


def test_an_exception_is_told_and_passes_on(run):
    done = loop(run, fail=True)
    assert done.returncode == 1
    assert "ValueError: the data are cursed" in done.stderr
    last = events(run)[-1]
    assert (last["event"], last["type"], last["message"]) == ("exception", "ValueError", "the data are cursed")


def test_a_stop_request_is_answered_with_the_checkpoint(run):
    early = requests.send(run, "stop")  # before the attempt: it must not stop this one
    done = loop(run)
    assert done.returncode == 0
    told = next(event for event in events(run) if event["event"] == "ack")
    assert (told["request"], told["ok"]) == (early.id, False)


def test_a_second_attempt_takes_the_place_of_what_is_done_again(run):
    loop(run, fail=True)
    loop(run, attempt=2)
    state = RunReader(run, series=True).poll()
    assert state.series["train/loss"].steps.tolist() == list(range(1, 101))
    assert state.attempt == 2


def test_only_the_first_process_of_a_training_writes(run):
    loop(run, RANK="1")
    assert not run.journal.exists()


def test_without_a_cockpit_nothing_happens_and_torch_is_not_needed(tmp_path):
    code = LOOP.format(fail=False) + "\nimport sys; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    around = {name: value for name, value in os.environ.items() if name != ENV_RUN_DIR}
    done = subprocess.run(
        [sys.executable, "-c", code], env=around, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_stop_request_ends_it(run):
    code = LOOP.format(fail=False).replace("range(1, 101)", "range(1, 1_000_000)")
    around = os.environ | {ENV_RUN_DIR: str(run.root), ENV_ATTEMPT: "1"}
    process = subprocess.Popen([sys.executable, "-c", code], env=around, cwd=run.root)
    try:
        while not run.journal.exists() or b"fit_start" not in run.journal.read_bytes():
            assert process.poll() is None
        request = requests.send(run, "stop")
        assert process.wait(60) == 0
    finally:
        process.kill()
    answer = next(json.loads(line) for line in run.journal.read_text().splitlines() if '"ack"' in line)
    assert (answer["request"], answer["ok"], answer["path"]) == (request.id, True, str(run.root / "model.pt"))
    assert [event["reason"] for event in events(run) if event["event"] == "end"] == ["stopped"]


HOSTILE = """
from cockpit import emit
emit(1, loss=1.0, note="text", other=object(), many=[1, 2])
emit("second", loss=2.0)
emit.total("many")
emit.checkpoint("not/there", "x" * 3)
emit(3, loss="0.5", **{"[/]\\x1b": 1.0})
print("went on")
"""


def test_what_is_no_number_ends_no_loop(run):
    around = os.environ | {ENV_RUN_DIR: str(run.root), ENV_ATTEMPT: "1"}
    done = subprocess.run([sys.executable, "-c", HOSTILE], env=around, capture_output=True, text=True, check=True)
    assert done.stdout == "went on\n"
    assert "note is no number but str" in done.stderr
    state = RunReader(run, series=True).poll()
    assert state.series["train/loss"].values[0] == 1.0


EPOCHS = """
from cockpit import emit
for epoch in range({first}, {last}):
    for step in range(20):
        emit(step, loss=epoch + step / 20)
        emit.scalar("lr", 0.1, step)
    emit(step, val_loss=epoch / 10)
    emit.checkpoint(__file__, step)
"""


def epochs(run, first, last, attempt=1):
    code = run.root / "loop.py"
    code.write_text(EPOCHS.format(first=first, last=last))
    around = os.environ | {ENV_RUN_DIR: str(run.root), ENV_ATTEMPT: str(attempt)}
    subprocess.run([sys.executable, code], env=around, cwd=run.root, check=True, timeout=60)
    return RunReader(run, series=True).poll()


def test_a_counter_that_begins_again_with_each_epoch_shows_every_epoch(run):
    state = epochs(run, 0, 3)
    assert state.series["train/loss"].steps.tolist() == state.series["lr"].steps.tolist() == list(range(60))
    assert state.series["train/loss"].values.tolist() == pytest.approx([step / 20 for step in range(60)])
    assert state.series["val/loss"].steps.tolist() == [19, 39, 59]
    assert state.step == 59
    told = [event["step"] for event in events(run) if event["event"] in ("validation_end", "checkpoint")]
    assert told == [19, 19, 39, 39, 59, 59]
    assert known_line(run).told == ("steps began again at 0 2 times: taken for epochs, shown in a row",)


def test_after_a_resume_it_goes_on_in_its_last_epoch_and_says_that_this_is_not_known(run):
    epochs(run, 0, 3)
    state = epochs(run, 2, 5, attempt=2)
    assert state.series["train/loss"].steps.tolist() == list(range(100))
    assert state.series["train/loss"].values.tolist() == pytest.approx([step / 20 for step in range(100)])
    assert known_line(run).told[-1] == "in which epoch it went on cannot be known, taken to be the last"


REDONE = """
from cockpit import emit
emit.total({total})
for step in ({steps}):
    emit(step, loss=1 / (1 + step))
"""


def redone(run, steps, attempt=1):
    around = os.environ | {ENV_RUN_DIR: str(run.root), ENV_ATTEMPT: str(attempt)}
    code = REDONE.format(total=100, steps=steps)
    subprocess.run([sys.executable, "-c", code], env=around, cwd=run.root, check=True, timeout=60)
    return RunReader(run, series=True).poll()


def test_a_loop_that_goes_back_by_itself_is_shown_once(run):
    state = redone(run, "*range(50), *range(20, 60)")
    assert state.series["train/loss"].steps.tolist() == list(range(60))
    assert [step for step, _ in state.vitals.losses] == list(range(60))
    assert known_line(run).told == ("steps went back once; what was redone is shown once",)


def test_a_resume_that_tells_its_length_first_keeps_what_was_before(run):
    redone(run, "range(50)")
    state = redone(run, "range(30, 60)", attempt=2)
    assert state.series["train/loss"].steps.tolist() == list(range(60))
    assert state.steps_total == 100


WRITING = """
from cockpit import emit
from cockpit.recorder.bridges.summary_writer import attach

class module:
    class SummaryWriter:
        def add_scalar(self, tag, value, step):
            print(tag, value, step)

attach(module)
module.SummaryWriter().add_scalar("loss", 0.5, 1)
"""


@pytest.mark.parametrize("code", [LOOP.format(fail=False), WRITING], ids=["emit", "SummaryWriter"])
def test_a_run_directory_that_is_gone_ends_no_loop(tmp_path, code):
    around = os.environ | {ENV_RUN_DIR: str(tmp_path / "gone"), ENV_ATTEMPT: "1"}
    done = subprocess.run(
        [sys.executable, "-c", code + "\nprint('went on')"], env=around, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("went on\n"), done.stderr


def test_a_request_that_cannot_be_looked_for_ends_no_loop(run):
    run.requests.rmdir()
    run.requests.touch()
    done = loop(run)
    assert (done.returncode, done.stderr.count("training goes on")) == (0, 1)
    assert events(run)[-1]["reason"] == "finished"

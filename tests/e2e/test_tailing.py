"""Scripts that no recorder gets into, followed by the files that they write by themselves."""

import json
import math
import os
import shutil
import sys
from pathlib import Path

import pytest
from support.event_files import scalar
from support.processes import wait_until
from support.project import Place

from cockpit.domain.state import State
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader

SCRIPTS = Path(__file__).parent.parent / "support" / "foreign"
REPLAY = """import pathlib, sys, time
lines = pathlib.Path("frames.bin").read_bytes().split(b"--next--")
with open("logs/events.out.tfevents.1.host", "wb") as file:
    for line in lines:
        file.write(line); file.flush(); time.sleep(0.02)
    while not pathlib.Path("end").exists():
        time.sleep(0.05)
"""

LOGGED = """import datetime, json, pathlib, time
log, begun = pathlib.Path("out/trainer_log.jsonl"), time.time()
log.parent.mkdir()
for step in range(1, 100_001):
    clock = datetime.timedelta(seconds=int(time.time() - begun))
    entry = {"current_steps": step, "total_steps": 100_000, "loss": 1 / step, "epoch": 0.1, "elapsed_time": str(clock)}
    with log.open("a") as file:
        file.write(json.dumps(entry) + chr(10))
    time.sleep(0.02)
    if pathlib.Path("end").exists():
        break
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "project")
    yield made
    made.close()


def launch(place, *words):
    done = place.cockpit("run", "--allow", "start", "--detach", "--json", "--", sys.executable, "loop.py", *words)
    return RunPaths(Path(json.loads(done.stdout)["path"]))


@pytest.fixture
def saving(place):
    shutil.copy(SCRIPTS / "saving_loop.py", place.folder / "loop.py")
    return place


def look(run, **options):
    return RunReader(run, **options).poll()


def listed(place, run):
    """What the command lists, newest first; damaged ones make it fail."""
    return json.loads(place.cockpit("checkpoints", run.id, "--json", check=False).stdout)


def test_a_metrics_csv_that_a_loop_writes_is_followed_to_its_end(place):
    (place.folder / "older").mkdir()
    older = place.folder / "older" / "metrics.csv"
    older.write_text("step,train_loss\n1,77.0\n")
    os.utime(older, (1e9, 1e9))
    shutil.copy(SCRIPTS / "csv_loop.py", place.folder / "loop.py")
    run = launch(place)
    state = wait_until(lambda: (s := RunReader(run).poll()).step and s.step >= 30 and s, "thirty rows")
    assert state.state is State.RUNNING
    assert "metrics.csv" in state.evidence
    assert state.loss_train == pytest.approx(2.0 / (1 + state.step))
    assert state.loss_val is not None
    found = wait_until(
        lambda: (c := {c.key: c for c in RunReader(run).poll().criteria}) and c["gradients"].status == "bad" and c,
        "the runner to tell of the NaN",
    )
    assert "train_loss is not finite since step 5; 1 value" in found["gradients"].evidence[0]
    assert (found["metrics"].status, found["checkpoints"].status) == ("ok", "untold")
    assert found["memory"].status in ("ok", "early")
    told = place.cockpit("criteria", check=False)
    assert (told.returncode, "✗ Gradients checked for NaN: fails" in told.stdout) == (1, True)
    assert "? Checkpoints saved regularly: not told" in told.stdout
    assert "✗1 ?" in place.cockpit("runs").stdout
    assert "- **? Checkpoints saved regularly** (not told)" in place.cockpit("handoff").stdout
    (place.folder / "end").touch()
    wait_until(lambda: RunReader(run).poll().state is State.FINISHED, "the end")
    rows = len((place.folder / "metrics.csv").read_text().splitlines()) - 1
    losses = wait_until(
        lambda: (v := RunReader(run, series=True).poll().series["train_loss"]) and len(v.steps) == rows and v,
        "the last row",
    )
    assert losses.steps.tolist() == list(range(rows))  # the older file told nothing
    assert math.isnan(losses.values[5])


def test_event_files_of_a_process_without_torch_are_followed_and_redone_steps_shown_once(place):
    pytest.importorskip("tensorboard")
    (place.folder / "logs").mkdir()
    steps = [*range(10, 310, 10), *range(210, 410, 10)]
    frames = [scalar("train/loss", step, 1.0 / step) for step in steps]
    (place.folder / "frames.bin").write_bytes(b"--next--".join(frames))
    (place.folder / "loop.py").write_text(REPLAY)
    run = launch(place)
    state = wait_until(lambda: (s := RunReader(run, series=True).poll()).step == 400 and s, "the last step")
    assert state.series["train/loss"].steps.tolist() == list(range(10, 410, 10))
    assert state.metrics["train/loss"] == pytest.approx(1 / 400)
    assert "last record" in state.evidence
    (place.folder / "end").touch()
    wait_until(lambda: RunReader(run).poll().state is State.FINISHED, "the end")


def test_what_a_script_saves_is_listed_resumed_from_and_followed_on(saving):
    (saving.folder / "older.pt").write_bytes(b"PK older")
    os.utime(saving.folder / "older.pt", (1e9, 1e9))
    run = launch(saving)
    wait_until(lambda: len(look(run).checkpoints) >= 2, "two checkpoints")
    saving.cockpit("stop", run.id, "--terminate", "--yes")
    state = wait_until(lambda: not (s := look(run)).state.active and s, "the end")
    reached, newest = state.step, state.checkpoints[0]
    assert newest.followed
    assert newest.name == f"out/model-step{newest.step}.pt"
    (first, *rest) = listed(saving, run)
    assert (first["path"], first["step"], first["verified"]) == (newest.path, newest.step, True)
    assert (first["guarantee"], "script's own" in first["reason"]) == ("unknown", True)
    assert "older.pt" not in {Path(each["path"]).name for each in rest}

    asked = saving.cockpit("resume", run.id, check=False)
    assert asked.returncode == 3
    assert "unknown: the script's own" in asked.stdout + asked.stderr
    saving.cockpit("resume", run.id, "--allow", "resume", "--detach")
    wait_until(lambda: (s := look(run)).step is not None and s.attempt == 2 and s.step > reached + 5, "more steps")
    (saving.folder / "end").touch()
    state = wait_until(lambda: (s := look(run, series=True)).state is State.FINISHED and s, "the end")
    losses = wait_until(
        lambda: (v := look(run, series=True).series["train_loss"]).steps[-1] == _last_step(saving) and v, "the last row"
    )
    assert losses.steps.tolist() == list(range(_last_step(saving) + 1))
    assert "steps went back once" in look(run).evidence


def test_so_is_what_a_loop_saves_that_tells_its_figures_itself(saving):
    run = launch(saving, "--tell")
    wait_until(lambda: len(look(run).checkpoints) >= 3, "three checkpoints")
    saving.cockpit("stop", run.id, "--terminate", "--yes")
    state = wait_until(lambda: not (s := look(run)).state.active and s, "the end")
    second = state.checkpoints[-2]
    assert (second.followed, state.vitals.recorder) == (True, "its own loop")
    asked = json.loads(saving.cockpit("resume", run.id, "--from", Path(second.path).name, "--json", check=False).stdout)
    assert asked["facts"]["takes"] == "not known: its own loop tells no length"
    assert asked["facts"]["will redo"] == f"{state.step - second.step} steps"
    assert asked["facts"]["guarantee"].startswith("unknown: the script's own")
    saving.cockpit("resume", run.id, "--from", Path(second.path).name, "--allow", "resume", "--detach")
    wait_until(lambda: (s := look(run)).attempt == 2 and s.step > state.step, "more steps")
    mine = lambda: [c.step for c in look(run).checkpoints if c.attempt == 2]  # noqa: E731
    wait_until(lambda: any(step > second.step for step in mine()), "a later one of its own")
    (saving.folder / "end").touch()
    state = wait_until(lambda: (s := look(run, series=True)).state is State.FINISHED and s, "the end")
    steps = state.series["train/loss"].steps.tolist()
    assert steps == list(range(len(steps)))


def _last_step(place):
    return int((place.folder / "metrics.csv").read_text().splitlines()[-1].split(",")[0])


def test_a_torn_one_is_said_so_and_none_is_ever_deleted(saving):
    run = launch(saving)
    wait_until(lambda: len(look(run).checkpoints) >= 2, "two checkpoints")
    (saving.folder / "end").touch()
    state = wait_until(lambda: not (s := look(run)).state.active and s, "the end")
    path = Path(state.checkpoints[-1].path)
    path.write_bytes(path.read_bytes()[:-500])
    torn = next(each for each in listed(saving, run) if each["path"] == str(path))
    assert (torn["verified"], torn["guarantee"]) == (False, "unsafe")
    assert "torn" in torn["reason"]
    for words in ([state.checkpoints[0].name], ["--keep", "every=1000000"]):
        done = saving.cockpit("delete", run.id, *words, "--allow", "delete", check=False)
        assert Path(state.checkpoints[0].path).exists()
        assert done.returncode != 0 or "nothing" in (done.stdout + done.stderr).lower()
    saving.cockpit("delete", run.id, "--allow", "delete")
    assert Path(state.checkpoints[0].path).exists()


def test_two_runs_in_one_folder_claim_no_checkpoint(saving):
    other = launch(saving, "--log", "other/metrics.csv")
    run = launch(saving, "--log", "mine/metrics.csv")
    wait_until(lambda: (look(run).step or 0) > 250 and (look(other).step or 0) > 250, "both to train")
    wait_until(lambda: len(list(saving.folder.glob("out/*.pt"))) >= 4, "their checkpoints")
    assert look(run).checkpoints == look(other).checkpoints == ()
    (saving.folder / "end").touch()
    wait_until(lambda: not look(run).state.active and not look(other).state.active, "the end")


def test_a_log_that_comes_late_and_is_removed_and_written_anew(saving):
    run = launch(saving, "--late", "3", "--log", "deep/er/metrics.csv")
    state = wait_until(lambda: (s := look(run)).state is State.RUNNING and s, "the process")
    assert "nothing in it tells how far it is" in state.evidence
    wait_until(lambda: (look(run).step or 0) > 100, "a hundred steps")
    log = saving.folder / "deep" / "er" / "metrics.csv"
    log.unlink()
    log.write_text("step,train_loss\n")
    reached = look(run).step
    state = wait_until(lambda: (s := look(run, series=True)).step > reached + 100 and s, "further steps")
    steps = state.series["train_loss"].steps.tolist()
    assert steps == sorted(set(steps))
    assert steps[:50] == list(range(50))
    (saving.folder / "end").touch()
    wait_until(lambda: look(run).state is State.FINISHED, "the end")


def test_a_counter_that_begins_again_with_each_epoch_shows_every_epoch(saving):
    run = launch(saving, "--epoch", "40")
    state = wait_until(lambda: (s := look(run, series=True)).step and s.step > 200 and s, "five epochs")
    steps = state.series["train_loss"].steps.tolist()
    assert steps == list(range(len(steps)))
    assert "taken for epochs" in state.evidence
    (saving.folder / "end").touch()
    wait_until(lambda: look(run).state is State.FINISHED, "the end")


def test_a_log_that_tells_its_length_gives_an_estimate_by_its_pace(place):
    (place.folder / "loop.py").write_text(LOGGED)
    run = launch(place)
    state = wait_until(lambda: (s := look(run)).eta.seconds is not None and s, "an estimate")
    assert state.steps_total == 100_000
    assert state.eta.low <= state.eta.seconds <= state.eta.high
    assert state.eta.reason == "by LLaMA-Factory"
    left = (100_000 - state.step) * state.step_seconds[1]
    assert state.eta.seconds == pytest.approx(left, abs=60)
    assert "by LLaMA-Factory" in place.cockpit("status", run.id).stdout
    (place.folder / "end").touch()
    wait_until(lambda: look(run).state is State.FINISHED, "the end")
    assert look(run).eta.seconds is None

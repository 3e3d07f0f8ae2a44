"""No room, or no permission, to write: training goes on, what is there stays whole, and it is said."""

import json
import os
import shutil
import subprocess

import pytest
from support.processes import alive, cpu_seconds, marked, wait_until
from support.project import COCKPIT, trainer_of, unbroken

from cockpit.domain.state import State
from cockpit.runs.journal import JournalTail
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow
NOBODY = 65534


@pytest.fixture
def small_disk(tmp_path):
    """A filesystem of 4 MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small tmpfs cannot be mounted here (it needs root)")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Take up every byte that is left; gives the file to remove."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 9, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def fill_last_page(journal):
    """Fill the file's last page: what still fits into it needs no block of the disk."""
    page, record = os.sysconf("SC_PAGESIZE"), '{"schema":1,"t":0,"event":"padding"}\n'
    room = (-journal.stat().st_size - len(record)) % page
    with journal.open("a") as file:
        file.write(" " * room + record)


def standing(trainer, run):
    """The step at which the record stands still while the trainer works on."""
    before, worked = RunReader(run).poll().step, cpu_seconds(trainer)
    wait_until(lambda: not alive(trainer.pid) or cpu_seconds(trainer) > worked + 0.1, "the trainer to work on")
    assert alive(trainer.pid), run.output.read_text()
    return before if RunReader(run).poll().step == before else None


def test_training_outlives_a_full_disk(make_project, small_disk):
    project = make_project("small/project", trainer="lightning_trainer")
    run = project.start()
    project.cockpit("checkpoint", "latest")
    trainer = trainer_of(run)
    ballast = fill(small_disk)
    window = project.window()
    window.wait_for("RUNNING")
    stood = wait_until(lambda: standing(trainer, run), "records that find no room")
    assert alive(trainer.parent().pid), run.runner_log.read_text()
    ballast.unlink()
    project.steps_on(run)
    assert unbroken(run) > stood, "what could not be written then is written now"
    assert RunReader(run).poll().bad_records == 0


def test_an_end_on_a_full_disk_is_recorded_when_there_is_room(make_project, small_disk):
    project = make_project("small/project", trainer="lightning_trainer")
    run = project.start()
    trainer = trainer_of(run)
    runner = trainer.parent()
    fill_last_page(run.runner_journal)
    ballast = fill(small_disk)
    trainer.kill()
    reader = RunReader(run)
    wait_until(lambda: not alive(trainer.pid), "its end")
    assert reader.poll().state is State.STOPPING
    assert alive(runner.pid)
    ballast.unlink()
    wait_until(lambda: reader.poll().state is State.KILLED, lambda: reader.poll().evidence)
    wait_until(lambda: not alive(runner.pid), "the runner's last words")
    assert "ML SESSION HANDOFF" in run.handoff_md.read_text()


def test_a_save_that_finds_no_room_is_told_and_harms_nothing(make_project, small_disk):
    project = make_project("small/project", trainer="lightning_trainer")
    run = project.start()
    project.cockpit("checkpoint", "latest")
    (good,) = run.checkpoints.iterdir()
    content = good.read_bytes()
    ballast = fill(small_disk)
    refused = project.cockpit("stop", "latest", "--wait", "1", check=False)
    assert refused.returncode == 1
    assert "could not be left: " in refused.stderr
    assert "No space left" in refused.stderr
    with open(ballast, "r+b") as file:  # room for the request and for words about it, not for a checkpoint
        file.truncate(ballast.stat().st_size - 4096 * 3)
    answered = project.cockpit("stop", "latest", check=False)
    assert answered.returncode == 1
    assert "training goes on" in answered.stderr
    failed = [event for event in JournalTail(run.journal).poll()[0] if event["event"] == "checkpoint_failed"]
    assert "No space left" in failed[0]["message"] or "write" in failed[0]["message"]
    told = json.loads(project.cockpit("status", "latest", "--json").stdout)["save_error"]
    assert told == failed[-1]["message"]
    window = project.window()
    window.wait_for("last save failed")
    window.close()
    assert good.read_bytes() == content
    assert list(run.checkpoints.iterdir()) == [good]
    ballast.unlink()  # what little room there was may be taken by figures of the machine
    assert project.steps_on(run).state is State.RUNNING


def as_nobody(project, *words):
    """A command of somebody who may read and not write."""
    argv = [COCKPIT, *words]
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("there is no setpriv here, and root may write everywhere")
        argv = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", *argv]
    return argv


def open_to_all(folder):
    """Let everybody read what lies below, and reach it."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)


def test_somebody_who_may_only_read(make_project):
    project = make_project(steps=20)
    run = project.start()
    reader = RunReader(run)
    wait_until(lambda: reader.poll().state is State.FINISHED, "the end")
    wait_until(lambda: not marked(project.folder), "the runner's last words")
    open_to_all(project.folder)
    home = {"HOME": "/nonexistent"}

    def told(*words):
        done = subprocess.run(
            as_nobody(project, *words), cwd=project.folder, env=project.environment | home, capture_output=True,
            text=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    assert "finished" in told("runs").stdout
    assert "20" in told("status").stdout
    for words in (("start", "tiny", "--allow", "start"), ("handoff",)):
        refused = told(*words)
        assert refused.returncode == 1, words
        assert "Permission denied" in refused.stderr
    window = project.window(argv=as_nobody(project), **home)
    window.wait_for("FINISHED")
    window.press("h")
    window.wait_for("Permission denied")
    for folder in [project.folder, *project.folder.rglob("*")]:
        if folder.is_dir():
            folder.chmod(0o755)

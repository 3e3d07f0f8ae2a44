"""A launched trainer outlives whoever launched it, and its end is told as it was."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from cockpit.domain.state import State
from cockpit.errors import EXIT_RUN_IN_USE, LaunchError, RunInUse
from cockpit.runner import launch as launching
from cockpit.runner.attempt import latest_attempt
from cockpit.runs.process import boot_id, start_time
from cockpit.runs.reader import RunReader
from cockpit.runs.scalar_tail import last_records

SLEEP = "import time; time.sleep(600)"
TICK = """
import time, pathlib
for i in range(100000):
    pathlib.Path("ticks").write_text(str(i))
    time.sleep(0.01)
"""


def ticks(run):
    path = run.folder / "ticks"
    return int(path.read_text() or 0) if path.exists() else 0


def expect_progress(run, wait_for):
    seen = ticks(run)
    wait_for(lambda: ticks(run) > seen + 3, "the trainer to go on")


def test_the_launch_is_on_record_when_it_returns(run):
    launched = run.start(SLEEP, checkpoint="/c.ckpt", step=12)
    event = run.event("launched")
    assert (event["pid"], event["start_time"]) == (launched.pid, launched.start_time)
    assert start_time(launched.pid) == launched.start_time
    assert (event["runner_pid"], event["runner_start_time"]) == (launched.runner_pid, start_time(launched.runner_pid))
    assert (event["host"], event["boot_id"]) == (os.uname().nodename, boot_id())
    assert (event["attempt"], event["checkpoint"], event["step"]) == (1, "/c.ckpt", 12)
    assert event["argv"] == [sys.executable, "-c", SLEEP]
    assert RunReader(run.paths).poll().pid == launched.pid


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_recorded(run, code):
    run.finish(f"raise SystemExit({code})")
    event = run.event("exit")
    assert (event["code"], event["signal"], event["oom"], event["left"]) == (code, None, "", [])
    assert event["seconds"] > 0
    assert run.processes() == []


def test_the_signal_is_recorded(run):
    run.finish("import os; os.kill(os.getpid(), 9)")
    event = run.event("exit")
    assert (event["code"], event["signal"], event["core"]) == (None, signal.SIGKILL, False)
    assert event["oom"].startswith(("killed from outside", "out of memory suspected"))
    assert RunReader(run.paths).poll().state is State.KILLED


def test_both_streams_of_every_attempt_are_kept(run):
    run.finish("import sys; print('out'); print('err', file=sys.stderr)")
    run.finish("print('again')")
    assert run.output() == "out\nerr\nagain\n"


def test_what_the_trainer_is_given(run, monkeypatch):
    monkeypatch.setenv("KEPT", "kept")
    monkeypatch.setenv("DROPPED", "dropped")
    report = """
import os, signal, sys, tempfile
names = ["KEPT", "DROPPED", "ADDED", "COCKPIT_RUN_DIR", "COCKPIT_ATTEMPT", "PYTHONUNBUFFERED"]
print([os.environ.get(n) for n in names])
print(os.path.realpath(tempfile.gettempdir()))
print(os.getcwd(), os.getsid(0) == os.getpid(), repr(sys.stdin.read()))
print(signal.getsignal(signal.SIGHUP) is signal.SIG_DFL, sorted(os.listdir("/proc/self/fd"))[:4])
"""
    run.finish(report, environment={"ADDED": "1"}, unset=("DROPPED",))
    lines = run.output().splitlines()
    assert lines[0] == str(["kept", None, "1", str(run.paths.root), "1", "1"])
    assert lines[1] == str(run.paths.tmp)
    assert lines[2] == f"{run.folder} True ''"
    assert lines[3] == "True ['0', '1', '2', '3']"  # 3 is the listing itself


def test_what_it_runs_is_not_in_the_runners_command_line(run):
    launched = run.start(SLEEP, environment={"SECRET": "canary"})
    line = " ".join(psutil.Process(launched.runner_pid).cmdline())
    assert str(run.paths.root) in line
    assert "time.sleep" not in line
    assert "canary" not in line
    assert run.paths.attempt(1).stat().st_mode & 0o777 == 0o600


def test_temporary_files_are_removed_at_the_end(run):
    run.finish("import tempfile; tempfile.mkstemp(); tempfile.mkdtemp()")
    assert not run.paths.tmp.exists()


def test_it_survives_the_death_of_the_launcher(run, wait_for, alive):
    code = (
        "import sys, time; from pathlib import Path; from cockpit.runs.layout import RunPaths;"
        "from cockpit.runner.launch import launch; from cockpit.runner.attempt import LaunchSpec;"
        "launch(LaunchSpec(RunPaths(Path(sys.argv[1])), (sys.executable, '-c', sys.argv[2]), sys.argv[3]));"
        "print('launched', flush=True); time.sleep(600)"
    )
    arguments = [sys.executable, "-c", code, str(run.paths.root), TICK, str(run.folder)]
    launcher = subprocess.Popen(arguments, stdout=subprocess.PIPE, start_new_session=True)
    assert launcher.stdout.readline() == b"launched\n"
    os.killpg(launcher.pid, signal.SIGKILL)
    launcher.communicate()
    event = run.event("launched")
    expect_progress(run, wait_for)
    assert alive(event["runner_pid"])
    psutil.Process(event["pid"]).kill()
    assert run.event("exit")["signal"] == signal.SIGKILL


def test_hangup_does_not_end_the_runner(run):
    launched = run.start(SLEEP)
    psutil.Process(launched.runner_pid).send_signal(signal.SIGHUP)
    psutil.Process(launched.pid).terminate()
    assert run.event("exit")["signal"] == signal.SIGTERM


def test_the_trainer_survives_its_runner(run, wait_for, alive):
    launched = run.start(TICK)
    psutil.Process(launched.runner_pid).kill()
    wait_for(lambda: not alive(launched.runner_pid))
    expect_progress(run, wait_for)
    state = RunReader(run.paths).poll()
    assert state.state.active
    assert not state.supervised


def test_a_runner_that_is_told_to_go_leaves_the_trainer_alone(run, wait_for, alive):
    launched = run.start(TICK)
    psutil.Process(launched.runner_pid).terminate()
    wait_for(lambda: not alive(launched.runner_pid))
    expect_progress(run, wait_for)
    assert run.event("leave")["signal"] == "SIGTERM"
    assert run.events("exit") == []


def test_a_second_runner_leaves_at_once(run, alive):
    launched = run.start(SLEEP)
    second = subprocess.run(
        [sys.executable, "-m", "cockpit.runner", str(run.paths.root)], capture_output=True, text=True, check=False
    )
    assert second.returncode == EXIT_RUN_IN_USE
    assert "already has a runner" in second.stderr
    with pytest.raises(RunInUse, match="already has a runner"):
        run.start(SLEEP)
    assert latest_attempt(run.paths) == 1
    assert len(run.events("launched")) == 1
    assert alive(launched.pid)


def test_a_trainer_without_runner_keeps_the_run(run, wait_for, alive):
    hold = """
import fcntl, os, time
fd = os.open(os.environ["COCKPIT_RUN_DIR"] + "/trainer.lock", os.O_RDWR | os.O_CREAT)
fcntl.flock(fd, fcntl.LOCK_EX)
print("locked")
time.sleep(600)
"""
    launched = run.start(hold)
    wait_for(lambda: run.paths.output.exists() and run.output())
    psutil.Process(launched.runner_pid).kill()
    wait_for(lambda: not alive(launched.runner_pid))
    with pytest.raises(RunInUse, match="still has a trainer"):
        run.start(SLEEP)
    assert alive(launched.pid)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"argv": ("/no/such/python",)}, "/no/such/python"), ({"cwd": "/no/such/folder"}, "/no/such/folder")],
)
def test_what_cannot_start_says_so_and_leaves_nothing(run, changes, message):
    with pytest.raises(LaunchError, match=message):
        run.start(SLEEP, **changes)
    assert run.events("launched") == []
    assert run.processes() == []
    assert latest_attempt(run.paths) == 0
    assert not run.paths.tmp.exists()


def test_a_launch_that_cannot_be_recorded_does_not_run(run):
    (run.paths.root / "runner.jsonl").symlink_to("/dev/full")  # every write fails, as on a full disk
    with pytest.raises(LaunchError, match="could not be recorded"):
        run.start(SLEEP)
    assert run.processes() == []


def test_a_runner_that_breaks_is_quoted(run):
    run.paths.runner_lock.mkdir()
    with pytest.raises(LaunchError, match="IsADirectoryError"):
        run.start(SLEEP)
    assert run.processes() == []


def test_a_runner_that_hangs_is_ended_with_its_trainer(run, monkeypatch, wait_for):
    started = run.folder / "started"
    hang = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:], start_new_session=True); time.sleep(600)"
    trainer = f"import time; open({str(started)!r}, 'w').close(); time.sleep(600)"

    def spawn(spec, attempt, ready):
        command = [sys.executable, "-c", hang, sys.executable, "-c", trainer, str(spec.run.root)]
        runner = subprocess.Popen(command, pass_fds=(ready,), start_new_session=True)
        wait_for(started.exists)
        return runner

    monkeypatch.setattr(launching, "_spawn", spawn)
    with pytest.raises(LaunchError, match="did not answer"):
        launching.launch(run.spec(SLEEP), timeout=0.01)
    wait_for(lambda: run.processes() == [], "everything to be ended")


def test_host_figures_can_be_read_and_go_on_in_the_next_attempt(run, wait_for, alive):
    told = lambda: {event["name"] for event in run.events("host_tag")}  # noqa: E731
    for attempt in (1, 2):
        before = run.paths.host.stat().st_size if attempt > 1 else 0
        launched = run.start(SLEEP)
        wait_for(lambda: "cpu/host" in told(), "two samples")
        wait_for(lambda: run.paths.host.stat().st_size > before, "a sample")  # noqa: B023
        psutil.Process(launched.pid).kill()
        wait_for(lambda: not alive(launched.runner_pid), "the runner's end")  # noqa: B023
    assert RunReader(run.paths).poll().ram_used > 1 << 20
    records = list(last_records(run.paths.host, 1000))
    steps = [step for step, *_ in records]
    assert steps == sorted(steps)
    assert abs(records[-1][1] - time.time()) < 60
    names = [event["name"] for event in run.events("host_tag")]
    assert {"ram/used", "ram/total", "ram/trainer", "cpu/host", "cpu/trainer", "disk/free"} <= set(names)
    assert len(names) == len(set(names))


def test_the_handoff_is_written_when_the_trainer_ends(run):
    run.finish("raise SystemExit(1)")
    assert run.event("handoff")["path"] == str(run.paths.handoff_md)
    assert "ML SESSION HANDOFF" in run.paths.handoff_md.read_text()
    assert run.paths.runner_log.read_text() == ""


def test_processes_that_remain_are_named(run):
    worker = "import time; print('worker', flush=True); time.sleep(600)"
    leave = f"""
import os, subprocess, sys
same = subprocess.Popen([sys.executable, "-c", {worker!r}], stdout=subprocess.PIPE)
other = subprocess.Popen([sys.executable, "-c", {worker!r}], stdout=subprocess.PIPE, start_new_session=True)
same.stdout.readline(), other.stdout.readline()
print(same.pid, other.pid)
os._exit(0)
"""
    run.finish(leave)
    event = run.event("exit")
    assert sorted(event["left"]) == sorted(int(pid) for pid in run.output().split())
    assert [start_time(pid) for pid in event["left"]] == event["left_start_times"]
    assert run.paths.tmp.exists()  # they may still use it

"""The runner's life: start the trainer, watch it, record its end. The trainer never depends on it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
import traceback
from functools import partial
from types import FrameType
from typing import Any

from cockpit.errors import LaunchError
from cockpit.runner.alerting import Alerter
from cockpit.runner.attempt import LaunchSpec, forget_secrets, read_attempt
from cockpit.runner.control import read_sender
from cockpit.runner.family import Member, members
from cockpit.runner.holding import Holding
from cockpit.runner.launcher import pass_on
from cockpit.runner.locks import expect_no_trainer, take_runner_lock
from cockpit.runner.postmortem import Ending, explain, oom_kills
from cockpit.runner.room import when_there_is_room
from cockpit.runner.sampling import HostLog, Probes, Sampler
from cockpit.runner.tailing import Tailer
from cockpit.runner.tmpdir import clear_tmpdir, prepare_tmpdir
from cockpit.runner.tripwire import Tripwire
from cockpit.runs.journal import JournalWriter, read_number
from cockpit.runs.layout import ENV_ALERTS, ENV_ATTEMPT, ENV_RUN_DIR, RunPaths
from cockpit.runs.process import boot_id, start_time
from cockpit.runs.runner_fold import read_runner
from cockpit.runs.scalars import ScalarWriter

_TICK = 1000  # milliseconds between looks at the sampler
_DEVICES = "CUDA_VISIBLE_DEVICES"
_LEAVE = (signal.SIGTERM, signal.SIGINT)


class Supervisor:
    """One attempt at a run, from its start to its recorded end.

    Args:
        run: the run directory.
        number: the attempt; its file says what to run.

    Raises:
        RunInUse: another runner or trainer works on the run.
        LaunchError: the attempt cannot be read.
    """

    def __init__(self, run: RunPaths, number: int) -> None:
        self._run, self._number = run, number
        self._spec = read_attempt(run, number)
        self._lock = take_runner_lock(run, read_runner(run))
        history = read_runner(run)
        expect_no_trainer(run, history)
        self._journal = JournalWriter(run.runner_journal)
        now = time.time()
        first = read_number(history.launches[0].get("t")) if history.launches else None
        self._host = HostLog(ScalarWriter(run.host), self._journal, history.host_tags, first or now)
        self._wake = _catch_signals()
        self._oom = oom_kills()

    def start(self) -> tuple[int, int]:
        """Start the trainer and record it durably; gives its pid and start time.

        Raises:
            LaunchError: it could not be started or recorded; it does not run.
        """
        try:
            self._began = time.monotonic()
            self._tripwire = Tripwire(self._spec.watch, self._run.root.parent, time.time())
            self._tripwire.start()
            environment = _environment(self._spec, self._number)
            self._trainer = _spawn(self._spec, environment)
        except OSError as error:
            clear_tmpdir(self._run)
            raise LaunchError(f"{error.filename or self._spec.argv[0]}: {error.strerror}", "Cannot start it") from None
        try:
            self._pidfd = os.pidfd_open(self._trainer.pid)
            self._started = start_time(self._trainer.pid) or 0
            self._record_launch()
            forget_secrets(self._run, self._number)
            _share_devices(environment)
        except Exception as error:
            os.killpg(self._trainer.pid, signal.SIGKILL)
            self._trainer.wait()
            clear_tmpdir(self._run)
            raise LaunchError(f"The launch could not be recorded: {error}", "Cannot start it") from error
        return self._trainer.pid, self._started

    def watch(self) -> None:
        """Sample until the trainer ends, then record the end; or leave when told to."""
        sampler = Sampler(Probes(self._trainer.pid, self._run.root).read)
        sampler.start()
        alerter = Alerter(self._run)
        alerter.start()
        tailer = Tailer(self._run, self._spec.cwd, Member(self._trainer.pid, self._started), self._number)
        tailer.start()
        holding = Holding(self._run, self._number, self._journal, Member(self._trainer.pid, self._started))
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            ready = {fd for fd, _ in poll.poll(_TICK)}
            self._host.write(sampler.take())
            if self._pidfd in ready:
                break
            holding.tick(self._tripwire.take())
            told = next((s for s in os.read(self._wake, 64) if s in _LEAVE), None) if self._wake in ready else None
            if told is not None:
                self._journal.write("leave", durable=True, signal=signal.Signals(told).name)
                return
        pass_on(self._run, self._number, self._spec.argv, Member(self._trainer.pid, self._started), self._passed_on)
        sampler.stop()
        self._tripwire.stop()
        tailer.finish()  # lists look no more at a run whose exit is on record
        self._record_exit()
        self._write_handoff()
        alerter.finish()

    def _passed_on(self, pids: str) -> None:
        self._tell("signal", signal="SIGTERM", by="runner", reason=f"passed on to pid {pids}, left by its launcher")

    def _record_launch(self) -> None:
        spec = self._spec
        self._journal.write(
            "launched",
            durable=True,
            attempt=self._number,
            argv=list(spec.told),
            cwd=spec.cwd,
            pid=self._trainer.pid,
            start_time=self._started,
            runner_pid=os.getpid(),
            runner_start_time=start_time(os.getpid()),
            host=os.uname().nodename,
            boot_id=boot_id(),
            checkpoint=spec.checkpoint,
            step=spec.step,
        )

    def _record_exit(self) -> None:
        pid = self._trainer.pid
        _, status = os.waitpid(pid, 0)
        seconds = time.monotonic() - self._began
        self._trainer.returncode = os.waitstatus_to_exitcode(status)
        ending = Ending.of(status)
        left = members(self._run, pid, self._started)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if by := read_sender(self._run, self._number, number):
                self._tell("signal", signal=number.name, by="person", reason=f"sent by {by}")
        sender = read_sender(self._run, self._number, ending.signal) if ending.signal else ""
        self._tell(
            "exit",
            code=ending.code,
            signal=ending.signal,
            core=ending.core,
            oom=explain(ending, self._oom, oom_kills(), self._host.memory, sender),
            seconds=round(seconds, 3),
            left=[member.pid for member in left],
            left_start_times=[member.start_time for member in left],
        )
        if not left:
            clear_tmpdir(self._run)

    def _write_handoff(self) -> None:
        from cockpit.runs.documents import write_handoff

        try:
            when_there_is_room(lambda: write_handoff(self._run))
        except Exception as error:  # the exit is on record; a document that fails must not look like a crash
            traceback.print_exc()
            self._tell("handoff", path=None, error=f"{type(error).__name__}: {error}")
        else:
            self._tell("handoff", path=str(self._run.handoff_md))

    def _tell(self, event: str, **fields: Any) -> None:
        when_there_is_room(partial(self._journal.write, event, durable=True, t=time.time(), **fields))


def _environment(spec: LaunchSpec, number: int) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in spec.unset}
    environment.pop(ENV_ALERTS, None)  # for the runner alone
    environment |= spec.environment
    environment |= {
        ENV_RUN_DIR: str(spec.run.root),
        ENV_ATTEMPT: str(number),
        "TMPDIR": str(prepare_tmpdir(spec.run)),
        "PYTHONUNBUFFERED": "1",
    }
    return environment


def _share_devices(environment: dict[str, str]) -> None:
    """Let the GPU probe see the devices that the trainer sees."""
    if _DEVICES in environment:
        os.environ[_DEVICES] = environment[_DEVICES]
    else:
        os.environ.pop(_DEVICES, None)


def _spawn(spec: LaunchSpec, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    output = os.open(spec.run.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            spec.argv,
            cwd=spec.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    finally:
        os.close(output)


def _catch_signals() -> int:
    """Make the signals that would end the runner readable on the descriptor that is given back.

    Handlers rather than SIG_IGN, because a trainer would inherit what is ignored.
    """

    def wake(number: int, frame: FrameType | None) -> None:
        """Nothing: the descriptor tells."""

    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGHUP, *_LEAVE):
        signal.signal(number, wake)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    return readable

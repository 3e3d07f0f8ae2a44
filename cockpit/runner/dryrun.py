"""The keeper of a dry run: starts the trainer, watches what it takes, and leaves nothing of it behind.

``python -m cockpit.runner.dryrun`` reads a :class:`DrySpec` as one line of JSON and then lives no longer than whoever
asked: when its standard input ends, so does the trainer. Its words are lines of JSON: ``{"phase": …, "step": …,
"of": …}`` as it goes on, and at last the fields of an :class:`Outcome`.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from cockpit.runner.family import Member, marked_members
from cockpit.runner.meter import Meter
from cockpit.runner.postmortem import Ending, explain, oom_kills
from cockpit.runner.tmpdir import clear_tmpdir, prepare_tmpdir
from cockpit.runner.tripwire import Tripwire, Watch
from cockpit.runs.layout import ENV_ESTIMATE, EstimatePaths, RunPaths
from cockpit.runs.process import start_time

HOOKED = 60.0  # seconds until the recorder has to have come into some Python: nothing else ends by itself
FIRST_SIGN = 300.0  # seconds until a Trainer has to have appeared
_TICK = 250  # milliseconds between two looks
_WORDS = 4096  # bytes of the end of what the trainer printed
_PR_SET_PDEATHSIG = 1
_UNTRACKED = {"WANDB_MODE": "disabled", "NEPTUNE_MODE": "debug"}  # for what a script tells its tracker by itself


@dataclass(frozen=True, slots=True)
class DrySpec:
    """What to run: ``argv`` may name the config in ``folder``, which is made and removed here.

    ``watched`` and ``growth`` are the folders and the limit of a :class:`Watch`.
    """

    folder: str
    config: str
    argv: Sequence[str]
    cwd: str
    limit: float  # seconds
    watched: Mapping[str, str] = field(default_factory=dict)
    growth: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it; bytes, watts. ``result`` is what the callback wrote, None if it wrote nothing."""

    result: dict[str, Any] | None
    words: str  # the last the trainer printed
    code: int | None
    oom: str  # why the kernel killed it, empty if it did not
    late: bool  # the time limit ended it
    hooked: bool  # the recorder came into it
    silent: bool  # and no Trainer has appeared
    host_peak: int | None
    gpu_peak: int | None
    gpu_total: int | None
    watts: float | None
    grew: Mapping[str, int] | None = None  # what made the tripwire end it, bytes by folder


class DryRun:
    """One dry run, from its folder to the end of its last process."""

    def __init__(self, spec: DrySpec) -> None:
        self._spec, self._folder = spec, Path(spec.folder)
        self._paths = EstimatePaths(self._folder)
        self._run = RunPaths(self._folder)  # for the place of its TMPDIR
        self._trainer: subprocess.Popen[bytes] | None = None
        self._started = 0
        self._told: dict[str, Any] = {}

    def measure(self) -> Outcome:
        """Run it until it ends, or the time is up, or the asker has gone, which raises :class:`SystemExit`.

        Raises:
            OSError: it cannot be started.
        """
        self._folder.mkdir(parents=True, mode=0o700)
        self._paths.config.write_text(self._spec.config)
        before, meter = oom_kills(), Meter(self._folder)
        watch = Watch(self._spec.watched, self._spec.growth)
        tripwire, trip = Tripwire(watch, self._folder.parent.parent, time.time()), None
        trainer = self._trainer = self._spawn()
        tripwire.start()
        self._started = start_time(trainer.pid) or 0
        ended, asker = os.pidfd_open(trainer.pid), sys.stdin.fileno()
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(asker, select.POLLIN)
        began, late = time.monotonic(), True
        while late and time.monotonic() - began < self._limit():
            ready = {fd for fd, _ in poll.poll(_TICK)}
            stepping = self._pass_on() == "measuring"
            meter.look(trainer.pid, self._pids, stepping=stepping)
            if asker in ready:
                sys.exit(1)
            # what it would still do after its last word is to shut down
            trip = tripwire.take()
            late = ended not in ready and not self._paths.result.exists() and trip is None
        tripwire.stop()
        self._kill()
        _, status = os.waitpid(trainer.pid, 0)
        meter.wait_for_release()
        ending = Ending.of(status)
        trainer.returncode = os.waitstatus_to_exitcode(status)
        gpu_peak, gpu_total = meter.gpu_peak or (None, None)
        return Outcome(
            result=_read(self._paths.result),
            words=_last_words(self._paths.output),
            code=ending.code,
            oom="" if late else explain(ending, before, oom_kills(), meter.memory, ""),
            late=late,
            hooked=self._paths.hooked.exists(),
            silent=(late or ending.code == 0) and not self._told,
            host_peak=int(meter.host_peak) or None,
            gpu_peak=gpu_peak,
            gpu_total=gpu_total,
            watts=meter.watts,
            grew=dict(trip.folders) if trip else None,
        )

    def _limit(self) -> float:
        """Seconds it may take, as far as it has come."""
        return self._spec.limit if self._told else FIRST_SIGN if self._paths.hooked.exists() else HOOKED

    def close(self) -> None:
        """End what still runs and remove every trace."""
        self._kill()
        clear_tmpdir(self._run)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            ENV_ESTIMATE: str(self._folder),
            **_UNTRACKED,
            "MLFLOW_TRACKING_URI": self._paths.tracker.absolute().as_uri(),
            "TMPDIR": str(prepare_tmpdir(self._run)),
            "PYTHONUNBUFFERED": "1",
        }
        with open(self._paths.output, "wb") as output:
            return subprocess.Popen(
                self._spec.argv,
                cwd=self._spec.cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_the_keeper,  # noqa: PLW1509 - there is one thread here
            )

    def _members(self) -> list[Member]:
        pid = self._trainer.pid if self._trainer else -1
        return marked_members(f"{ENV_ESTIMATE}={self._folder}", pid, self._started)

    def _pids(self) -> set[int]:
        return {member.pid for member in self._members()}

    def _kill(self) -> None:
        """Kill every process of it; one that is born meanwhile has the mark too."""
        while self._trainer is not None and (left := self._members()):
            for member in left:
                with suppress(ProcessLookupError):
                    os.kill(member.pid, signal.SIGKILL)
            time.sleep(0.01)

    def _pass_on(self) -> str:
        """Tell the asker how far it is; gives the phase."""
        progress = _read(self._paths.progress)
        if progress is not None and progress != self._told:
            self._told = progress
            print(json.dumps(progress), flush=True)
        return str(self._told.get("phase", ""))


def _die_with_the_keeper() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _last_words(output: Path) -> str:
    try:
        with open(output, "rb") as file:
            file.seek(max(0, output.stat().st_size - _WORDS))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> None:
    """Read the spec, run, tell."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    run = DryRun(DrySpec(**json.loads(sys.stdin.buffer.readline())))
    try:
        words = asdict(run.measure())
    except OSError as error:
        words = {"error": f"{error.filename or 'the trainer'}: {error.strerror}"}
    finally:
        run.close()
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()

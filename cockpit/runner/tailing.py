"""Follows what a script writes by itself (``metrics.csv``, tfevents, checkpoints) where no recorder attaches to it.

A thread of its own reads and writes, so that the runner never waits for it. Of a loop that tells its figures itself the
checkpoints alone are followed; of a trainer that is recorded whole, nothing.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.domain.lifecycle import RECORDED
from cockpit.errors import RunDamaged
from cockpit.runner.family import Member, members
from cockpit.runs.journal import Event, JournalTail, JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.record import read_launch

if TYPE_CHECKING:
    from cockpit.sources.source import Found
    from cockpit.sources.walk import Kind

_EVERY = 1.0  # seconds between looks, at the least
_SHARE = 9  # seconds of rest for a second of looking, in a folder of very many files
_LAST = 3.0  # seconds that the end waits for the last look
_RETRY = 10.0  # seconds after which what could not be written is tried again


class Tailer:
    """Follows the files of one attempt.

    Args:
        run: the run directory.
        cwd: below which the script writes.
        trainer: its first process.
        attempt: its number.
    """

    def __init__(self, run: RunPaths, cwd: str, trainer: Member, attempt: int) -> None:
        self._run, self._cwd, self._trainer, self._attempt = run, Path(cwd), trainer, attempt
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="tailing", daemon=True)
        self._began = time.time()
        self._old: set[Found] = set()  # there before it began: its own only while it holds them open
        self._known: set[Found] = set()

    def start(self) -> None:
        """Begin, where the run is somebody's own script that no recorder gets into by itself."""
        try:
            framework = read_launch(self._run).framework
        except RunDamaged:
            return
        if framework is not None and framework not in RECORDED:
            self._thread.start()

    def finish(self) -> None:
        """Read what came last, as far as that takes no time to speak of."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(_LAST)

    def _follow(self) -> None:
        complained = False
        while True:
            try:
                return self._look_again_and_again()
            except Exception as error:  # whatever lies in those files, the run goes on without them
                if not complained:
                    with suppress(OSError):  # runner.log lies on the same disk
                        traceback.print_exc()
                complained = True
                # on a full disk what is not recorded is read once more when there is room
                if not isinstance(error, OSError) or self._over.wait(_RETRY):
                    return None

    def _look_again_and_again(self) -> None:
        from cockpit.runner.digest import Digest  # numpy: only where it is needed
        from cockpit.runner.saved import Checkpoints, SavedFiles
        from cockpit.runner.tailed import TailedFiles, place_of
        from cockpit.sources.own import OwnRuns
        from cockpit.sources.source import sources
        from cockpit.sources.walk import Walk

        walk = Walk([self._cwd], [OwnRuns(), Checkpoints(self._cwd), *sources()])
        journal = JournalWriter(self._run.tailed_journal)
        again = self._run.tailed_journal.stat().st_size > 0
        files = TailedFiles(self._run, journal, self._began) if again else None
        saved = SavedFiles(self._run, journal, self._cwd, self._attempt, self._began)
        digest = Digest(self._run)
        told = JournalTail(self._run.journal)
        self._known, self._old = set(), set()
        first, last = True, False
        while not last and not any(map(_recorded_whole, told.stream()[0])):
            last, began = self._over.is_set(), time.perf_counter()  # once more after the end
            everything = walk.look()
            saved.look((f.path for by, f in everything if isinstance(by, Checkpoints)), last=last)
            if self._run.journal.exists():  # its figures are told by itself
                self._rest(began)
                continue
            kinds = [kind for kind in everything if not isinstance(kind[0], (OwnRuns, Checkpoints))]
            if first:
                left = [kind for kind in kinds if _changed(kind[1]) < self._began]
                self._old = {kind[1] for kind in left if files is None or place_of(kind[1]) not in files.known}
                for kind in left:
                    if files is not None and kind[1] not in self._old:
                        files.recall(kind)
                first = False
            for kind in self._mine(kinds):
                files = files or TailedFiles(self._run, journal, self._began)
                files.add(kind)
                self._known.add(kind[1])
            if files:
                files.read()
                digest.read(last=last)
            self._rest(began)

    def _rest(self, began: float) -> None:
        """Wait until the next look is due, after one that has begun at that time."""
        self._over.wait(max(_EVERY, _SHARE * (time.perf_counter() - began)))

    def _mine(self, kinds: list[Kind]) -> list[Kind]:
        """Those not known that this run writes: held open by it, or new and held open by nobody else."""
        unknown = [k for k in kinds if k[1] not in self._known and _changed(k[1]) >= self._began]
        if not unknown:
            return []
        family = {member.pid for member in members(self._run, self._trainer.pid, self._trainer.start_time)}
        mine, others = _open_files(family)
        found = []
        for kind in unknown:
            held, old = _files(kind[1]), kind[1] in self._old
            if (held & mine and not (old and kind[1].key)) or not (old or held & others):
                found.append(kind)
        return found


def _recorded_whole(event: Event) -> bool:
    """Whether a recorder says here that it tells everything, checkpoints too; a loop listens to nobody at first."""
    return event["event"] == "attach" and event.get("listens") is not False


def _files(found: Found) -> set[str]:
    if not found.path.is_dir():
        return {os.path.realpath(found.path)}
    folder = os.path.realpath(found.path)
    try:
        return {str(entry) for entry in Path(folder).iterdir()}
    except OSError:
        return set()


def _changed(found: Found) -> float:
    """When it last did, seconds since the epoch."""
    latest = 0.0
    for file in _files(found):
        try:
            latest = max(latest, os.stat(file).st_mtime)
        except OSError:
            continue
    return latest


def _open_files(family: set[int]) -> tuple[set[str], set[str]]:
    """Paths that processes of the family and others hold open, as far as they may be seen."""
    mine: set[str] = set()
    others: set[str] = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        into = mine if int(process.name) in family else others
        try:
            for descriptor in (process / "fd").iterdir():
                with suppress(FileNotFoundError):  # closed meanwhile
                    into.add(str(descriptor.readlink()))
        except OSError:
            continue
    return mine, others

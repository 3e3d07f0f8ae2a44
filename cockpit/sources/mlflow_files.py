"""``mlruns/``, MLflow's file store: a folder per run, a file per metric, a line ``time value step`` per value."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cockpit.domain.state import State
from cockpit.domain.vitals import Origin
from cockpit.sources.growing import Lines
from cockpit.sources.machine import MachineLog
from cockpit.sources.origin import text
from cockpit.sources.rows import Rows, number, whole
from cockpit.sources.source import Found, News, Tail, Told

_META, _METRICS = "meta.yaml", "metrics"
SEED, COMMIT = "seed", "mlflow.source.git.commit"  # a param, a tag
_LINE = re.compile(r"^(\w+): '?(.*?)'?$", re.MULTILINE)
_STATES = {"3": "FINISHED", "4": "FAILED", "5": "KILLED"}  # RunStatus in mlflow/protos/service.proto
_META_LIMIT = 1 << 16  # bytes
_MOST, _DEEPEST = 5_000, 8  # metrics of a run, slashes in their names


def ended(status: object) -> tuple[State, str] | None:
    """How MLflow says that a run ended. RUNNING says nothing: killed runs keep it."""
    states = {"FINISHED": State.FINISHED, "FAILED": State.FAILED, "KILLED": State.KILLED}
    return (states[status], f"MLflow says {status}") if isinstance(status, str) and status in states else None


def origin(seed: object, commit: object) -> Origin:
    """What its params and tags tell of where a run comes from."""
    known = whole(seed)
    by = "its MLflow params" if known is not None else ""
    return Origin(known, by, commit=commit if isinstance(commit, str) else "")


class MlflowFiles:
    """Folders with ``meta.yaml`` beside ``metrics/``."""

    name = "MLflow"

    def runs(self, path: Path) -> Iterable[Found]:
        """The run's folder; an experiment has the same file, but no metrics."""
        if path.name != _META or not (path.parent / _METRICS).is_dir():
            return ()
        return (Found(path.parent, whole=True),)

    def open(self, found: Found) -> Tail:
        """Begin to read it."""
        return MlflowFilesTail(found.path)


class MlflowFilesTail:
    """Follows one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Lines] = {}
        self._bad = 0
        self._machine, self._origin = MachineLog(), Origin()

    def poll(self) -> News:
        """The lines that were added, metric by metric."""
        for name in _metrics(self._folder / _METRICS):
            if name not in self._files and len(self._files) < _MOST:
                self._files[name] = Lines(self._folder / _METRICS / name)
        rows, more = Rows(by_time=True), False
        for name, file in self._files.items():
            lines, restarted, rest = file.read()
            if restarted:
                self._files.clear()
                self._bad, self._machine = 0, MachineLog()
                return News(restarted=True, more=True)
            more |= rest
            for line in lines:
                self._take(name, line, rows)
        items = rows.items()
        if items:
            seed, commit = text(self._folder / "params" / SEED), text(self._folder / "tags" / COMMIT)
            self._origin = origin(seed.strip(), commit.strip())
        return News(items, self._tell(), more=more)

    def _take(self, name: str, line: bytes, rows: Rows) -> None:
        parts = line.decode(errors="replace").split()
        time, value = (number(part) for part in parts[:2]) if len(parts) >= 2 else (None, None)
        step = whole(parts[2]) if len(parts) > 2 else 0
        if time is None or value is None or step is None:
            self._bad += 1
        else:
            rows.add(name, step, time / 1000, value)
            self._machine.take(name, time / 1000, value)

    def _tell(self) -> Told:
        try:
            with open(self._folder / _META, "rb") as file:
                meta = dict(_LINE.findall(file.read(_META_LIMIT).decode(errors="replace")))
        except OSError:
            meta = {}
        begun = number(meta.get("start_time"))
        changed = [file.file.changed for file in self._files.values() if file.file.changed]
        return Told(
            name=meta.get("run_name", ""),
            begun=begun / 1000 if begun else None,
            ended=ended(_STATES.get(meta.get("status", ""))),
            changed=max(changed, default=None),
            bad=self._bad,
            origin=self._origin,
            folders=(self._folder,),
            memory=self._machine.told(),
        )


def _metrics(folder: Path) -> Iterator[str]:
    """Names of metrics: paths below the folder."""
    try:
        for place, folders, files in os.walk(folder):
            below = Path(place).relative_to(folder)
            if len(below.parts) >= _DEEPEST:
                folders.clear()
            for name in files:
                yield str(below / name)
    except OSError:
        return

"""``mlflow.db``, MLflow's tracking database: many runs in one file, opened so that nothing in it can change."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cockpit.domain.vitals import Origin
from cockpit.sources.machine import MachineLog
from cockpit.sources.mlflow_files import COMMIT, SEED, ended, origin
from cockpit.sources.rows import Rows, number, whole
from cockpit.sources.source import Found, News, Tail, Told

_NAMES = ("mlflow.db", "mlruns.db", "mlflow.sqlite")
_AT_ONCE = 100_000  # rows
_PATIENCE = 0.2  # seconds for a writer that holds the database
_MOST_RUNS = 10_000
_INFINITY = 1.7e308  # MLflow stores an infinity as the largest float


class MlflowSqlite:
    """Databases that are named as MLflow's are."""

    name = "MLflow"

    def runs(self, path: Path) -> Iterable[Found]:
        """Its runs, those that were deleted left out."""
        if path.name not in _NAMES:
            return ()
        query = "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time DESC LIMIT ?"
        with _rows(path, query, (_MOST_RUNS,)) as rows:
            return [Found(path, str(row[0])) for row in rows]

    def open(self, found: Found) -> Tail:
        """Begin to read one of them."""
        return MlflowSqliteTail(found.path, found.key)


class MlflowSqliteTail:
    """Follows one run."""

    def __init__(self, path: Path, run: str) -> None:
        self._path, self._run = path, run
        self._begin(-1)

    def _begin(self, inode: int) -> None:
        self._inode, self._last, self._bad = inode, 0, 0
        self._seen: object = None
        self._told = Told()
        self._machine = MachineLog()

    def poll(self) -> News:
        """The rows that were added."""
        try:
            status = self._path.stat()
            seen = status.st_mtime_ns, status.st_size, _of_log(self._path)
        except OSError:
            return News(told=self._told)
        restarted = self._inode >= 0 and self._inode != status.st_ino
        if restarted or self._inode < 0:
            self._begin(status.st_ino)
        if seen == self._seen:
            return News(told=self._told)
        found = Rows()
        read = self._take(found)
        self._tell(status.st_mtime)
        more = read == _AT_ONCE
        self._seen = None if more else seen
        return News(found.items(), self._told, restarted, more)

    def _take(self, found: Rows) -> int:
        query = (
            "SELECT rowid, key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ? AND rowid > ?"
            " ORDER BY rowid LIMIT ?"
        )
        read = 0
        with _rows(self._path, query, (self._run, self._last, _AT_ONCE)) as rows:
            for row, key, raw, time, at, is_nan in rows:
                read, self._last = read + 1, row
                value, step, milliseconds = number(raw), whole(at), number(time)
                if value is None or step is None or milliseconds is None:
                    self._bad += 1
                    continue
                value = math.nan if is_nan else math.copysign(math.inf, value) if abs(value) > _INFINITY else value
                found.add(str(key), step, milliseconds / 1000, value)
                self._machine.take(str(key), milliseconds / 1000, value)
        return read

    def _tell(self, changed: float) -> None:
        with _rows(self._path, "SELECT name, status, start_time FROM runs WHERE run_uuid = ?", (self._run,)) as rows:
            for name, status, start in rows:
                begun = number(start)
                self._told = Told(
                    name=str(name or ""), begun=begun / 1000 if begun else None, ended=ended(status),
                    changed=changed, bad=self._bad, origin=self._origin(), memory=self._machine.told(),
                )  # fmt: skip

    def _origin(self) -> Origin:
        query = (
            "SELECT key, value FROM params WHERE run_uuid = ? AND key = ?"
            " UNION ALL SELECT key, value FROM tags WHERE run_uuid = ? AND key = ?"
        )
        with _rows(self._path, query, (self._run, SEED, self._run, COMMIT)) as rows:
            told = dict(rows)
        return origin(told.get(SEED), told.get(COMMIT))


def _of_log(path: Path) -> object:
    """How the write-ahead log stands, in which new rows lie before they reach the database."""
    try:
        status = path.with_name(path.name + "-wal").stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@contextmanager
def _rows(path: Path, query: str, values: tuple[Any, ...]) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows of a query, or none: it is no database, another schema, or held by a writer."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as database:
            yield _until_it_fails(database.execute(query, values))
    except sqlite3.Error:
        yield iter(())


def _until_it_fails(cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    try:
        yield from cursor
    except (sqlite3.Error, UnicodeDecodeError):
        return

"""A terminal that measures: runs a program in a pseudo-terminal and times what it paints.

A thread empties the pseudo-terminal at once and stamps every read, so that the emulator neither holds the program
up nor adds to its times; the screen is made from the stamped reads afterwards.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import queue
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil
import pyte

QUIET = 0.12  # seconds without output after which the screen has settled
_IDLE_POLL = 0.02
_QUERY = re.compile(rb"\x1b\[\?(\d+)\$p")  # "do you know this mode?" (DECRQM)
_FOREIGN = re.compile(r"\x1b\[[<=>][0-9;]*[A-Za-z]|\x1b\[\?[0-9;]*\$p")  # what pyte would print as text
_OPEN = re.compile(r"\x1b(\[[0-?]*[ -/]*)?\Z")

Screen = str  # the rows of the screen, joined by newlines


@dataclass(frozen=True, slots=True)
class Window:
    """What a program did in a stretch of time."""

    seconds: float
    bytes: int  # to the terminal
    cpu_seconds: float  # user and system, of the program and its children
    rss: int  # bytes resident at the end, children included


class Meter:
    """A program in a pseudo-terminal of ``size`` (columns, rows); a context manager that ends it.

    Times are ``time.monotonic()``; ``begun`` is the moment before the program was started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        size: tuple[int, int] = (140, 40),
        env: Mapping[str, str] | None = None,
    ) -> None:
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen, strict=False)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._cut = ""
        self._reads: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self._total = 0
        self._last_read = 0.0
        self._main, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        for name in ("NO_COLOR", "LINES", "COLUMNS", "TMUX"):
            environment.pop(name, None)
        self.begun = time.monotonic()
        self._child = subprocess.Popen(
            command, cwd=cwd, env={**environment, **(env or {})}, stdin=inner, stdout=inner, stderr=inner,
            start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        self._process = psutil.Process(self._child.pid)
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._reader.join(2)
        os.close(self._main)

    def text(self) -> Screen:
        """What the screen shows now."""
        self._take_in()
        return self._shown()

    def wait(self, condition: Callable[[Screen], bool], timeout: float = 60.0) -> float:
        """When the bytes came that made ``condition`` true of the screen.

        Raises:
            TimeoutError: it never was; the message has the screen.
        """
        deadline = time.monotonic() + timeout
        if condition(self._shown()):
            return self._last_read
        while time.monotonic() < deadline:
            at = self._take_one(_IDLE_POLL)
            if at is not None and condition(self._shown()):
                return at
        raise TimeoutError(f"never seen on the screen:\n{self._shown()}")

    def first_paint(self, timeout: float = 60.0) -> float:
        """Seconds from the start of the program until anything could be read."""
        return self.wait(lambda screen: bool(screen.strip()), timeout) - self.begun

    def settle(self, timeout: float = 10.0) -> None:
        """Wait until nothing was painted for a moment."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._take_one(QUIET) is not None:
            pass

    def press(self, key: str, timeout: float = 3.0) -> float | None:
        """Seconds from sending ``key`` to the bytes that changed the screen; None if nothing changed."""
        self.settle()
        before = self._cells()
        sent = time.monotonic()
        os.write(self._main, key.encode())
        while time.monotonic() < sent + timeout:
            at = self._take_one(_IDLE_POLL)
            if at is not None and self._cells() != before:
                return at - sent
        return None

    def watch(self, seconds: float) -> Window:
        """Let the program be for ``seconds``, without emulating its screen meanwhile."""
        self._take_in()
        began, cpu, total = time.monotonic(), self._cpu(), self._total
        time.sleep(seconds)
        return Window(time.monotonic() - began, self._total - total, self._cpu() - cpu, self.rss())

    def rss(self) -> int:
        """Resident memory of the program and its children, bytes."""
        return sum(process.memory_info().rss for process in self._family())

    def _family(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def _cpu(self) -> float:
        times = [process.cpu_times() for process in self._family()]
        return sum(t.user + t.system for t in times)

    def _drain(self) -> None:
        while True:
            try:
                data = os.read(self._main, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self._total += len(data)
            self._reads.put((time.monotonic(), data))
            for mode in _QUERY.findall(data):
                # 0: a plain xterm knows neither synchronised output nor in-band resizes
                os.write(self._main, b"\x1b[?" + mode + b";0$y")

    def _take_one(self, timeout: float) -> float | None:
        try:
            at, data = self._reads.get(timeout=timeout)
        except queue.Empty:
            if self._child.poll() is not None and self._reads.empty():
                raise ChildProcessError(f"it ended with {self._child.returncode}:\n{self._shown()}") from None
            return None
        text = self._cut + self._decode(data)
        # a sequence that the end of a read has cut waits for its other half
        whole = text[: match.start()] if (match := _OPEN.search(text)) else text
        self._cut = text[len(whole) :]
        self._stream.feed(_FOREIGN.sub("", whole))
        self._last_read = at
        return at

    def _take_in(self) -> None:
        while not self._reads.empty():
            self._take_one(0)

    def _cells(self) -> list[dict[int, pyte.screens.Char]]:
        return [dict(self._screen.buffer[y]) for y in range(self._screen.lines)]

    def _shown(self) -> Screen:
        return "\n".join(self._screen.display)

"""A real pseudo-terminal with a screen that can be read: what a person at a window would see."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
from contextlib import suppress

import pyte
from support.processes import DEADLINE, wait_until


class Terminal:
    """A program on a pty of its own; its output is read all the time, or it would block.

    Args:
        argv: what to run.
        cwd: where.
        env: its whole environment.
        size: columns and rows.
    """

    def __init__(self, argv, cwd, env, size=(140, 40)):
        self.size = size
        self.raw = bytearray()
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._master, slave = os.openpty()
        self._set_size(size)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv], cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self._wake, self._waker = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        """The screen as lines of text."""
        with self._lock:
            return "\n".join(self._screen.display)

    def shows(self, pattern):
        """The match of a regular expression on the screen, or None."""
        return re.search(pattern, self.text())

    def wait_for(self, pattern, seconds=DEADLINE):
        """The match, as soon as the screen shows it."""
        return wait_until(lambda: self.shows(pattern), lambda: f"{pattern!r} on\n{self.text()}", seconds)

    def press(self, keys):
        """Type ``keys``, a string with escape sequences as a terminal sends them."""
        os.write(self._master, keys.encode())

    def resize(self, columns, rows):
        """Give the window another size; the program gets SIGWINCH."""
        self.size = (columns, rows)
        with self._lock:
            self._screen.resize(rows, columns)
        self._set_size(self.size)

    def hang_up(self):
        """Close the window; the program loses its terminal."""
        if self._master >= 0:
            os.write(self._waker, b"x")
            self._reader.join()
            for fd in (self._master, self._wake, self._waker):
                os.close(fd)
            self._master = -1

    def kill(self):
        """End the program at once."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        """Kill the program and take the window away."""
        self.kill()
        self.hang_up()

    def _set_size(self, size):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def _read(self):
        while self._wake not in select.select([self._master, self._wake], [], [])[0]:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # EIO: the program has closed its side
                return
            self.raw += data
            with self._lock:
                self._stream.feed(data)

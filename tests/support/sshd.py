"""A real sshd on loopback with throwaway keys, which notices a dead link within about three seconds."""

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from support.processes import wait_until

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
_PRIVILEGE_SEPARATION = Path("/run/sshd")  # where sshd of root insists on an empty folder


class Sshd:
    """The server; made for the user of this process."""

    def __init__(self, folder):
        self._folder = folder
        self._made = os.getuid() == 0 and not _PRIVILEGE_SEPARATION.exists()
        if self._made:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        config = folder / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {folder / 'host'}\nPidFile none\n"
            f"AuthorizedKeysFile {folder / 'user.pub'}\nPasswordAuthentication no\nUsePAM no\nStrictModes no\n"
            "PermitRootLogin yes\nPrintMotd no\nPrintLastLog no\nClientAliveInterval 1\nClientAliveCountMax 2\n"
        )
        with open(folder / "sshd.log", "wb") as log:
            self._process = subprocess.Popen([SSHD, "-D", "-e", "-f", config], stderr=log)
        wait_until(self._answers, lambda: f"sshd: {(folder / 'sshd.log').read_text()}")

    def command(self, port, remote):
        """The client's command line for ``remote``, a line of shell, on a terminal."""
        options = ("BatchMode=yes", f"UserKnownHostsFile={self._folder / 'known'}", "StrictHostKeyChecking=no")
        client = ["ssh", "-tt", "-q", "-F", "/dev/null", "-i", str(self._folder / "user"), "-p", str(port)]
        return [*client, *(word for option in options for word in ("-o", option)), "127.0.0.1", remote]

    def close(self):
        """End the server."""
        self._process.kill()
        self._process.wait()
        if self._made:
            with suppress(OSError):
                _PRIVILEGE_SEPARATION.rmdir()

    def _answers(self):
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
        return False

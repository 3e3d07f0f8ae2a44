"""Where a run is tracked besides: which tracker, under which id, and how to look at it from afar."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from cockpit.domain.text import shell_line

NAMES = {"tensorboard": "TensorBoard", "mlflow": "MLflow", "wandb": "Weights & Biases", "csv": "CSV"}
_PORTS = {"tensorboard": 6006, "mlflow": 5000}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Tracker:
    """One tracker of a run, as the recorder found it."""

    kind: str  # a key of NAMES, or the class of another logger
    place: str  # folder, or tracking URI of MLflow
    id: str = ""  # that the tracker gave the run
    group: str = ""  # experiment id of MLflow, project of Weights & Biases
    link: str = ""  # its page, where there is a server

    @property
    def name(self) -> str:
        """What people call it."""
        return NAMES.get(self.kind, self.kind)

    @property
    def told(self) -> str:
        """``MLflow 3f2a9c01``."""
        return f"{self.name} {self.id[:8]}".rstrip()

    @property
    def command(self) -> str:
        """What shows it, or sends it to its server; empty where a page or a folder is all there is."""
        match self.kind:
            case "tensorboard":
                return shell_line(["tensorboard", "--logdir", self.place, "--port", str(_PORTS["tensorboard"])])
            case "mlflow" if not self._server:
                return shell_line(["mlflow", "ui", "--backend-store-uri", self.place, "--port", str(_PORTS["mlflow"])])
            case "wandb" if not self.link:
                return shell_line(["wandb", "sync", self.place])
        return ""

    @property
    def page(self) -> str:
        """Where it is seen in a browser: behind the tunnel, if it needs one."""
        if self.kind == "mlflow":
            base = self.place if self._server else f"http://localhost:{_PORTS['mlflow']}"
            return f"{base.rstrip('/')}/#/experiments/{self.group}/runs/{self.id}"
        return f"http://localhost:{_PORTS['tensorboard']}" if self.kind == "tensorboard" else self.link

    def tunnel(self, host: str) -> str:
        """The line that brings its page to the machine one sits at; empty where none is needed."""
        port = _PORTS.get(self.kind) if not self._server else self._loopback_port
        return shell_line(["ssh", "-L", f"{port}:localhost:{port}", host]) if port and host else ""

    @property
    def _server(self) -> bool:
        return self.kind == "mlflow" and self.place.startswith(("http://", "https://"))

    @property
    def _loopback_port(self) -> int | None:
        try:
            address = urlsplit(self.place)
            port = address.port or 80
        except ValueError:  # no port is a word
            return None
        return port if address.hostname in _LOOPBACK else None

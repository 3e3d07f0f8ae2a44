"""cockpit: a terminal cockpit for training neural networks."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "emit":  # not before somebody asks for it: the first paint does not wait for it
        return import_module("cockpit.recorder.emit").emit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

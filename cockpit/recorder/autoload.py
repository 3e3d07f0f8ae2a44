"""How the recorder gets into a trainer without a change to its code: Lightning's callback entry points.

An exception here would end the user's run, so nothing leaves these functions but a list.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from cockpit.runs.layout import ENV_RUN_DIR


def lightning_callbacks() -> list[Any]:
    """Entry point of ``lightning.pytorch``; empty unless a cockpit launched this process."""
    return _callbacks("lightning.pytorch")


def pytorch_lightning_callbacks() -> list[Any]:
    """Entry point of ``pytorch_lightning``; empty unless a cockpit launched this process."""
    return _callbacks("pytorch_lightning")


def exact_resume(callback: type) -> Any:
    """An ExactResume callback that is a subclass of the given ``Callback``."""
    from cockpit.recorder.exact import ExactResumeHooks

    return type("ExactResume", (ExactResumeHooks, callback), {})()


def _callbacks(namespace: str) -> list[Any]:
    if ENV_RUN_DIR not in os.environ:
        return []
    try:
        base = sys.modules[namespace].Callback
        return [*_recorder(base), exact_resume(base)]
    except Exception as error:
        print(f"cockpit: the recorder could not attach ({error!r}); training goes on", file=sys.stderr, flush=True)
        return []


def _recorder(base: type) -> list[Any]:
    from cockpit.recorder.follower import FollowerHooks
    from cockpit.recorder.journal import journal, run_paths
    from cockpit.recorder.recorder import RecorderHooks

    run, to = run_paths(), journal()
    if run is None:
        return []
    if to is None:
        return [type("Follower", (FollowerHooks, base), {})(run)]
    return [type("Recorder", (RecorderHooks, base), {})(run, to)]

"""How the recorder gets into a trainer without a change to its code: Lightning's callback entry points.

An exception here would end the user's run, so nothing leaves these functions but a list. A dry run without its
callback would train for real, so that one ends.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from cockpit.runs.layout import ENV_ESTIMATE, ENV_RUN_DIR, ENV_SCRIPT

_OF_EVERY_BATCH = (
    "on_train_batch_start", "on_before_backward", "on_after_backward", "on_before_optimizer_step",
    "on_before_zero_grad", "on_train_batch_end", "on_validation_batch_start", "on_validation_batch_end",
)  # fmt: skip


def lightning_callbacks() -> list[Any]:
    """Entry point of ``lightning.pytorch``; empty unless a cockpit launched this process."""
    return _callbacks("lightning.pytorch")


def pytorch_lightning_callbacks() -> list[Any]:
    """Entry point of ``pytorch_lightning``; empty unless a cockpit launched this process."""
    return _callbacks("pytorch_lightning")


def exact_resume(callback: type) -> Any:
    """An ExactResume callback that is a subclass of the given ``Callback``."""
    from cockpit.recorder.exact import ExactResumeHooks

    return attach("ExactResume", ExactResumeHooks, callback)()


def attach(name: str, hooks: type, callback: type) -> Any:
    """The class of a callback with these hooks.

    Lightning calls each hook of each callback through its profiler, which takes 3 µs even if nothing is there.
    It skips what is not callable, so the hooks of every batch that we have no use for are none.
    """
    unused = dict.fromkeys(hook for hook in _OF_EVERY_BATCH if not hasattr(hooks, hook))
    return type(name, (hooks, callback), unused)


def _callbacks(namespace: str) -> list[Any]:
    if ENV_ESTIMATE in os.environ:
        try:
            return [_estimator(namespace)]
        except BaseException as error:  # the script might catch it and go on
            print(f"cockpit: a dry run without its callback ({error!r})", file=sys.stderr, flush=True)
            os._exit(1)
    if ENV_RUN_DIR not in os.environ:
        return []
    try:
        base = sys.modules[namespace].Callback
        return [*_recorder(base), exact_resume(base)]
    except Exception as error:
        print(f"cockpit: the recorder could not attach ({error!r}); training goes on", file=sys.stderr, flush=True)
        return []


def _estimator(namespace: str) -> Any:
    from cockpit.recorder.estimator import EstimatorHooks, fit_once
    from cockpit.recorder.measuring import dry_run_folder

    folder = dry_run_folder()
    fit_once(namespace, folder)
    return attach("Estimator", EstimatorHooks, sys.modules[namespace].Callback)(folder)


def _recorder(base: type) -> list[Any]:
    from cockpit.recorder.claim import claim
    from cockpit.recorder.follower import FollowerHooks
    from cockpit.recorder.journal import journal, run_paths, warn
    from cockpit.recorder.recorder import RecorderHooks
    from cockpit.recorder.stacks import answer_with_stacks

    answer_with_stacks()
    run, to = run_paths(), journal()
    if run is None:
        return []
    if to is not None and ENV_SCRIPT in os.environ and not claim(run, "Lightning"):
        warn("another training of this script is being recorded; this one goes on unrecorded")
        return []
    if to is None:
        return [attach("Follower", FollowerHooks, base)(run)]
    return [attach("Recorder", RecorderHooks, base)(run, to)]

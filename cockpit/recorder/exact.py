"""Exact resume: the same random numbers and the same batches as if the run had never ended.

Lightning restores weights, optimizer and counters, but neither random generators nor the place inside an
epoch, so a plain resume repeats some samples and skips others. With an ``EpochSampler`` in the train loader
(``recorder/sampler.py``) and :class:`ExactResumeHooks` among the callbacks, the losses after a resume equal
those of the uninterrupted run to the last bit (CPU; CUDA with deterministic algorithms).
"""

from __future__ import annotations

from typing import Any

import torch

from cockpit.recorder.hyperparameters import kept, restore
from cockpit.recorder.rng import random_state, restore_random_state
from cockpit.recorder.sampler import EpochSampler, Position

KEY = "cockpit"
EXACT, STATE_ONLY, UNSAFE = "exact", "state only", "unsafe"
_UPGRADE = "exact_loader(loader, seed) of cockpit.recorder.sampler makes it exact"

Guarantee = tuple[str, str]  # level, why


class ExactResumeHooks:
    """Callback hooks that carry the random state through a checkpoint; mixed into a Lightning ``Callback``.

    They belong on every process: each one has a random state of its own.
    """

    _rng: dict[str, Any] | None = None
    _held: dict[str, Any] | None = None
    _changed: dict[str, Any] | None = None

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Forget where an earlier training of this process was resumed."""
        EpochSampler.resume_at = None

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Add the random state of every process, and which hyperparameters were changed on the way."""
        checkpoint[KEY] = {"schema": 2, "rng": _of_every_process(trainer, random_state())}
        if (changed := kept(trainer)) is not None:
            checkpoint[KEY]["changed"] = changed

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Runs before the loaders are made: tell the samplers where to begin."""
        saved = checkpoint.get(KEY, {}).get("rng", [])
        states = saved if isinstance(saved, list) else [saved]  # schema 1 knew one process
        self._rng = states[trainer.global_rank] if trainer.global_rank < len(states) else None
        self._changed = checkpoint.get(KEY, {}).get("changed")
        EpochSampler.resume_at = position(checkpoint)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """The schedules are made, and the loop has not yet asked whether anything is left to train."""
        if self._changed is not None:
            restore(trainer, self._changed)
            self._changed = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """The last moment before the first step draws random numbers."""
        if self._rng is not None:
            restore_random_state(self._rng)
            self._rng = None

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Set the training's random state aside: a validation that a resume does not repeat must not change it."""
        self._held = random_state()

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Go on with it as if there had been no validation."""
        if self._held is not None:
            restore_random_state(self._held)
            self._held = None


def _of_every_process(trainer: Any, mine: dict[str, Any]) -> list[Any]:
    if trainer.world_size == 1:
        return [mine]
    states: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(states, mine)
    return states


def position(checkpoint: dict[str, Any]) -> Position | None:
    """The place in the data at which a Lightning checkpoint was saved; None where it does not say."""
    try:
        loop = checkpoint["loops"]["fit_loop"]
        started = loop["epoch_progress"]["current"]["started"]
        batches = loop["epoch_loop.batch_progress"]
        if batches["is_last_batch"]:
            return Position(started, 0)
        return Position(max(0, started - 1), batches["current"]["processed"])
    except (KeyError, TypeError):
        return None


def guarantee(trainer: Any) -> Guarantee:
    """What a resume of this training can promise."""
    loaders = trainer.fit_loop._combined_loader
    for loader in loaders.flattened if loaders is not None else []:
        sampler = getattr(loader, "sampler", None)
        if not isinstance(sampler, EpochSampler):
            return STATE_ONLY, f"its train loader uses {type(sampler).__name__}; {_UPGRADE}"
        if loader.generator is None:
            return (
                STATE_ONLY,
                "its train loader draws from the global random state; give it generator=torch.Generator()",
            )
    if trainer.strategy.root_device.type == "cuda" and not torch.are_deterministic_algorithms_enabled():
        return STATE_ONLY, "CUDA kernels may add in any order; Trainer(deterministic=True) makes it exact"
    if trainer.world_size > 2:
        return STATE_ONLY, f"gradients of {trainer.world_size} processes may be summed in another order at first"
    return EXACT, "sampler position and random state are in every checkpoint"


def guarantee_of_save(trainer: Any) -> Guarantee | None:
    """What sets a checkpoint saved at this moment apart from others of its training; None if nothing does."""
    loop = trainer.fit_loop
    batches, epochs = loop.epoch_loop.batch_progress, loop.epoch_progress.current
    if batches.is_last_batch:
        return None
    if batches.current.processed % trainer.accumulate_grad_batches:
        return UNSAFE, "saved in the middle of an accumulation: gradients of its last batches are lost"
    if epochs.started and epochs.processed == epochs.started:
        return UNSAFE, "its epoch was broken off (should_stop or max_steps): a resume skips the rest of it"
    return None

"""Exact resume: the same random numbers and the same batches as if the run had never ended.

Lightning restores weights, optimizer and counters, but neither random generators nor the place inside an
epoch, so a plain resume repeats some samples and skips others. With :class:`EpochSampler` in the train
loader, a generator of its own in every loader, and :class:`ExactResumeHooks` among the callbacks, the losses
after a resume equal those of the uninterrupted run to the last bit (CPU; CUDA with deterministic algorithms).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import Sampler

KEY = "cockpit"


class Position(NamedTuple):
    """Where in the data a checkpoint was saved: that many batches of that epoch had been trained on."""

    epoch: int
    batches: int


class EpochSampler(Sampler[int]):
    """Indices in an order that depends on (seed, epoch) alone, starting where a resumed run left off.

    Args:
        length: number of samples in the data set.
        batch_size: samples per batch, so that a position counted in batches can be found again.
        seed: of the order; epoch ``e`` is shuffled by ``torch.randperm`` seeded with ``seed + e``.
        shuffle: False keeps the order of the data set.
        samples_per_epoch: draw only so many of them each epoch (other ones each time); default all.
    """

    resume_at: Position | None = None  # set by ExactResumeHooks before any loader is iterated

    def __init__(
        self, length: int, batch_size: int, seed: int, *, shuffle: bool = True, samples_per_epoch: int | None = None
    ) -> None:
        self.length, self.batch_size, self.seed, self.shuffle = length, batch_size, seed, shuffle
        self.samples_per_epoch = min(samples_per_epoch or length, length)
        self._epoch = 0
        self._fresh = True

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of every epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self.samples_per_epoch

    def __iter__(self) -> Iterator[int]:
        epoch, start = self._epoch, 0
        if self._fresh and self.resume_at is not None:
            # with workers the first iterator is made before Lightning calls set_epoch
            epoch, start = self.resume_at.epoch, self.resume_at.batches * self.batch_size
        self._fresh = False
        if not self.shuffle:
            return iter(range(start, self.samples_per_epoch))
        generator = torch.Generator().manual_seed(self.seed + epoch)
        return iter(torch.randperm(self.length, generator=generator)[start : self.samples_per_epoch].tolist())


class ExactResumeHooks:
    """Callback hooks that carry the random state through a checkpoint; mixed into a Lightning ``Callback``."""

    _rng: dict[str, Any] | None = None
    _held: dict[str, Any] | None = None

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Add the random state to the checkpoint, in types that ``weights_only=True`` loads."""
        checkpoint[KEY] = {"schema": 1, "rng": random_state(), "world_size": trainer.world_size}

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Runs before the loaders are made: tell the samplers where to begin."""
        saved = checkpoint.get(KEY)
        self._rng = saved["rng"] if saved else None
        EpochSampler.resume_at = position(checkpoint)

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


def position(checkpoint: dict[str, Any]) -> Position | None:
    """The place in the data at which a Lightning checkpoint was saved; None where it does not say."""
    try:
        loop = checkpoint["loops"]["fit_loop"]
        started = loop["epoch_progress"]["current"]["started"]
        batches = loop["epoch_loop.batch_progress"]
        if batches["is_last_batch"]:
            return Position(started, 0)
        return Position(max(0, started - 1), batches["current"]["ready"])
    except (KeyError, TypeError):
        return None


def random_state() -> dict[str, Any]:
    """The state of every generator a training step may draw from."""
    kind, keys, where, has_gauss, cached = np.random.get_state(legacy=True)
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": [version, list(internal), gauss],
        "numpy": [str(kind), torch.from_numpy(np.asarray(keys).astype(np.int64)), where, has_gauss, cached],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put every generator back; GPUs that this machine lacks are left out."""
    torch.set_rng_state(state["torch"].cpu())
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([s.cpu() for s in state["cuda"]])
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    kind, keys, where, has_gauss, cached = state["numpy"]
    np.random.set_state((kind, keys.cpu().numpy().astype(np.uint32), where, has_gauss, cached))


def guarantee(trainer: Any) -> tuple[str, str]:
    """What a resume of this run can promise, ``("exact" | "state only", why)``."""
    loaders = trainer.fit_loop._combined_loader
    for loader in loaders.flattened if loaders is not None else []:
        sampler = getattr(loader, "sampler", None)
        if not isinstance(sampler, EpochSampler):
            name = type(sampler).__name__
            return "state only", f"the train loader uses {name}; cockpit.recorder.exact.EpochSampler makes it exact"
    if trainer.world_size > 1:
        return "state only", "several processes: only rank 0's random state is saved"
    return "exact", "sampler position and random state are in every checkpoint"

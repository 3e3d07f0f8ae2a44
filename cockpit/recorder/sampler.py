"""The order of the training data, such that a resumed run can continue in the middle of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch.utils.data import DataLoader, DistributedSampler


class Position(NamedTuple):
    """Where in the data a checkpoint was saved: that many batches of that epoch had been trained on."""

    epoch: int
    batches: int


class EpochSampler(DistributedSampler[int]):
    """Indices in an order that depends on (seed, epoch) alone, starting where a resumed run left off.

    With several processes each one draws every ``world_size``-th index of that order, filled up from its
    beginning so that all draw equally many. It is a ``DistributedSampler`` because Lightning leaves those alone.

    Args:
        length: number of samples in the data set.
        batch_size: samples per batch of one process, so that a position counted in batches can be found again.
        seed: of the order; epoch ``e`` is shuffled by ``torch.randperm`` seeded with ``seed + e``.
        shuffle: False keeps the order of the data set.
        samples_per_epoch: draw only so many of them each epoch (other ones each time); default all.
    """

    resume_at: Position | None = None  # set by ExactResumeHooks before any loader is iterated

    def __init__(
        self, length: int, batch_size: int, seed: int, *, shuffle: bool = True, samples_per_epoch: int | None = None
    ) -> None:
        # the parent's constructor wants a data set and a process group, and nothing of it is used
        self.length, self.batch_size, self.seed, self.shuffle = length, batch_size, seed, shuffle
        self.samples_per_epoch = min(samples_per_epoch or length, length)
        self._epoch = 0
        self._fresh = True

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of every epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Samples that this process draws each epoch."""
        return math.ceil(self.samples_per_epoch / _processes()[1])

    def __iter__(self) -> Iterator[int]:
        epoch, start = self._epoch, 0
        if self._fresh and self.resume_at is not None:
            # Lightning makes the first iterator before it calls set_epoch
            epoch, start = self.resume_at.epoch, self.resume_at.batches * self.batch_size
        self._fresh = False
        rank, world_size = _processes()
        order = self._order(epoch)
        order += order[: -len(order) % world_size]
        return iter(order[rank::world_size][start:])

    def _order(self, epoch: int) -> list[int]:
        if not self.shuffle:
            return list(range(self.samples_per_epoch))
        generator = torch.Generator().manual_seed(self.seed + epoch)
        order: list[int] = torch.randperm(self.length, generator=generator)[: self.samples_per_epoch].tolist()
        return order


def exact_loader(loader: DataLoader[Any], seed: int, *, shuffle: bool = True) -> DataLoader[Any]:
    """The same loader with an :class:`EpochSampler`: the one line that makes a training of your own resume exactly.

    ::

        def train_dataloader(self):
            return exact_loader(DataLoader(self.data, batch_size=32, num_workers=4), seed=42)

    Args:
        loader: a train loader over a map-style data set, with a batch size and without a sampler of its own.
        seed: of the order of the samples.
        shuffle: False keeps the order of the data set.

    Raises:
        TypeError: the loader cannot be continued in the middle: it is iterable-style or has a batch sampler.
    """
    if loader.batch_size is None or not hasattr(loader.dataset, "__len__"):
        raise TypeError("an exact resume needs a map-style data set and a batch size")
    return DataLoader(
        loader.dataset,
        loader.batch_size,
        sampler=EpochSampler(len(loader.dataset), loader.batch_size, seed, shuffle=shuffle),
        generator=torch.Generator().manual_seed(seed),
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        drop_last=loader.drop_last,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context,
        prefetch_factor=loader.prefetch_factor,
        persistent_workers=loader.persistent_workers,
    )


def _processes() -> tuple[int, int]:
    """The rank of this process, and how many train together."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1

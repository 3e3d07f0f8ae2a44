"""Samples laid side by side in rows of one length, so that little of a batch is padding."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

IGNORED = -100  # the label of what is not learnt, as in torch's cross-entropy


def pack(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Which samples share a row: best fit, longest first (Johnson, 1973).

    Args:
        lengths: tokens of each sample; none has more than ``room``.
        room: tokens of a row.

    Returns:
        The samples of each row by number; the rows stand in the order of their first samples.
    """
    rows: list[list[int]] = []
    free: list[tuple[int, int]] = []  # room left, row; sorted
    for sample in sorted(range(len(lengths)), key=lambda number: (-lengths[number], number)):
        place = bisect.bisect_left(free, (lengths[sample], -1))
        if place == len(free):
            left, row = room, len(rows)
            rows.append([])
        else:
            left, row = free.pop(place)
        rows[row].append(sample)
        bisect.insort(free, (left - lengths[sample], row))
    return sorted(sorted(row) for row in rows)


class Rows(Dataset[dict[str, Tensor]]):
    """Samples in rows of ``context`` tokens.

    Positions begin at 0 with every sample: transformers takes that as the sign that attention must not reach from
    one into another. What is left of a row is padding, a sample of its own that nothing is learnt from.

    Args:
        tokens: of all samples, one after the other [N].
        learnt: which of them are learnt [N].
        starts: where each sample begins, and where the last one ends [samples + 1].
        context: tokens of a row.
        packed: False gives each sample a row of its own.
    """

    def __init__(
        self, tokens: np.ndarray, learnt: np.ndarray, starts: np.ndarray, context: int, *, packed: bool
    ) -> None:
        self.tokens, self.learnt, self.starts, self.context = tokens, learnt, starts, context
        lengths = np.diff(starts).tolist()
        self.rows = pack(lengths, context) if packed else [[sample] for sample in range(len(lengths))]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """``input_ids``, ``position_ids`` and ``labels``, int64 [context] each."""
        ids, places = np.zeros((2, self.context), dtype=np.int64)
        labels = np.full(self.context, IGNORED, dtype=np.int64)
        at = 0
        for sample in self.rows[index]:
            begin, end = self.starts[sample], self.starts[sample + 1]
            here = slice(at, at + end - begin)
            ids[here], places[here] = self.tokens[begin:end], np.arange(end - begin)
            labels[here] = np.where(self.learnt[begin:end], ids[here], IGNORED)
            labels[at] = IGNORED  # nothing of its own sample comes before it
            at = here.stop
        places[at:] = np.arange(self.context - at)
        return {
            name: torch.from_numpy(array)
            for name, array in (("input_ids", ids), ("position_ids", places), ("labels", labels))
        }

    @property
    def filled(self) -> float:
        """Share of the rows that is no padding, 0..1."""
        return len(self.tokens) / max(1, len(self) * self.context)

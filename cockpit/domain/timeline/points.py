"""What is recorded of a tag, as it comes."""

from __future__ import annotations

from typing import NamedTuple

from cockpit.domain.series import Floats, Ints


class Points(NamedTuple):
    """Values of one tag, in the order they were recorded."""

    tag: str
    steps: Ints  # int64 [N]
    times: Floats  # float64 [N], seconds since the epoch; NaN where the format has none
    values: Floats  # float64 [N], NaN and infinities included
    order: Floats | None = None  # float64 [N], rises as they were recorded, among all tags of a look; else by times
    epochs: Floats | None = None  # float64 [N], number of the epoch each was recorded in, where the format has it
    session: int | None = None  # of the process that wrote them, another number for another; None: it does not tell


class Rewind(NamedTuple):
    """The format says that training began again: points at ``step`` and beyond that came before this are redone."""

    step: int

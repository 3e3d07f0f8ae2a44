"""NaN that says only that nothing was logged there, told from one that was, by the rows of a table.

A table that has ``nan`` where a metric was not logged has rows of several kinds: those of steps, with NaN in every
column of a validation, and those of validations, with NaN in every column of a step. Two such columns never have a
number in one row, and where one has, the other is always NaN. A NaN in a row in which nothing else has a number that
it could make room for is one that was logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.domain.curves import is_validation

_MOST = 256  # kinds of rows; a table of more is none that is known
Kind = tuple[frozenset[int], frozenset[int]]  # columns with a number, columns with NaN


class Gaps:
    """Learns the kinds of rows of one table.

    Args:
        names: of its columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._families = [(is_validation(name), name.endswith("_epoch")) for name in names]
        self._kinds: set[Kind] = set()
        self._told: dict[Kind, frozenset[int]] = {}  # what was said of a kind

    def learn(self, kinds: Iterable[Kind]) -> bool:
        """Take rows in; whether that makes something wrong that was said of earlier ones."""
        new = set(kinds) - self._kinds
        if not new or len(self._kinds) > _MOST:
            return False
        self._kinds |= new
        told, self._told = self._told, {}
        return any(self.of(kind) != said for kind, said in told.items())

    def of(self, kind: Kind) -> frozenset[int]:
        """The columns of such a row whose NaN stands for nothing."""
        if kind not in self._told:
            numbers, missing = kind
            known = len(self._kinds) <= _MOST
            found = (column for column in missing if known and any(self._apart(column, other) for other in numbers))
            self._told[kind] = frozenset(found)
        return self._told[kind]

    def _apart(self, column: int, other: int) -> bool:
        """Whether each of two columns of different families is NaN in every row in which the other has a number."""
        if self._families[column] == self._families[other]:
            return False
        either = [kind for kind in self._kinds if column in kind[0] or other in kind[0]]
        strict = all((other if column in numbers else column) in missing for numbers, missing in either)
        return strict and any(column in numbers for numbers, _ in either)

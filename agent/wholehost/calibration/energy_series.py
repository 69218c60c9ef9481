# SPDX-License-Identifier: Apache-2.0
"""Energy of the last minutes as sums from a beginning on, so that the mean power over any window costs two look-ups."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT_ROWS = 900  # a quarter of an hour of ticks

Row = tuple[float, ...]


@dataclass
class EnergySeries:
    """Sums of several energies (J) over time; between two moments they grow evenly.

    The end of a row and the beginning of the next may differ by `slack_seconds`, as the moments of reads and ticks do.
    """

    slack_seconds: float = 0.5
    times: list[float] = field(default_factory=list)  # monotonic seconds
    sums: list[Row] = field(default_factory=list)

    def append(self, at: float, seconds: float, joules: Sequence[float]) -> None:
        """Add what the last `seconds` up to `at` brought; a time that nothing is known of begins the series anew."""
        if not self.times or abs(at - seconds - self.times[-1]) > self.slack_seconds or at <= self.times[-1]:
            self.times, self.sums = [at - seconds], [(0.0,) * len(joules)]
        self.times.append(at)
        self.sums.append(tuple(before + more for before, more in zip(self.sums[-1], joules, strict=True)))
        if len(self.times) > 2 * KEPT_ROWS:
            del self.times[:KEPT_ROWS], self.sums[:KEPT_ROWS]

    def clear(self) -> None:
        """Begin anew with the next row."""
        self.times, self.sums = [], []

    @property
    def ends(self) -> float:
        """The moment of the last row."""
        return self.times[-1] if self.times else -inf

    @property
    def last(self) -> Row:
        """The mean powers (W) of the last row, of which there must be one."""
        seconds = self.times[-1] - self.times[-2]
        return tuple((late - early) / seconds for early, late in zip(self.sums[-2], self.sums[-1], strict=True))

    def knows(self, begin: float, end: float) -> bool:
        """Whether all of the time between two moments is known."""
        return bool(self.times) and self.times[0] <= begin and end <= self.times[-1]

    def mean(self, begin: float, end: float) -> Row | None:
        """Return the mean powers (W) between two moments; None unless all of that time is known."""
        if end <= begin or not self.knows(begin, end):
            return None
        return tuple((late - early) / (end - begin) for early, late in zip(self.by(begin), self.by(end), strict=True))

    def by(self, moment: float) -> Row:
        """Return the sums at a moment between the first and the last row."""
        place = max(1, bisect_left(self.times, moment))
        begin, end = self.times[place - 1], self.times[place]
        share = (moment - begin) / (end - begin)
        return tuple(
            early + share * (late - early) for early, late in zip(self.sums[place - 1], self.sums[place], strict=True)
        )

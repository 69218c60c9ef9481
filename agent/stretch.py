# SPDX-License-Identifier: Apache-2.0
"""A stretch of time, and how an amount is spread over the hours that it touches.

An hour is the UTC hour's start in Unix seconds. The parts of an amount in whole numbers add up to it, wherever it is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOUR_SECONDS = 3600

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_US = 1_000_000
_HOUR_US = HOUR_SECONDS * _SECOND_US
_MICROSECOND = timedelta(microseconds=1)


def hour_of(at: datetime) -> int:
    """Return the hour that a moment lies in."""
    return int(at.timestamp()) // HOUR_SECONDS * HOUR_SECONDS


def moment_of(hour: int) -> datetime:
    """Return when an hour begins, in UTC."""
    return datetime.fromtimestamp(hour, UTC)


@dataclass(frozen=True, slots=True)
class Piece:
    """Which part of a stretch falls into an hour: from `before` to `after` of its `whole`."""

    hour: int
    before: int
    after: int
    whole: int

    def share_of(self, amount: float) -> float:
        """Return what of an amount falls into the hour: an integer of an integer, rounded so that all pieces add up."""
        if isinstance(amount, int):
            return amount * self.after // self.whole - amount * self.before // self.whole
        return amount * ((self.after - self.before) / self.whole)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time from `begins` to `ends` (UTC).

    `shape` states how the amount is spread inside, where that is known: seconds and microjoules of consecutive steps, from
    the beginning on. Without it the amount is spread evenly.
    """

    begins: datetime
    ends: datetime
    shape: tuple[tuple[float, int], ...] = ()

    @classmethod
    def before(cls, ends: datetime, seconds: float, shape: Sequence[tuple[float, int]] = ()) -> Stretch:
        """Return the stretch of `seconds` up to a moment."""
        return cls(ends - timedelta(seconds=seconds), ends, tuple(shape))

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.ends - self.begins).total_seconds()

    def pieces(self) -> Iterator[Piece]:
        """Cut it at the full hours. A stretch without length lies in the hour of its end."""
        end = (self.ends - _EPOCH) // _MICROSECOND
        begin = at = min((self.begins - _EPOCH) // _MICROSECOND, end - 1)
        passed = _Spread(self.shape, end - begin)
        while at < end:
            hour = at - at % _HOUR_US
            until = min(end, hour + _HOUR_US)
            yield Piece(hour // _SECOND_US, passed.by(at - begin), passed.by(until - begin), passed.whole)
            at = until

    def share_since(self, moment: datetime) -> float:
        """Return how much of its amount lies after a moment: 0 to 1."""
        if moment <= self.begins:
            return 1.0
        if moment >= self.ends:
            return 0.0
        passed = _Spread(self.shape, (self.ends - self.begins) // _MICROSECOND)
        return 1.0 - passed.by((moment - self.begins) // _MICROSECOND) / passed.whole


class _Spread:
    """How much of an amount has passed by a time, counted in microseconds or in the shape's own microjoules."""

    def __init__(self, shape: Sequence[tuple[float, int]], length_us: int) -> None:
        self._length = length_us
        self._steps = shape if sum(amount for _, amount in shape) > 0 else ()
        self.whole = sum(amount for _, amount in self._steps) or length_us

    def by(self, at_us: int) -> int:
        if not self._steps:
            return at_us
        if at_us >= self._length:
            return self.whole
        passed, begins = 0, 0.0
        for seconds, amount in self._steps:
            length = seconds * _SECOND_US
            if at_us < begins + length:
                return passed + round(amount * (at_us - begins) / length)
            passed, begins = passed + amount, begins + length
        return self.whole

# SPDX-License-Identifier: Apache-2.0
"""Amounts in three corners, as they are added up and kept: whole microjoules, or grams, without unit and grounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Bounded:
    """The amounts of the low, the central and the high corner.

    Corner by corner: each is what another host would have, on which all that is uncertain is low, or central, or high.
    Unlike the bounds of an `Estimate` they may be in any order, and below zero where something is taken back. Whole
    numbers stay whole.
    """

    low: float = 0
    central: float = 0
    high: float = 0

    @classmethod
    def of(cls, estimate: Estimate) -> Bounded:
        """Return the corners of an estimate, in its unit."""
        return cls(estimate.low, estimate.central, estimate.high)

    def __add__(self, other: Bounded) -> Bounded:
        return Bounded(self.low + other.low, self.central + other.central, self.high + other.high)

    def __sub__(self, other: Bounded) -> Bounded:
        return Bounded(self.low - other.low, self.central - other.central, self.high - other.high)

    def __neg__(self) -> Bounded:
        return Bounded(-self.low, -self.central, -self.high)

    def __mul__(self, other: Bounded) -> Bounded:
        return Bounded(self.low * other.low, self.central * other.central, self.high * other.high)

    def __bool__(self) -> bool:
        return bool(self.low or self.central or self.high)

    def each(self, change: Callable[[float], float]) -> Bounded:
        """Return what a function makes of each corner."""
        return Bounded(change(self.low), change(self.central), change(self.high))

    def less(self, other: Bounded) -> Bounded:
        """Return what is left after `other` is taken away; never less than nothing."""
        return (self - other).each(lambda amount: max(0, amount))

    def at_most(self, other: Bounded) -> Bounded:
        """Return the same, no corner above that of `other`."""
        return Bounded(min(self.low, other.low), min(self.central, other.central), min(self.high, other.high))

    def amounts(self) -> tuple[float, float, float]:
        """Return low, central, high."""
        return self.low, self.central, self.high

    def estimate(self, unit: str, *grounds: Citation) -> Estimate:
        """Return the central amount with bounds that hold all three; what is below zero is nothing."""
        low, high = min(self.amounts()), max(self.amounts())
        return Estimate(max(0.0, low), max(0.0, self.central), max(0.0, high), unit, grounds)


NOTHING = Bounded()


def in_joules(microjoules: Bounded) -> Bounded:
    """Return an energy that is kept in whole microjoules in joules."""
    return microjoules.each(lambda amount: amount * JOULES_PER_MICROJOULE)

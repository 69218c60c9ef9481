# SPDX-License-Identifier: Apache-2.0
"""Keep or replace: the manufacture of a new machine against what it saves in use, with bounds (docs/keep-or-replace.md).

What both choices have in common (the load, the rest of a host, the grid) is one value in both of them at a time: the
bounds of a difference are those of its corners, not those of one choice less the opposite ones of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from impacts.electricity.grid import location_based
from impacts.values.estimates import Citation, Estimate, merge_grounds
from impacts.values.units import SECONDS_PER_YEAR, convert, product_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

_YEAR = Estimate.exact(SECONDS_PER_YEAR, "s", Citation("a Julian year, 365.25 days"))


class Verdict(StrEnum):
    """Which choice emits less over the new machine's service life."""

    KEEP_LOWER = "keep_lower"
    REPLACE_LOWER = "replace_lower"
    UNDECIDED = "undecided"  # the bounds allow for both


@dataclass(frozen=True, slots=True)
class Difference:
    """A quantity that may be negative: keep minus replace."""

    low: float
    central: float
    high: float
    unit: str

    def __mul__(self, factor: Estimate) -> Difference:
        return Difference(
            min(self.low * factor.low, self.low * factor.high),  # a loss is greatest at the factor's high value
            self.central * factor.central,
            max(self.high * factor.low, self.high * factor.high),
            product_unit(self.unit, factor.unit),
        )

    def minus(self, cost: Estimate) -> Difference:
        """Return the difference less something that has nothing in common with it."""
        return Difference(self.low - cost.high, self.central - cost.central, self.high - cost.low, self.unit)

    def in_unit(self, unit: str) -> Difference:
        """Return the difference in another unit of the same kind, for people to read."""
        low, central, high = (convert(value, self.unit, unit) for value in (self.low, self.central, self.high))
        return Difference(low, central, high, unit)


@dataclass(frozen=True, slots=True)
class Choices:
    """The power, in watts, of all machines that would go and of the one that would come."""

    keep: Estimate
    replace: Estimate


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Years until the saving has made up for the manufacture; None: never, at this bound."""

    low: float | None
    central: float | None
    high: float | None


@dataclass(frozen=True)
class Replacement:
    """Both choices over the new machine's service life. The old machines' manufacture is sunk: it is in neither."""

    central: Choices  # at the central value of all that they have in common
    corners: Sequence[Choices]  # at its other values; of the grid's intensity the corners are taken here
    intensity: Estimate  # gCO2e/J
    manufacture: Estimate  # gCO2e, of the new machine
    service_life_years: float

    @cached_property
    def keep(self) -> Estimate:
        """The power of the machines that would go."""
        return _hull(self.central.keep, [corner.keep for corner in self.corners])

    @cached_property
    def replace(self) -> Estimate:
        """The power of the machine that would come."""
        return _hull(self.central.replace, [corner.replace for corner in self.corners])

    @cached_property
    def saving_watts(self) -> Difference:
        """What the new machine draws less."""
        pairs = (self.central, *self.corners)
        return Difference(
            min(pair.keep.low - pair.replace.high for pair in pairs),
            self.central.keep.central - self.central.replace.central,
            max(pair.keep.high - pair.replace.low for pair in pairs),
            "W",
        )

    @cached_property
    def saving_per_year(self) -> Difference:
        """What the new machine emits less in a year of use, in gCO2e."""
        return self.saving_watts * _YEAR * self.intensity

    @property
    def break_even(self) -> BreakEven:
        """The years of use after which replacing has emitted less than keeping."""
        made, saved = self.manufacture, self.saving_per_year
        return BreakEven(
            _years(made.low, saved.high), _years(made.central, saved.central), _years(made.high, saved.low)
        )

    @property
    def keep_over_life(self) -> Estimate:
        """What keeping emits over the new machine's service life."""
        return emissions_per_year(self.keep, self.intensity).scaled(self.service_life_years)

    @property
    def replace_over_life(self) -> Estimate:
        """What replacing emits over the new machine's service life, its manufacture included."""
        return emissions_per_year(self.replace, self.intensity).scaled(self.service_life_years) + self.manufacture

    @property
    def difference_over_life(self) -> Difference:
        """What replacing emits less than keeping over the new machine's service life, in gCO2e."""
        life = Estimate.exact(self.service_life_years, "1", *_YEAR.grounds)
        return (self.saving_per_year * life).minus(self.manufacture)

    @property
    def verdict(self) -> Verdict:
        """Which choice emits less over the service life, if the bounds agree."""
        difference = self.difference_over_life
        if difference.low > 0:
            return Verdict.REPLACE_LOWER
        return Verdict.KEEP_LOWER if difference.high < 0 else Verdict.UNDECIDED


def energy_per_year(power: Estimate) -> Estimate:
    """Return the joules of a year at a mean power."""
    return power * _YEAR


def emissions_per_year(power: Estimate, intensity: Estimate) -> Estimate:
    """Return the grams of a year at a mean power."""
    return location_based(energy_per_year(power), intensity)


def _years(made: float, saved_per_year: float) -> float | None:
    return made / saved_per_year if saved_per_year > 0 else None


def _hull(central: Estimate, others: Sequence[Estimate]) -> Estimate:
    """Return the central estimate with bounds that hold for all."""
    every = [central, *others]
    low, high = min(each.low for each in every), max(each.high for each in every)
    return Estimate(low, central.central, high, central.unit, merge_grounds(*(each.grounds for each in every)))

# SPDX-License-Identifier: Apache-2.0
"""Amortisation: the embodied impact spread evenly over the service life, and never more than the whole of it.

A share of the service life is what SCI (ISO/IEC 21031) calls the time share of embodied emissions. A plan that is
changed acts from that day on, as IAS 16.51 has it; what is left on the day something is retired falls to that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, NamedTuple

from impacts.values.estimates import Citation, Estimate
from impacts.values.units import SECONDS_PER_YEAR

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.parts import Server
    from impacts.values.derivations import Derivation

_PLANNED = Citation("the plan of the service life")


class PlanLine(NamedTuple):
    """A straight line of a plan."""

    years: float  # it takes
    since_age: float  # in years
    before: float  # the share that had passed when it began

    def ratio(self, age: float) -> float:
        """Return the share that has passed at an age: 1 at most."""
        if self.years <= 0:
            return 1.0
        return min(1.0, self.before + (1.0 - self.before) * (age - self.since_age) / self.years)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many years something shall serve, as planned now and, where that was changed, as planned before."""

    years: float
    years_before: float | None = None
    changed_on: date | None = None
    grounds: tuple[Citation, ...] = (_PLANNED,)  # of the years

    def ratio(self, begins: datetime, at: datetime) -> float:
        """Return the share that has passed by `at` of what was first used at `begins`: never falls, 1 at most."""
        age = years_between(begins, at)
        return self.line(begins, age).ratio(age) if age > 0 else 0.0

    def line(self, begins: datetime, age: float) -> PlanLine:
        """Return the straight line in force at an age of what was first used at `begins`."""
        whole = PlanLine(self.years, 0.0, 0.0)
        if self.years_before is None or self.changed_on is None:
            return whole
        changed_at_age = years_between(begins, midnight(self.changed_on))
        if changed_at_age <= 0:
            return whole
        # Once the old plan is over nothing is left to be spread over a new one.
        if age <= changed_at_age or changed_at_age >= self.years_before:
            return PlanLine(self.years_before, 0.0, 0.0)
        return PlanLine(self.years - changed_at_age, changed_at_age, changed_at_age / self.years_before)


@dataclass(frozen=True, slots=True)
class Lot:
    """What was acquired together and leaves together: the server with its first parts, or parts that came later."""

    derivation: Derivation  # of the emissions of its manufacture, whoever has used it since
    plan: Plan
    acquired: date | None = None  # by this organisation; None: not known
    first_used: date | None = None  # by anybody; None: when it was acquired
    retired: date | None = None  # None: it serves

    @property
    def emissions(self) -> Estimate:
        """The emissions of its manufacture, in base units."""
        return self.derivation.estimate

    @property
    def when_acquired(self) -> str:
        """The day of acquisition in words."""
        return f"{self.acquired or 'on a day that is not known'}"

    @property
    def begins(self) -> date | None:
        """The day from which it is amortised; None if it is not known."""
        return self.first_used or self.acquired

    def begins_at(self, undated: datetime) -> datetime:
        """Return the moment from which it is amortised: `undated` where the day is not known."""
        return undated if self.begins is None else midnight(self.begins)

    def planned_ratio(self, at: datetime, undated: datetime) -> float:
        """Return the share that time has amortised by `at`; without a date it begins at `undated`."""
        until = at if self.retired is None else min(at, midnight(self.retired))
        return self.plan.ratio(self.begins_at(undated), until)

    def ratio(self, at: datetime, undated: datetime) -> float:
        """Return the amortised share at `at`: by time, and all of it once retired."""
        return 1.0 if self.has_left(at) else self.planned_ratio(at, undated)

    def has_left(self, at: datetime) -> bool:
        """Return whether it has been retired by `at`."""
        return self.retired is not None and at > midnight(self.retired)


def amortised_ratio(lots: tuple[Lot, ...], at: datetime, undated: datetime) -> float:
    """Return the share of the emissions of all lots that is amortised at `at`; 0 without a lot."""
    whole = sum(lot.emissions.central for lot in lots)
    return min(1.0, sum(lot.emissions.central * lot.ratio(at, undated) for lot in lots) / whole) if whole else 0.0


def service_life(server: Server, book: FactorBook) -> Estimate:
    """Return the service life in years: as the inventory says, else the default of the datasets."""
    if server.service_life_years is not None:
        return Estimate.exact(server.service_life_years, "year", Citation("inventory: service_life_years"))
    return book.find("service_life", "attribute", on=date.max).factor.value.in_unit("year")


def midnight(day: date) -> datetime:
    """Return when a day begins, in UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def years_between(begins: datetime, ends: datetime) -> float:
    """Return the time between two moments in years; negative if `ends` is the earlier."""
    return (ends - begins).total_seconds() / SECONDS_PER_YEAR

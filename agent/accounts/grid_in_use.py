# SPDX-License-Identifier: Apache-2.0
"""The grid that the host draws from, by the datasets or live, and what it makes of a joule (docs/adr/0012)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from agent.history.hourly import EntryKind, ImpactHour
from agent.stretch import HOUR_SECONDS, moment_of
from impacts import quantities as q
from impacts.electricity.grid import grid_factor, grid_problems, split
from impacts.electricity.shares import ELECTRICITY
from impacts.factors import WORLD, FactorMatch, FactorMissing, Fit
from impacts.values.bounded import Bounded
from impacts.values.estimates import Estimate, merge_grounds
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from agent.grid.live import LiveFactor
    from agent.place import Place
    from impacts.electricity.grid import GridSplit
    from impacts.factor_book import FactorBook
    from impacts.problems import Problem
    from impacts.values.estimates import Citation

HOUR = timedelta(hours=1)


class Live(Protocol):
    """Who knows the intensity of the hour; nothing here waits."""

    @property
    def values_known(self) -> Sequence[object]:
        """Everything that is known: another object whenever something was learned."""

    def at(self, now: datetime) -> LiveFactor | None:
        """Return the factor that is valid now; None if there is none or it is stale."""

    def history(self, since: datetime, until: datetime) -> list[LiveFactor]:
        """Return what is known of a time."""

    def problems(self, now: datetime) -> list[Problem]:
        """Return what users ought to know."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a joule of the host makes of one quantity, by one factor."""

    quantity: str  # its stem
    kind: EntryKind
    factor: str  # DATASET/ROW
    per_joule: Estimate

    def of(self, energy: Bounded) -> ImpactHour:
        """Return what an amount of energy, in whole microjoules, makes."""
        amount = (energy * Bounded.of(self.per_joule)).each(lambda part: part * JOULES_PER_MICROJOULE)
        return ImpactHour(amount, energy)


@dataclass(frozen=True)
class GridInUse:
    """The grid's factor of a time, taken apart into Scope 2 and category 3, and the water of its power plants."""

    place: Place
    match: FactorMatch
    split: GridSplit
    water: FactorMatch | None
    on: date
    kind: EntryKind = EntryKind.YEARLY

    @property
    def is_live(self) -> bool:
        """Whether a provider's value is in use, of this time or held from the one before."""
        return self.kind is not EntryKind.YEARLY

    @property
    def region(self) -> str:
        """Where the host was said to be, as the history keeps it; empty where nobody has said it."""
        return "" if self.place.inferred else self.place.region

    @property
    def factor(self) -> str:
        """The factor's row, as the history names it."""
        return row_of(self.match.factor.citation)

    @cached_property
    def rates(self) -> tuple[Rate, ...]:
        """What follows from a joule: location-based Scope 2, category 3, and water where the region's is known."""
        carbon = (
            Rate(q.SCOPE2_LOCATION_BASED.stem, self.kind, self.factor, self.split.scope2),
            Rate(q.ENERGY_UPSTREAM.stem, self.kind, self.factor, self.split.upstream),
        )
        if self.water is None:
            return carbon
        water = self.water.factor
        return (*carbon, Rate(q.USE_WATER.stem, EntryKind.YEARLY, row_of(water.citation), water.value))

    def rate(self, quantity: str) -> Rate | None:
        """Return what follows from a joule for one quantity (its stem); None if it is not known."""
        return next((rate for rate in self.rates if rate.quantity == quantity), None)

    @cached_property
    def matches(self) -> tuple[FactorMatch, ...]:
        """The factors in use, with how well each fits."""
        return tuple(match for match in (self.match, self.water) if match is not None)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What users ought to know about the factor, unless a live one makes up for it."""
        said = () if self.is_live else grid_problems(self.match, self.place.region, self.on)
        return (*said, *self.split.problems)


def row_of(citation: Citation) -> str:
    """Return the dataset's row, as the history names it."""
    return f"{citation.dataset}/{citation.entry}"


def grid_by_the_book(book: FactorBook, place: Place, on: date) -> GridInUse:
    """Return the yearly average of a day."""
    return _in_use(grid_factor(book, place.region, on, inferred=place.inferred), book, place, on)


def grid_by_live(book: FactorBook, place: Place, live: LiveFactor, kind: EntryKind = EntryKind.LIVE) -> GridInUse:
    """Return what a provider reports of a time; its boundary is brought to the same two parts.

    `kind` is HELD for the time after its own, until more is known of that.
    """
    on = live.valid_from.date()
    return replace(_in_use(FactorMatch(live.factor, Fit.EXACT), book, place, on), kind=kind)


def grid_of_hour(book: FactorBook, place: Place, known: Sequence[LiveFactor], hour: int) -> GridInUse:
    """Return the grid of a past hour: the mean of live values, if they cover all of it, else the yearly average."""
    live = _mean(known, moment_of(hour))
    if live is not None:
        return grid_by_live(book, place, live)
    return grid_by_the_book(book, place, moment_of(hour).date())


def _in_use(match: FactorMatch, book: FactorBook, place: Place, on: date) -> GridInUse:
    return GridInUse(place, match, split(match, book, place.region, on), _water(book, place, on), on)


def _water(book: FactorBook, place: Place, on: date) -> FactorMatch | None:
    try:
        match = book.find(ELECTRICITY, "water", place.region or WORLD, on=on)
    except FactorMissing:
        return None
    return FactorMatch(match.factor, Fit.INFERRED) if place.inferred else match


def _mean(known: Sequence[LiveFactor], begins: datetime) -> LiveFactor | None:
    """Return the mean over the hour, by time; None if a part of it is not known."""
    ends = begins + HOUR
    inside = [(one, (min(one.valid_until, ends) - max(one.valid_from, begins)).total_seconds()) for one in known]
    inside = [(one, seconds) for one, seconds in inside if seconds > 0]
    if sum(seconds for _, seconds in inside) < HOUR_SECONDS:
        return None
    values = [(one.factor.value, seconds / HOUR_SECONDS) for one, seconds in inside]
    mean = Estimate(
        sum(value.low * share for value, share in values),
        sum(value.central * share for value, share in values),
        sum(value.high * share for value, share in values),
        values[0][0].unit,
        merge_grounds(*(value.grounds for value, _ in values)),
    )
    first = inside[0][0]
    return replace(first, factor=replace(first.factor, value=mean), valid_from=begins, valid_until=ends)

# SPDX-License-Identifier: Apache-2.0
"""The grid that the host draws from, by the datasets or live, and what it makes of a joule (docs/adr/0012)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from agent.history.hours import ImpactHour
from impacts import quantities as q
from impacts.electricity.grid import ELECTRICITY, grid_factor, grid_problems, split
from impacts.factors import WORLD, FactorMatch, FactorMissing, Fit
from impacts.values.estimates import Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from agent.grid.live import LiveFactor
    from agent.history.hours import HostHour
    from agent.place import Place
    from impacts.electricity.grid import GridSplit
    from impacts.factor_book import FactorBook
    from impacts.problems import Problem
    from impacts.values.estimates import Citation

HOUR = timedelta(hours=1)
_HOUR_SECONDS = 3600.0
_MICRO = 1e-6
_LIVE = "live-"  # as the ids of all providers' data begin
_HELD = ":held"  # and as those end that stand in for a time which they were not told of


class Live(Protocol):
    """Who tells the intensity of the hour; nothing here waits."""

    @property
    def values_known(self) -> Sequence[object]:
        """Everything that is known: another object whenever something was learned."""

    def at(self, now: datetime) -> LiveFactor | None:
        """Return the factor that is valid now; None if there is none or it is stale."""

    def history(self, since: datetime, until: datetime) -> list[LiveFactor]:
        """Return what is known of a time."""

    def problems(self, now: datetime) -> list[Problem]:
        """Return what ought to be said."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a joule of the host makes of one quantity, by one factor."""

    stem: str
    factor_id: str
    per_joule: Estimate

    def of(self, energy: HostHour | ImpactHour) -> ImpactHour:
        """Return what an amount of energy makes."""
        low, central, high = energy.low_microjoules, energy.microjoules, energy.high_microjoules
        rate = self.per_joule
        amounts = (low * rate.low * _MICRO, central * rate.central * _MICRO, high * rate.high * _MICRO)
        return ImpactHour(*amounts, low, central, high)


@dataclass(frozen=True)
class GridInUse:
    """The grid's factor of a time, taken apart into Scope 2 and category 3, and the water of its power plants."""

    place: Place
    match: FactorMatch
    split: GridSplit
    water: FactorMatch | None
    on: date
    is_live: bool = False

    @property
    def id(self) -> str:
        """The factor, as the history names it."""
        return factor_id(self.match.factor.citation)

    @cached_property
    def rates(self) -> tuple[Rate, ...]:
        """What follows from a joule: location-based Scope 2, category 3, and water where the region's is known."""
        carbon = (
            Rate(q.SCOPE2_LOCATION_BASED.stem, self.id, self.split.scope2),
            Rate(q.ENERGY_UPSTREAM.stem, self.id, self.split.upstream),
        )
        if self.water is None:
            return carbon
        factor = self.water.factor
        return (*carbon, Rate(q.USE_WATER.stem, factor_id(factor.citation), factor.value))

    @cached_property
    def matches(self) -> tuple[FactorMatch, ...]:
        """The factors in use, with how well each fits."""
        return tuple(match for match in (self.match, self.water) if match is not None)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What ought to be said about the factor, unless a live one makes up for it."""
        said = () if self.is_live else grid_problems(self.match, self.place.region, self.on)
        return (*said, *self.split.problems)


def factor_id(citation: Citation) -> str:
    """Return the dataset's row, as the history names it."""
    return f"{citation.dataset}/{citation.entry}"


def grid_by_the_book(book: FactorBook, place: Place, on: date) -> GridInUse:
    """Return the yearly average of a day."""
    return _in_use(grid_factor(book, place.region, on, inferred=place.inferred), book, place, on)


def grid_by_live(book: FactorBook, place: Place, told: LiveFactor) -> GridInUse:
    """Return what a provider tells of a time; its boundary is brought to the same two parts."""
    on = told.valid_from.date()
    return replace(_in_use(FactorMatch(told.factor, Fit.EXACT), book, place, on), is_live=True)


def grid_of_hour(book: FactorBook, place: Place, told: Sequence[LiveFactor], hour: int) -> GridInUse:
    """Return the grid of a past hour: the mean of what is told, if that covers all of it, else the yearly average."""
    live = _mean(told, datetime.fromtimestamp(hour, UTC))
    if live is not None:
        return grid_by_live(book, place, live)
    return grid_by_the_book(book, place, datetime.fromtimestamp(hour, UTC).date())


def held(told: LiveFactor) -> LiveFactor:
    """Return the last live factor under another name, for the time after its own: until more is told of that."""
    cited = told.factor.citation
    as_held = replace(cited, entry=f"{cited.entry}{_HELD}")
    value = told.factor.value
    grounds = tuple(as_held if ground == cited else ground for ground in value.grounds)
    return replace(told, factor=replace(told.factor, citation=as_held, value=replace(value, grounds=grounds)))


def is_live_id(name: str) -> bool:
    """Tell the id of a live factor of its own time, which nothing later is better than, from any other."""
    return name.startswith(_LIVE) and not name.endswith(_HELD)


def _in_use(match: FactorMatch, book: FactorBook, place: Place, on: date) -> GridInUse:
    return GridInUse(place, match, split(match, book, place.region, on), _water(book, place, on), on)


def _water(book: FactorBook, place: Place, on: date) -> FactorMatch | None:
    try:
        match = book.find(ELECTRICITY, "water", place.region or WORLD, on=on)
    except FactorMissing:
        return None
    return FactorMatch(match.factor, Fit.INFERRED) if place.inferred else match


def _mean(told: Sequence[LiveFactor], begins: datetime) -> LiveFactor | None:
    """Return the mean over the hour, by time; None if a part of it is not told."""
    ends = begins + HOUR
    inside = [(one, (min(one.valid_until, ends) - max(one.valid_from, begins)).total_seconds()) for one in told]
    inside = [(one, seconds) for one, seconds in inside if seconds > 0]
    if sum(seconds for _, seconds in inside) < _HOUR_SECONDS:
        return None
    values = [(one.factor.value, seconds / _HOUR_SECONDS) for one, seconds in inside]
    mean = Estimate(
        sum(value.low * share for value, share in values),
        sum(value.central * share for value, share in values),
        sum(value.high * share for value, share in values),
        values[0][0].unit,
        merge_grounds(*(value.grounds for value, _ in values)),
    )
    first = inside[0][0]
    return replace(first, factor=replace(first.factor, value=mean), valid_from=begins, valid_until=ends)

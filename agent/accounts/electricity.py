# SPDX-License-Identifier: Apache-2.0
"""The host's use of electricity as the loop sees it: which grid is in use now, what energy is booked as, what is mended later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from agent.accounts.electricity_entries import UseAccount
from agent.accounts.grid_in_use import HOUR, GridInUse, grid_by_live, grid_by_the_book, grid_of_hour, held, is_live_id
from agent.history.hours import Booking, by_hour
from impacts import quantities as q
from impacts.figures import Figure
from impacts.market_based.emissions import market_intensity, used_up_problems
from impacts.market_based.instruments import quality_problems
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from agent.accounts.grid_in_use import Live
    from agent.history.hours import HostHour, ImpactHour
    from agent.history.view import HistoryView
    from agent.host_facts import Standing
    from impacts.market_based.emissions import MarketState, MarketTerms

# How far back a provider's values are kept, and so hours may be mended.
MENDED_WITHIN = timedelta(days=10)
TAKEN_BACK = "taken back: "  # before the id of a factor whose entry is taken back

_LOCATION = q.SCOPE2_LOCATION_BASED.stem
_MENDED = {_LOCATION, q.SCOPE2_MARKET_BASED.stem, q.ENERGY_UPSTREAM.stem}

_NO_LIVE = Problem(
    "grid",
    "not_known_yet",
    "the provider of the live intensity has told nothing that holds now; the yearly factor stands in",
    "wait for its answer; if it does not come, the other problems of the grid say why",
)


class Use:
    """One grid, one host. Nothing here waits for anybody."""

    def __init__(self, standing: Standing, live: Live | None, history: HistoryView) -> None:
        self._standing = standing
        self._live = live
        self._account = UseAccount.after(history, standing.machine.book, standing.instruments)
        self._yearly: GridInUse | None = None
        self._by_live: tuple[object, GridInUse | None] = (None, None)
        self._mended_by: object = None

    def follow(self, standing: Standing) -> None:
        """Go on with other hardware."""
        self._standing = standing

    def grid(self, now: datetime) -> GridInUse:
        """Return the grid that is in use now: what is told live unless that is stale, else the yearly average."""
        told = None if self._live is None else self._live.at(now)
        if told is None:
            return self._yearly_on(now.date())
        if now >= told.valid_until:
            told = held(told)
        known_by = (told.valid_from, told.factor.citation, told.factor.value.central, told.factor.value.high)
        known, grid = self._by_live
        if grid is None or known_by != known:
            grid = grid_by_live(self._standing.machine.book, self._standing.place, told)
            self._by_live = (known_by, grid)
        return grid

    def terms(self, now: datetime) -> MarketTerms:
        """Return by what market-based emissions are accounted now."""
        return self._account.terms(self.grid(now))

    def problems(self, now: datetime) -> tuple[Problem, ...]:
        """Return what ought to be said about the grid, live or not, and about instruments."""
        grid = self.grid(now)
        live = () if self._live is None else tuple(self._live.problems(now))
        if self._live is not None and not grid.is_live and not live:
            live = (_NO_LIVE,)
        region = grid.place.region
        quality = quality_problems(self._standing.instruments, region, now.date())
        terms = self.terms(now)
        used_up = used_up_problems(_hour(now), self._account.state, terms)
        return (*live, *grid.problems, *terms.fallback.problems, *quality, *used_up)

    def intensities(self, now: datetime) -> tuple[Figure, Figure]:
        """Return what a joule emits now, location- and market-based."""
        grid = self.grid(now)
        by_contract = market_intensity(_hour(now), self._account.state, self._account.terms(grid))
        return Figure(q.GRID_LOCATION_BASED, (), grid.split.scope2), Figure(q.GRID_MARKET_BASED, (), by_contract)

    def bookings(self, energy: HostHour, seconds: float, ends_at: datetime) -> list[Booking]:
        """Return what the energy of the `seconds` up to `ends_at` is booked as; each past hour by its own factor."""
        this_hour = _hour(ends_at)
        return [
            booking
            for hour, part in by_hour(energy, seconds, ends_at)
            for booking in self._account.bookings(
                part, hour, self.grid(ends_at) if hour == this_hour else self._grid_of(hour)
            )
        ]

    def would_book(self, energy: ImpactHour, at: datetime, after: MarketState) -> list[Booking]:
        """Return what energy of this moment would be booked as, after what instruments have covered; nothing is used up."""
        state, self._account.state = self._account.state, after
        bookings = list(self._account.bookings(energy, _hour(at), self.grid(at)))
        self._account.state = state
        return bookings

    def corrections(self, history: HistoryView, now: datetime) -> list[Booking]:
        """Return what mends the hours that were booked by a yearly average and are told live since; once.

        Everything that was booked must be in the history by now.
        """
        if self._live is None or self._live.values_known is self._mended_by:
            return []
        values = self._live.values_known
        booked = history.booked(now - MENDED_WITHIN, datetime.fromtimestamp(_hour(now), UTC))
        self._mended_by = values
        entries = netted(booked)
        yearly = {
            (one.hour, one.factor_id) for one in entries if one.stem == _LOCATION and not is_live_id(one.factor_id)
        }
        mended = (one for one in entries if one.stem in _MENDED and (one.hour, one.factor_id) in yearly)
        return [correction for one in mended for correction in self._mend(one)]

    def _mend(self, booked: Booking) -> Iterator[Booking]:
        """Take an entry back and book its energy by what is told live, if all of the hour is."""
        grid = self._grid_of(booked.hour)
        if not grid.is_live or not booked.amount.microjoules:
            return
        stem = _LOCATION if booked.stem == q.SCOPE2_MARKET_BASED.stem else booked.stem
        rate = next(rate for rate in grid.rates if rate.stem == stem)
        yield booked._replace(factor_id=f"{TAKEN_BACK}{booked.factor_id}", amount=booked.amount.taken_back())
        yield booked._replace(factor_id=rate.factor_id, amount=rate.of(booked.amount))

    def _yearly_on(self, day: date) -> GridInUse:
        if self._yearly is None or self._yearly.on != day:
            self._yearly = grid_by_the_book(self._standing.machine.book, self._standing.place, day)
        return self._yearly

    def _grid_of(self, hour: int) -> GridInUse:
        begins = datetime.fromtimestamp(hour, UTC)
        told = () if self._live is None else self._live.history(begins, begins + HOUR)
        return grid_of_hour(self._standing.machine.book, self._standing.place, told, hour)


def netted(bookings: Iterable[Booking]) -> list[Booking]:
    """Return entries without those that were taken back, and what took them back."""
    sums: dict[tuple[int, str, str], Booking] = {}
    for one in bookings:
        plain = one._replace(factor_id=one.factor_id.removeprefix(TAKEN_BACK))
        known = sums.get(plain[:3])
        sums[plain[:3]] = plain if known is None else known._replace(amount=_sum(known.amount, one.amount))
    return [one for one in sums.values() if any(one.amount.amounts())]


def _sum(one: ImpactHour, other: ImpactHour) -> ImpactHour:
    together = type(one)(*one.amounts())
    together.add(other)
    return together


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600 * 3600

# SPDX-License-Identifier: Apache-2.0
"""The host's use of electricity as the loop sees it: which grid is in use now, what energy is entered as, what is mended later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.accounts.electricity_entries import ElectricityEntries
from agent.accounts.facility import HOSTS_OF, OF_HOSTS, FacilityEntries
from agent.accounts.grid_in_use import HOUR, GridInUse, grid_by_live, grid_by_the_book, grid_of_hour
from agent.history.hourly import Entry, EntryKind
from agent.stretch import hour_of, moment_of
from impacts import quantities as q
from impacts.market_based.emissions import covers_all, used_up_problems
from impacts.market_based.instruments import quality_problems
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from agent.accounts.grid_in_use import Live
    from agent.history.view import HistoryView
    from agent.host_facts import HostFacts
    from agent.place import Place
    from agent.stretch import Stretch
    from impacts.factors import FactorMatch
    from impacts.market_based.emissions import MarketState, MarketTerms
    from impacts.values.bounded import Bounded

# How far back a provider's values are kept, and so hours may be mended.
MENDED_WITHIN = timedelta(days=10)

_LOCATION = q.SCOPE2_LOCATION_BASED.stem
_MENDED = {*OF_HOSTS, *HOSTS_OF}

_NO_LIVE = Problem(
    "grid",
    "not_known_yet",
    "the provider of the live intensity has reported nothing that holds now; the yearly factor stands in",
    "wait for its answer; if it does not come, the other problems of the grid say why",
)


class ElectricityAccounts:
    """One grid, one host. Nothing here waits for anybody."""

    def __init__(self, facts: HostFacts, live: Live | None, history: HistoryView) -> None:
        self._facts = facts
        self._live = live
        self.go_on_after(history)
        self._yearly: GridInUse | None = None
        self._by_live: tuple[object, GridInUse | None] = (None, None)
        self._mended_by: object = None

    def go_on_after(self, history: HistoryView) -> None:
        """Go on where a history's newest accounts leave off: what instruments have covered by them they cover no more."""
        facts = self._facts
        self._entries = ElectricityEntries.after(history, facts.machine.book, facts.instruments)
        self._facility = FacilityEntries.after(history, facts.machine.book, facts.instruments)

    def follow(self, facts: HostFacts) -> None:
        """Go on with other hardware."""
        self._facts = facts

    def grid(self, now: datetime) -> GridInUse:
        """Return the grid that is in use now: by the live value unless that is stale, else the yearly average."""
        place = self._facts.place_at(hour_of(now))
        live = self._live.at(now) if self._live is not None and place == self._facts.place else None
        if live is None:
            return self._yearly_on(now.date(), place)
        kind = EntryKind.HELD if now >= live.valid_until else EntryKind.LIVE
        value = live.factor.value
        known_by = (kind, live.valid_from, live.factor.citation, value.central, value.high)
        known, grid = self._by_live
        if grid is None or known_by != known:
            grid = grid_by_live(self._facts.machine.book, place, live, kind)
            self._by_live = (known_by, grid)
        return grid

    def terms(self, now: datetime) -> MarketTerms:
        """Return by what market-based emissions are accounted now."""
        return self._entries.terms(self.grid(now))

    @property
    def market_state(self) -> MarketState:
        """What instruments have covered so far."""
        return self._entries.state

    @property
    def facility_market_state(self) -> MarketState:
        """What instruments have covered so far of the facility's energy."""
        return self._facility.market_state

    def matches(self, now: datetime) -> tuple[FactorMatch, ...]:
        """Return the factors in use now, with how well each fits."""
        return (*self.grid(now).matches, self.terms(now).fallback.match)

    def problems(self, now: datetime) -> tuple[Problem, ...]:
        """Return what users ought to know about the grid, live or not, and about instruments."""
        grid = self.grid(now)
        live = () if self._live is None else tuple(self._live.problems(now))
        if self._live is not None and not grid.is_live and not live:
            live = (_NO_LIVE,)
        region = grid.place.region
        quality = quality_problems(self._facts.instruments, region, now.date())
        terms = self.terms(now)
        used_up = used_up_problems(hour_of(now), self._entries.state, terms)
        rest = () if covers_all(hour_of(now), self._entries.state, terms) else terms.fallback.problems
        return (*live, *grid.problems, *rest, *quality, *used_up, *self._pue_problems(now))

    def entries_of(self, energy: Bounded, stretch: Stretch, basis: str) -> list[Entry]:
        """Return what the energy (whole microjoules) of a stretch is entered as; each past hour by its own factor."""
        this_hour = hour_of(stretch.ends)
        return [
            entry
            for piece in stretch.pieces()
            for entry in self._entries_in(
                piece.hour,
                energy.each(piece.share_of),
                self.grid(stretch.ends) if piece.hour == this_hour else self._grid_of(piece.hour),
                basis,
            )
        ]

    def _entries_in(self, hour: int, energy: Bounded, grid: GridInUse, basis: str) -> Iterator[Entry]:
        """Return what energy drawn within the hour is entered as, of the host and of its facility."""
        yield from self._entries.entries_of(energy, hour, grid)
        if self._facts.pue is not None:
            yield from self._facility.entries_of(self._facts.pue, basis, energy, hour, grid)

    def _pue_problems(self, now: datetime) -> Iterator[Problem]:
        pue = self._facts.pue
        if pue is not None and pue.at(hour_of(now)) is None:
            what = f"no PUE is known of the hour from {moment_of(hour_of(now)):%Y-%m-%d %H:%M} UTC on: the facility's figures leave it out"
            remedy = "add the hour to the file and recompute the day, or set `value` under `pue`, which stands in for such hours"
            yield Problem("pue", "hour_unknown", what, remedy)

    def corrections(self, history: HistoryView, now: datetime) -> list[Entry]:
        """Return what mends the hours that were entered without the live values that are known since; once.

        Everything that was entered must be in the history by now.
        """
        if self._live is None or self._live.values_known is self._mended_by:
            return []
        values = self._live.values_known
        counted = history.counted(now - MENDED_WITHIN, moment_of(hour_of(now)))
        self._mended_by = values
        entries = netted(counted)
        not_live = {
            (one.hour, one.kind, one.factor)
            for one in entries
            if one.quantity == _LOCATION and one.kind is not EntryKind.LIVE
        }
        mended = (one for one in entries if one.quantity in _MENDED and (one.hour, one.kind, one.factor) in not_live)
        return [correction for one in mended for correction in self._mend(one)]

    def _mend(self, entered: Entry) -> Iterator[Entry]:
        """Take an entry back and enter its energy by the live values, if they cover all of the hour."""
        grid = self._grid_of(entered.hour)
        quantity = HOSTS_OF.get(entered.quantity, entered.quantity)
        rate = grid.rate(_LOCATION if quantity == q.SCOPE2_MARKET_BASED.stem else quantity)
        is_elsewhere = entered.region not in {"", grid.place.region}  # where the live values are not of
        if rate is None or is_elsewhere or not grid.is_live or not entered.amount.energy.central:
            return
        yield entered.take_back()
        yield replace(entered, kind=rate.kind, factor=rate.factor, amount=rate.of(entered.amount.energy))

    def _yearly_on(self, day: date, place: Place) -> GridInUse:
        if self._yearly is None or (self._yearly.on, self._yearly.place) != (day, place):
            self._yearly = grid_by_the_book(self._facts.machine.book, place, day)
        return self._yearly

    def _grid_of(self, hour: int) -> GridInUse:
        begins, place = moment_of(hour), self._facts.place_at(hour)
        live = () if self._live is None else self._live.history(begins, begins + HOUR)
        if place != self._facts.place:  # where the live values are not of
            live = ()
        return grid_of_hour(self._facts.machine.book, place, live, hour)


def netted(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries without those that were taken back, and what took them back."""
    sums: dict[tuple[int, str, EntryKind, str, str], Entry] = {}
    for one in entries:
        key = (one.hour, one.quantity, one.kind, one.factor, one.region)
        known = sums.get(key)
        if known is None:
            sums[key] = replace(one, taken_back=False)
        else:
            sums[key] = replace(known, amount=known.amount + one.amount)
    return [one for one in sums.values() if one.amount]

# SPDX-License-Identifier: Apache-2.0
"""The hours' accounts by the best factors that are known now: a newer year, a residual mix, instruments, live values, a PUE.

Pure: accounts in, accounts out. What was entered by live values stays as it is, because nothing later is better; an hour's
energy is never touched (docs/adr/0014).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from math import isclose
from typing import TYPE_CHECKING

from agent.accounts.electricity_entries import ElectricityEntries, market_state
from agent.accounts.facility import OF_HOSTS, energy_entry
from agent.accounts.grid_in_use import GridInUse, grid_of_hour
from agent.history.hourly import Entry, EntryKind, ImpactHour, facility_basis
from agent.place import UNDATED, Place
from agent.stretch import HOUR_SECONDS, hour_of
from impacts import quantities as q
from impacts.factors import WORLD
from impacts.market_based.instruments import Level
from impacts.values.bounded import NOTHING, Bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from agent.accounts.grid_in_use import Rate
    from agent.grid.live import LiveFactor
    from agent.place import DatedPlaces
    from impacts.facility import Pue
    from impacts.factor_book import FactorBook
    from impacts.market_based.instruments import Instrument

_DAY_SECONDS = 86400
_SAME = 1e-9  # relative: what differs less is the order of a sum
_LOCATION, _MARKET = q.SCOPE2_LOCATION_BASED.stem, q.SCOPE2_MARKET_BASED.stem
_UPSTREAM, _WATER = q.ENERGY_UPSTREAM.stem, q.USE_WATER.stem
OF_HOST = (_LOCATION, _MARKET, _UPSTREAM, _WATER)
_QUANTITIES = (*OF_HOST, *OF_HOSTS.values())
_FACILITY_LOCATION, _FACILITY_MARKET = OF_HOSTS[_LOCATION], OF_HOSTS[_MARKET]
MARKET_BASED = (_MARKET, _FACILITY_MARKET)  # each with a state of its own


@dataclass(frozen=True)
class Knowledge:
    """What is known now."""

    book: FactorBook
    place: Place  # of the hours whose own neither the dates nor the history know, and of the live values
    instruments: Sequence[Instrument] = ()
    live: Sequence[LiveFactor] = ()
    pue: Pue | None = None
    hosts: Mapping[int, Mapping[str, Bounded]] = field(default_factory=dict)  # the host's energy by hour and basis
    places: DatedPlaces = UNDATED  # where the host was when, which goes before what the hours were entered as


def recomputed(others: Sequence[Entry], accounts: Sequence[Entry], known: Knowledge) -> list[Entry]:
    """Return the entries of the hours and quantities that change.

    Both lists are netted: `accounts` are those to recompute, `others` those of all other hours, earlier and later: what
    instruments cover in them they do not cover once more.
    """
    by_hour: dict[int, list[Entry]] = defaultdict(list)
    for one in accounts:
        by_hour[one.hour].append(one)
    work = _Work(others, known)
    return [entry for hour in sorted(by_hour) for entry in work.changed(hour, by_hour[hour])]


class _Work:
    """Hour after hour, because the volumes of instruments run out."""

    def __init__(self, others: Sequence[Entry], known: Knowledge) -> None:
        self._known = known
        self._entries, self._facility = (
            ElectricityEntries(known.book, known.instruments, market_state(others, known.instruments, market))
            for market in MARKET_BASED
        )
        self._by_day: dict[tuple[int, Place], GridInUse] = {}
        self._live: dict[int, list[LiveFactor]] = defaultdict(list)
        for one in known.live:
            for hour in range(hour_of(one.valid_from), int(one.valid_until.timestamp()), HOUR_SECONDS):
                self._live[hour].append(one)

    def changed(self, hour: int, old: Sequence[Entry]) -> Iterator[Entry]:
        """Return the hour's entries of the quantities that change."""
        ratio = self._facility_ratio(hour, old)
        new = [
            entry for place, entries in self._by_place(hour, old) for entry in self._anew(hour, place, entries, ratio)
        ]
        new += self._facility_energy(hour, old)
        for quantity in dict.fromkeys((*_QUANTITIES, *(one.quantity for one in new))):
            before, after = ([one for one in entries if one.quantity == quantity] for entries in (old, new))
            if not _same(after, before):
                yield from after

    def _facility_ratio(self, hour: int, old: Sequence[Entry]) -> Bounded | None:
        """Return the facility's energy over the host's: the PUE that is known now, else as the hour was entered; None: neither."""
        known = None if self._known.pue is None else self._known.pue.at(hour)
        if known is not None:
            return Bounded.of(known)
        energies = [_energy(old, quantity) for quantity in (_FACILITY_LOCATION, _LOCATION)]
        return _ratio(*energies) if energies[0] else None

    def _facility_energy(self, hour: int, old: Sequence[Entry]) -> Iterator[Entry]:
        """Return the facility's energy by basis, by the PUE that is known now, else as it was entered."""
        pue = self._known.pue
        known = None if pue is None else pue.at(hour)
        if pue is None or known is None:
            yield from (one for one in old if facility_basis(one.quantity) is not None)
            return
        for basis, energy in self._known.hosts.get(hour, {}).items():
            yield energy_entry(pue, Bounded.of(known), basis, energy, hour)

    def _by_place(self, hour: int, entries: Sequence[Entry]) -> Iterator[tuple[Place, Sequence[Entry]]]:
        """Part an hour's entries by where the host was: as the dates have it, else as they say, else where it is now."""
        dated = self._known.places.at(hour)
        if dated is not None:
            yield dated, entries
            return
        regions = dict.fromkeys(one.region for one in entries if one.quantity == _LOCATION)
        for region in regions:
            inside = [one for one in entries if one.region == region or len(regions) == 1]
            yield Place(region) if region else self._unsaid(inside), inside

    def _unsaid(self, entries: Iterable[Entry]) -> Place:
        """Return where the host is taken to have been where nobody has said it: where it is now, unless that is a guess too."""
        if not self._known.place.inferred:
            return self._known.place
        rows = (self._known.book.row(one.factor) for one in entries if one.quantity == _LOCATION)
        guessed = next((row.region for row in rows if row is not None and row.region != WORLD), "")
        return Place(guessed, inferred=True) if guessed else self._known.place

    def _anew(self, hour: int, place: Place, old: Sequence[Entry], ratio: Bounded | None) -> Iterator[Entry]:
        """Return what the energy of an hour in one place is entered as by what is known now; `ratio` is the facility's to it."""
        by_quantity = {quantity: [one for one in old if one.quantity == quantity] for quantity in OF_HOST}
        grid = self._grid_of(hour, place)
        location, upstream = (_by_grid(quantity, by_quantity, grid) for quantity in (_LOCATION, _UPSTREAM))
        yield from (*location, *upstream)
        yield from _merged(self._by_market(self._entries, hour, grid, location))
        yield from _by_grid(_WATER, by_quantity, grid)
        if ratio is None:
            return
        yield from (_of_facility(one, ratio) for one in (*location, *upstream))
        scaled = [replace(one, amount=_times(one.amount, ratio)) for one in location]
        market = _merged(self._by_market(self._facility, hour, grid, scaled))
        yield from (replace(one, quantity=_FACILITY_MARKET) for one in market)

    def _by_market(
        self, entries: ElectricityEntries, hour: int, grid: GridInUse, location: Sequence[Entry]
    ) -> Iterator[Entry]:
        """Return what instruments cover and what stands for the rest: where that is the grid's average, as in `location`."""
        energy = sum((one.amount.energy for one in location), NOTHING)
        average = grid.rates[0]
        by_one = [Entry(hour, _LOCATION, average.kind, average.factor, average.of(energy))]
        fallback = entries.terms(grid).fallback
        is_as_entered = fallback.level is Level.GRID_AVERAGE and not _same(by_one, location)
        for one in entries.market_entries(energy, hour, grid):
            if is_as_entered and one.kind is not EntryKind.INSTRUMENT:
                yield from (
                    replace(part, quantity=_MARKET, amount=_share(part.amount, one.amount.energy, energy))
                    for part in location
                )
            else:
                yield one

    def _grid_of(self, hour: int, place: Place) -> GridInUse:
        known = self._known
        if hour in self._live and place.region == known.place.region:  # elsewhere the live values are not of
            grid = grid_of_hour(known.book, place, self._live[hour], hour)
            if grid.is_live:
                return grid
        day = (hour // _DAY_SECONDS, place)
        if day not in self._by_day:
            self._by_day[day] = grid_of_hour(known.book, place, (), hour)
        return self._by_day[day]


def _by_grid(quantity: str, old: dict[str, list[Entry]], grid: GridInUse) -> list[Entry]:
    """Return a quantity's entries by the grid's factor, but for those that were entered by live values of its place.

    What was never entered, as by an older program, is of the energy of location-based Scope 2.
    """
    rate = grid.rate(quantity)
    if rate is None:
        return old[quantity]
    if not old[quantity]:
        return _merged(_by_rate(replace(one, quantity=quantity), rate, grid.region) for one in old[_LOCATION])
    return _merged(
        replace(one, region=grid.region) if _is_live_in(grid, one) else _by_rate(one, rate, grid.region)
        for one in old[quantity]
    )


def _is_live_in(grid: GridInUse, entry: Entry) -> bool:
    return entry.kind is EntryKind.LIVE and entry.region in {"", grid.region}


def _by_rate(entry: Entry, rate: Rate, region: str) -> Entry:
    return replace(entry, kind=rate.kind, factor=rate.factor, region=region, amount=rate.of(entry.amount.energy))


def _share(amount: ImpactHour, part: Bounded, whole: Bounded) -> ImpactHour:
    """Return of an amount what a part of the energy makes, corner by corner."""
    return _times(amount, _ratio(part, whole))


def _ratio(part: Bounded, whole: Bounded) -> Bounded:
    pairs = zip(part.amounts(), whole.amounts(), strict=True)
    return Bounded(*(1.0 if one == all_of_it else one / all_of_it for one, all_of_it in pairs))


def _times(amount: ImpactHour, ratio: Bounded) -> ImpactHour:
    return ImpactHour(amount.amount * ratio, (amount.energy * ratio).each(round))


def _of_facility(entry: Entry, ratio: Bounded) -> Entry:
    return replace(entry, quantity=OF_HOSTS[entry.quantity], amount=_times(entry.amount, ratio))


def _energy(entries: Iterable[Entry], quantity: str) -> Bounded:
    return sum((one.amount.energy for one in entries if one.quantity == quantity), NOTHING)


def _merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return one entry for each factor and region."""
    sums: dict[tuple[EntryKind, str, str], Entry] = {}
    for one in entries:
        key = (one.kind, one.factor, one.region)
        sums[key] = replace(one, amount=sums[key].amount + one.amount) if key in sums else one
    return [one for one in sums.values() if one.amount]


def _same(new: Sequence[Entry], old: Sequence[Entry]) -> bool:
    """Return whether entries state the same of the same factors, wherever the host was said to be."""
    after, before = _by_factor(new), _by_factor(old)
    return before.keys() == after.keys() and all(
        isclose(a, b, rel_tol=_SAME, abs_tol=1e-12)
        for factor, amount in after.items()
        for a, b in zip(amount.columns(), before[factor].columns(), strict=True)
    )


def _by_factor(entries: Iterable[Entry]) -> dict[tuple[EntryKind, str], ImpactHour]:
    sums: dict[tuple[EntryKind, str], ImpactHour] = {}
    for one in entries:
        key = (one.kind, one.factor)
        sums[key] = sums.get(key, ImpactHour()) + one.amount
    return sums

# SPDX-License-Identifier: Apache-2.0
"""The hours' accounts by the best factors that are known now: a newer year, a residual mix, instruments, live values.

Pure: accounts in, accounts out. What was booked by live values stays as it is, because nothing later is better; an hour's
energy is never touched (docs/adr/0014).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import isclose
from typing import TYPE_CHECKING

from agent.accounts.electricity_entries import UseAccount, market_state
from agent.accounts.grid_in_use import GridInUse, grid_of_hour, is_live_id
from agent.history.hours import Booking, ImpactHour
from impacts import quantities as q
from impacts.market_based.instruments import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agent.grid.live import LiveFactor
    from agent.place import Place
    from impacts.factor_book import FactorBook
    from impacts.market_based.instruments import Instrument

_SAME = 1e-9  # relative: what differs less is the order of a sum
_LOCATION, _MARKET = q.SCOPE2_LOCATION_BASED.stem, q.SCOPE2_MARKET_BASED.stem
_UPSTREAM, _WATER = q.ENERGY_UPSTREAM.stem, q.USE_WATER.stem
STEMS = (_LOCATION, _MARKET, _UPSTREAM, _WATER)


@dataclass(frozen=True)
class Knowledge:
    """What is known now."""

    book: FactorBook
    place: Place
    instruments: Sequence[Instrument] = ()
    told: Sequence[LiveFactor] = ()


def recomputed(before: Sequence[Booking], accounts: Sequence[Booking], known: Knowledge) -> list[Booking]:
    """Return the entries of the hours and quantities that change.

    Both lists are netted: `accounts` are those to recompute, `before` those of earlier hours, in which instruments have
    covered something already.
    """
    by_hour: dict[int, list[Booking]] = defaultdict(list)
    for one in accounts:
        by_hour[one.hour].append(one)
    work = _Work(before, known)
    return [booking for hour in sorted(by_hour) for booking in work.changed(hour, by_hour[hour])]


class _Work:
    """Hour after hour, because the volumes of instruments run out."""

    def __init__(self, before: Sequence[Booking], known: Knowledge) -> None:
        self._known = known
        self._account = UseAccount(known.book, known.instruments, market_state(before, known.instruments))
        self._by_day: dict[int, GridInUse] = {}
        self._told: dict[int, list[LiveFactor]] = defaultdict(list)
        for one in known.told:
            first = int(one.valid_from.timestamp()) // 3600 * 3600
            for hour in range(first, int(one.valid_until.timestamp()), 3600):
                self._told[hour].append(one)

    def changed(self, hour: int, old: Sequence[Booking]) -> Iterator[Booking]:
        """Return the hour's entries of the quantities that change."""
        by_stem = {stem: [one for one in old if one.stem == stem] for stem in STEMS}
        if not by_stem[_LOCATION]:
            return
        grid = self._grid_of(hour)
        location = _by_grid(_LOCATION, by_stem, grid)
        new = {
            _LOCATION: location,
            _MARKET: _merged(self._by_market(hour, grid, location)),
            _UPSTREAM: _by_grid(_UPSTREAM, by_stem, grid),
            _WATER: _by_grid(_WATER, by_stem, grid),
        }
        for stem in STEMS:
            if not _same(new[stem], by_stem[stem]):
                yield from new[stem]

    def _by_market(self, hour: int, grid: GridInUse, location: Sequence[Booking]) -> Iterator[Booking]:
        """Return what instruments cover and what stands for the rest: where that is the grid's average, as in `location`."""
        energy = ImpactHour()
        for one in location:
            energy.add(one.amount)
        fallback = self._account.terms(grid).fallback
        by_one = [Booking(hour, _LOCATION, grid.id, grid.rates[0].of(energy))]
        as_booked = fallback.level is Level.GRID_AVERAGE and not _same(by_one, location)
        for one in self._account.market_bookings(energy, hour, grid):
            if as_booked and one.factor_id == fallback.id:
                yield from (
                    part._replace(stem=_MARKET, amount=_share(part.amount, one.amount, energy)) for part in location
                )
            else:
                yield one

    def _grid_of(self, hour: int) -> GridInUse:
        known = self._known
        if hour in self._told:
            grid = grid_of_hour(known.book, known.place, self._told[hour], hour)
            if grid.is_live:
                return grid
        day = hour // 86400
        if day not in self._by_day:
            self._by_day[day] = grid_of_hour(known.book, known.place, (), hour)
        return self._by_day[day]


def _by_grid(stem: str, old: dict[str, list[Booking]], grid: GridInUse) -> list[Booking]:
    """Return a quantity's entries by the grid's factor, but for those that were booked by live values.

    What was never booked, as by an older program, is of the energy of location-based Scope 2.
    """
    rate = next((rate for rate in grid.rates if rate.stem == stem), None)
    if rate is None:
        return old[stem]
    booked = old[stem] or [one._replace(stem=stem, factor_id="") for one in old[_LOCATION]]
    return _merged(
        one if is_live_id(one.factor_id) else one._replace(factor_id=rate.factor_id, amount=rate.of(one.amount))
        for one in booked
    )


def _share(amount: ImpactHour, part: ImpactHour, whole: ImpactHour) -> ImpactHour:
    """Return of an amount what the part of the energy makes, corner by corner."""
    energies = zip(part.amounts()[3:], whole.amounts()[3:], strict=True)
    ratios = [1.0 if one == all_of_it else one / all_of_it for one, all_of_it in energies]
    values = [value * ratio for value, ratio in zip(amount.amounts()[:3], ratios, strict=True)]
    microjoules = [round(value * ratio) for value, ratio in zip(amount.amounts()[3:], ratios, strict=True)]
    return ImpactHour(*values, *microjoules)


def _merged(entries: Iterable[Booking]) -> list[Booking]:
    """Return one entry for each factor."""
    sums: dict[str, Booking] = {}
    for one in entries:
        known = sums.setdefault(one.factor_id, one._replace(amount=ImpactHour()))
        known.amount.add(one.amount)
    return [one for one in sums.values() if any(one.amount.amounts())]


def _same(new: Sequence[Booking], old: Sequence[Booking]) -> bool:
    """Return whether entries say the same of the same factors."""
    known = {one.factor_id: one.amount.amounts() for one in old}
    told = {one.factor_id: one.amount.amounts() for one in new}
    return known.keys() == told.keys() and all(
        isclose(a, b, rel_tol=_SAME, abs_tol=1e-12)
        for factor, amounts in told.items()
        for a, b in zip(amounts, known[factor], strict=True)
    )

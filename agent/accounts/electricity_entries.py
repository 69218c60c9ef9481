# SPDX-License-Identifier: Apache-2.0
"""What the host's energy is entered as: location-based Scope 2, market-based Scope 2, category 3 and water, hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.history.hourly import Entry, EntryKind, ImpactHour
from impacts import quantities as q
from impacts.market_based.emissions import MarketState, MarketTerms, market_based
from impacts.market_based.instruments import Level, accepted
from impacts.market_based.residual_mix import fallback
from impacts.values.bounded import in_joules
from impacts.values.estimates import Citation
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agent.accounts.grid_in_use import GridInUse
    from agent.history.view import HistoryView
    from impacts.factor_book import FactorBook
    from impacts.market_based.instruments import Instrument
    from impacts.values.bounded import Bounded

_MARKET = q.SCOPE2_MARKET_BASED.stem
_ENERGY = Citation("the host's energy")


class ElectricityEntries:
    """Enters stretches of energy one after the other, because the volumes of instruments run out."""

    def __init__(self, book: FactorBook, instruments: Sequence[Instrument], state: MarketState) -> None:
        self._book = book
        self._instruments = instruments
        self.state = state
        self._terms: tuple[GridInUse | None, MarketTerms | None] = (None, None)

    @classmethod
    def after(
        cls, history: HistoryView, book: FactorBook, instruments: Sequence[Instrument], market: str = _MARKET
    ) -> ElectricityEntries:
        """Return the account that goes on where the newest accounts leave off; `market` is the quantity of what instruments cover."""
        begins = min((one.begins for one in instruments), default=None)
        if begins is None:
            return cls(book, instruments, MarketState())
        since = datetime(begins.year, begins.month, begins.day, tzinfo=UTC)
        return cls(book, instruments, market_state(history.accounts(since), instruments, market))

    def terms(self, grid: GridInUse) -> MarketTerms:
        """Return what electricity is accounted by for as long as this grid is in use."""
        known_for, terms = self._terms
        if terms is None or known_for is not grid:
            region = grid.place.region
            usable = accepted(self._instruments, region)
            terms = MarketTerms(usable, fallback(self._book, region, grid.on, grid.match, grid.split))
            self._terms = (grid, terms)
        return terms

    def entries_of(self, energy: Bounded, hour: int, grid: GridInUse) -> Iterator[Entry]:
        """Return what energy (whole microjoules) drawn within the hour is entered as."""
        for rate in grid.rates:
            yield Entry(hour, rate.quantity, rate.kind, rate.factor, rate.of(energy), grid.region)
        yield from self.market_entries(energy, hour, grid)

    def market_entries(self, energy: Bounded, hour: int, grid: GridInUse) -> Iterator[Entry]:
        """Return what it is entered as by the market-based method, and remember what instruments have covered."""
        joules = in_joules(energy).estimate("J", _ENERGY)
        terms = self.terms(grid)
        step = market_based(joules, hour, self.state, terms)
        self.state = step.state
        left = energy
        for part in step.parts:
            # The last part takes what rounding leaves: together they are the energy.
            microjoules = left if part is step.parts[-1] else part.joules.each(_in_microjoules)
            left -= microjoules
            kind, factor = _factor_of(part.id, terms, grid)
            amount = ImpactHour(part.grams, microjoules)
            yield Entry(hour, _MARKET, kind, factor, amount, grid.region)


def _factor_of(part_id: str, terms: MarketTerms, grid: GridInUse) -> tuple[EntryKind, str]:
    """Return what a part of a market-based step stands by: an instrument, the residual mix, or the grid's average."""
    for one in terms.instruments:
        if one.id == part_id:
            return EntryKind.INSTRUMENT, one.name
    if terms.fallback.level is Level.GRID_AVERAGE:
        return grid.kind, grid.factor
    return EntryKind.YEARLY, terms.fallback.id


def market_state(entries: Iterable[Entry], instruments: Sequence[Instrument], market: str = _MARKET) -> MarketState:
    """Return what the instruments have covered by the entries of a quantity."""
    ids = {one.name: one.id for one in instruments}
    used = (
        (one.hour, ids[one.factor], in_joules(one.amount.energy))
        for one in entries
        if one.quantity == market and one.kind is EntryKind.INSTRUMENT and one.factor in ids
    )
    return MarketState.of(used, instruments)


def _in_microjoules(joules: float) -> int:
    return round(joules / JOULES_PER_MICROJOULE)

# SPDX-License-Identifier: Apache-2.0
"""What the host's energy is booked as: location-based Scope 2, market-based Scope 2, category 3 and water, hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.history.hours import Booking, ImpactHour
from impacts import quantities as q
from impacts.market_based.emissions import Corners, MarketState, MarketTerms, market_based
from impacts.market_based.instruments import accepted
from impacts.market_based.residual_mix import fallback
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agent.accounts.grid_in_use import GridInUse
    from agent.history.hours import HostHour
    from agent.history.view import HistoryView
    from impacts.factor_book import FactorBook
    from impacts.market_based.emissions import Part
    from impacts.market_based.instruments import Instrument

_MICRO = 1e-6
_ENERGY = (Citation("the host's energy"),)


class UseAccount:
    """Books stretches of energy one after the other, because the volumes of instruments run out."""

    def __init__(self, book: FactorBook, instruments: Sequence[Instrument], state: MarketState) -> None:
        self._book = book
        self._instruments = instruments
        self.state = state
        self._terms: tuple[GridInUse | None, MarketTerms | None] = (None, None)

    @classmethod
    def after(cls, history: HistoryView, book: FactorBook, instruments: Sequence[Instrument]) -> UseAccount:
        """Return the account that goes on where the history leaves off."""
        begins = min((one.begins for one in instruments), default=None)
        if begins is None:
            return cls(book, instruments, MarketState())
        since = datetime(begins.year, begins.month, begins.day, tzinfo=UTC)
        return cls(book, instruments, market_state(history.booked(since), instruments))

    def terms(self, grid: GridInUse) -> MarketTerms:
        """Return what electricity is accounted by for as long as this grid is in use."""
        known_for, terms = self._terms
        if terms is None or known_for is not grid:
            region = grid.place.region
            usable = accepted(self._instruments, region)
            terms = MarketTerms(usable, fallback(self._book, region, grid.on, grid.match, grid.split))
            self._terms = (grid, terms)
        return terms

    def bookings(self, energy: HostHour | ImpactHour, hour: int, grid: GridInUse) -> Iterator[Booking]:
        """Return what energy drawn within the hour is booked as."""
        for rate in grid.rates:
            yield Booking(hour, rate.stem, rate.factor_id, rate.of(energy))
        yield from self.market_bookings(energy, hour, grid)

    def market_bookings(self, energy: HostHour | ImpactHour, hour: int, grid: GridInUse) -> Iterator[Booking]:
        """Return what it is booked as by the market-based method, and remember what instruments have covered."""
        low, central, high = energy.low_microjoules, energy.microjoules, energy.high_microjoules
        joules = Estimate(low * _MICRO, central * _MICRO, high * _MICRO, "J", _ENERGY)
        step = market_based(joules, hour, self.state, self.terms(grid))
        self.state = step.state
        left = [low, central, high]
        for part in step.parts:
            # The last part takes what rounding leaves: together they are the energy.
            microjoules = left if part is step.parts[-1] else _microjoules(part)
            left = [a - b for a, b in zip(left, microjoules, strict=True)]
            amount = ImpactHour(*part.grams.amounts(), *microjoules)
            yield Booking(hour, q.SCOPE2_MARKET_BASED.stem, part.id, amount)


def market_state(accounts: Iterable[Booking], instruments: Sequence[Instrument]) -> MarketState:
    """Return what the instruments have covered by the accounts."""
    stem = q.SCOPE2_MARKET_BASED.stem
    used = ((one.hour, one.factor_id, _joules(one.amount)) for one in accounts if one.stem == stem)
    return MarketState.of(used, instruments)


def _joules(amount: ImpactHour) -> Corners:
    return Corners(amount.low_microjoules * _MICRO, amount.microjoules * _MICRO, amount.high_microjoules * _MICRO)


def _microjoules(part: Part) -> list[int]:
    return [round(joules / _MICRO) for joules in part.joules.amounts()]

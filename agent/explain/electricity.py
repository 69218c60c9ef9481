# SPDX-License-Identifier: Apache-2.0
"""The working papers of Scope 2, category 3 and water: energy by factor, what each factor is, and on which row it rests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.accounts.electricity import netted
from agent.accounts.electricity_entries import market_state
from agent.accounts.grid_in_use import grid_by_the_book
from agent.history.hours import ImpactHour
from impacts import quantities as q
from impacts.market_based.derivations import market_derivation
from impacts.market_based.emissions import Corners, MarketState, Part, market_based
from impacts.values.derivations import Derivation, Input
from impacts.values.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.accounts.electricity import Use
    from agent.accounts.grid_in_use import GridInUse
    from agent.history.hours import Booking
    from agent.history.view import HistoryView
    from agent.host_facts import Standing
    from impacts.quantities import Quantity

_MICRO = 1e-6
_KWH = 3.6e6
_SAME = 1e-6  # relative: an hour's sum is a float
_BELOW = Citation("derived below")
_TITLES = {
    q.SCOPE2_LOCATION_BASED: "scope 2, location-based",
    q.SCOPE2_MARKET_BASED: "scope 2, market-based",
    q.ENERGY_UPSTREAM: "scope 3 category 3, upstream of the energy",
    q.USE_WATER: "water consumed by the power plants",
}


@dataclass(frozen=True, slots=True)
class _Share:
    """What one factor stands for in a period."""

    factor_id: str
    amount: ImpactHour
    hours: tuple[int, ...]  # sorted; none of what was not booked

    @property
    def day(self) -> datetime:
        return datetime.fromtimestamp(self.hours[-1], UTC)

    @property
    def span(self) -> str:
        first, last = (
            f"{datetime.fromtimestamp(hour, UTC):%Y-%m-%d %H:%M}" for hour in (self.hours[0], self.hours[-1])
        )
        return f"the hour of {first} UTC" if first == last else f"{len(self.hours)} hours, {first} to {last} UTC"


class UseExplanation:
    """Papers of the running agent's accounts in their newest version, and of a step that has just been taken."""

    def __init__(self, standing: Standing, use: Use, history: HistoryView | None, at: datetime) -> None:
        self._standing = standing
        self._use = use
        self._at = at
        self._version = history.newest_version() if history is not None else 0
        began_at = history.began_at if history is not None else None
        accounts = history.accounts(began_at.replace(minute=0, second=0, microsecond=0)) if history and began_at else []
        self._accounts = netted(accounts)

    def of(self, quantity: Quantity, step: ImpactHour | None) -> list[Derivation]:
        """Return the paper of a counter: since the history began, and of the step whose energy is given."""
        papers = self._paper(quantity, self._period, self._shares(quantity))
        if step is not None:
            now = [
                one for one in self._use.would_book(step, self._at, self._market_state()) if one.stem == quantity.stem
            ]
            papers += self._paper(quantity, "of the two samples just taken", _shares(now))
        return papers

    def ratio(self) -> list[Derivation]:
        """Return market-based over location-based emissions, then both."""
        both = (q.SCOPE2_MARKET_BASED, q.SCOPE2_LOCATION_BASED)
        papers = [self.of(quantity, None) for quantity in both]
        if not all(papers):
            return []
        market, location = (
            Estimate.exact(paper[0].result.central, paper[0].result.unit, Citation("central value, derived below"))
            for paper in papers
        )
        inputs = (Input("market", market), Input("location", location))
        whole = Derivation("market-based over location-based", "market ÷ location", inputs, market / location)
        return [whole, *papers[0], *papers[1]]

    def grid(self) -> list[Derivation]:
        """Return how Scope 2 of a kWh follows from the row that is in use."""
        grid = self._use.grid(self._at)
        return [replace(grid.split.scope2_derivation, note=_about(grid))]

    def next_kwh(self) -> list[Derivation]:
        """Return what the next kWh is by the market-based method."""
        terms = self._use.terms(self._at)
        hour = int(self._at.timestamp()) // 3600 * 3600
        state = self._market_state()
        step = market_based(Estimate.exact(_KWH, "J", Citation("a kWh of the host")), hour, state, terms)
        return list(market_derivation("of the next kWh", step.parts, terms, state).all())

    @property
    def _period(self) -> str:
        version = f", version {self._version} of the accounts" if self._version else ""
        return f"since the history began{version}"

    def _shares(self, quantity: Quantity) -> list[_Share]:
        return _shares(one for one in self._accounts if one.stem == quantity.stem)

    def _paper(self, quantity: Quantity, period: str, shares: Sequence[_Share]) -> list[Derivation]:
        if not shares:
            return []
        if quantity is q.SCOPE2_MARKET_BASED:
            parts = [Part(one.factor_id, _joules(one.amount), _amounts(one.amount)) for one in shares]
            return list(market_derivation(period, parts, self._use.terms(self._at), self._market_state()).all())
        own = [self._of_share(quantity, one) for one in shares]
        inputs = tuple(
            Input(name, replace(one[0].result, grounds=(_BELOW,)))
            for name, one in zip(_names(shares), own, strict=True)
        )
        formula = " + ".join(item.name for item in inputs)
        whole = Derivation(f"{_TITLES[quantity]}, {period}", formula, inputs, total(one.value for one in inputs))
        return [whole, *dict.fromkeys(derivation for paper in own for derivation in paper)]

    def _of_share(self, quantity: Quantity, share: _Share) -> list[Derivation]:
        """Return energy × factor, and how the factor came about."""
        grid = self._grid_of(share)
        rate = None if grid is None else next((r for r in grid.rates if r.stem == quantity.stem), None)
        if grid is None or rate is None or not _is_product(share.amount, rate.per_joule):
            citations = () if grid is None else (grid.match.factor.citation,)
            return [
                _product(share, _mean(share, quantity, citations), f"the factor is the mean of its hours; {share.span}")
            ]
        paper = _product(
            share,
            rate.per_joule,
            f"{_about(grid) if quantity is not q.USE_WATER else 'as in the dataset'}; {share.span}",
        )
        scope2, upstream = grid.split.scope2_derivation, grid.split.upstream_derivation
        of_factor = {q.SCOPE2_LOCATION_BASED: [scope2], q.ENERGY_UPSTREAM: [upstream]}.get(quantity, [])
        return [paper, *of_factor]

    def _grid_of(self, share: _Share) -> GridInUse | None:
        """Return the grid that the share was booked by, if it is known still."""
        book = self._standing.machine.book
        known = (self._use.grid(self._at), grid_by_the_book(book, self._standing.place, share.day.date()))
        return next((grid for grid in known if share.factor_id in {rate.factor_id for rate in grid.rates}), None)

    def _market_state(self) -> MarketState:
        return market_state(self._accounts, self._standing.instruments)


def _shares(bookings: Iterable[Booking]) -> list[_Share]:
    """Return the sums by factor, the largest first."""
    sums: dict[str, ImpactHour] = {}
    hours: dict[str, set[int]] = {}
    for one in bookings:
        sums.setdefault(one.factor_id, ImpactHour()).add(one.amount)
        hours.setdefault(one.factor_id, set()).add(one.hour)
    shares = [_Share(name, amount, tuple(sorted(hours[name]))) for name, amount in sums.items()]
    return sorted(shares, key=lambda one: -one.amount.microjoules)


def _is_product(amount: ImpactHour, factor: Estimate) -> bool:
    product = amount.microjoules * _MICRO * factor.central
    return abs(amount.central - product) <= _SAME * max(product, _MICRO)


def _mean(share: _Share, quantity: Quantity, citations: tuple[Citation, ...]) -> Estimate:
    """Return what was booked over the energy, corner by corner: by live values, or by bounds that have changed."""
    joules = _joules(share.amount).amounts()
    ratios = [
        one / energy if energy else 0.0 for one, energy in zip(_amounts(share.amount).amounts(), joules, strict=True)
    ]
    ground = Citation(f"the agent's history, hour by hour, factor {share.factor_id}")
    return Estimate(min(ratios), ratios[1], max(ratios), f"{quantity.unit}/J", (ground, *citations))


def _product(share: _Share, factor: Estimate, note: str) -> Derivation:
    ground = Citation(f"the host's energy that is booked on {share.factor_id}")
    energy = _joules(share.amount).bounded("J", ground).in_unit("kWh")
    per_kwh = factor.in_unit(f"{factor.unit.partition('/')[0]}/kWh")
    result = energy * per_kwh
    inputs = (Input("energy", energy), Input("factor", per_kwh))
    return Derivation(share.factor_id, "energy × factor", inputs, result, note)


def _about(grid: GridInUse) -> str:
    factor = grid.match.factor
    until = f"valid {factor.valid_from} to {factor.valid_until}"
    return f"fit {grid.match.fit.value.replace('_', ' ')}; boundary {factor.boundary.replace('_', ' ')}; {until}"


def _joules(amount: ImpactHour) -> Corners:
    return Corners(amount.low_microjoules * _MICRO, amount.microjoules * _MICRO, amount.high_microjoules * _MICRO)


def _amounts(amount: ImpactHour) -> Corners:
    return Corners(amount.low, amount.central, amount.high)


def _names(shares: Sequence[_Share]) -> list[str]:
    """Return a name for each factor that a formula can hold: `fr_2025`."""
    spelt = [one.factor_id.rpartition("/")[2].partition(":")[2] or one.factor_id for one in shares]
    names = ["".join(c if c.isalnum() and c.isascii() else "_" for c in name.casefold()) for name in spelt]
    return [f"f_{name}" if names.count(name) == 1 else f"f_{name}_{place}" for place, name in enumerate(names)]

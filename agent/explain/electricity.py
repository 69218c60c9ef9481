# SPDX-License-Identifier: Apache-2.0
"""Scope 2, category 3 and water, as figures with their working papers: energy by factor, and on which row each rests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from agent.accounts.facility import HOSTS_OF
from agent.accounts.grid_in_use import grid_by_the_book
from agent.explain.facility import by_basis, facility_energy_figures, pue_grounds
from agent.explain.shares import shares_of_totals
from agent.history.hourly import ImpactHour
from agent.place import Place
from agent.stretch import hour_of, moment_of
from impacts import quantities as q
from impacts.factor_book import cited_row
from impacts.figures import Figure
from impacts.market_based.derivations import market_derivation
from impacts.market_based.emissions import MarketState, Part, market_based, market_intensity
from impacts.values.derivations import RESULT, Derivation, work_out
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_KWH, JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from agent.accounts.electricity import ElectricityAccounts
    from agent.accounts.grid_in_use import GridInUse
    from agent.accounts.totals import Totals
    from agent.explain.shares import Share
    from agent.host_facts import HostFacts
    from impacts.factors import FactorMatch
    from impacts.quantities import Quantity

QUANTITIES = (q.SCOPE2_LOCATION_BASED, q.SCOPE2_MARKET_BASED, q.ENERGY_UPSTREAM, q.USE_WATER)
OF_FACILITY = (q.FACILITY_SCOPE2_LOCATION_BASED, q.FACILITY_SCOPE2_MARKET_BASED, q.FACILITY_ENERGY_UPSTREAM)

_SAME = 1e-6  # relative: an hour's sum is a float
_TITLES = {
    q.SCOPE2_LOCATION_BASED: "scope 2, location-based",
    q.SCOPE2_MARKET_BASED: "scope 2, market-based",
    q.ENERGY_UPSTREAM: "scope 3 category 3, upstream of the energy",
    q.USE_WATER: "water consumed by the power plants",
    q.FACILITY_SCOPE2_LOCATION_BASED: "scope 2, location-based, of the facility",
    q.FACILITY_ENERGY_UPSTREAM: "scope 3 category 3, upstream of the facility's energy",
}
_CENTRAL = Citation("the agent's own figures since the history began: central values per joule")


@dataclass(frozen=True)
class ElectricityPapers:
    """What the use of electricity has come to, by the accounts and the factors that are known at a moment."""

    facts: HostFacts
    accounts: ElectricityAccounts
    at: datetime

    def total_figures(self, totals: Totals, period: str) -> Iterator[Figure]:
        """Return the counters of a period. Corrections may leave a rounding below zero, which is nothing."""
        yield from self.figures(shares_of_totals(totals), totals, period)

    def figures(self, shares: Mapping[str, list[Share]], totals: Totals, period: str) -> Iterator[Figure]:
        """Return what the shares by quantity come to; `totals` know what the energy of the same time rests on.

        The facility's figures are there only while a PUE is set.
        """
        grounds = totals.energy_grounds
        for quantity in QUANTITIES:
            yield from self.figure(quantity, shares.get(quantity.stem, ()), grounds, period)
        pue = self.facts.pue
        if pue is None:
            return
        energy = by_basis(shares)
        yield from facility_energy_figures(energy, pue, totals, period)
        for quantity in OF_FACILITY:
            of_facility = (*grounds, *pue_grounds(energy, pue))
            yield from self.figure(quantity, shares.get(quantity.stem, ()), of_facility, period)

    def figure(
        self, quantity: Quantity, shares: Sequence[Share], energy_grounds: Sequence[Citation], period: str
    ) -> Iterator[Figure]:
        """Return the sum of the shares, as it was entered, with its paper; nothing where there are none."""
        if shares:
            paper = self._paper(quantity, shares, energy_grounds, period)
            entered = sum((share.amount for share in shares), ImpactHour()).amount
            yield Figure(quantity, (), entered.estimate(quantity.unit, *paper.leaves), derivation=paper)

    def matches(self, totals: Totals) -> tuple[FactorMatch, ...]:
        """Return the factors in use now and those behind totals, with how well each fits the place that it was used for."""
        of_totals = shares_of_totals(totals)
        shares = chain(*(of_totals.get(quantity.stem, ()) for quantity in QUANTITIES))
        grids = (self._grid_of(share) for share in shares)
        behind = (match for grid in grids if grid is not None for match in grid.matches)
        return (*behind, *self.accounts.matches(self.at))

    def grid_figures(self) -> Iterator[Figure]:
        """Return what a joule emits now, location- and market-based."""
        grid = self.accounts.grid(self.at)
        yield Figure.derived(q.GRID_LOCATION_BASED, (), replace(grid.split.scope2_derivation, note=_about(grid)))
        paper = self._next_kwh()
        intensity = market_intensity(hour_of(self.at), self.accounts.market_state, self.accounts.terms(self.at))
        yield Figure(q.GRID_MARKET_BASED, (), replace(intensity, grounds=paper.leaves), derivation=paper)

    def ratio_figure(self, totals: Totals) -> Iterator[Figure]:
        """Return market-based over location-based emissions, each per joule: an older program entered one of them alone."""
        by_joule = {}
        for name, quantity in (("market", q.SCOPE2_MARKET_BASED), ("location", q.SCOPE2_LOCATION_BASED)):
            amount = totals.impact(quantity.stem)
            if amount is None or not amount.energy.central:
                return
            joules = amount.energy.central * JOULES_PER_MICROJOULE
            grams = max(0.0, amount.amount.central) / joules
            by_joule[name] = Estimate.exact(grams, "gCO2e/J", _CENTRAL)
        if by_joule["location"].central > 0:
            paper = work_out("market-based over location-based", "market ÷ location", by_joule)
            yield Figure.derived(q.SCOPE2_MARKET_TO_LOCATION, (), paper)

    def _paper(
        self, quantity: Quantity, shares: Sequence[Share], grounds: Sequence[Citation], period: str
    ) -> Derivation:
        """Return the sum over the factors of a quantity; `grounds` are those of the energy."""
        if quantity is q.SCOPE2_MARKET_BASED:
            parts = [Part(one.label, one.joules, one.amount.amount, tuple(grounds)) for one in shares]
            return market_derivation(period, parts, self.accounts.terms(self.at), self._market_state)
        if quantity is q.FACILITY_SCOPE2_MARKET_BASED:
            parts = [Part(one.label, one.joules, one.amount.amount, tuple(grounds)) for one in shares]
            terms, state = self.accounts.terms(self.at), self.accounts.facility_market_state
            return market_derivation(f"of the facility, {period}", parts, terms, state)
        names = _names(shares)
        inputs = {name: self._of_share(quantity, one, grounds) for name, one in zip(names, shares, strict=True)}
        return work_out(f"{_TITLES[quantity]}, {period}", " + ".join(inputs), inputs, units=_in(quantity))

    def _next_kwh(self) -> Derivation:
        """What the next kWh emits by the market-based method."""
        terms, state = self.accounts.terms(self.at), self._market_state
        ground = Citation("the agent's accounts: a kWh")
        step = market_based(Estimate.exact(JOULES_PER_KWH, "J", ground), hour_of(self.at), state, terms)
        return market_derivation("of the next kWh", step.parts, terms, state)

    @property
    def _market_state(self) -> MarketState:
        return self.accounts.market_state

    def _of_share(self, quantity: Quantity, share: Share, grounds: Sequence[Citation]) -> Derivation:
        """Return energy × factor, and how the factor is worked out."""
        ground = Citation(f"the agent's accounts: the energy that is entered on {share.label}")
        energy = share.joules.estimate("J", ground, *grounds)
        grid = self._grid_of(share)
        rate = None if grid is None else grid.rate(HOSTS_OF.get(quantity.stem, quantity.stem))
        if grid is None or rate is None or not _is_product(share, rate.per_joule):
            factor = _mean(share, quantity, cited_row(share.by.factor, self.facts.machine.book))
            return _product(share, energy, factor, "the factor is the mean of its hours", quantity)
        of_factor = {
            q.SCOPE2_LOCATION_BASED.stem: grid.split.scope2_derivation,
            q.ENERGY_UPSTREAM.stem: grid.split.upstream_derivation,
        }
        about = "as in the dataset" if quantity is q.USE_WATER else _about(grid)
        return _product(share, energy, of_factor.get(rate.quantity, rate.per_joule), about, quantity)

    def _grid_of(self, share: Share) -> GridInUse | None:
        """Return the grid that the share was entered by, if it is known still."""
        book, (kind, factor, region) = self.facts.machine.book, share.by
        row = book.row(factor)
        last = share.hours[-1] if share.hours else hour_of(self.at)
        place = Place(region) if region else self.facts.place_at(last)
        days: list[date] = [moment_of(last).date()]
        days += [row.valid_until] if row is not None else []
        known = chain([self.accounts.grid(self.at)], (grid_by_the_book(book, place, day) for day in days))
        rates = ((grid, rate) for grid in known for rate in grid.rates)
        return next((grid for grid, rate in rates if (rate.kind, rate.factor) == (kind, factor)), None)


def _is_product(share: Share, factor: Estimate) -> bool:
    product = share.joules.central * factor.central
    return abs(share.amount.amount.central - product) <= _SAME * max(product, _SAME)


def _mean(share: Share, quantity: Quantity, citation: Citation) -> Estimate:
    """Return what was entered over the energy, corner by corner: by live values, or by bounds that have changed."""
    pairs = zip(share.amount.amount.amounts(), share.joules.amounts(), strict=True)
    ratios = [amount / energy if energy else 0.0 for amount, energy in pairs]
    ground = Citation(f"the agent's history, hour by hour, factor {share.label}")
    return Estimate(min(ratios), ratios[1], max(ratios), f"{quantity.unit}/J", (ground, citation))


def _product(
    share: Share, energy: Estimate, factor: Estimate | Derivation, note: str, quantity: Quantity
) -> Derivation:
    inputs = {"energy": energy, "factor": factor}
    span = f"{note}; {share.span}" if share.span else note
    return work_out(share.label, "energy × factor", inputs, span, {"energy": "kWh", **_in(quantity)})


def _in(quantity: Quantity) -> dict[str, str]:
    """Return the unit that the result is shown in: that of the metric, for a history begins with small amounts."""
    return {RESULT: quantity.unit}


def _about(grid: GridInUse) -> str:
    factor = grid.match.factor
    until = f"valid {factor.valid_from} to {factor.valid_until}"
    return f"fit {grid.match.fit.value.replace('_', ' ')}; boundary {factor.boundary.replace('_', ' ')}; {until}"


def _names(shares: Sequence[Share]) -> list[str]:
    """Return a name for each factor that a formula can hold: `f_fr_2025`."""
    spelt = [one.label.rpartition("/")[2].partition(":")[2] or one.label for one in shares]
    names = ["".join(c if c.isalnum() and c.isascii() else "_" for c in name.casefold()) for name in spelt]
    return [f"f_{name}" if names.count(name) == 1 else f"f_{name}_{place}" for place, name in enumerate(names)]

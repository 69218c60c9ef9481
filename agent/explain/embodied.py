# SPDX-License-Identifier: Apache-2.0
"""The embodied emissions of the host, whole, by year and amortised, as figures with their working papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts import quantities as q
from impacts.figures import Figure
from impacts.lifetime.acquisition import emissions_by_year
from impacts.lifetime.derivations import coming_year_derivation, ratio_derivation
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Citation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from agent.accounts.totals import Totals
    from agent.host_facts import HostFacts

_ENTERED = Citation("the agent's accounts: the time that has passed, by the plan of each lot")
_QUANTITIES = {"gwp": q.EMBODIED, "adpe": q.EMBODIED_ADPE, "pe": q.EMBODIED_PRIMARY_ENERGY}


def embodied_figures(facts: HostFacts) -> Iterator[Figure]:
    """Return the manufacture by criterion and component, and by the year in which it is booked in full."""
    for criterion, quantity in _QUANTITIES.items():
        for component in facts.embodied.components(criterion):
            yield Figure.derived(quantity, (component.name,), component.derivation, component.method)
    for year, paper in emissions_by_year(facts.lots).items():
        if year is not None:
            yield Figure.derived(q.EMBODIED_BOOKED, (str(year),), paper)


def amortised_figure(facts: HostFacts, totals: Totals, period: str) -> Iterator[Figure]:
    """Return what a period has amortised, as it was entered."""
    entered, whole = totals.impact(q.EMBODIED_AMORTISED.stem), facts.embodied_emissions
    if entered is None or whole is None:
        return
    inputs = {"entered": entered.amount.estimate(q.EMBODIED_AMORTISED.unit, _ENTERED, *whole.grounds)}
    yield Figure.derived(q.EMBODIED_AMORTISED, (), work_out(f"embodied, amortised {period}", "entered", inputs))


def amortised_ratio_figure(facts: HostFacts, at: datetime, began_at: datetime) -> Iterator[Figure]:
    """Return the share that is amortised at a moment, where the embodied emissions are known."""
    paper = ratio_derivation(facts.lots, at, began_at)
    if paper is not None:
        yield Figure.derived(q.EMBODIED_AMORTISED_RATIO, (), paper)


def coming_year(facts: HostFacts, at: datetime, began_at: datetime) -> Derivation | None:
    """Return what the year from a moment amortises; None while the embodied emissions are not known."""
    return coming_year_derivation(facts.lots, at, began_at) if facts.lots else None

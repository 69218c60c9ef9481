# SPDX-License-Identifier: Apache-2.0
"""The embodied emissions of the host, whole, by year and amortised, as figures with their working papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts import quantities as q
from impacts.figures import Figure
from impacts.lifetime.acquisition import booked_derivations
from impacts.lifetime.amortisation import amortised_ratio
from impacts.lifetime.derivations import coming_year_derivation, ratio_derivations
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Citation, Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from agent.accounts.totals import Totals
    from agent.host_facts import Standing
    from impacts.embodied.components import Component

_ENTERED = Citation("the agent's accounts: the time that has passed, by the plan of each lot")
_QUANTITIES = {"gwp": q.EMBODIED, "adpe": q.EMBODIED_ADPE, "pe": q.EMBODIED_PRIMARY_ENERGY}


def embodied_figures(facts: Standing) -> Iterator[Figure]:
    """Return the manufacture by criterion and component, and by the year in which it is booked in full."""
    for criterion, quantity in _QUANTITIES.items():
        for component in facts.embodied.components(criterion):
            paper = component_derivation(component)
            yield Figure(quantity, (component.name,), component.estimate, component.method, paper)
    for year, paper in booked_derivations(facts.lots).items():
        if year is not None:
            yield Figure.derived(q.EMBODIED_BOOKED, (str(year),), paper)


def amortised_figure(facts: Standing, totals: Totals, period: str) -> Iterator[Figure]:
    """Return what a period has amortised, as it was entered."""
    entered, components = totals.impact(q.EMBODIED_AMORTISED.stem), facts.embodied.components("gwp")
    if entered is None or not components:
        return
    grounds = merge_grounds(*(component.grounds for component in components))
    inputs = {"entered": entered.amount.estimate(q.EMBODIED_AMORTISED.unit, _ENTERED, *grounds)}
    yield Figure.derived(q.EMBODIED_AMORTISED, (), work_out(f"embodied, amortised {period}", "entered", inputs))


def amortised_ratio_figure(facts: Standing, at: datetime, began_at: datetime) -> Iterator[Figure]:
    """Return the share that is amortised at a moment, where the embodied emissions are known."""
    if facts.lots:
        paper = ratio_derivations(facts.lots, at, began_at)[0]
        ratio = Estimate.exact(amortised_ratio(facts.lots, at, began_at), "1", *paper.leaves)
        yield Figure(q.EMBODIED_AMORTISED_RATIO, (), ratio, derivation=paper)


def component_derivation(component: Component) -> Derivation:
    """Return how a component's impact follows from its parts."""
    papers = component.derivations
    if len(papers) == 1:
        return papers[0]
    inputs = {f"{component.name}_{number}": paper for number, paper in enumerate(papers, 1)}
    return work_out(f"embodied: {component.name}", " + ".join(inputs), inputs)


def whole_derivation(components: tuple[Component, ...], criterion: str) -> Derivation:
    """Return the sum over at least one component."""
    inputs = {component.name: component_derivation(component) for component in components}
    return work_out(f"embodied, cradle to gate ({criterion})", " + ".join(inputs), inputs)


def coming_year(facts: Standing, at: datetime, began_at: datetime) -> Derivation | None:
    """Return what the year from a moment amortises; None while the embodied emissions are not known."""
    return coming_year_derivation(facts.lots, at, began_at) if facts.lots else None

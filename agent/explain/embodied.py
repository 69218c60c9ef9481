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
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from agent.host_facts import Standing
    from impacts.embodied.components import Component

_QUANTITIES = {"gwp": q.EMBODIED, "adpe": q.EMBODIED_ADPE, "pe": q.EMBODIED_PRIMARY_ENERGY}


def embodied_figures(standing: Standing) -> Iterator[Figure]:
    """Return the manufacture by criterion and component, and by the year in which it is booked in full."""
    for criterion, quantity in _QUANTITIES.items():
        for component in standing.embodied.components(criterion):
            paper = component_derivation(component)
            yield Figure(quantity, (component.name,), component.estimate, component.method, paper)
    for year, paper in booked_derivations(standing.lots).items():
        if year is not None:
            yield Figure.derived(q.EMBODIED_BOOKED, (str(year),), paper)


def amortised_ratio_figure(standing: Standing, at: datetime, began_at: datetime) -> Figure | None:
    """Return the share that is amortised at a moment; None while the embodied emissions are not known."""
    if not standing.lots:
        return None
    paper = ratio_derivations(standing.lots, at, began_at)[0]
    ratio = Estimate.exact(amortised_ratio(standing.lots, at, began_at), "1", *paper.leaves)
    return Figure(q.EMBODIED_AMORTISED_RATIO, (), ratio, derivation=paper)


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


def coming_year(standing: Standing, at: datetime, began_at: datetime) -> Derivation | None:
    """Return what the year from a moment amortises; None while the embodied emissions are not known."""
    return coming_year_derivation(standing.lots, at, began_at) if standing.lots else None

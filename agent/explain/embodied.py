# SPDX-License-Identifier: Apache-2.0
"""The embodied emissions of the host, whole, by year and amortised, as figures with their working papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts import quantities as q
from impacts.figures import Figure
from impacts.lifetime.acquisition import booked_derivations
from impacts.lifetime.derivations import coming_year_derivation, ratio_derivation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from agent.host_facts import Standing
    from impacts.values.derivations import Derivation

_QUANTITIES = {"gwp": q.EMBODIED, "adpe": q.EMBODIED_ADPE, "pe": q.EMBODIED_PRIMARY_ENERGY}


def embodied_figures(standing: Standing) -> Iterator[Figure]:
    """Return the manufacture by criterion and component, and by the year in which it is booked in full."""
    for criterion, quantity in _QUANTITIES.items():
        for component in standing.embodied.components(criterion):
            yield Figure.derived(quantity, (component.name,), component.derivation, component.method)
    for year, paper in booked_derivations(standing.lots).items():
        if year is not None:
            yield Figure.derived(q.EMBODIED_BOOKED, (str(year),), paper)


def amortised_ratio_figure(standing: Standing, at: datetime, began_at: datetime) -> Figure | None:
    """Return the share that is amortised at a moment; None while the embodied emissions are not known."""
    paper = ratio_derivation(standing.lots, at, began_at)
    return None if paper is None else Figure.derived(q.EMBODIED_AMORTISED_RATIO, (), paper)


def coming_year(standing: Standing, at: datetime, began_at: datetime) -> Derivation | None:
    """Return what the year from a moment amortises; None while the embodied emissions are not known."""
    return coming_year_derivation(standing.lots, at, began_at) if standing.lots else None

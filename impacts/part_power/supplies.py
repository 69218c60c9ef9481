# SPDX-License-Identifier: Apache-2.0
"""Power supplies: what they lose whatever the load, and what share of the rest they pass on.

Power in is (power out + constant loss) ÷ marginal efficiency: the line through an 80 PLUS level's efficiencies at 20 and
50 % of the rating, which servers seldom exceed. Supplies that share the load each have their constant loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.part_power.rows import of_class
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from impacts.factor_book import FactorBook
    from impacts.parts import Part
    from impacts.values.derivations import Derivation

_INVENTORY = Citation("inventory")


def supply_loss(
    book: FactorBook, psus: Iterable[Part], level: str | None = None, machine_class: str = "server"
) -> Derivation | None:
    """Return what these supplies of one 80 PLUS level (`gold` …) lose at any load, W; None where there are none, as in a blade.

    Without a level: any from Gold to Titanium, as servers have had them since about 2012. What states no rating has one
    that is usual for the class of machine.
    """
    supplies = tuple(psus)
    if not supplies:
        return None
    unknown = of_class(book, "psu_usual_rating", machine_class)
    inputs = {
        "rating": total(_rating(psu, unknown) for psu in supplies),
        "active": _active_share(book, supplies),
        "loss": of_class(book, "psu_constant_loss", level),
    }
    return work_out("constant loss of the power supplies", "rating × active × loss", inputs)


def _rating(psu: Part, unknown: Estimate) -> Estimate:
    """Return the rating of so many supplies, W."""
    if psu.rated_watts is None:
        return unknown.scaled(psu.count)
    return Estimate.exact(psu.rated_watts * psu.count, "W", _INVENTORY)


def _active_share(book: FactorBook, supplies: tuple[Part, ...]) -> Estimate:
    """A single supply is always active."""
    if sum(psu.count for psu in supplies) == 1:
        return Estimate.exact(1, "1", _INVENTORY)
    return of_class(book, "psu_active_share", None)

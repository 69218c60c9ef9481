# SPDX-License-Identifier: Apache-2.0
"""Power supplies: what they lose whatever the load, and what share of the rest they pass on.

Power in is (power out + constant loss) ÷ marginal efficiency: the line through an 80 PLUS level's efficiencies at 20 and
50 % of the rating, which servers seldom exceed. Supplies that share the load each have their constant loss.
"""

from __future__ import annotations

from dataclasses import dataclass
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
_LINE_TO = 0.5  # of the rating; above it efficiency falls


@dataclass(frozen=True, slots=True)
class SupplyLoss:
    """How the supplies of a machine turn power out into power in."""

    constant: Derivation  # W, of all supplies, whatever the load
    marginal: Estimate  # 1, watts more out over watts more in


def supply_loss(
    book: FactorBook, psus: Iterable[Part], level: str | None = None, machine_class: str = "server"
) -> SupplyLoss | None:
    """Return the loss of these supplies of one 80 PLUS level (`gold` …); None where there are none, as in a blade.

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
    constant = work_out("constant loss of the power supplies", "rating × active × loss", inputs)
    return SupplyLoss(constant, of_class(book, "psu_marginal_efficiency", level))


def efficiency(book: FactorBook, level: str, load_ratio: float) -> Estimate:
    """Return power out over power in of one supply at a share of its rating, 0 to 1, also below 10 %."""
    if load_ratio <= _LINE_TO:
        return _on_the_line(book, level, load_ratio)
    half, full = (of_class(book, "psu_efficiency_at", f"{level}:{load}") for load in ("0.5", "1"))
    beyond = (load_ratio - _LINE_TO) / (1 - _LINE_TO)
    return half.scaled(1 - beyond) + full.scaled(beyond)


def _on_the_line(book: FactorBook, level: str, load_ratio: float) -> Estimate:
    loss, marginal = (of_class(book, f"psu_{name}", level) for name in ("constant_loss", "marginal_efficiency"))
    out = Estimate.exact(load_ratio, "1", Citation("share of the rating that is drawn"))
    inputs = {"out": out, "marginal": marginal, "total": out + loss}
    return work_out("efficiency of a power supply", "out × marginal ÷ total", inputs).estimate


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

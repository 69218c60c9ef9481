# SPDX-License-Identifier: Apache-2.0
"""What of a grid's life cycle its plants emit by burning, what their building makes, and what the grid loses.

Publishers of life-cycle averages take typical plants. Official direct factors show what real ones emit: this split is held
to them in docs/electricity-validation.md, each country by what the others show (docs/adr/0024).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.factors import WORLD, FactorMissing, Fit, nearest_in_time
from impacts.problems import Problem
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from impacts.factor_book import FactorBook
    from impacts.factors import Factor, FactorMatch

ELECTRICITY = "electricity"
GWP = "gwp"
LIFE_CYCLE = "life_cycle"

_ATTRIBUTE = "attribute"
# Beyond this two datasets do not speak of the same: one follows what flows over a border, one what is generated behind it.
_LEAST_LEVEL, _MOST_LEVEL = 0.6, 1.6


def life_cycle_factor(book: FactorBook, region: str, on: date) -> Factor | None:
    """Return the yearly life-cycle factor of the zone, else of its country, else of the world; None: there is none."""
    for place in (region, region.partition("-")[0], WORLD):
        try:
            factor = book.find(ELECTRICITY, GWP, place, on=on, prefer=_of_life_cycle).factor
        except FactorMissing:
            continue
        if factor.boundary == LIFE_CYCLE:
            return factor
    return None


def attribute(book: FactorBook, name: str, region: str, on: date) -> FactorMatch:
    """Return a share of a grid: of the zone, else of its country, else of the world."""
    return book.find(name, _ATTRIBUTE, region, on=on)


def construction(book: FactorBook, region: str, on: date) -> Derivation:
    """Return what the building of plants that burn nothing makes of a kWh, in gCO2e/J."""
    return work_out(
        "building of nuclear and renewable plants, for a joule of the grid",
        "construction × carbon_free",
        {
            "construction": attribute(book, "electricity_construction", WORLD, on).factor.value,
            "carbon_free": attribute(book, "electricity_carbon_free", region, on).factor.value,
        },
    )


def at_plant(book: FactorBook, region: str, on: date, yearly: Factor) -> Derivation:
    """Return what the plants emit by burning, over the life-cycle factor of the same grid and year."""
    built = work_out(
        "share of the life cycle that is the building of plants",
        "min(construction ÷ central(yearly), 0.95)",
        {"construction": construction(book, region, on), "yearly": yearly.value},
    )
    plants = attribute(book, "electricity_plants", WORLD, on).factor.value
    level = _level(book, yearly)
    title = "what the plants emit, over the life-cycle factor"
    if level is None:
        return work_out(title, "plants × (1 − built)", {"plants": plants, "built": built})
    return work_out(title, "plants × level × (1 − built)", {"plants": plants, "level": level, "built": built})


def shares_assumed(book: FactorBook, region: str, on: date) -> Iterator[Problem]:
    """Return a problem where the world's shares stand in for those of the region."""
    matches = (attribute(book, name, region, on) for name in ("electricity_carbon_free", "electricity_td_losses"))
    if region != WORLD and any(match.fit is Fit.GENERIC for match in matches):
        what = (
            f"no dataset has the losses of the grid of {region}, or how much of it is carbon-free: the world's usual "
            "shares stand in, with wide bounds"
        )
        yield Problem("electricity", "upstream_assumed", what, "upgrade wattprint: its datasets grow")


def _level(book: FactorBook, yearly: Factor) -> Estimate | None:
    """Return what another dataset states of the same country and year over what this one does; None if alone.

    The one follows flows over the borders, the other what is generated in the country, as official factors do.
    """
    country = yearly.region.partition("-")[0]
    others = [one for one in _life_cycles(book, country) if one.citation.dataset != yearly.citation.dataset]
    own = [one for one in _life_cycles(book, country) if one.citation.dataset == yearly.citation.dataset]
    if not others or not own or country == WORLD:
        return None
    other = others[0]
    same = nearest_in_time(own, other.valid_from)
    if not same.value.central:
        return None
    ratio = min(max(other.value.central / same.value.central, _LEAST_LEVEL), _MOST_LEVEL)
    return Estimate.exact(ratio, "1", *merge_grounds(other.value.grounds, same.value.grounds))


def _life_cycles(book: FactorBook, region: str) -> Sequence[Factor]:
    return _of_life_cycle(book.of_region(ELECTRICITY, GWP, region))


def _of_life_cycle(factors: Sequence[Factor]) -> Sequence[Factor]:
    return [one for one in factors if one.boundary == LIFE_CYCLE]

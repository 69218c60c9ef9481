# SPDX-License-Identifier: Apache-2.0
"""The factor of the electricity that no instrument covers: the residual mix, else the grid's average.

A residual mix is what is left of a market's generation once everything that instruments claim is taken out. No
open dataset has it: users import it (docs/market-based.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from impacts.electricity import grid as electricity
from impacts.electricity.shares import GWP
from impacts.factors import FactorMatch, FactorMissing, Fit
from impacts.market_based.instruments import ORIGIN, Level
from impacts.problems import Problem
from impacts.values.estimates import merge_grounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from impacts.electricity.grid import GridSplit
    from impacts.factor_book import FactorBook
    from impacts.factors import Factor
    from impacts.values.estimates import Estimate

RESIDUAL_MIX = "residual_mix"
CO2_ONLY = "CO2 only"  # in the locator of a factor that leaves methane and nitrous oxide out

# Residual mixes of a year are published in the middle of the next.
_OLD_AFTER_DAYS = 2 * 366

_IMPORT = "import the market's residual mix with `wattprint factors import F` (docs/market-based.md)"


@dataclass(frozen=True, slots=True)
class Fallback:
    """The factor of uncovered energy: its place in the hierarchy, the dataset's row, and its Scope 2 part."""

    level: Level  # RESIDUAL_MIX or GRID_AVERAGE
    match: FactorMatch
    split: GridSplit
    problems: tuple[Problem, ...] = ()

    @property
    def id(self) -> str:
        """The dataset's row, as the history names it."""
        citation = self.match.factor.citation
        return f"{citation.dataset}/{citation.entry}"

    @property
    def intensity(self) -> Estimate:
        """Scope 2 of a joule, in gCO2e/J: what lies before the plants and what the grid loses is category 3."""
        return self.split.scope2


def fallback(book: FactorBook, region: str, on: date, grid: FactorMatch, grid_split: GridSplit) -> Fallback:
    """Return the residual mix of the region on a day, else the grid's average, which is that of the location-based figure."""
    residual = _residual_mix(book, region, on)
    if residual is None:
        return Fallback(Level.GRID_AVERAGE, grid, grid_split, (_no_residual_mix(region),))
    match = _with_bounds(residual, electricity.grid_factor(book, region, on).factor.value)
    split = electricity.split(match, book, region, on)
    return Fallback(Level.RESIDUAL_MIX, match, split, (*residual_mix_problems(match, region, on), *split.problems))


def _residual_mix(book: FactorBook, region: str, on: date) -> FactorMatch | None:
    try:
        return book.find(RESIDUAL_MIX, GWP, region, on=on) if region else None
    except FactorMissing:
        return None


def _with_bounds(residual: FactorMatch, average: Estimate) -> FactorMatch:
    """Return the mix with the relative bounds of the grid's average where it has none: both rest on the same statistics."""
    value = residual.factor.value
    if value.low < value.high or not average.central:
        return residual
    bounded = replace(
        value,
        low=value.central * (average.low / average.central),
        high=value.central * (average.high / average.central),
        grounds=merge_grounds(value.grounds, average.grounds),
    )
    return FactorMatch(replace(residual.factor, value=bounded), residual.fit)


def residual_mix_problems(match: FactorMatch, region: str, on: date) -> tuple[Problem, ...]:
    """Return the problems of a residual mix that is used in a region on a day."""
    return (*_place_or_time_problem(match, region, on), *content_problems(match.factor))


def _place_or_time_problem(match: FactorMatch, region: str, on: date) -> Iterator[Problem]:
    factor = match.factor
    if match.fit is Fit.PARENT_REGION:
        what = f"no residual mix of {region} is imported; that of {factor.region} stands in"
        yield Problem(ORIGIN, "residual_mix_of_larger_region", what, _IMPORT)
    if (on - factor.valid_until).days > _OLD_AFTER_DAYS:
        what = f"the newest residual mix of {factor.region} is of {factor.valid_until.year}"
        yield Problem(ORIGIN, "residual_mix_old", what, _IMPORT)


def content_problems(factor: Factor) -> Iterator[Problem]:
    """Return the problems that a residual mix has wherever it is used."""
    named = f"the residual mix of {factor.region} {factor.valid_from.year}"
    if not factor.value.central:
        what = f"{named} is zero: everything is claimed there, and nothing is left for electricity that no instrument covers"
        remedy = "give what your supplier discloses as a supplier_rate, and leave this row out"
        yield Problem(ORIGIN, "residual_mix_zero", what, remedy)
    if CO2_ONLY in factor.citation.locator:
        what = f"{named} counts CO2 alone: methane and nitrous oxide, usually some 1 % of it, are missing"
        yield Problem(ORIGIN, "residual_mix_co2_only", what, "say so in the report, or import one in CO2e")


def _no_residual_mix(region: str) -> Problem:
    where = f" of {region}" if region else ""
    what = (
        f"no residual mix{where} is known: what no instrument covers is taken at the grid's average, "
        "in which electricity that others have claimed is counted again"
    )
    return Problem(ORIGIN, "no_residual_mix", what, _IMPORT if region else "set `location` in the config file first")

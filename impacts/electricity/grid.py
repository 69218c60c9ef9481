# SPDX-License-Identifier: Apache-2.0
"""Electricity: the grid's factor for a place and day, split into Scope 2 and Scope 3 category 3 (docs/adr/0012, 0024)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, partial
from typing import TYPE_CHECKING

from impacts.electricity.shares import (
    ELECTRICITY,
    GWP,
    LIFE_CYCLE,
    at_plant,
    attribute,
    construction,
    life_cycle_factor,
    shares_assumed,
)
from impacts.factors import WORLD, FactorMatch, Fit, Standing, nearest_in_time
from impacts.problems import Problem
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from impacts.factor_book import FactorBook
    from impacts.factors import Factor

# Publishers need a year to print a year's average; later than this, something newer exists.
_STALE_AFTER_DAYS = 2 * 366
# An official factor appears up to two years late, and stands until the next. In three years those of the United Kingdom, of
# Chile and of Alberta have moved by a third to a half: older ones say less than this year's average of statistics.
_OFFICIAL_FOR_YEARS = 3  # of the calendar, so that no year is of two methods

_SET_LOCATION = "set `location` in the config file to the country (FR) or grid zone (US-CAL-CISO) of this machine"

# By boundary: what Scope 2 is of the factor, as it stands in the dataset.
_SCOPE2 = {
    "life_cycle": "intensity × at_plant",
    "direct": "intensity",
    "consumption": "intensity ÷ delivered",
}
_CATEGORY3 = "(scope2 × upstream + construction) × delivered + scope2 × losses"


class Method(StrEnum):
    """How the Scope 2 factor has come about."""

    IMPORTED = "imported"  # by the user: a direct factor, as it stands
    OFFICIAL = "official"  # an authority's direct factor, as it stands
    DIRECT = "direct"  # another direct factor, as it stands
    DERIVED = "derived"  # what of a life-cycle factor the plants emit


@dataclass(frozen=True)
class GridSplit:
    """A grid factor taken apart, so that each gram is in one scope: per joule that the host takes from the grid."""

    intensity: Estimate  # the factor as it is, in gCO2e/J
    boundary: str  # life_cycle: of a generated joule; direct: of burning for it; consumption: the same with losses
    method: Method
    at_plant: Derivation | None  # what the plants emit over a life-cycle factor; None: the factor is direct
    upstream_share: Estimate  # extraction and transport of fuels, over what burning them emits
    construction: Derivation  # the life cycle of plants that burn nothing, for a joule of the grid
    losses: Estimate  # joules lost in the grid per joule delivered
    problems: tuple[Problem, ...] = ()

    @property
    def scope2(self) -> Estimate:
        """What the power plants emit for a joule, in gCO2e/J."""
        return self.scope2_derivation.estimate

    @property
    def upstream(self) -> Estimate:
        """Scope 3 category 3: what lies before burning, and the whole life cycle of what the grid loses."""
        return self.upstream_derivation.estimate

    @cached_property
    def scope2_derivation(self) -> Derivation:
        """How Scope 2 of a joule follows from the factor."""
        formula = _SCOPE2[self.boundary]
        inputs: dict[str, Estimate | Derivation] = {"intensity": self.intensity, "delivered": self._delivered}
        if self.at_plant is not None:
            inputs["at_plant"] = self.at_plant
        used = {name: value for name, value in inputs.items() if name in formula}
        return work_out("grid, Scope 2: emitted by the power plants", formula, used)

    @cached_property
    def upstream_derivation(self) -> Derivation:
        """How category 3 of a joule follows from Scope 2."""
        return work_out(
            "grid, Scope 3 category 3: before the plants, their building, and lost",
            _CATEGORY3,
            {
                "scope2": self.scope2_derivation,
                "upstream": self.upstream_share,
                "construction": self.construction,
                "delivered": self._delivered,
                "losses": self.losses,
            },
        )

    @property
    def _delivered(self) -> Derivation:
        return work_out("joules that the grid takes in per joule delivered", "1 + losses", {"losses": self.losses})


def grid_factor(book: FactorBook, region: str, on: date, *, inferred: bool = False) -> FactorMatch:
    """Return the grid's average intensity: of the zone, else its country, else the world.

    What the user has imported goes before an authority's direct factor, and that before statistics, whatever their year,
    unless it is more than three years old. Its bounds cover what the other datasets say of the same place and boundary.
    `inferred`: nobody has set the region.

    Raises:
        FactorMissing: the book has no electricity at all.
    """
    match = book.find(ELECTRICITY, GWP, region, on=on, prefer=partial(_recent, on=on))
    value = _covering(match.factor.value, other_datasets(book, match.factor, on))
    fit = Fit.INFERRED if inferred and region else match.fit
    return FactorMatch(replace(match.factor, value=value), fit)


def other_datasets(book: FactorBook, factor: Factor, on: date) -> tuple[Factor, ...]:
    """Return what each other dataset says of the same grid with the same boundary, nearest to the day."""
    by_dataset: dict[str, list[Factor]] = {}
    for other in book.of_region(factor.subject, factor.criterion, factor.region):
        if other.boundary == factor.boundary and other.citation.dataset != factor.citation.dataset:
            by_dataset.setdefault(other.citation.dataset, []).append(other)
    return tuple(nearest_in_time(factors, on) for factors in by_dataset.values())


def official_factors(book: FactorBook, region: str, on: date) -> tuple[Factor, ...]:
    """Return what authorities state of a grid, or the user has imported: of each dataset the nearest to the day."""
    by_dataset: dict[str, list[Factor]] = {}
    for one in book.of_region(ELECTRICITY, GWP, region):
        if one.standing is not Standing.NONE:
            by_dataset.setdefault(one.citation.dataset, []).append(one)
    return tuple(nearest_in_time(factors, on) for factors in by_dataset.values())


def _recent(factors: Sequence[Factor], on: date) -> Sequence[Factor]:
    """Return the imported factors that are not too old, else the official ones; none that begins after the day."""
    for standing in (Standing.IMPORTED, Standing.OFFICIAL):
        found = [one for one in factors if one.standing is standing and one.valid_from <= on and _is_recent(one, on)]
        if found:
            return found
    return ()


def _is_recent(factor: Factor, on: date) -> bool:
    if factor.standing:
        return on.year - factor.valid_until.year <= _OFFICIAL_FOR_YEARS
    return (on - factor.valid_until).days <= _STALE_AFTER_DAYS


def _covering(value: Estimate, others: tuple[Factor, ...]) -> Estimate:
    """Return the estimate with bounds that reach to the others' values; they ground it where they lie outside."""
    outside = [one.value for one in others if not value.low <= one.value.central <= value.high]
    centrals = [one.central for one in outside]
    return replace(
        value,
        low=min([value.low, *centrals]),
        high=max([value.high, *centrals]),
        grounds=merge_grounds(value.grounds, *(one.grounds for one in outside)),
    )


def split(match: FactorMatch, book: FactorBook, region: str, on: date) -> GridSplit:
    """Return the factor's Scope 2 and category 3 by the shares of its own grid: each gram is in one of them.

    Raises:
        FactorMissing: the book knows neither the region's shares nor the world's.
    """
    factor = match.factor
    place = factor.region if factor.region == WORLD else region or WORLD
    yearly = life_cycle_factor(book, place, on) or factor
    return GridSplit(
        intensity=factor.value,
        boundary=factor.boundary,
        method=_method(factor),
        at_plant=at_plant(book, place, on, yearly) if factor.boundary == LIFE_CYCLE else None,
        upstream_share=attribute(book, "electricity_fuel_upstream", WORLD, on).factor.value,
        construction=construction(book, place, on),
        losses=attribute(book, "electricity_td_losses", place, on).factor.value,
        problems=tuple(shares_assumed(book, place, on)),
    )


def _method(factor: Factor) -> Method:
    if factor.boundary == LIFE_CYCLE:
        return Method.DERIVED
    return Method(factor.standing.value) if factor.standing else Method.DIRECT


def location_based(energy: Estimate, intensity: Estimate) -> Estimate:
    """Return the emissions of `energy` at the grid's average `intensity`; no certificate or contract acts on it."""
    return energy * intensity


def grid_problems(match: FactorMatch, region: str, on: date) -> tuple[Problem, ...]:
    """Return the problems of a grid factor that is of another place or of older years."""
    if not region:
        what = "the place is not known, so the grid is taken as the world's average, with wide bounds"
        return (Problem("electricity", "location_unknown", what, _SET_LOCATION),)
    return (*_inferred_problem(match, region), *_place_or_time_problem(match.factor, region, on))


def _inferred_problem(match: FactorMatch, region: str) -> Iterator[Problem]:
    if match.fit is Fit.INFERRED:
        what = f"no location is set: this machine is taken to be in {region}, as its time zone is"
        yield Problem("electricity", "location_inferred", what, _SET_LOCATION)


def _place_or_time_problem(factor: Factor, region: str, on: date) -> Iterator[Problem]:
    found = factor.region
    if found == WORLD != region.upper():
        what = f"no dataset has the grid of {region}; the world's average stands in, with wide bounds"
        yield Problem("electricity", "grid_unknown", what, _SET_LOCATION)
    elif found != region.upper():
        what = f"no dataset has the grid zone {region}; the average of {found} stands in"
        remedy = "`wattprint factors show electricity` lists the zones"
        yield Problem("electricity", "grid_of_larger_region", what, remedy)
    elif not _is_recent(factor, on):
        what = f"the newest factor of {found} is of {factor.valid_until.year}"
        yield Problem("electricity", "grid_factor_old", what, "upgrade wattprint: its datasets are renewed yearly")

# SPDX-License-Identifier: Apache-2.0
"""Electricity: the grid's factor for a place and day, split into Scope 2 and Scope 3 category 3 (docs/adr/0012)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from impacts.factors import WORLD, FactorMatch, FactorMissing, Fit, nearest_in_time
from impacts.problems import Problem
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from impacts.factor_book import FactorBook
    from impacts.factors import Factor

ELECTRICITY = "electricity"
GWP = "gwp"

# Publishers need a year to print a year's average; later than this, something newer exists.
_STALE_AFTER_DAYS = 2 * 366
# A power plant that burns anything emits more than its fuel's upstream: beyond this the two figures do not belong together.
_LARGEST_UPSTREAM_SHARE = 0.9

_SET_LOCATION = "set `location` in the config file to the country (FR) or grid zone (US-CAL-CISO) of this machine"

# By boundary: what Scope 2 and category 3 are of the factor, as it stands in the dataset.
_FORMULAS = {
    "life_cycle": ("intensity × at_plant", "intensity × (upstream + losses)"),
    "direct": ("intensity", "intensity ÷ at_plant × (upstream + losses)"),
    "consumption": ("intensity ÷ delivered", "intensity ÷ delivered ÷ at_plant × (upstream + losses)"),
}


@dataclass(frozen=True)
class GridSplit:
    """A grid factor taken apart, so that each gram is in one scope: per joule that the host takes from the grid."""

    intensity: Estimate  # the factor as it is, in gCO2e/J
    boundary: str  # life_cycle: of a generated joule; direct: of burning for it; consumption: the same with losses
    upstream_share: Estimate  # of a generated joule's life cycle: what lies before the power plant
    losses: Estimate  # joules lost in the grid per joule delivered
    problems: tuple[Problem, ...] = ()

    @property
    def scope2(self) -> Estimate:
        """What the power plants emit for a joule, in gCO2e/J."""
        return self.scope2_derivation.estimate

    @property
    def upstream(self) -> Estimate:
        """Scope 3 category 3: what lies before the power plants, and the whole life cycle of what the grid loses."""
        return self.upstream_derivation.estimate

    @cached_property
    def scope2_derivation(self) -> Derivation:
        """How Scope 2 of a joule follows from the factor."""
        return self._worked_out("grid, Scope 2: emitted by the power plants", _FORMULAS[self.boundary][0])

    @cached_property
    def upstream_derivation(self) -> Derivation:
        """How category 3 of a joule follows from the factor."""
        return self._worked_out("grid, Scope 3 category 3: before the plants, and lost", _FORMULAS[self.boundary][1])

    def _worked_out(self, title: str, formula: str) -> Derivation:
        share, losses = {"upstream": self.upstream_share}, {"losses": self.losses}
        values: dict[str, Estimate | Derivation] = {
            "intensity": self.intensity,
            "at_plant": work_out("share of generation's life cycle at the power plants", "1 − upstream", share),
            **share,
            **losses,
            "delivered": work_out("joules that the grid takes in per joule delivered", "1 + losses", losses),
        }
        return work_out(title, formula, {name: value for name, value in values.items() if name in formula})


def grid_factor(book: FactorBook, region: str, on: date, *, inferred: bool = False) -> FactorMatch:
    """Return the grid's average intensity: of the zone, else its country, else the world.

    Its bounds cover what the other datasets say of the same place and boundary. `inferred`: nobody has set the region.

    Raises:
        FactorMissing: the book has no electricity at all.
    """
    match = book.find(ELECTRICITY, GWP, region, on=on)
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
        FactorMissing: the book knows neither the region's upstream and losses nor the world's.
    """
    place = match.factor.region if match.factor.region == WORLD else region or WORLD
    share, losses = upstream_share(book, place, on), book.find("electricity_td_losses", "attribute", place, on=on)
    assumed = Fit.GENERIC in {share.fit, losses.fit} and place != WORLD
    return GridSplit(
        intensity=match.factor.value,
        boundary=match.factor.boundary,
        upstream_share=share.factor.value,
        losses=losses.factor.value,
        problems=(_upstream_assumed(place),) if assumed else (),
    )


def upstream_share(book: FactorBook, region: str, on: date) -> FactorMatch:
    """Return the share of generation's life cycle that lies before the power plant: extraction and transport of fuels.

    It is the upstream per kWh over the life-cycle factor of the same country and year: a share outlives a mix that
    moves, and holds for a zone better than the country's grams. Where either is not known: the world's.
    """
    try:
        upstream = book.find("electricity_wtt", GWP, region, on=on)
    except FactorMissing:
        return book.find("electricity_upstream_share", "attribute", WORLD, on=on)
    grams, whole = upstream.factor.value, _life_cycle(book, upstream.factor)
    if whole is None or grams.central > _LARGEST_UPSTREAM_SHARE * whole.central:
        return book.find("electricity_upstream_share", "attribute", WORLD, on=on)
    share = Estimate(
        grams.low / whole.central,
        grams.central / whole.central,
        min(grams.high / whole.central, _LARGEST_UPSTREAM_SHARE),
        "1",
        merge_grounds(grams.grounds, whole.grounds),
    )
    return FactorMatch(replace(upstream.factor, value=share, criterion="attribute"), upstream.fit)


def _life_cycle(book: FactorBook, upstream: Factor) -> Estimate | None:
    """Return the life-cycle intensity of an upstream factor's own region and year."""
    of_region = book.of_region(ELECTRICITY, GWP, upstream.region)
    candidates = [factor for factor in of_region if factor.boundary == "life_cycle"]
    return nearest_in_time(candidates, upstream.valid_until).value if candidates else None


def _upstream_assumed(place: str) -> Problem:
    what = (
        f"no dataset has the upstream or the losses of the grid of {place}: the world's usual shares stand in, "
        "with wide bounds"
    )
    return Problem("electricity", "upstream_assumed", what, "upgrade wattprint: its datasets grow")


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
    elif (on - factor.valid_until).days > _STALE_AFTER_DAYS:
        what = f"the newest factor of {found} is of {factor.valid_until.year}"
        yield Problem("electricity", "grid_factor_old", what, "upgrade wattprint: its datasets are renewed yearly")

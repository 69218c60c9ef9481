# SPDX-License-Identifier: Apache-2.0
"""Electricity: the grid's factor for a place and day, and location-based Scope 2 (GHG Protocol Scope 2 Guidance, 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.derivations import Derivation, Input
from impacts.factors import Fit
from impacts.problems import Problem

if TYPE_CHECKING:
    from datetime import date

    from impacts.estimates import Estimate
    from impacts.factors import FactorBook, FactorMatch

# Publishers need a year to print a year's average; later than this, something newer exists.
_STALE_AFTER_DAYS = 2 * 366

_SET_LOCATION = "set `location` in the config file to the country (FR) or grid zone (US-CAL-CISO) of this machine"


def grid_factor(book: FactorBook, region: str, on: date) -> FactorMatch:
    """Return the grid's average intensity: of the zone, else its country, else the world.

    Raises:
        FactorMissing: the book has no electricity at all.
    """
    return book.find("electricity", "gwp", region, on=on)


def location_based(energy: Estimate, intensity: Estimate) -> Estimate:
    """Return the emissions of `energy` at the grid's average `intensity`; no certificate or contract acts on it."""
    return energy * intensity


def location_based_derivation(energy: Estimate, intensity: Estimate) -> Derivation:
    """Return how location-based Scope 2 follows from energy and intensity."""
    return Derivation(
        title="scope 2, location-based",
        formula="energy × intensity",
        inputs=(Input("energy", energy.in_unit("kWh")), Input("intensity", intensity.in_unit("gCO2e/kWh"))),
        result=location_based(energy, intensity).in_unit("gCO2e"),
        note="life-cycle factors include the fuel's upstream: nothing is added for it",
    )


def grid_problems(match: FactorMatch, region: str, on: date) -> tuple[Problem, ...]:
    """Return what ought to be said about a grid factor that is not the one of this place and these years."""
    found = match.factor.region
    if not region:
        what = "the place is not known, so the grid is taken as the world's average, with wide bounds"
        return (Problem("electricity", "location_unknown", what, _SET_LOCATION),)
    if match.fit is Fit.GENERIC:
        what = f"no dataset has the grid of {region}; the world's average stands in, with wide bounds"
        return (Problem("electricity", "grid_unknown", what, _SET_LOCATION),)
    if match.fit is Fit.PARENT_REGION:
        what = f"no dataset has the grid zone {region}; the average of {found} stands in"
        remedy = "`wattprint factors show electricity` lists the zones"
        return (Problem("electricity", "grid_of_larger_region", what, remedy),)
    if (on - match.factor.valid_until).days > _STALE_AFTER_DAYS:
        what = f"the newest factor of {found} is of {match.factor.valid_until.year}"
        return (Problem("electricity", "grid_factor_old", what, "upgrade wattprint: its datasets are renewed yearly"),)
    return ()

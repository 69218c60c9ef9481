# SPDX-License-Identifier: Apache-2.0
"""How far the embodied emissions are amortised, to be redone with pencil and paper: of all lots, then of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from impacts.lifetime.amortisation import years_between
from impacts.values.derivations import Derivation, Input
from impacts.values.estimates import Citation, Estimate, total
from impacts.values.units import SECONDS_PER_YEAR

if TYPE_CHECKING:
    from datetime import datetime

    from impacts.lifetime.amortisation import Lot, Stretch

_EMBODIED_BELOW = Citation("what was acquired together, of the embodied emissions derived below")
_BELOW = Citation("derived below, 1 at most")


def ratio_derivations(lots: tuple[Lot, ...], at: datetime, undated: datetime) -> list[Derivation]:
    """Return how the amortised ratio comes about; what has no date begins at `undated`."""
    of_lots = [_of_lot(lot, at, undated) for lot in lots]
    if len(lots) < 2:  # noqa: PLR2004 -- nothing is to be added up
        return of_lots
    whole = sum(lot.emissions.central for lot in lots)
    inputs = [
        item
        for number, lot in enumerate(lots, 1)
        for item in (
            Input(f"weight_{number}", _exact(lot.emissions.central / whole, "its share of the embodied emissions")),
            Input(f"passed_{number}", Estimate.exact(lot.ratio(at, undated), "1", _BELOW)),
        )
    ]
    formula = " + ".join(f"weight_{number} × passed_{number}" for number in range(1, len(lots) + 1))
    ratio = sum(lot.emissions.central / whole * lot.ratio(at, undated) for lot in lots)
    return [Derivation("share that is amortised of all lots", formula, tuple(inputs), _exact(ratio, "sum")), *of_lots]


def coming_year_derivation(lots: tuple[Lot, ...], at: datetime, undated: datetime) -> Derivation:
    """Return what the year from `at` amortises of at least one lot, none being acquired or retired meanwhile."""
    shares = (
        lot.planned_ratio(at + timedelta(seconds=SECONDS_PER_YEAR), undated) - lot.planned_ratio(at, undated)
        for lot in lots
    )
    why = "of its service life, where it is not over or retired before"
    inputs = [
        (
            Input(f"lot_{number}", replace(lot.emissions.in_unit("kgCO2e"), grounds=(_EMBODIED_BELOW,))),
            Input(f"year_{number}", _exact(share, why)),
        )
        for number, (lot, share) in enumerate(zip(lots, shares, strict=True), 1)
    ]
    return Derivation(
        "embodied, amortised in the year from now",
        " + ".join(f"{emissions.name} × {share.name}" for emissions, share in inputs),
        tuple(item for pair in inputs for item in pair),
        total(emissions.value * share.value for emissions, share in inputs),
        note=f"{len(lots)} lots of what was acquired together" if len(lots) > 1 else "",
    )


def _of_lot(lot: Lot, at: datetime, undated: datetime) -> Derivation:
    title = f"share that is amortised of what was acquired {lot.acquired or 'on a day that is not known'}"
    if lot.has_left(at):
        left = _exact(1.0, f"retired on {lot.retired}: what was not amortised by then falls to that day")
        return Derivation(title, "all", (Input("all", left),), left)
    begins = lot.begins_at(undated)
    age = max(0.0, years_between(begins, at))
    stretch = lot.plan.stretch(begins, age)
    since = f"inventory: in use since {begins.date()}" if lot.begins else f"the history began on {begins.date()}"
    return _of_stretch(title, stretch, age, since)


def _of_stretch(title: str, stretch: Stretch, age: float, since: str) -> Derivation:
    if stretch.years <= 0:
        over = _exact(1.0, "the plan of now was over on the day it was made")
        return Derivation(title, "all", (Input("all", over),), over)
    if not stretch.since_age:
        passed, planned = _years(age, since), _years(stretch.years, "planned")
        inputs = (Input("age", passed), Input("service_life", planned))
        return Derivation(title, "age ÷ service_life", inputs, passed / planned, "1 at most")
    before = _exact(stretch.before, "by the plan of before, until it was changed")
    rest = _exact(1.0 - stretch.before, "what was left then")
    time = _years(age - stretch.since_age, f"since the plan was changed; {since}")
    left = _years(stretch.years, "left then of the plan of now")
    named = {"before": before, "rest": rest, "since": time, "left": left}
    inputs_of_both = tuple(Input(name, value) for name, value in named.items())
    return Derivation(title, "before + rest × since ÷ left", inputs_of_both, before + rest * (time / left), "1 at most")


def _exact(value: float, why: str) -> Estimate:
    return Estimate.exact(value, "1", Citation(why))


def _years(value: float, why: str) -> Estimate:
    return Estimate.exact(value, "year", Citation(why))

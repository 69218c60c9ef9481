# SPDX-License-Identifier: Apache-2.0
"""How far the embodied emissions are amortised, to be redone with pencil and paper: of all lots, then of each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from impacts.lifetime.amortisation import years_between
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import SECONDS_PER_YEAR

if TYPE_CHECKING:
    from datetime import datetime

    from impacts.lifetime.amortisation import Lot, Plan, PlanLine

_PLANNED_BEFORE = Citation("inventory: extended_from_years")
_IN_COMING_YEAR = Citation(
    "the plan of the service life: how much of it is in that year, where it is not over or retired before"
)


def ratio_derivation(lots: tuple[Lot, ...], at: datetime, undated: datetime) -> Derivation | None:
    """Return how the amortised ratio comes about; None without a lot. What has no date begins at `undated`."""
    passed = {f"passed_{number}": _of_lot(lot, at, undated) for number, lot in enumerate(lots, 1)}
    if len(lots) < 2:  # noqa: PLR2004 -- nothing is to be added up
        return next(iter(passed.values()), None)
    emissions = {f"lot_{number}": lot.derivation for number, lot in enumerate(lots, 1)}
    whole = work_out("embodied of all lots", " + ".join(emissions), emissions)
    products = (f"central({lot}) × {share}" for lot, share in zip(emissions, passed, strict=True))
    formula = f"min(1, ({' + '.join(products)}) ÷ central(embodied))"
    return work_out("share that is amortised of all lots", formula, {**emissions, **passed, "embodied": whole})


def coming_year_derivation(lots: tuple[Lot, ...], at: datetime, undated: datetime) -> Derivation:
    """Return what the year from `at` amortises of at least one lot, none being acquired or retired meanwhile."""
    until = at + timedelta(seconds=SECONDS_PER_YEAR)
    inputs: dict[str, Derivation | Estimate] = {}
    for number, lot in enumerate(lots, 1):
        share = lot.planned_ratio(until, undated) - lot.planned_ratio(at, undated)
        inputs[f"lot_{number}"] = lot.derivation
        inputs[f"year_{number}"] = Estimate.exact(share, "1", _IN_COMING_YEAR, *lot.plan.grounds)
    return work_out(
        "embodied, amortised in the year from now",
        " + ".join(f"lot_{number} × year_{number}" for number in range(1, len(lots) + 1)),
        inputs,
        note=f"{len(lots)} lots of what was acquired together" if len(lots) > 1 else "",
    )


def _of_lot(lot: Lot, at: datetime, undated: datetime) -> Derivation:
    title = f"share that is amortised of what was acquired {lot.when_acquired}"
    if lot.has_left(at):
        return _all(title, f"retired on {lot.retired}: what was not amortised by then falls to that day")
    begins = lot.begins_at(undated)
    age = max(0.0, years_between(begins, at))
    line = lot.plan.line(begins, age)
    if line.years <= 0:
        return _all(title, "the plan of now was over on the day it was made")
    since = (
        f"inventory: in use since {begins.date()}"
        if lot.begins
        else f"the agent's history: it began on {begins.date()}"
    )
    passed = Estimate.exact(age, "year", Citation(since))
    if line.since_age:
        return _after_change(title, lot.plan, line, passed)
    return work_out(
        title, "min(1, age ÷ service_life)", {"age": passed, "service_life": _planned(line.years, lot.plan)}
    )


def _after_change(title: str, plan: Plan, line: PlanLine, age: Estimate) -> Derivation:
    """Return the share by two straight lines: that of the plan of before until it was changed, then that of now."""
    changed = Estimate.exact(line.since_age, "year", Citation("inventory: extended_on; the age on that day"))
    planned_before = Estimate.exact(line.since_age / line.before, "year", _PLANNED_BEFORE)
    inputs: dict[str, Derivation | Estimate] = {
        "before": work_out(
            "share that was amortised when the plan was changed",
            "changed ÷ service_life_before",
            {"changed": changed, "service_life_before": planned_before},
        ),
        "age": age,
        "changed": changed,
        "left": work_out(
            "years left when the plan was changed",
            "service_life − changed",
            {"service_life": _planned(plan.years, plan), "changed": changed},
        ),
    }
    return work_out(title, "min(1, before + (1 − before) × (age − changed) ÷ left)", inputs)


def _planned(years: float, plan: Plan) -> Estimate:
    return Estimate.exact(years, "year", *(plan.grounds if years == plan.years else (_PLANNED_BEFORE,)))


def _all(title: str, why: str) -> Derivation:
    return work_out(title, "all", {"all": Estimate.exact(1.0, "1", Citation(why))})

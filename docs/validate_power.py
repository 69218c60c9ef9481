# SPDX-License-Identifier: Apache-2.0
"""Writes docs/power-validation.md and its plot: how well the load model predicts published results it has not seen.

`make validate SPECPOWER=CLONE NEWER=CLONE`; power_results.py says how to get the two clones. Every result is predicted from
what its page says of the parts, by a model that was fitted without any result of the processor's family.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

from fit_power import ON, Case, cases, held_out, rows, share_bounds
from fit_power import family_ratios, fit
from power_results import LOADS, Result, known, newer, specpower

from agent.wholehost.load_model import model_of
from impacts.datasets import load_book, read_datasets
from impacts.factor_book import FactorBook
from impacts.factors import Factor
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from impacts.datasets import Dataset

HERE = Path(__file__).parent
FITTED = "wattprint-load-model"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of a result at a load, in W."""

    case: Case
    load: str
    low: float
    central: float
    high: float

    @property
    def ratio(self) -> float:
        """Predicted over measured."""
        return self.central / self.case.result.watts[self.load]

    @property
    def inside(self) -> bool:
        """Whether the measured power lies between the bounds."""
        return self.low <= self.case.result.watts[self.load] <= self.high


@cache
def _datasets() -> tuple[Dataset, tuple[Factor, ...]]:
    """Return the fitted dataset, and the factors of all others."""
    read = read_datasets()
    fitted = next(dataset for dataset, _ in read if dataset.id == FITTED)
    return fitted, tuple(factor for dataset, factors in read if dataset is not fitted for factor in factors)


def book_with(found: Iterable[tuple[str, float, float, float]]) -> FactorBook:
    """Return the datasets' factors with these rows in place of those of the fitted dataset."""
    _, others = _datasets()
    return FactorBook((*(_factor(*row) for row in found), *others))


def _factor(entry: str, value: float, low: float, high: float) -> Factor:
    citation = Citation("fitted without a family", FITTED, entry)
    estimate = Estimate(low, value, high, _datasets()[0].unit_of(entry), (citation,))
    return Factor(citation, estimate, "power", entry, "use", date.min, date.max, generic=True)


def predictions(those: Sequence[Case], book_of: Callable[[Case], FactorBook], *, boost_given: bool = True) -> list[Prediction]:
    """Predict every case at every load that it was measured at."""
    found = []
    for case in those:
        inventory = case.result.inventory
        if not boost_given:
            inventory = replace(inventory, parts=tuple(replace(p, boost=None) for p in inventory.parts or ()))
        model = model_of(inventory, book_of(case), ON, 0)
        for load in case.result.watts:
            power = model.power(float(load))
            found.append(Prediction(case, load, power.low, power.central, power.high))
    return found


def books(those: Sequence[Case]) -> dict[str, FactorBook]:
    """Return by family the book that has not seen it."""
    fits = {family: held_out(those, family) for family in {case.family for case in those}}
    made = {}
    for family, whole in fits.items():
        rest = [case for case in those if case.family != family]
        made[family] = book_with(rows(whole, family_ratios(rest, whole), share_bounds(rest, fits)))
    return made


def table(found: Sequence[Prediction]) -> list[str]:
    lines = []
    for load in LOADS:
        here = [one for one in found if one.load == load]
        if here:
            lines.append(f"| {float(load):.0%} | {len(here)} | {median(o.ratio for o in here):.2f} | {fmean(abs(o.ratio - 1) for o in here):.0%} "
              f"| {fmean(o.inside for o in here):.0%} | {fmean(o.case.result.watts[load] < o.low for o in here):.0%} / {fmean(o.case.result.watts[load] > o.high for o in here):.0%} | {median(o.high / o.low for o in here):.1f} |")
    return lines

if __name__ == "__main__":
    book = load_book()
    those = cases(known(iter([*specpower(Path(sys.argv[1])), *newer(Path(sys.argv[2]))])), book)
    held = books(those)
    for title, given in (("boost as the page says", True), ("boost not known", False)):
        found = predictions(those, lambda case: held[case.family], boost_given=given)
        print(title); print("\n".join(table(found)))
        for kind in ("server","server_without_boost","entry","older","arm"):
            print(kind); print("\n".join(table([o for o in found if o.case.kind==kind])))
    shipped = predictions(those, lambda case: book)
    print("shipped"); print("\n".join(table(shipped)))
    by = defaultdict(list)
    for one in shipped:
        if one.load == "0.2": by[one.case.family].append(one.ratio)
    m = median(median(v) for v in by.values())
    for f, v in sorted(by.items()): print(f, len(v), round(median(v)/m,2))

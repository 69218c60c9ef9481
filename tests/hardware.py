# SPDX-License-Identifier: Apache-2.0
"""Lots of hardware whose emissions are given by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from impacts.lifetime.amortisation import Lot, Plan
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

ROW = Citation("footprints", "test-footprints-2025", "server:R640", year=2025, licence="CC0-1.0")
ACQUIRED = date(2024, 3, 1)


def lot(kg, acquired=ACQUIRED, *, dataset="test-footprints-2025", plan=None, **days):
    """Return what was acquired on a day: so many kgCO2e, half to three times of it."""
    grams = Estimate(kg * 500.0, kg * 1000.0, kg * 3000.0, "gCO2e", (replace(ROW, dataset=dataset),))
    return Lot(work_out("embodied", "manufacture", {"manufacture": grams}), plan or Plan(4.0), acquired, **days)

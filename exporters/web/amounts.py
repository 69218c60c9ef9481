# SPDX-License-Identifier: Apache-2.0
"""Estimates as people read them: a unit of a fitting size and three significant figures."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING

from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from impacts.values.estimates import Estimate

_UNGROUPED_BELOW = 1e4  # four digits read well without a space
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
_DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Amount:
    """A central value, its bounds (empty where they are the value itself) and their common unit."""

    central: str
    bounds: str
    unit: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The units of one kind of quantity: (value in base units it is used from, how many base units it is, name)."""

    units: tuple[tuple[float, float, str], ...]

    def amount(self, estimate: Estimate) -> Amount:
        """Return the estimate in the largest unit that fits its central value."""
        _, size, unit = max(row for row in self.units if row[0] <= estimate.central or row is self.units[0])
        bounds = f"{significant(estimate.low / size)}{_DASH}{significant(estimate.high / size)}"
        exact = estimate.low == estimate.high
        return Amount(significant(estimate.central / size), "" if exact else bounds, unit)


_WH = JOULES_PER_KWH / 1e3
POWER = Scale(((0, 1, "W"), (1e4, 1e3, "kW")))
ENERGY = Scale(((0, _WH, "Wh"), (1e3 * _WH, 1e3 * _WH, "kWh"), (1e7 * _WH, 1e6 * _WH, "MWh")))
EMISSIONS = Scale(((0, 1e-3, "mgCO2e"), (1, 1, "gCO2e"), (1e3, 1e3, "kgCO2e"), (1e7, 1e6, "tCO2e")))
INTENSITY = Scale(((0, 1 / JOULES_PER_KWH, "gCO2e/kWh"),))
PRIMARY_ENERGY = Scale(((0, 1e6, "MJ"), (1e10, 1e9, "GJ")))
DEPLETION = Scale(((0, 1, "gSbe"), (1e4, 1e3, "kgSbe")))


def significant(value: float) -> str:
    """Return `value` with three significant figures, in plain digits.

    >>> significant(0.012345), significant(99.96), significant(1250)
    ('0.0123', '100', '1250')
    """
    if not value:
        return "0"
    rounded = float(f"{value:.2e}")
    decimals = max(0, 2 - floor(log10(rounded)))
    text = f"{rounded:,.{decimals}f}"
    return text.replace(",", "" if rounded < _UNGROUPED_BELOW else NARROW_SPACE)


def percent(ratio: float) -> str:
    """Return a share as people say it."""
    return f"{significant(100 * ratio)}{NARROW_SPACE}%"


def duration(seconds: float) -> str:
    """Return a time span in the one unit that fits."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f}{NARROW_SPACE}{name}"
    return f"{max(0.0, seconds):.0f}{NARROW_SPACE}s"

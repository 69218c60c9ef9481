# SPDX-License-Identifier: Apache-2.0
"""Estimates: a value with its bounds, its unit and its grounds, so that every formula is written once.

Bounds are carried corner by corner (interval arithmetic): low values make the low result. All estimates in
this program are of quantities that cannot be negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from impacts.values.units import convert, product_unit, quotient_unit

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a number comes from, precisely enough to look it up."""

    title: str
    dataset: str = ""  # id of the dataset's folder; empty for a reading, a configuration or an assumption
    entry: str = ""  # the row
    locator: str = ""  # where in the publication: page, table, sheet
    year: int | None = None  # of publication
    licence: str = ""
    url: str = ""

    def __str__(self) -> str:
        """One line for a person: title, place, year, dataset row, licence."""
        place = ", ".join(filter(None, [self.title, self.locator, str(self.year or "")]))
        row = f" [{self.dataset}: {self.entry}]" if self.dataset else ""
        return f"{place}{row}{f' ({self.licence})' if self.licence else ''}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A non-negative quantity: low, central and high value, unit, and the citations it rests on (never empty)."""

    low: float
    central: float
    high: float
    unit: str
    grounds: tuple[Citation, ...]

    def __post_init__(self) -> None:
        if not self.grounds:
            raise ValueError("an estimate needs grounds")
        if not (isfinite(self.high) and 0 <= self.low <= self.central <= self.high):
            raise ValueError(f"bounds out of order: {self.low} <= {self.central} <= {self.high} {self.unit}")

    @classmethod
    def exact(cls, value: float, unit: str, *grounds: Citation) -> Estimate:
        """Return an estimate whose bounds are the value itself: a count, a setting, a constant."""
        return cls(value, value, value, unit, grounds)

    def __add__(self, other: Estimate) -> Estimate:
        if other.unit != self.unit:
            raise ValueError(f"cannot add {other.unit} to {self.unit}")
        return Estimate(
            self.low + other.low,
            self.central + other.central,
            self.high + other.high,
            self.unit,
            merge_grounds(self.grounds, other.grounds),
        )

    def __mul__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.low * other.low,
            self.central * other.central,
            self.high * other.high,
            product_unit(self.unit, other.unit),
            merge_grounds(self.grounds, other.grounds),
        )

    def __truediv__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.low / other.high,
            self.central / other.central,
            self.high / other.low,
            quotient_unit(self.unit, other.unit),
            merge_grounds(self.grounds, other.grounds),
        )

    def scaled(self, factor: float) -> Estimate:
        """Return the estimate times a plain number, such as a count of equal parts."""
        return Estimate(self.low * factor, self.central * factor, self.high * factor, self.unit, self.grounds)

    def in_unit(self, unit: str) -> Estimate:
        """Return the estimate in another unit of the same kind, for people to read."""
        low, central, high = (convert(value, self.unit, unit) for value in (self.low, self.central, self.high))
        return Estimate(low, central, high, unit, self.grounds)


def total(estimates: Iterable[Estimate]) -> Estimate:
    """Return the sum of at least one estimate of one unit."""
    first, *rest = estimates
    for estimate in rest:
        first = first + estimate
    return first


def merge_grounds(*grounds: tuple[Citation, ...]) -> tuple[Citation, ...]:
    """Return all citations once, in the order of first use."""
    return tuple(dict.fromkeys(citation for group in grounds for citation in group))

# SPDX-License-Identifier: Apache-2.0
"""Power at the inlet by CPU load, learned on line: least squares on a line with bends at fixed loads.

A window's mean power is the mean of the line over the loads that the window has seen, however they changed in it. So
each window is taken with its shares: how much of its time counts for each bend. Two neighbouring bends are held together
as long as nothing distinguishes them, which is ridge regression on their differences (Hoerl, Kennedy, Technometrics
12(1), 1970), read as a prior: it makes the errors of bends that were hardly seen wide, not small.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, sqrt
from typing import TYPE_CHECKING

from impacts.configurations import LOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW_SECONDS = 300.0

# A window counts for e times less after 30 days of them: seasons and dust move the fans.
_KEPT = exp(-WINDOW_SECONDS / (30 * 86400.0))
# Load and temperature last: the error of a mean falls as if one window in an hour were independent.
_WINDOWS_PER_INDEPENDENT = 12
# How much of the mean power two neighbouring bends may differ by before anything is known of them.
_PRIOR_STEP = 0.5
# The residual that is expected before there are windows enough to state one, as a share of the mean power.
_PRIOR_RESIDUAL = 0.05

# What is known of a bend: an hour at it, and an error (one standard deviation) of no more than this share of its power.
LEAST_SECONDS = 3600.0
_LARGEST_ERROR = 0.05


@dataclass(frozen=True, slots=True)
class Bend:
    """The power (W) at a load of 0 to 1, its standard error (W), and the time at the load that it rests on."""

    load: float
    watts: float
    error_watts: float
    seconds: float


def shares_at(load: float) -> list[float]:
    """Return how much a moment at a load counts for each bend: 1 at a bend, linear between two."""
    shares = [0.0] * len(LOADS)
    for left, (low, high) in enumerate(pairwise(LOADS)):
        if load <= high:
            shares[left + 1] = (max(load, low) - low) / (high - low)
            shares[left] = 1.0 - shares[left + 1]
            return shares
    shares[-1] = 1.0
    return shares


def _square() -> list[list[float]]:
    return [[0.0] * len(LOADS) for _ in LOADS]


@dataclass
class Regression:
    """The sums over all windows, the older ones fading, from which the bends are worked out."""

    products: list[list[float]] = field(default_factory=_square)  # of the shares with one another
    powers: list[float] = field(default_factory=lambda: [0.0] * len(LOADS))  # W, by share
    squares: float = 0.0  # of the powers
    windows: float = 0.0
    floor_watts: float = 0.0  # the least that a window has shown

    def take(self, shares: Sequence[float], watts: float) -> None:
        """Take a window: how much of its time counts for each bend (they add up to 1), and its mean power."""
        for row, share in enumerate(shares):
            self.powers[row] = self.powers[row] * _KEPT + share * watts
            self.products[row] = [
                known * _KEPT + share * other for known, other in zip(self.products[row], shares, strict=True)
            ]
        self.squares = self.squares * _KEPT + watts * watts
        self.floor_watts = min(watts, self.floor_watts) if self.windows else watts
        self.windows = self.windows * _KEPT + 1.0

    def bends(self) -> tuple[tuple[Bend, ...], float]:
        """Return the bends of which enough is known, and the residual: the standard deviation of a window (W)."""
        if not self.windows:
            return (), 0.0
        mean = sum(self.powers) / self.windows
        residual = _PRIOR_RESIDUAL * mean
        for _ in range(2):  # the residual decides how firmly the bends are held together, and follows from them
            inverse = self._inverse(residual, _PRIOR_STEP * mean)
            watts = [sum(a * b for a, b in zip(row, self.powers, strict=True)) for row in inverse]
            residual = self._residual(watts, mean)
        errors = (residual * sqrt(_WINDOWS_PER_INDEPENDENT * row[at]) for at, row in enumerate(inverse))
        found = (Bend(*one) for one in zip(LOADS, watts, errors, self._seconds(), strict=True))
        return tuple(bend for bend in found if _is_known(bend)), residual

    def _seconds(self) -> list[float]:
        """Return the time at each bend: a window's shares add up to 1, so the rows add up to it."""
        return [WINDOW_SECONDS * sum(row) for row in self.products]

    def _residual(self, watts: Sequence[float], mean: float) -> float:
        """Return the standard deviation about the line, as that of one window more that is off by what is expected."""
        at_bends = sum(
            product * left * right
            for row, left in zip(self.products, watts, strict=True)
            for product, right in zip(row, watts, strict=True)
        )
        off = self.squares - 2 * sum(a * b for a, b in zip(watts, self.powers, strict=True)) + at_bends
        expected = (_PRIOR_RESIDUAL * mean) ** 2
        return sqrt((max(0.0, off) + expected) / (self.windows + 1.0))

    def _inverse(self, residual: float, step: float) -> list[list[float]]:
        """Return the inverse of the sums with the prior that neighbouring bends differ by about `step`."""
        held = _WINDOWS_PER_INDEPENDENT * (residual / step) ** 2 if step else 1.0
        matrix = [list(row) for row in self.products]
        for left in range(len(LOADS) - 1):
            for row, column, sign in (
                (left, left, 1),
                (left + 1, left + 1, 1),
                (left, left + 1, -1),
                (left + 1, left, -1),
            ):
                matrix[row][column] += sign * held
        return _inverted(matrix)


def _is_known(bend: Bend) -> bool:
    return bend.seconds >= LEAST_SECONDS and 0 < bend.error_watts <= _LARGEST_ERROR * bend.watts


def _inverted(matrix: list[list[float]]) -> list[list[float]]:
    """Return the inverse of a symmetric positive definite matrix, by Gauss and Jordan."""
    size = len(matrix)
    rows = [[*row, *(float(at == column) for column in range(size))] for at, row in enumerate(matrix)]
    for pivot in range(size):
        rows[pivot] = [value / rows[pivot][pivot] for value in rows[pivot]]
        for other in range(size):
            if other != pivot:
                factor = rows[other][pivot]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[pivot], strict=True)]
    return [row[size:] for row in rows]

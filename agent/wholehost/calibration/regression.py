# SPDX-License-Identifier: Apache-2.0
"""Recursive least squares with forgetting and coefficients that are never negative.

Kept are the sums of products that least squares needs, which fade with time, and a prior that holds what they leave
open: a host that has only ever been idle has taught nothing of its load. Residuals count by their share of the power.
Textbook formulas: L. Ljung, System Identification: Theory for the User, 2nd edition, 1999, section 11.2; C. L. Lawson
and R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23 (active set).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of the first readings nothing is known: until residuals have shown it, they are taken to scatter by this share.
FIRST_SCATTER_RATIO = 0.03
LEAST_SCATTER_RATIO = 0.002  # no meter is better than that
_OUTLYING_DEVIATIONS = 3.0
_FIRST_READINGS = 3.0  # that the first scatter counts for
_MOST_CHANGES = 3  # of the set of entries that are free, by entry: more than any regression here needs
_LEAST_SLOPE = 1e-9  # below which rounding is all there is
_LEAST_WATTS = 1.0  # what draws nothing is no reason to divide by nothing


@dataclass(frozen=True, slots=True)
class Prior:
    """What a coefficient is taken to be before anything is known, and its standard deviation."""

    mean: float
    deviation: float


@dataclass
class Regression:
    """A weighted linear regression without negative coefficients, learned reading by reading."""

    priors: tuple[Prior, ...]
    products: list[list[float]] = field(default_factory=list)  # of the inputs with one another, over the squared output
    moments: list[float] = field(default_factory=list)  # of the inputs with the output, over the squared output
    weight: float = 0.0  # of all readings, faded
    variance: float = FIRST_SCATTER_RATIO**2  # of the residuals, as shares of the output
    coefficients: tuple[float, ...] = ()
    _covariance: list[list[float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        size = len(self.priors)
        self.products = self.products or [[0.0] * size for _ in range(size)]
        self.moments = self.moments or [0.0] * size
        self._solve()

    def learn(self, inputs: Sequence[float], output: float, weight: float, fading: float) -> None:
        """Take a reading (W); `fading` is the share of what was known that stays."""
        output = max(output, _LEAST_WATTS)
        weight *= self._trust(inputs, output)
        scale = weight / output**2
        for row, one in zip(self.products, inputs, strict=True):
            for column, other in enumerate(inputs):
                row[column] = fading * row[column] + scale * one * other
        self.moments = [fading * old + scale * one * output for old, one in zip(self.moments, inputs, strict=True)]
        self.weight = fading * self.weight + weight
        self._solve()
        self.variance = self._mean_square()

    def predict(self, inputs: Sequence[float]) -> float:
        """Return the output (W) that the coefficients give."""
        return sum(one * by for one, by in zip(inputs, self.coefficients, strict=True))

    def deviation(self, inputs: Sequence[float]) -> float:
        """Return the standard deviation of a prediction as a share of it: of residuals, and of what is not learned yet."""
        predicted = max(self.predict(inputs), _LEAST_WATTS)
        open_part = sum(
            one * sum(entry * other for entry, other in zip(row, inputs, strict=True))
            for one, row in zip(inputs, self._covariance, strict=True)
        )
        return sqrt(self.variance + max(0.0, open_part) / predicted**2)

    def _trust(self, inputs: Sequence[float], output: float) -> float:
        """Return how much a reading counts: less, the further beyond the usual scatter it lies (P. J. Huber, 1964)."""
        most = _OUTLYING_DEVIATIONS * self.deviation(inputs)
        off = abs(output - self.predict(inputs)) / output
        return 1.0 if off <= most else most / off

    def _mean_square(self) -> float:
        """Return the mean square of the residuals, by the sums alone, with some readings of the first scatter."""
        through = sum(
            one * (sum(entry * other for entry, other in zip(row, self.coefficients, strict=True)) - 2 * moment)
            for one, row, moment in zip(self.coefficients, self.products, self.moments, strict=True)
        )
        squares = max(0.0, self.weight + through) + _FIRST_READINGS * FIRST_SCATTER_RATIO**2
        return max(LEAST_SCATTER_RATIO**2, squares / (self.weight + _FIRST_READINGS))

    def _solve(self) -> None:
        """Work out the coefficients and their covariance."""
        information = [[entry / self.variance for entry in row] for row in self.products]
        target = [entry / self.variance for entry in self.moments]
        for place, prior in enumerate(self.priors):
            information[place][place] += prior.deviation**-2
            target[place] += prior.mean * prior.deviation**-2
        self.coefficients = tuple(solve_without_negatives(information, target))
        self._covariance = inverse(information)


def solve_without_negatives(matrix: Sequence[Sequence[float]], target: Sequence[float]) -> list[float]:
    """Return the x that minimises ½ xᵀ·matrix·x − targetᵀ·x with no entry below zero; the matrix is positive definite."""
    size = len(target)
    found = [0.0] * size
    free: set[int] = set()
    for _ in range(_MOST_CHANGES * size):
        slopes = [
            wanted - sum(entry * one for entry, one in zip(row, found, strict=True))
            for wanted, row in zip(target, matrix, strict=True)
        ]
        best = max(set(range(size)) - free, key=slopes.__getitem__, default=None)
        if best is None or slopes[best] <= _LEAST_SLOPE * (abs(target[best]) + 1.0):
            break
        free.add(best)
        found = _with_free(matrix, target, found, free)
    return found


def _with_free(
    matrix: Sequence[Sequence[float]], target: Sequence[float], found: list[float], free: set[int]
) -> list[float]:
    """Go from what was found to the best with the entries that are free; one that reaches zero on the way is bound."""
    while free:
        places = sorted(free)
        part = [[matrix[row][column] for column in places] for row in places]
        goal = dict(zip(places, _solve(part, [target[row] for row in places]), strict=True))
        ways = {place: found[place] / (found[place] - goal[place] or 1.0) for place in places if goal[place] <= 0}
        if not ways:
            return [goal.get(place, 0.0) for place in range(len(target))]
        first = min(ways, key=ways.__getitem__)
        free.remove(first)
        on_the_way = (one + ways[first] * (goal.get(place, 0.0) - one) for place, one in enumerate(found))
        found = [max(0.0, one) if place in free else 0.0 for place, one in enumerate(on_the_way)]
    return [0.0] * len(target)


def inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the inverse of a symmetric positive definite matrix."""
    size = len(matrix)
    return [_solve(matrix, [float(row == column) for row in range(size)]) for column in range(size)]


def _solve(matrix: Sequence[Sequence[float]], target: Sequence[float]) -> list[float]:
    """Return the solution of a system whose matrix is symmetric and positive definite, by Cholesky's method."""
    size = len(target)
    lower = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            rest = matrix[row][column] - sum(lower[row][k] * lower[column][k] for k in range(column))
            lower[row][column] = sqrt(max(rest, 1e-12)) if row == column else rest / lower[column][column]
    forward: list[float] = []
    for row in range(size):
        forward.append((target[row] - sum(lower[row][k] * forward[k] for k in range(row))) / lower[row][row])
    solution = [0.0] * size
    for row in reversed(range(size)):
        known = sum(lower[k][row] * solution[k] for k in range(row + 1, size))
        solution[row] = (forward[row] - known) / lower[row][row]
    return solution

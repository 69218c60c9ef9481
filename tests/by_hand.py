# SPDX-License-Identifier: Apache-2.0
"""Redoes a printed formula from its three printed lines, as a reader with a pocket calculator would."""

from __future__ import annotations

import math
import re


class ByHand:
    """A number with its three printed corners. Python's signs stand for the printed ones of the same precedence."""

    def __init__(self, low: float, central: float, high: float) -> None:
        self.corners = (low, central, high)

    def __add__(self, other: ByHand) -> ByHand:  # +
        return ByHand(*(one + another for one, another in zip(self.corners, other.corners, strict=True)))

    def __mul__(self, other: ByHand) -> ByHand:  # ×
        return ByHand(*(one * another for one, another in zip(self.corners, other.corners, strict=True)))

    def __truediv__(self, other: ByHand) -> ByHand:  # ÷: the line of a corner shows the divisor's opposite one
        return ByHand(*(one / another for one, another in zip(self.corners, other.corners, strict=True)))

    def __sub__(self, other: ByHand) -> ByHand:  # ⊕
        (low, central, high), (low_2, central_2, high_2) = self.corners, other.corners
        below = math.sqrt((central - low) ** 2 + (central_2 - low_2) ** 2)
        above = math.sqrt((high - central) ** 2 + (high_2 - central_2) ** 2)
        return ByHand(central + central_2 - below, central + central_2, central + central_2 + above)

    def __matmul__(self, other: ByHand) -> ByHand:  # ⊗
        return self._by_logarithms(self * other, other)

    def __floordiv__(self, other: ByHand) -> ByHand:  # ⊘
        return self._by_logarithms(self / other, other)

    def _by_logarithms(self, corners: ByHand, other: ByHand) -> ByHand:
        central = corners.corners[1]
        below, above = (
            math.sqrt(sum(math.log(one.corners[corner] / one.corners[1]) ** 2 for one in (self, other)))
            if min(self.corners[corner], other.corners[corner])
            else math.inf
            for corner in (0, 2)
        )
        return ByHand(central * math.exp(-below), central, central * math.exp(above))


def either(one: ByHand, two: ByHand) -> ByHand:
    """Return the lower of two low and the higher of two high values, and the first central one."""
    return ByHand(min(one.corners[0], two.corners[0]), one.corners[1], max(one.corners[2], two.corners[2]))


_NUMBER = re.compile(r"\d[\d.]*(?:e[-+]?\d+)?")


def redone(*printed: str) -> tuple[float, float, float]:
    """Return the three corners that three printed lines come to, each of which shows one corner of every number."""
    corners = zip(*(_NUMBER.findall(line) for line in printed), strict=True)
    written = iter([f"ByHand({', '.join(numbers)})" for numbers in corners])
    formula = _NUMBER.sub(lambda _: next(written), printed[1])
    assert "−" not in formula
    for sign, python in zip("×÷⊕⊗⊘", ("*", "/", "-", "@", "//"), strict=True):
        formula = formula.replace(sign, python)
    found: ByHand = eval(formula, {"ByHand": ByHand, "either": either})  # noqa: S307 - the program's own formula
    return found.corners

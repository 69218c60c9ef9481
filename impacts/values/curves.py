# SPDX-License-Identifier: Apache-2.0
"""Curves: an estimate that depends on a number, given at points and linear in between, each bound for itself."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from impacts.values.estimates import Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impacts.values.estimates import Citation

_CORNERS = ("low", "central", "high")


@dataclass(frozen=True)
class Curve:
    """Points of rising x, each with an estimate of one unit; the central values do not fall. Before the first and after
    the last point it stays what it is there.
    """

    points: tuple[tuple[float, Estimate], ...]

    @classmethod
    def constant(cls, value: Estimate) -> Curve:
        """Return the curve that is the same everywhere."""
        return cls(((0.0, value),))

    @cached_property
    def grounds(self) -> tuple[Citation, ...]:
        """What all points rest on."""
        return merge_grounds(*(value.grounds for _, value in self.points))

    def at(self, x: float) -> Estimate:
        """Return the estimate at `x`."""
        return self._between([point for point, _ in self.points], x)

    def where_central_is(self, central: float) -> Estimate:
        """Return the estimate of this central value, with the bounds that the curve has where it passes there.

        Beyond the curve's ends the bounds keep the ratio to the central value that they have at the end.
        """
        centrals = [value.central for _, value in self.points]
        end = self._between(centrals, central)
        if end.central == central or not end.central:
            return end
        ratio = central / end.central
        low, high = (
            min(end.low * ratio, central),
            max(end.high * ratio, central),
        )  # a product may be off by one rounding
        return Estimate(low, central, high, end.unit, self.grounds)

    def _between(self, positions: Sequence[float], wanted: float) -> Estimate:
        """Return the estimate at a position among those of the points; that of an end beyond it."""
        right = bisect_left(positions, wanted)
        if right in {0, len(positions)}:
            return self._with_grounds(self.points[min(right, len(positions) - 1)][1])
        before, after = positions[right - 1], positions[right]
        share = (wanted - before) / (after - before)
        left_value, right_value = self.points[right - 1][1], self.points[right][1]
        low, central, high = (
            getattr(left_value, corner) + share * (getattr(right_value, corner) - getattr(left_value, corner))
            for corner in _CORNERS
        )
        return Estimate(min(low, central), central, max(central, high), left_value.unit, self.grounds)

    def _with_grounds(self, value: Estimate) -> Estimate:
        """Return an estimate with the grounds of the whole curve, so that they do not change from point to point."""
        return replace(value, grounds=self.grounds)

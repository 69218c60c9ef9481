# SPDX-License-Identifier: Apache-2.0
"""A curve with its bounds, drawn in plain characters for a terminal of 80 columns."""

from __future__ import annotations

from itertools import pairwise
from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Bounds = tuple[float, float, float]  # low, central, high
    Point = tuple[float, Bounds]  # at a load of 0 to 1

_COLUMNS, _ROWS = 61, 16
_ROWS_PER_TICK = 4
_TICKS = _ROWS // _ROWS_PER_TICK
_COLUMNS_PER_LABEL = 12  # a fifth of the loads
_MARGIN = 7  # of the labels on the left
_ROUND_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def curve(points: Sequence[Point]) -> Iterator[str]:
    """Yield the lines of a plot of watts by load: `*` the central value, `:` what lies inside the bounds."""
    points = sorted(points)
    step = _round_step(max(high for _, (_, _, high) in points) / _TICKS)
    columns = [_column(points, column / (_COLUMNS - 1), step / _ROWS_PER_TICK) for column in range(_COLUMNS)]
    for row in range(_ROWS, -1, -1):
        label = f"{step * row / _ROWS_PER_TICK:,.10g}" if row % _ROWS_PER_TICK == 0 else ""
        yield f"{label:>{_MARGIN}} |{''.join(column[row] for column in columns)}".rstrip()
    ticks = ("+" if column % _COLUMNS_PER_LABEL == 0 else "-" for column in range(_COLUMNS))
    yield f"{'W':>{_MARGIN}} +{''.join(ticks)}"
    labels = (
        f"{column / (_COLUMNS - 1):<{_COLUMNS_PER_LABEL}.1f}" for column in range(0, _COLUMNS, _COLUMNS_PER_LABEL)
    )
    yield f"{'load':>{_MARGIN}}  {''.join(labels)}".rstrip()
    yield f"{'':{_MARGIN}}  * central   : between low and high"


def _column(points: Sequence[Point], load: float, watts_per_row: float) -> str:
    """Return one column from the bottom up; empty where the load lies outside the points."""
    bounds = _between(points, load)
    if bounds is None:
        return " " * (_ROWS + 1)
    low, central, high = (round(watts / watts_per_row) for watts in bounds)
    return "".join("*" if row == central else ":" if low <= row <= high else " " for row in range(_ROWS + 1))


def _between(points: Sequence[Point], load: float) -> Bounds | None:
    """Return what the straight line between two neighbouring points shows at a load."""
    for (left, before), (right, after) in pairwise(points):
        if left <= load <= right:
            share = (load - left) / (right - left)
            low, central, high = (a + (b - a) * share for a, b in zip(before, after, strict=True))
            return low, central, high
    return None


def _round_step(least: float) -> float:
    """Return the smallest round number that is `least` or more."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in _ROUND_STEPS if step * power >= least)

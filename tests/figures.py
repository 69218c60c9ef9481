# SPDX-License-Identifier: Apache-2.0
"""Figures that were printed with four significant digits, and whether ours are the same."""

from __future__ import annotations

from math import isclose


def agree_at_four_figures(ours: float, printed: float) -> bool:
    """Half a unit of the fourth figure: a printed one may be a tie that was rounded down."""
    half_a_unit = 10.0 ** (int(f"{printed:e}".partition("e")[2]) - 3) / 2
    return abs(ours - printed) <= half_a_unit or isclose(abs(ours - printed), half_a_unit, rel_tol=1e-6)

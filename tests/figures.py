# SPDX-License-Identifier: Apache-2.0
"""Figures that were printed with four significant digits, and whether ours are the same."""

from __future__ import annotations


def agree_at_four_figures(ours: float, printed: float) -> bool:
    """Half a unit of the fourth figure, and a millionth: a printed one may be a tie, or nearly, that went the other way."""
    half_a_unit = 10.0 ** (int(f"{printed:e}".partition("e")[2]) - 3) / 2
    return abs(ours - printed) <= half_a_unit + 1e-6 * abs(printed)

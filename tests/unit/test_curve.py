# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.cli.curve import curve


def drawn(points):
    """Return the rows of the plot from the top down, without their margin."""
    lines = list(curve(points))
    return [line.partition("|")[2] for line in lines if "|" in line], lines


def column(rows, number):
    return [row[number : number + 1] for row in rows]


def test_a_straight_line_rises_from_corner_to_corner():
    rows, _ = drawn([(0.0, (0, 0, 0)), (1.0, (400, 400, 400))])

    assert (rows[-1][0], rows[0][60]) == ("*", "*")
    assert all("*" in row for row in rows)


def test_bounds_surround_the_central_value():
    rows, _ = drawn([(0.0, (100, 200, 300)), (1.0, (100, 200, 400))])
    left = column(rows, 0)

    assert [row for row, sign in enumerate(reversed(left)) if sign == "*"] == [8]
    assert [row for row, sign in enumerate(reversed(left)) if sign in {"*", ":"}] == list(range(4, 13))


def test_outside_the_points_nothing_is_drawn():
    rows, _ = drawn([(0.4, (90, 100, 110)), (0.6, (90, 100, 110))])

    assert all(not "".join(column(rows, outside)).strip() for outside in (0, 23, 37, 60))
    assert "".join(column(rows, 30)).strip()


@pytest.mark.parametrize(("highest", "top"), [(0.9, 1), (399, 400), (401, 600), (6999, 8000), (1, 1)])
def test_the_scale_ends_at_a_round_number_that_holds_the_highest(highest, top):
    _, lines = drawn([(0.0, (0, 0, 0)), (1.0, (0, 0, highest))])

    assert float(lines[0].split()[0].replace(",", "")) == pytest.approx(top)


def test_a_machine_that_draws_nothing_is_a_line_at_the_bottom():
    rows, _ = drawn([(0.0, (0, 0, 0)), (1.0, (0, 0, 0))])

    assert rows[-1] == "*" * 61

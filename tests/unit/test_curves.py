# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impacts.values.curves import Curve
from impacts.values.estimates import Citation, Estimate

A, B, C = Citation("a"), Citation("b"), Citation("c")
CURVE = Curve(
    (
        (0.0, Estimate(0.1, 0.2, 0.6, "1", (A,))),
        (0.5, Estimate(0.2, 0.4, 0.8, "1", (B,))),
        (1.0, Estimate(0.7, 0.8, 1.0, "1", (C,))),
    )
)


def corners(estimate):
    return (estimate.low, estimate.central, estimate.high)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.0, (0.1, 0.2, 0.6)),
        (0.25, (0.15, 0.3, 0.7)),
        (0.5, (0.2, 0.4, 0.8)),
        (0.75, (0.45, 0.6, 0.9)),
        (1.0, (0.7, 0.8, 1.0)),
        (-1.0, (0.1, 0.2, 0.6)),
        (2.0, (0.7, 0.8, 1.0)),
    ],
)
def test_between_points_each_bound_is_linear_for_itself_and_beyond_them_it_stays(x, expected):
    assert corners(CURVE.at(x)) == pytest.approx(expected)


@pytest.mark.parametrize("x", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_the_bounds_of_a_central_value_are_those_where_the_curve_has_it(x):
    assert corners(CURVE.where_central_is(CURVE.at(x).central)) == pytest.approx(corners(CURVE.at(x)))


@pytest.mark.parametrize(("central", "expected"), [(0.1, (0.05, 0.1, 0.3)), (1.6, (1.4, 1.6, 2.0)), (0.0, (0, 0, 0))])
def test_a_value_that_the_curve_does_not_reach_keeps_the_ratios_of_its_end(central, expected):
    assert corners(CURVE.where_central_is(central)) == pytest.approx(expected)


@given(st.floats(0, 2), st.floats(0.01, 1), st.floats(0, 1))
def test_bounds_are_never_out_of_order_by_a_rounding(central, value, share):
    curve = Curve(((0.0, Estimate.exact(value * share, "1", A)), (1.0, Estimate.exact(value, "1", A))))

    assert curve.where_central_is(central).central == central


def test_a_constant_is_the_same_everywhere_and_any_mean_of_it_is_itself():
    curve = Curve.constant(Estimate.exact(1.0, "1", A))

    assert corners(curve.at(0.3)) == (1, 1, 1)
    assert corners(curve.where_central_is(0.25)) == (0.25, 0.25, 0.25)


def test_grounds_are_those_of_all_points_wherever_the_curve_is_asked():
    assert CURVE.at(0.0).grounds == CURVE.at(0.7).grounds == CURVE.where_central_is(0.3).grounds == (A, B, C)

# SPDX-License-Identifier: Apache-2.0
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impacts.values.estimates import Citation, Estimate, merge_grounds, total

HERE = Citation("here")
THERE = Citation("there", dataset="d", entry="e", locator="page 3", year=2021, licence="MIT")

# Zero or well inside the range of floats, so that products neither vanish nor overflow.
numbers = st.just(0.0) | st.floats(1e-6, 1e6)
positive = st.floats(1e-6, 1e6)


@st.composite
def estimates(draw, values=numbers, unit="1"):
    low, central, high = sorted(draw(st.tuples(values, values, values)))
    return Estimate(low, central, high, unit, (draw(st.sampled_from([HERE, THERE])),))


def inside(estimate):
    """A value the estimate allows."""
    return st.floats(estimate.low, estimate.high)


@given(st.data(), estimates(), estimates())
def test_a_sum_holds_the_sum_of_any_values_inside(data, one, other):
    added = one + other
    truth = data.draw(inside(one)) + data.draw(inside(other))
    assert added.low <= truth <= added.high


@given(st.data(), estimates(), estimates())
def test_a_product_holds_the_product_of_any_values_inside(data, one, other):
    product = one * other
    truth = data.draw(inside(one)) * data.draw(inside(other))
    assert product.low <= truth <= product.high


@given(st.data(), estimates(), estimates(values=positive))
def test_a_quotient_holds_the_quotient_of_any_values_inside(data, one, other):
    quotient = one / other
    truth = data.draw(inside(one)) / data.draw(inside(other))
    assert quotient.low <= truth <= quotient.high


@given(estimates(), estimates())
def test_no_operation_loses_a_ground(one, other):
    for result in (one + other, one * other):
        assert set(result.grounds) == {*one.grounds, *other.grounds}
        assert len(result.grounds) == len(set(result.grounds))


@given(estimates(), positive)
def test_scaling_keeps_the_order_of_the_bounds(estimate, factor):
    scaled = estimate.scaled(factor)
    assert scaled.low <= scaled.central <= scaled.high


@given(st.lists(estimates(unit="J"), min_size=1, max_size=5))
def test_a_total_is_the_sum_of_each_corner(several):
    whole = total(several)
    assert whole.central == pytest.approx(sum(estimate.central for estimate in several))
    assert whole.high == pytest.approx(sum(estimate.high for estimate in several))


@given(estimates(unit="J"))
def test_a_unit_for_people_and_back_is_the_same(estimate):
    back = estimate.in_unit("kWh").in_unit("J")
    assert (back.low, back.central, back.high) == pytest.approx((estimate.low, estimate.central, estimate.high))


@pytest.mark.parametrize("bounds", [(2, 1, 3), (1, 3, 2), (-1, 0, 1), (0, 0, inf), (0, nan, 1), (nan, 1, 2)])
def test_bounds_out_of_order_are_refused(bounds):
    with pytest.raises(ValueError, match="bounds"):
        Estimate(*bounds, "J", (HERE,))


def test_an_estimate_without_grounds_is_refused():
    with pytest.raises(ValueError, match="grounds"):
        Estimate.exact(1.0, "J")


def test_different_units_are_not_added():
    with pytest.raises(ValueError, match="cannot add W to J"):
        Estimate.exact(1.0, "J", HERE) + Estimate.exact(1.0, "W", HERE)


def test_a_citation_reads_as_one_line():
    assert str(THERE) == "there, page 3, 2021 [d: e] (MIT)"
    assert str(HERE) == "here"


def test_grounds_are_merged_in_the_order_of_first_use():
    assert merge_grounds((HERE, THERE), (THERE, HERE)) == (HERE, THERE)

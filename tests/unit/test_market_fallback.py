# SPDX-License-Identifier: Apache-2.0
"""What stands for the electricity that no instrument covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from market import KWH, market_book, per_kwh, residual

from impacts.electricity.grid import grid_factor, split
from impacts.market_based.instruments import Level
from impacts.market_based.residual_mix import fallback

ON = date(2025, 6, 10)
BOUNDED_GRID = per_kwh(45, 60, 90)


def chosen(*residuals, region="FR", on=ON, grid=None):
    book = market_book(*residuals, grid=grid)
    match = grid_factor(book, region, on)
    return fallback(book, region, on, match, split(match, book, region, on))


def reasons(found):
    return [problem.reason for problem in found.problems if problem.origin == "market_based"]


def grams(found):
    value = found.match.factor.value
    return tuple(corner * KWH for corner in (value.low, value.central, value.high))


def test_without_a_residual_mix_the_grids_average_stands_in_and_says_so():
    found = chosen()

    assert (found.level, found.id, reasons(found)) == (
        Level.GRID_AVERAGE,
        "test-data/electricity:FR:2025",
        ["no_residual_mix"],
    )
    assert "no residual mix of FR is known" in found.problems[0].what
    assert "factors import" in found.problems[0].remedy


def test_a_residual_mix_is_taken_where_there_is_one():
    found = chosen(residual(300))

    assert (found.level, found.id, reasons(found)) == (Level.RESIDUAL_MIX, "test-data/residual_mix:FR:2025", [])


def test_where_the_place_is_not_known_no_residual_mix_is_taken():
    """Not even one of the world: it is of no market."""
    found = chosen(replace(residual(300), region="WORLD"), region="")

    assert (found.level, reasons(found)) == (Level.GRID_AVERAGE, ["no_residual_mix"])
    assert found.problems[0].what.startswith("no residual mix is known")
    assert found.problems[0].remedy == "set `location` in the config file first"


def test_a_mix_without_bounds_has_the_relative_ones_of_the_grid_and_rests_on_it_too():
    found = chosen(residual(300), grid=BOUNDED_GRID)

    assert grams(found) == pytest.approx((225, 300, 450))
    assert [citation.entry for citation in found.match.factor.value.grounds] == [
        "residual_mix:FR:2025",
        "electricity:FR:2025",
    ]


def test_a_mix_with_bounds_keeps_them():
    bounded = residual(300)
    bounded = replace(bounded, value=replace(bounded.value, low=bounded.value.low * 0.99))

    assert grams(chosen(bounded, grid=BOUNDED_GRID)) == pytest.approx((297, 300, 300))


def test_a_grid_that_emits_nothing_has_no_relative_bounds_to_give():
    assert grams(chosen(residual(300), grid=per_kwh(0))) == pytest.approx((300, 300, 300))


@pytest.mark.parametrize(("region", "expected"), [("FR", []), ("FR-COR", ["residual_mix_of_larger_region"])])
def test_the_mix_of_a_country_for_one_of_its_zones_is_a_problem(region, expected):
    assert reasons(chosen(residual(300), region=region)) == expected


@pytest.mark.parametrize(("on", "expected"), [(date(2025, 1, 1), []), (date(2025, 1, 2), ["residual_mix_old"])])
def test_a_mix_is_old_two_years_after_its_own(on, expected):
    """Of 2022; there were 732 days from its end to the first of January 2025."""
    assert reasons(chosen(residual(300, 2022), on=on)) == expected

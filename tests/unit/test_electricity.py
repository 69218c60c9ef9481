# SPDX-License-Identifier: Apache-2.0
from datetime import date

import pytest

from impacts.datasets import load_book
from impacts.derivations import render
from impacts.electricity import grid_factor, grid_problems, location_based, location_based_derivation
from impacts.estimates import Citation, Estimate

TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def book():
    return load_book()


def energy(kilowatt_hours):
    joules = kilowatt_hours * 3.6e6
    return Estimate(0.9 * joules, joules, 1.2 * joules, "J", (Citation("meter"),))


def test_emissions_are_energy_times_intensity_corner_by_corner(book):
    intensity = grid_factor(book, "FR", date(2024, 6, 1)).factor.value
    grams = location_based(energy(100), intensity)
    assert grams.unit == "gCO2e"
    assert (grams.low, grams.central, grams.high) == pytest.approx((90 * 33 * 0.63, 100 * 33, 120 * 33 * 1.37))


def test_an_hour_is_charged_with_the_factor_of_its_year(book):
    values = [
        grid_factor(book, "FR", date(year, 6, 1)).factor.value.in_unit("gCO2e/kWh").central for year in (2021, 2022)
    ]
    assert values == pytest.approx([60, 91])


def test_the_derivation_can_be_redone(book):
    derivation = location_based_derivation(energy(100), grid_factor(book, "FR", date(2024, 6, 1)).factor.value)
    text = render(derivation)
    assert "central   100 × 33 = 3300 gCO2e" in text
    assert "Electricity Maps" in text
    assert "ODbL-1.0" in text
    assert "meter" in text


@pytest.mark.parametrize(
    ("region", "on", "reasons"),
    [
        ("FR", TODAY, []),
        ("US-CAL-CISO", TODAY, []),
        ("FR", date(2029, 1, 1), ["grid_factor_old"]),
        ("US-NOWHERE", TODAY, ["grid_of_larger_region"]),
        ("ZZ", TODAY, ["grid_unknown"]),
        ("", TODAY, ["location_unknown"]),
    ],
)
def test_what_does_not_fit_is_said(book, region, on, reasons):
    problems = grid_problems(grid_factor(book, region, on), region, on)
    assert [problem.reason for problem in problems] == reasons


def test_the_worlds_average_has_wide_bounds(book):
    value = grid_factor(book, "", TODAY).factor.value.in_unit("gCO2e/kWh")
    assert value.low < 50
    assert value.central == pytest.approx(472.94)
    assert value.high > 750

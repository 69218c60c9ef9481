# SPDX-License-Identifier: Apache-2.0
"""Worked by hand: a year is 8766 hours, so 100 W are 876.6 kWh, and at 100 g/kWh 87.66 kg."""

from __future__ import annotations

import pytest

from impacts.lifetime.replacement import Choices, Difference, Replacement, Verdict, emissions_per_year, energy_per_year
from impacts.values.estimates import Citation, Estimate

SAID = Citation("said")


def estimate(unit, *values):
    low, central, high = values if len(values) == 3 else values * 3
    return Estimate(low, central, high, unit, (SAID,))


def watts(*values):
    return estimate("W", *values)


def replacement(central, *corners, grams_per_kwh=(100,), kilograms=(876.6,), years=5):
    return Replacement(
        Choices(*central),
        [Choices(*corner) for corner in corners],
        Estimate(*[value / 3.6e6 for value in (grams_per_kwh * 3)[:3]], "gCO2e/J", (SAID,)),
        Estimate(*[value * 1000 for value in (kilograms * 3)[:3]], "gCO2e", (SAID,)),
        years,
    )


def in_kilograms(difference):
    shown = difference.in_unit("kgCO2e")
    return pytest.approx((shown.low, shown.central, shown.high))


def years(break_even):
    return (break_even.low, break_even.central, break_even.high)


def test_a_year_at_a_power_is_its_energy_and_that_times_the_intensity_its_emissions():
    assert energy_per_year(watts(100)).in_unit("kWh").central == pytest.approx(876.6)
    emissions = emissions_per_year(watts(100), Estimate.exact(100 / 3.6e6, "gCO2e/J", SAID))
    assert emissions.in_unit("kgCO2e").central == pytest.approx(87.66)


def test_the_break_even_is_the_manufacture_over_the_saving_of_a_year():
    """100 W less save 87.66 kg a year: 876.6 kg are made up for in 10 years."""
    shown = replacement((watts(200), watts(100)))

    assert in_kilograms(shown.saving_per_year) == (87.66, 87.66, 87.66)
    assert years(shown.break_even) == pytest.approx((10, 10, 10))


def test_the_bounds_of_the_break_even_are_low_over_high_and_high_over_low():
    """Saving, W: 190 - 110 = 80, 100, 210 - 90 = 120; kg a year: 80 x 8.766 x 0.05 = 35.064, 87.66, 120 x 8.766 x 0.2
    = 210.384. Years: 500 / 210.384 = 2.3766, 1000 / 87.66 = 11.4077, 2000 / 35.064 = 57.039.
    """
    shown = replacement(
        (watts(190, 200, 210), watts(90, 100, 110)), grams_per_kwh=(50, 100, 200), kilograms=(500, 1000, 2000)
    )

    assert in_kilograms(shown.saving_per_year) == (35.064, 87.66, 210.384)
    assert years(shown.break_even) == pytest.approx((2.3766, 11.4077, 57.039), rel=1e-4)


def test_where_the_saving_may_be_none_the_upper_bound_is_never():
    """Saving, W: 150 - 160 = -10, 50, 210 - 90 = 120. The loss is greatest on the worst grid: -10 x 8.766 x 0.2."""
    shown = replacement((watts(150, 170, 210), watts(90, 120, 160)), grams_per_kwh=(50, 100, 200))

    assert in_kilograms(shown.saving_per_year) == (-17.532, 43.83, 210.384)
    assert years(shown.break_even) == (pytest.approx(876.6 / 210.384), pytest.approx(20), None)


def test_where_only_the_best_case_saves_the_central_break_even_is_none():
    assert years(replacement((watts(90, 100, 130), watts(90, 100, 110))).break_even) == (pytest.approx(25), None, None)


@pytest.mark.parametrize("new", [(100, 110, 120), (120, 130, 140)])
def test_where_nothing_is_saved_at_any_bound_there_is_no_break_even(new):
    shown = replacement((watts(80, 90, 100), watts(*new)))

    assert years(shown.break_even) == (None, None, None)
    assert shown.verdict is Verdict.KEEP_LOWER


def test_what_both_have_in_common_is_the_same_in_both():
    """100 and 90 W of parts times the same rest of 1.2 to 1.6: 12 to 16 W are saved. Bounds that knew nothing of it
    would say 120 - 144 = -24 to 160 - 108 = 52 W.
    """
    corners = [(watts(100 * rest), watts(90 * rest)) for rest in (1.2, 1.33, 1.6)]
    shown = replacement(corners[1], *corners)

    assert (shown.saving_watts.low, shown.saving_watts.high) == pytest.approx((12, 16))
    assert shown.saving_watts.central == pytest.approx(13.3)
    assert (shown.keep.low, shown.keep.central, shown.keep.high) == pytest.approx((120, 133, 160))
    assert (shown.replace.low, shown.replace.central, shown.replace.high) == pytest.approx((108, 119.7, 144))


def test_the_grid_is_the_same_for_both():
    """Over 5 years keeping emits 219.15 to 876.6 kg and replacing 100 + 109.575 to 100 + 438.3 kg. These overlap, yet
    on each grid replacing emits less: by 109.575 - 100 = 9.575 kg on the best and 438.3 - 100 = 338.3 on the worst.
    """
    shown = replacement((watts(100), watts(50)), grams_per_kwh=(50, 100, 200), kilograms=(100,))

    assert shown.keep_over_life.low < shown.replace_over_life.high
    assert in_kilograms(shown.difference_over_life) == (9.575, 119.15, 338.3)
    assert shown.verdict is Verdict.REPLACE_LOWER


def test_the_sums_over_the_service_life_hold_the_manufacture_of_the_new_machine_alone():
    """200 W over 5 years: 876.6 kg; 100 W: 438.3 kg, and the manufacture of 876.6."""
    shown = replacement((watts(200), watts(100)))

    assert shown.keep_over_life.in_unit("kgCO2e").central == pytest.approx(876.6)
    assert shown.replace_over_life.in_unit("kgCO2e").central == pytest.approx(1314.9)
    assert in_kilograms(shown.difference_over_life) == (-438.3, -438.3, -438.3)


@pytest.mark.parametrize(
    ("kilograms", "verdict"),
    [
        ((100, 200, 300), Verdict.REPLACE_LOWER),  # 5 years save 438.3 kg
        ((300, 400, 500), Verdict.UNDECIDED),
        ((500, 600, 700), Verdict.KEEP_LOWER),
    ],
)
def test_the_verdict_is_that_of_both_bounds(kilograms, verdict):
    assert replacement((watts(200), watts(100)), kilograms=kilograms).verdict is verdict


@pytest.mark.parametrize("years_of_service", [3, 5, 8, 30])
def test_replacing_emits_less_just_where_the_service_life_is_longer_than_the_break_even(years_of_service):
    shown = replacement((watts(200), watts(100)), years=years_of_service)

    assert (shown.difference_over_life.central > 0) == (years_of_service > shown.break_even.central)


def test_a_difference_times_an_estimate_takes_the_worse_factor_for_a_loss():
    assert Difference(-2, 1, 3, "W") * estimate("s", 5, 6, 7) == Difference(-14, 6, 21, "J")
    assert Difference(-3, -2, -1, "W") * estimate("s", 5, 6, 7) == Difference(-21, -12, -5, "J")

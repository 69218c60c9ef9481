# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from exporters.web.amounts import EMISSIONS, ENERGY, POWER, Amount, duration, significant
from impacts.values.estimates import Citation, Estimate


def estimate(low, central, high, unit="W"):
    return Estimate(low, central, high, unit, (Citation("a reading"),))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.00012345, "0.000123"),
        (0.9996, "1.00"),
        (1, "1.00"),
        (9.996, "10.0"),
        (99.96, "100"),
        (118.4, "118"),
        (999.6, "1000"),
        (1254, "1250"),
        (12_345, "12\u202f300"),
        (1_234_567, "1\u202f230\u202f000"),
    ],
)
def test_numbers_have_three_significant_figures_in_plain_digits(value, text):
    assert significant(value) == text


def test_bounds_share_the_unit_of_the_central_value():
    assert ENERGY.amount(estimate(0.9 * 3.6e6, 1.2 * 3.6e6, 2000 * 3.6e6, "J")) == Amount("1.20", "0.900–2000", "kWh")


@pytest.mark.parametrize(
    ("scale", "value", "unit"),
    [
        (POWER, 0, "W"),
        (POWER, 9_999, "W"),
        (POWER, 10_000, "kW"),
        (ENERGY, 3.5e6, "Wh"),
        (ENERGY, 3.6e6, "kWh"),
        (EMISSIONS, 999, "gCO2e"),
        (EMISSIONS, 1_000, "kgCO2e"),
        (EMISSIONS, 1_300_000, "kgCO2e"),
        (EMISSIONS, 13_000_000, "tCO2e"),
    ],
)
def test_the_unit_fits_the_size(scale, value, unit):
    assert scale.amount(estimate(value, value, value)).unit == unit


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (3.4, "3 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_a_time_span_is_shown_in_one_unit(seconds, text):
    assert duration(seconds).replace("\u202f", " ") == text

# SPDX-License-Identifier: Apache-2.0
import pytest

from impacts.values.units import UnknownUnit, base_unit, convert, product_unit, quotient_unit, readable_unit


@pytest.mark.parametrize(
    ("unit", "base", "scale"),
    [
        ("kgCO2e/mm2", "gCO2e/mm2", 1e3),
        ("gCO2e/kWh", "gCO2e/J", 1 / 3.6e6),
        ("kgSbe", "gSbe", 1e3),
        ("MJ/unit", "J/unit", 1e6),
        ("GB/cm2", "GB/cm2", 1.0),
        ("year", "s", 31557600.0),
        ("1", "1", 1.0),
    ],
)
def test_a_unit_is_brought_to_base_units(unit, base, scale):
    name, factor = base_unit(unit)
    assert name == base
    assert factor == pytest.approx(scale)


def test_a_value_is_the_same_after_there_and_back():
    assert convert(convert(44.18, "gCO2e/kWh", "gCO2e/J"), "gCO2e/J", "gCO2e/kWh") == pytest.approx(44.18)


def test_units_of_different_kinds_are_not_converted():
    with pytest.raises(UnknownUnit, match="kWh is measured in J, kgCO2e in gCO2e"):
        convert(1, "kWh", "kgCO2e")


def test_an_unknown_unit_is_named():
    with pytest.raises(UnknownUnit, match="furlong"):
        base_unit("gCO2e/furlong")


@pytest.mark.parametrize(
    ("left", "right", "product"),
    [
        ("gCO2e/J", "J", "gCO2e"),
        ("mm2/unit", "gCO2e/mm2", "gCO2e/unit"),
        ("unit", "gCO2e/unit", "gCO2e"),
        ("1", "W", "W"),
        ("1", "1", "1"),
    ],
)
def test_units_of_a_product_cancel(left, right, product):
    assert product_unit(left, right) == product
    assert product_unit(right, left) == product


def test_a_product_without_a_name_is_refused():
    with pytest.raises(UnknownUnit, match="J times W"):
        product_unit("J", "W")


def test_capacity_over_density_is_area():
    assert quotient_unit("GB/unit", "GB/cm2") == "cm2/unit"
    assert quotient_unit("GB", "1") == "GB"


def test_people_read_kilograms_and_megajoules():
    assert readable_unit("gCO2e/mm2") == "kgCO2e/mm2"
    assert readable_unit("J") == "MJ"
    assert readable_unit("GB/cm2") == "GB/cm2"

# SPDX-License-Identifier: Apache-2.0
from datetime import date
from math import exp, log, sqrt

import pytest

from impacts.embodied.computer_levels import ComputerLevels
from impacts.factors import Factor
from impacts.parts import Inventory, Server
from impacts.products import Product
from impacts.values.estimates import Citation, Estimate

PARTS_KG = 50.0


def sheet(maker, form, kg):
    value = Estimate.exact(kg * 1e3, "gCO2e/unit", Citation(f"{maker} {form} {kg}", "published", f"{maker} {kg}"))
    footprint = Factor(value.grounds[0], value, "gwp", maker, "all_but_use", date.min, date.max)
    return Product(footprint, Inventory(Server(maker, f"{form} {kg}", form, acquired=date(2020, 1, 1))))


def levels(*sheets):
    return ComputerLevels(sheets, lambda one: one.footprint.value.central / 1e3, lambda _: PARTS_KG)


# Fixed parts: 100, 200 (middle 141.4) by Acme, 200, 400 (282.8) by Other, 50 and 50 by Mini
ACME = [sheet("Acme", "laptop", kg) for kg in (150, 250)]
OTHER = [sheet("Other", "laptop", kg) for kg in (250, 450)]
MINI = [sheet("Mini", "mini_pc", kg) for kg in (100, 100.0001)]

# about each level half of log(2) twice: variance log(2)^2 / 2 with one degree of freedom, four sheets have two in all
WITHIN = log(2) ** 2 / 2


def test_who_publishes_nothing_has_the_geometric_mean_of_the_manufacturers():
    found = levels(*ACME, *OTHER).of("laptop", "nobody")

    assert found.value.central == pytest.approx(200)  # of 141.4 and 282.8
    assert found.method == "pooled_level"


def test_a_manufacturer_is_drawn_towards_all_by_what_its_sheets_leave_open():
    # means log(141.4) and log(282.8) scatter by log(2)^2 / 2, of which WITHIN / 2 is by chance
    between = log(2) ** 2 / 2 - WITHIN / 2
    weight = between / (between + WITHIN / 2)
    found = levels(*ACME, *OTHER).of("laptop", "acme")

    assert weight == pytest.approx(1 / 2)
    assert found.value.central == pytest.approx(exp(log(200) - weight * log(sqrt(2))))
    # Student's t of two degrees of freedom is 2.920
    reach = 2.920 * sqrt(WITHIN + (1 - weight) * between * 1.5)
    assert found.value.high / found.value.central == pytest.approx(exp(reach))
    assert found.method == "manufacturer_level"


def test_one_manufacturer_is_no_kind_and_the_next_of_kind_counts_as_a_second():
    alone = levels(*ACME, *MINI).of("desktop", "nobody")
    with_one = levels(*ACME, *MINI, sheet("Desk", "desktop", 450)).of("desktop", "nobody")

    assert alone.value.central == pytest.approx(50, rel=1e-4)  # as mini PCs, within 2.5 times more
    assert with_one.value.central == pytest.approx(sqrt(400 * 50), rel=1e-4)


def test_a_published_computer_is_its_sheet_less_its_parts():
    found = levels(*ACME, *OTHER).of_product(ACME[1])

    assert found.value.central == pytest.approx(200)
    assert found.value.high / 200 == pytest.approx(exp(2.920 * sqrt(WITHIN)))


def test_parts_never_leave_less_than_three_tenths_of_a_sheet():
    assert levels(*ACME, sheet("Thin", "laptop", 52)).of_product(sheet("Thin", "laptop", 52)).value.central == (
        pytest.approx(0.3 * 52)
    )


def test_without_any_sheet_there_is_no_level():
    assert levels().of("laptop", "acme") is None

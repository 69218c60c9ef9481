# SPDX-License-Identifier: Apache-2.0
"""What the default profile chooses of a server's parts and dates; tests/unit/test_embodied.py has the figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import exp, hypot, log

import pytest
from books import shipped

from impacts.embodied.default_profile import default_components, guest_share, year_made
from impacts.embodied.part_models import Evidence
from impacts.parts import Inventory, ManufacturerFootprint, Part, Server

CASCADE_LAKE = Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz")  # 2019
GENOA = Part("cpu", 1, model="AMD EPYC 9354P 32-Core Processor")  # 2022
PUBLISHED = Server(footprint=ManufacturerFootprint(1300, "PCF", 1300, 1300))
CARD = Part("gpu", 2, model="NVIDIA L4")


@pytest.fixture(scope="module")
def book():
    return shipped()


def components(book, server, *parts, criterion="gwp", known=True):
    found = default_components(Inventory(server, parts if known else None), book, criterion)
    return {component.name: component for component in found}


@pytest.mark.parametrize(
    ("server", "year"),
    [
        (Server(first_used=date(2018, 3, 1), acquired=date(2021, 3, 1)), 2018),
        (Server(acquired=date(2021, 3, 1)), 2021),
        (Server(), 2022),  # of the newer of its processors
    ],
)
def test_a_server_is_as_old_as_its_first_use_or_else_as_its_newest_processor(book, server, year):
    assert year_made(Inventory(server, (GENOA, CASCADE_LAKE)), book) == year


def test_a_server_without_dates_and_known_processors_has_no_year(book):
    assert year_made(Inventory(Server(), (Part("cpu", 1),)), book) is None


@pytest.mark.parametrize(
    ("acquired", "is_added"), [(date(2021, 2, 28), False), (date(2021, 3, 1), False), (date(2021, 3, 2), True)]
)
def test_a_part_that_came_with_the_server_is_in_its_manufacturers_figure(book, acquired, is_added):
    server = replace(PUBLISHED, acquired=date(2021, 3, 1))

    assert ("gpu" in components(book, server, replace(CARD, acquired=acquired))) is is_added


def test_a_part_with_a_date_came_later_than_a_server_without(book):
    assert set(components(book, PUBLISHED, replace(CARD, acquired=date(2021, 3, 1)))) == {"server", "gpu"}


@pytest.mark.parametrize("part", [CARD, replace(CARD, count=0, acquired=date(2024, 1, 1))])
def test_a_part_without_a_date_and_none_at_all_are_not_added_to_a_manufacturers_figure(book, part):
    assert set(components(book, replace(PUBLISHED, acquired=date(2021, 3, 1)), part)) == {"server"}


def test_a_servers_whole_and_its_fixed_part_are_one_each(book):
    server = replace(PUBLISHED, acquired=date(2021, 3, 1))

    assert components(book, server)["server"].count == 1
    assert components(book, Server(form="rack"), GENOA)["fixed_part"].count == 1


@pytest.mark.parametrize(("form", "has_supplies"), [("blade", False), ("rack", True), ("tower", True), (None, True)])
def test_a_blade_of_which_nothing_is_known_has_no_power_supply_and_others_have_two(book, form, has_supplies):
    found = components(book, Server(form=form), known=False)

    assert {name: found[name].count for name in found if name == "psu"} == ({"psu": 2} if has_supplies else {})
    assert {"cpu", "memory", "ssd", "fixed_part"} <= set(found)


def test_an_archetype_has_modules_of_32_gb_and_two_drives_of_unknown_size(book):
    found = components(book, Server(form="rack"), known=False)
    parts = {name: component.parts[0] for name, component in found.items()}

    assert [(parts[kind].count, parts[kind].capacity_gb) for kind in ("cpu", "memory", "ssd", "psu")] == [
        (2, None),
        (8, 32.0),
        (2, None),
        (2, None),
    ]
    assert all(isinstance(part.count, int) for part in parts.values() if part)


def test_the_count_of_an_archetypes_parts_has_bounds(book):
    memory = components(book, Server(form="rack"), known=False)["memory"].estimate
    modules = components(book, Server(form="rack"), Part("memory", 8, capacity_gb=32))["memory"].estimate

    # 8 modules (2 to 24), whatever each holds: the ratios to the central value add up as squares of logarithms
    low, high = log(modules.central / modules.low), log(modules.high / modules.central)
    assert memory.central == pytest.approx(modules.central)
    assert memory.low == pytest.approx(modules.central / exp(hypot(low, log(4))))
    assert memory.high == pytest.approx(modules.central * exp(hypot(high, log(3))))


def test_a_blade_has_a_sixteenth_of_its_chassis_where_no_manufacturer_publishes_the_criterion(book):
    def fixed(form):
        return components(book, Server(form=form), GENOA, criterion="pe")["fixed_part"].derivations[0]

    assert fixed("rack").formula == fixed(None).formula == "count × (board + assembly + case_rack)"
    assert fixed("blade").formula == "count × (board + assembly + case_blade + chassis_16_slots ÷ chassis_slots)"
    inputs = {one.name: one.estimate.central for one in fixed("blade").inputs}
    assert (inputs["chassis_16_slots"], inputs["chassis_slots"]) == (12700e6, 16)


P100 = Part("gpu", 1, model="Tesla P100-PCIE-16GB")  # assessed: 65 kg
L40 = Part("gpu", 1, model="NVIDIA L40")  # like one that is


@pytest.mark.parametrize(
    ("parts", "method"),
    [
        ((replace(P100, count=10), L40), "part_lca, bottom_up"),
        ((L40, replace(P100, count=10)), "part_lca, bottom_up"),
        ((P100, replace(L40, count=10)), "bottom_up, part_lca"),
    ],
)
def test_of_several_methods_the_one_that_most_rests_on_goes_first(book, parts, method):
    assert components(book, Server(form="rack"), *parts)["gpu"].method == method


def test_memory_of_unknown_size_makes_no_share_of_a_guest(book):
    """Or a guest would have next to nothing of its host."""
    evidence = Evidence(book, "gwp")
    of_unknown, of_none = (
        guest_share(Inventory(Server(virtual=True), parts), evidence) for parts in ((Part("memory", 2),), ())
    )

    assert of_unknown == of_none
    # a module of 32 GB (4 to 256) of 512 (128 to 2048)
    assert (of_unknown.low, of_unknown.central, of_unknown.high) == pytest.approx((4 / 2048, 32 / 512, 1))

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest
import smbios_tables as smbios
from smbios_tables import Supply

from agent.host import Host
from agent.inventory import dmi
from agent.inventory.psus import detect_psus
from impacts.parts import Part

TEMPLATE = Supply(0x8000, maker="To Be Filled By O.E.M.", model="To Be Filled By O.E.M.", bay="To Be Filled By O.E.M.")


def firmware(*supplies: Supply, chassis: int = smbios.RACK) -> dmi.Smbios:
    table = smbios.Table()
    table.chassis("x", chassis)
    for supply in supplies:
        table.supply(supply)
    return dmi.Smbios(dmi.parse(table.finished()))


def detected(tmp_path, *supplies: Supply) -> tuple[Part, ...]:
    parts, problems = detect_psus(Host(tmp_path), firmware(*supplies), "rack")
    assert [problem.reason for problem in problems] == (["psu_assumed"] if any(p.assumed for p in parts) else [])
    return parts


def test_equal_supplies_are_one_part_and_an_empty_bay_is_none(tmp_path):
    found = detected(tmp_path, Supply(750), Supply(750), Supply(750, present=False), Supply(1100, model="0PR21CA00"))

    assert found == (
        Part("psu", 2, model="0PJMDN", rated_watts=750),
        Part("psu", 1, model="0PR21CA00", rated_watts=1100),
    )


@pytest.mark.parametrize("watts", [0, 1, 75, 0x8000, 10_001, 29_104, 0xFFFF])
def test_a_rating_that_cannot_be_true_is_unknown(tmp_path, watts):
    assert detected(tmp_path, Supply(watts)) == (Part("psu", 1, model="0PJMDN"),)


@pytest.mark.parametrize("watts", [100, 2600, 10_000])
def test_a_rating_that_can_be_true_is_taken(tmp_path, watts):
    assert detected(tmp_path, Supply(watts))[0].rated_watts == watts


@pytest.mark.parametrize(
    "template",
    [TEMPLATE, replace(TEMPLATE, watts=75), Supply(0, maker="OEM_Define2", model="OEM_Define4"), Supply(0, maker=" ")],
)
def test_a_template_that_nobody_filled_in_is_no_supply(tmp_path, template):
    template = replace(template, model="TBD by ODM")

    assert detected(tmp_path, template) == (Part("psu", 2, assumed=True),)


def test_a_supply_without_a_name_is_one_where_its_rating_or_its_maker_is_known(tmp_path):
    nameless = Supply(800, model="Not Specified", maker="N/A", serial="1")

    assert detected(tmp_path, nameless, Supply(0x8000, maker="HPE", model="      ")) == (
        Part("psu", 1, rated_watts=800),
        Part("psu", 1),
    )


def test_a_battery_is_no_power_supply(tmp_path):
    assert detected(tmp_path, Supply(750), Supply(750, kind=smbios.BATTERY)) == (
        Part("psu", 1, model="0PJMDN", rated_watts=750),
    )


@pytest.mark.parametrize(
    ("second", "count"),
    [
        (Supply(750, serial="CN1", bay="Bay 1"), 1),
        (Supply(750, serial="CN1", bay="Bay 2"), 2),  # some firmware gives all of them the same number
        (Supply(750, serial="CN2", bay="Bay 1"), 2),
    ],
)
def test_a_supply_that_is_listed_twice_is_one(tmp_path, second, count):
    (part,) = detected(tmp_path, Supply(750, serial="CN1", bay="Bay 1"), second)

    assert part.count == count


def test_supplies_whose_numbers_nobody_filled_in_are_as_many_as_are_listed(tmp_path):
    (part,) = detected(tmp_path, *[Supply(750, serial="0000000000")] * 2)

    assert part.count == 2


@pytest.mark.parametrize(
    ("chassis", "reasons"), [(smbios.BLADE, []), (smbios.MULTI_SYSTEM, ["psu_shared"]), (smbios.RACK, [])]
)
def test_a_blade_has_no_supply_whatever_its_firmware_lists(tmp_path, chassis, reasons):
    parts, problems = detect_psus(Host(tmp_path), firmware(Supply(750), chassis=chassis), "blade")

    assert parts == ()
    assert [problem.reason for problem in problems] == reasons


def test_without_the_firmwares_list_the_usual_number_is_assumed_with_the_reason(tmp_path):
    denied = dmi.Smbios((), "DMI is readable by root only", "run as root")
    parts, (problem,) = detect_psus(Host(tmp_path), denied, None)

    assert parts == (Part("psu", 2, assumed=True),)
    assert "readable by root only" in problem.what
    assert problem.remedy == "run as root"

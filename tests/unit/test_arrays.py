# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.inventory.arrays import hidden_drives, is_volume
from agent.inventory.block_devices import BlockDevice
from agent.inventory.pci import Card, Function

TB = 10**12


def device(driver: str = "", channel: int | None = None, model: str = "ST2400MM0129", raid_level: str = ""):
    return BlockDevice("sda", TB, rotational=True, model=model, driver=driver, channel=channel, raid_level=raid_level)


def controller(driver: str, *, class_code: str = "0104", vendor: str = "1000") -> Card:
    function = Function("0000:17:00.0", class_code, vendor, "10e2", driver)
    return Card("0000:17:00", (function,), on_board=False, in_slot=False)


@pytest.mark.parametrize(
    ("driver", "channel", "volume"),
    [
        ("megaraid_sas", 0, False),  # a drive passed through
        ("megaraid_sas", 2, True),
        ("mpt3sas", 0, False),
        ("mpt3sas", 1, True),
        ("smartpqi", 0, False),
        ("smartpqi", 1, True),
        ("hpsa", 1, True),
        ("aacraid", 0, True),
        ("aacraid", 1, False),
        ("ahci", 0, False),
    ],
)
def test_the_channel_distinguishes_a_volume_whatever_it_is_called(driver, channel, volume):
    assert is_volume(device(driver, channel, model="UCSC-VOLUME")) == volume


@pytest.mark.parametrize(("level", "volume"), [("RAID 1(+0)", True), ("N/A", False), ("", False)])
def test_a_raid_level_makes_a_volume(level, volume):
    assert is_volume(device("hpsa", 0, raid_level=level)) == volume


@pytest.mark.parametrize("model", ["DELLBOSS VD", "Dell BOSS-N1", "HPE NS204i-p Gen10+ Boot Controller"])
def test_boot_cards_of_two_drives_show_a_volume(model):
    assert is_volume(device(model=model))


def test_the_remedy_names_what_lists_the_drives():
    (problem,) = hidden_drives([device("megaraid_sas", 2)], [controller("megaraid_sas")])

    assert "storcli64" in problem.remedy
    assert problem.what.endswith(": 1")


def test_a_raid_controller_that_shows_nothing_is_a_problem():
    (problem,) = hidden_drives([device("ahci", 0)], [controller("megaraid_sas")])

    assert problem.reason == "drives_behind_array"
    assert "0000:17:00 shows no drive" in problem.what


def test_a_raid_controller_that_passes_its_drives_through_hides_nothing():
    assert hidden_drives([device("megaraid_sas", 0)], [controller("megaraid_sas")]) == ()


@pytest.mark.parametrize(
    "card",
    [controller("mpt3sas", class_code="0107"), controller("vmd", vendor="8086"), controller("nvme", class_code="0108")],
)
def test_what_is_no_raid_controller_may_show_nothing(card):
    assert hidden_drives([], [card]) == ()

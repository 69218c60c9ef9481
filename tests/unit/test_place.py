# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.host import Host
from agent.place import infer_location

ZONE = """# tzdb timezone descriptions
#country-
DE\t+5230+01322\tEurope/Berlin\tmost of Germany
DK\t+5540+01235\tEurope/Copenhagen
IN\t+2232+08822\tAsia/Kolkata
PL\t+5215+02100\tEurope/Warsaw
US\t+404251-0740023\tAmerica/New_York\tEastern (most areas)
US\t+340308-1181434\tAmerica/Los_Angeles\tPacific
"""


@pytest.fixture
def machine(tmp_path):
    """A root with the time zone database's table, and a way to set its zone."""

    def set_up(link=None, timezone=None, *, with_table=True):
        zones = tmp_path / "usr/share/zoneinfo"
        zones.mkdir(parents=True)
        if with_table:
            (zones / "zone.tab").write_text(ZONE)
        etc = tmp_path / "etc"
        etc.mkdir()
        if link:
            (etc / "localtime").symlink_to(link)
        if timezone:
            (etc / "timezone").write_text(timezone + "\n")
        return Host(tmp_path)

    return set_up


@pytest.mark.parametrize(
    ("link", "country"),
    [
        ("/usr/share/zoneinfo/Europe/Warsaw", "PL"),
        ("../usr/share/zoneinfo/America/New_York", "US"),
        ("/usr/share/zoneinfo/posix/Asia/Kolkata", "IN"),
        ("/usr/share/zoneinfo/right/Asia/Kolkata", "IN"),
    ],
)
def test_a_zone_names_its_country(machine, link, country):
    assert infer_location(machine(link)) == country


@pytest.mark.parametrize(("zone", "country"), [("Europe/Berlin", "DE"), ("Europe/Copenhagen", "DK")])
def test_a_name_of_a_time_that_several_countries_keep_means_the_one_that_has_the_name(machine, zone, country):
    assert infer_location(machine(f"/usr/share/zoneinfo/{zone}")) == country


@pytest.mark.parametrize("zone", ["Etc/UTC", "UTC", "Etc/GMT-2", "Universal", "Middle/Earth", "Europe"])
def test_a_zone_of_no_country_names_none(machine, zone):
    assert infer_location(machine(f"/usr/share/zoneinfo/{zone}")) is None


def test_without_a_link_the_file_timezone_names_the_zone(machine):
    assert infer_location(machine(timezone="Asia/Kolkata")) == "IN"


def test_the_link_goes_before_the_file_because_the_clock_goes_by_it(machine):
    assert infer_location(machine("/usr/share/zoneinfo/Etc/UTC", timezone="Asia/Kolkata")) is None


def test_a_copied_zone_file_leaves_it_to_the_file_timezone(machine):
    host = machine(timezone="Europe/Warsaw")
    host.path("/etc/localtime").write_bytes(b"TZif2")
    assert infer_location(host) == "PL"


def test_without_the_table_nothing_is_inferred(machine):
    assert infer_location(machine("/usr/share/zoneinfo/Europe/Berlin", with_table=False)) is None


def test_without_any_zone_nothing_is_inferred(machine):
    assert infer_location(machine()) is None


def test_a_link_that_leads_elsewhere_names_nothing(machine):
    assert infer_location(machine("/etc/clocks/ours", timezone="Asia/Kolkata")) is None

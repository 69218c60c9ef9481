# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.host import Host
from agent.location import infer_location

ZONE1970 = """# tzdb data for time zones since 1970
#codes\tcoordinates\tTZ\tcomments
DE,DK,NO,SE,SJ\t+5230+01322\tEurope/Berlin\tmost of Germany
IN\t+2232+08822\tAsia/Kolkata
US\t+404251-0740023\tAmerica/New_York\tEastern (most areas)
PL\t+5215+02100\tEurope/Warsaw
"""
ZONE = """# tzdb timezone descriptions
#country-
DE\t+5230+01322\tEurope/Berlin\tmost of Germany
DK\t+5540+01235\tEurope/Copenhagen
IN\t+2232+08822\tAsia/Kolkata
"""


@pytest.fixture
def machine(tmp_path):
    """A root with the time zone database's tables, and a way to set its zone."""

    def set_up(link=None, timezone=None, tables=("zone.tab", "zone1970.tab")):
        zones = tmp_path / "usr/share/zoneinfo"
        zones.mkdir(parents=True)
        for name in tables:
            (zones / name).write_text(ZONE1970 if name == "zone1970.tab" else ZONE)
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
def test_a_zone_of_one_country_tells_it(machine, link, country):
    assert infer_location(machine(link)) == country


def test_a_zone_that_several_countries_keep_tells_none(machine):
    assert infer_location(machine("/usr/share/zoneinfo/Europe/Berlin")) is None


def test_a_countrys_own_name_for_a_shared_time_tells_it(machine):
    assert infer_location(machine("/usr/share/zoneinfo/Europe/Copenhagen")) == "DK"


@pytest.mark.parametrize("zone", ["Etc/UTC", "UTC", "Etc/GMT-2", "Universal", "Middle/Earth", "Europe"])
def test_a_zone_of_no_country_tells_none(machine, zone):
    assert infer_location(machine(f"/usr/share/zoneinfo/{zone}")) is None


def test_without_a_link_the_file_timezone_names_the_zone(machine):
    assert infer_location(machine(timezone="Asia/Kolkata")) == "IN"


def test_the_link_goes_before_the_file_because_the_clock_goes_by_it(machine):
    assert infer_location(machine("/usr/share/zoneinfo/Etc/UTC", timezone="Asia/Kolkata")) is None


def test_a_copied_zone_file_leaves_it_to_the_file_timezone(machine):
    host = machine(timezone="Europe/Warsaw")
    host.path("/etc/localtime").write_bytes(b"TZif2")
    assert infer_location(host) == "PL"


@pytest.mark.parametrize("tables", [(), ("zone.tab",)])
def test_without_the_table_that_tells_of_shared_zones_nothing_is_inferred(machine, tables):
    assert infer_location(machine("/usr/share/zoneinfo/Europe/Berlin", tables=tables)) is None


def test_without_any_zone_nothing_is_inferred(machine):
    assert infer_location(machine()) is None


def test_a_link_that_leads_elsewhere_tells_nothing(machine):
    assert infer_location(machine("/etc/clocks/ours", timezone="Asia/Kolkata")) is None

# SPDX-License-Identifier: Apache-2.0
"""Where a machine is, guessed from its time zone: the tables of the time zone database on the machine itself tell whose it is.

https://data.iana.org/time-zones/tz-link.html; zone1970.tab names every country that keeps a zone's time, zone.tab one
zone or more for each country.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.host import Host

_ZONES = "/usr/share/zoneinfo"
_VARIANTS = ("posix/", "right/")


def infer_location(host: Host) -> str | None:
    """Return the country (ISO 3166) that alone has this machine's time zone; None where it is shared, none's or not known.

    Europe/Copenhagen is Denmark's. Europe/Berlin is Germany's, Denmark's, Norway's and Sweden's, and tells no country;
    nor does UTC.
    """
    zone = _zone(host)
    by_time = host.read_text(f"{_ZONES}/zone1970.tab")
    if zone is None or by_time is None:
        return None
    countries = _countries(by_time, zone) or _countries(host.read_text(f"{_ZONES}/zone.tab") or "", zone)
    return countries[0] if len(countries) == 1 else None


def _zone(host: Host) -> str | None:
    """Return the zone that /etc/localtime, which the clock goes by, links to; else the one that /etc/timezone names."""
    try:
        target = str(host.path("/etc/localtime").readlink())
    except OSError:  # no link, or a copy of the zone's file
        return host.read_text("/etc/timezone")
    zone = target.partition("zoneinfo/")[2]
    for variant in _VARIANTS:
        zone = zone.removeprefix(variant)
    return zone or None


def _countries(table: str, zone: str) -> list[str]:
    """Return the countries in the first column of the zone's rows; empty where the table does not have the zone."""
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return [country for row in rows if row[2:3] == [zone] for country in row[0].split(",")]

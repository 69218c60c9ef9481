# SPDX-License-Identifier: Apache-2.0
"""Where a machine is, guessed from its time zone: the table of the time zone database on the machine itself tells whose it is.

https://data.iana.org/time-zones/tz-link.html: zone.tab names one country for each zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.host import Host

_ZONES = "/usr/share/zoneinfo"
_VARIANTS = ("posix/", "right/")


def infer_location(host: Host) -> str | None:
    """Return the country (ISO 3166) that this machine's time zone belongs to; None where it is nobody's or not known.

    Other countries may keep the time of Europe/Berlin, but they have names of their own for it, and an administrator
    who chose the name of Berlin rather than that of Copenhagen is taken at his word. UTC and Etc/GMT-2 tell nothing.
    """
    zone, table = _zone(host), host.read_text(f"{_ZONES}/zone.tab")
    if zone is None or table is None:
        return None
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return next((row[0] for row in rows if row[2:3] == [zone]), None)


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

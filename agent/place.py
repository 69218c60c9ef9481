# SPDX-License-Identifier: Apache-2.0
"""Where a machine is and was: as the user sets it, else guessed from its time zone by the machine's own time zone database.

https://data.iana.org/time-zones/tz-link.html: zone.tab names one country for each zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from agent.errors import ConfigError
from agent.stretch import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from agent.host import Host
    from impacts.factor_book import FactorBook

_ZONES = "/usr/share/zoneinfo"
_VARIANTS = ("posix/", "right/")

# Codes that people write and ISO 3166 does not have.
_OFTEN_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB"}


class Place(NamedTuple):
    """Where the host is."""

    region: str  # country or grid zone; empty where it is not known
    inferred: bool = False  # guessed, not set by the user


class Stay(NamedTuple):
    """A time for which the user sets where the host is."""

    region: str  # country or grid zone
    until: date  # the last day (UTC) of it


@dataclass(frozen=True, slots=True)
class DatedPlaces:
    """Where the host was when, as the user sets it for all of time; nothing where only one place without dates is set."""

    stays: tuple[Stay, ...] = ()  # in order of time, each from the day after the one before it; the last is of today

    @property
    def regions(self) -> list[str]:
        """The regions, in order of time."""
        return [one.region for one in self.stays]

    def at(self, hour: int) -> Place | None:
        """Return where the host was set to be in an hour; None where no dates are set."""
        day = moment_of(hour).date()
        return next((Place(one.region) for one in self.stays if day <= one.until), None)


UNDATED = DatedPlaces()


def place_of(region: str, host: Host, book: FactorBook) -> Place:
    """Return where the host is: in the region that the user sets, else where its time zone is."""
    if region:
        return Place(region)
    country = infer_location(host)
    if country is None or country not in book.regions("electricity", "gwp"):
        return Place("")
    return Place(country, inferred=True)


def check_locations(book: FactorBook, locations: Iterable[str]) -> None:
    """Raise ConfigError if no dataset knows the country of one of them."""
    for location in dict.fromkeys(locations):
        check_location(book, location)


def check_location(book: FactorBook, location: str, where: str = "location") -> None:
    """Raise ConfigError if no dataset knows the country, rather than take the world's average for a misspelt one."""
    country = location.partition("-")[0]
    known = {region.partition("-")[0] for region in book.regions("electricity", "gwp")}
    if location and country not in known:
        shown = _OFTEN_MEANT.get(country) or ", ".join(get_close_matches(country, sorted(known), cutoff=0.5))
        meant = f"did you mean {shown}?" if shown else "write the two letters of ISO 3166."
        raise ConfigError(
            f"{where}: no dataset has the grid of {location!r}; {meant} Leave it out for the world's average"
        )


def infer_location(host: Host) -> str | None:
    """Return the country (ISO 3166) that this machine's time zone belongs to; None where it is nobody's or not known.

    Other countries keep the same time as Europe/Berlin, but under names of their own: whoever chose the name of Berlin
    rather than that of Copenhagen is taken to be in Germany. UTC and Etc/GMT-2 name no country.
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

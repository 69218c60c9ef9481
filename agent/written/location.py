# SPDX-License-Identifier: Apache-2.0
"""The config's `location`: where the host is, or a list of where it was when, without a gap and with no day twice."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.place import UNDATED, DatedPlaces, Stay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DAY = timedelta(days=1)


def read_location(given: str | Sequence[Mapping[str, Any]], where: str) -> tuple[str, DatedPlaces]:
    """Return where the host is, by the last entry of a list, and the dates; `given` keeps to the schema.

    Raises:
        ConfigError: one line, beginning with `where` (the config file): the list leaves out a day, or has one twice.
    """
    if isinstance(given, str):
        return given.upper(), UNDATED
    lines = [(entry, f"{where}: location[{number}]") for number, entry in enumerate(given)]
    _check_ends(*lines[0], *lines[-1])
    days = [_last_day(*earlier, *later) for earlier, later in pairwise(lines)]
    for (before, after), (_, at) in zip(pairwise(days), lines[1:], strict=False):
        if after <= before:
            raise ConfigError(
                f"{at}: its last day, {after}, overlaps with the entry before it, until {before}; correct the days"
            )
    regions = [entry["place"].upper() for entry in given]
    return regions[-1], DatedPlaces(tuple(map(Stay, regions, [*days, date.max])))


def _check_ends(first: Mapping[str, Any], of_first: str, last: Mapping[str, Any], of_last: str) -> None:
    if "from" in first:
        raise ConfigError(
            f"{of_first}.from: leaves the days before it without a place; remove it, or add an entry before it"
        )
    if "until" in last:
        raise ConfigError(
            f"{of_last}.until: leaves the days after it without a place; remove it, or add an entry after it"
        )


def _last_day(earlier: Mapping[str, Any], of_earlier: str, later: Mapping[str, Any], of_later: str) -> date:
    """Return the last day of the earlier of two entries: as it states, else the day before the later one begins."""
    until, begins = _day(earlier, "until", of_earlier), _day(later, "from", of_later)
    if begins is None:
        if until is None:
            raise ConfigError(f"{of_later}: overlaps with the entry before it; add to that its last day there, `until`")
        return until
    if until is not None and begins != until + _DAY:
        what = "a gap" if begins > until + _DAY else "an overlap"
        raise ConfigError(
            f"{of_later}.from: {begins} leaves {what}: {until} is the last day before it; correct one of them"
        )
    return begins - _DAY


def _day(entry: Mapping[str, Any], key: str, where: str) -> date | None:
    try:
        return date.fromisoformat(entry[key]) if key in entry else None
    except ValueError:
        raise ConfigError(
            f"{where}.{key}: '{entry[key]}' is no day of the calendar; write it like 2026-12-31"
        ) from None

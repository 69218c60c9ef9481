# SPDX-License-Identifier: Apache-2.0
"""The config's `market_based` section -> instruments (docs/market-based.md)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from math import inf
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.written.csv_table import read_text, rows
from impacts.market_based.instruments import Delivery, Instrument, InstrumentKind
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOST_KWH_PER_HOUR = 1e6  # of one host: beyond this the unit is wrong
_DELIVERY_KEYS = ("delivery_file", "delivery_kw", "delivery_hours_utc")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]+)*")


def read_instruments(section: Mapping[str, Any], folder: Path, where: str) -> tuple[Instrument, ...]:
    """Return the instruments of a section that keeps to the schema; files are looked for from `folder` on.

    Raises:
        ConfigError: one line, beginning with `where` (the config file) or the delivery's file.
    """
    given = section.get("instruments", [])
    twice = [name for name, count in Counter(entry["name"] for entry in given).items() if count > 1]
    if twice:
        raise ConfigError(
            f"{where}: market_based.instruments: '{twice[0]}' is there twice; give each a name of its own, "
            "for the history knows them by it"
        )
    return tuple(
        _instrument(entry, folder, f"{where}: market_based.instruments[{place}]") for place, entry in enumerate(given)
    )


def _instrument(given: Mapping[str, Any], folder: Path, where: str) -> Instrument:
    kind = InstrumentKind(given["kind"])
    begins, until = _day(given, "from", where), _day(given, "until", where)
    if until < begins:
        raise ConfigError(f"{where}.until: {until} lies before {begins}, the first day; correct one of them")
    delivery = _delivery(given, folder, where)
    if kind is not InstrumentKind.SUPPLIER_RATE and not given.keys() & {"share", "volume_kwh", *_DELIVERY_KEYS[:2]}:
        raise ConfigError(
            f"{where}: does not state how much it covers; add volume_kwh, or share (1 for all of this host's energy)"
        )
    return Instrument(
        name=given["name"],
        kind=kind,
        begins=begins,
        until=until,
        factor=_factor(given, where),
        share=given.get("share", 1.0),
        volume_joules=given.get("volume_kwh", inf) * JOULES_PER_KWH,
        documentation=given.get("documentation", "").strip(),
        markets=_markets(given, where),
        delivery=delivery,
        technology=given.get("technology", ""),
    )


def _day(given: Mapping[str, Any], key: str, where: str) -> date:
    try:
        return date.fromisoformat(given[key])
    except ValueError:
        raise ConfigError(
            f"{where}.{key}: '{given[key]}' is no day of the calendar; write it like 2026-12-31"
        ) from None


def _factor(given: Mapping[str, Any], where: str) -> Estimate:
    """Return the factor with the bounds that are given; without them it is exactly what the document states."""
    central = given["factor_gco2e_per_kwh"]
    low, high = given.get("factor_low_gco2e_per_kwh", central), given.get("factor_high_gco2e_per_kwh", central)
    if not low <= central <= high:
        raise ConfigError(f"{where}: {low} <= {central} <= {high} does not hold of its factor; correct the bounds")
    kind = given["kind"].replace("_", " ")
    title = f"{kind} '{given['name']}': {given.get('documentation', '').strip() or 'no documentation'}"
    citation = Citation(title, locator=f"config, {where.rpartition(': ')[2]}")
    return Estimate(low / JOULES_PER_KWH, central / JOULES_PER_KWH, high / JOULES_PER_KWH, "gCO2e/J", (citation,))


def _markets(given: Mapping[str, Any], where: str) -> tuple[str, ...]:
    stated = given.get("market", [])
    markets = tuple(market.upper() for market in ([stated] if isinstance(stated, str) else stated))
    for market in markets:
        if not _REGION.fullmatch(market):
            raise ConfigError(f"{where}.market: '{market}' must be a country like FR or a grid zone like US-TEX-ERCO")
    return markets


def _delivery(given: Mapping[str, Any], folder: Path, where: str) -> Delivery | None:
    """Return when it delivers, where hours are matched."""
    keys = [key for key in _DELIVERY_KEYS if key in given]
    if given.get("matching", "yearly") == "yearly":
        if keys:
            raise ConfigError(f"{where}.{keys[0]}: is for hourly matching alone; add `matching: hourly`")
        return None
    if not keys:
        raise ConfigError(f"{where}: hourly matching needs the hours; add {' or '.join(_DELIVERY_KEYS)}")
    file = given.get("delivery_file")
    return Delivery(
        joules_by_hour=None if file is None else read_delivery(folder / file),
        joules_per_hour=given.get("delivery_kw", inf) * JOULES_PER_KWH,
        hours_of_day=frozenset(given.get("delivery_hours_utc", range(24))),
    )


def read_delivery(path: Path) -> dict[int, float]:
    """Return the joules by hour of a file with the columns `hour` and `kwh`; what it does not list is not delivered.

    Raises:
        ConfigError: one line with file, row and column.
    """
    joules: dict[int, float] = {}
    for row in rows(read_text(path), str(path), ("hour", "kwh")):
        hour = row.hour("hour")
        if hour in joules:
            raise row.wrong("hour", f"{row.text('hour')} is there twice; leave one out")
        joules[hour] = row.number("kwh", _MOST_KWH_PER_HOUR) * JOULES_PER_KWH
    return joules

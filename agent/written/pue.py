# SPDX-License-Identifier: Apache-2.0
"""The config's `pue` section -> the power usage effectiveness of the facility: one value, or values by the hour from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.written.csv_table import read_text, rows
from impacts.facility import Pue
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from agent.written.csv_table import Row

MOST = 10.0  # beyond this it is no ratio, but a percentage


def read_pue(section: Mapping[str, Any] | None, folder: Path, where: str) -> Pue | None:
    """Return the PUE of a section that keeps to the schema; its file is looked for from `folder` on. None: no section.

    Raises:
        ConfigError: one line, beginning with `where` (the config file) or the file of the hours.
    """
    if section is None:
        return None
    source, file = section["source"].strip(), section.get("file")
    if "value" not in section and file is None:
        raise ConfigError(f"{where}: pue: states neither value nor file; add one of them")
    _check_value(section, f"{where}: pue")
    year = section.get("year")
    citation = Citation(f"PUE: {source}", locator="config, pue", year=year)
    name = f"pue/{source}" if year is None else f"pue/{source}, {year}"
    by_hour = (
        {} if file is None else read_hours(folder / file, Citation(f"PUE: {source}", locator=f"{file}, by the hour"))
    )
    return Pue(name, citation, by_hour, _value(section, citation))


def read_hours(path: Path, citation: Citation) -> dict[int, Estimate]:
    """Return the PUE by hour of a file with the columns `hour` and `pue` and, where wanted, `low` and `high`.

    Raises:
        ConfigError: one line with file, row and column.
    """
    found: dict[int, Estimate] = {}
    for row in rows(read_text(path), str(path), ("hour", "pue"), ("low", "high")):
        hour = row.hour("hour")
        if hour in found:
            raise row.wrong("hour", f"{row.text('hour')} is there twice; leave one out")
        found[hour] = _of_row(row, citation)
    return found


def _of_row(row: Row, citation: Citation) -> Estimate:
    low, central, high = (_ratio(row, column if row.text(column) else "pue") for column in ("low", "pue", "high"))
    if not low <= central <= high:
        raise row.wrong("pue", f"{low:g} <= {central:g} <= {high:g} does not hold; correct value or bounds")
    return Estimate(low, central, high, "1", (citation,))


def _ratio(row: Row, column: str) -> float:
    value = row.number(column, MOST)
    if value < 1:
        raise row.wrong(column, f"{row.text(column)} is below 1: a facility draws at least what its IT equipment does")
    return value


def _check_value(section: Mapping[str, Any], where: str) -> None:
    if "value" not in section:
        without = next((key for key in ("low", "high") if key in section), None)
        if without:
            raise ConfigError(f"{where}.{without}: is a bound of value; add value, or put the bounds into the file")
        return
    if "year" not in section:
        raise ConfigError(f"{where}: value needs its year; add the year that it is of")
    low, value, high = _corners(section)
    if not low <= value <= high:
        raise ConfigError(f"{where}: {low} <= {value} <= {high} does not hold; correct value or bounds")


def _value(section: Mapping[str, Any], citation: Citation) -> Estimate | None:
    return Estimate(*_corners(section), "1", (citation,)) if "value" in section else None


def _corners(section: Mapping[str, Any]) -> tuple[float, float, float]:
    value = float(section["value"])
    return section.get("low", value), value, section.get("high", value)

# SPDX-License-Identifier: Apache-2.0
"""CSV files that people give: comma-separated, one header row, UTF-8. What is wrong is named by file, row and column."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from math import isfinite
from typing import TYPE_CHECKING

from agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row by column, and where it stands."""

    cells: Mapping[str, str]
    where: str

    def text(self, column: str) -> str:
        """Return a cell; empty where the file does not have the column."""
        return self.cells.get(column, "")

    def needed(self, column: str) -> str:
        """Return a cell that must not be empty."""
        return self.text(column) or self._refuse(column, "is empty; fill it in")

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        """Return a cell that must hold one of the words."""
        word = self.text(column)
        return word if word in allowed else self._refuse(column, f"{word!r} must be one of {', '.join(allowed)}")

    def number(self, column: str, most: float) -> float:
        """Return a cell's number, which is not negative and at most `most`."""
        text = self.needed(column)
        try:
            value = float(text)
        except ValueError:
            raise self.wrong(
                column, f"{text!r} is no number; write it with a decimal point and without a unit"
            ) from None
        if not (isfinite(value) and 0 <= value <= most):
            raise self.wrong(column, f"{text} must lie between 0 and {most:g}; check the unit")
        return value

    def hour(self, column: str) -> int:
        """Return the start of an hour in Unix seconds."""
        text = self.needed(column)
        try:
            begins = datetime.fromisoformat(text)
        except ValueError:
            raise self.wrong(column, f"{text!r} is no time; write it like 2026-01-31T08:00Z") from None
        if begins.tzinfo is None:
            raise self.wrong(column, f"{text} has no offset; write it in UTC, like 2026-01-31T08:00Z")
        utc = begins.astimezone(UTC)
        if (utc.minute, utc.second, utc.microsecond) != (0, 0, 0):
            raise self.wrong(column, f"{text} is not the start of an hour; give one row for each hour")
        return int(utc.timestamp())

    def wrong(self, column: str, what: str) -> ConfigError:
        """Return the error about a cell."""
        return ConfigError(f"{self.where}, column {column}: {what}")

    def _refuse(self, column: str, what: str) -> str:
        raise self.wrong(column, what)


def read_text(path: Path) -> str:
    """Return a file's text, without the mark that spreadsheets put before it.

    Raises:
        ConfigError: it cannot be read or is no UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; check the path and its permissions") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from error
    if not text.strip():
        raise ConfigError(f"{path}: is empty; write its rows below a header, or run what writes it again")
    return text


def rows(text: str, where: str, needed: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """Return the rows below the header, whose columns may stand in any order. Empty lines are passed over.

    Raises:
        ConfigError: a column is missing, unknown or there twice, a row is too short or too long, or there is none.
    """
    lines = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_header(header, f"{where}, row 1", needed, optional)
        found = [_row(header, cells, f"{where}, row {lines.line_num}") for cells in lines if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ConfigError(f"{where}, row {lines.line_num}: {error}; correct the CSV") from error
    if not found:
        raise ConfigError(f"{where}: has no rows below its header; fill it in")
    return found


def _row(header: list[str], cells: list[str], where: str) -> Row:
    if len(cells) != len(header):
        advice = "put what holds a comma in quotation marks" if len(cells) > len(header) else "fill the row up"
        raise ConfigError(f"{where}: has {len(cells)} cells, the header {len(header)}; {advice}")
    return Row({name: cell.strip() for name, cell in zip(header, cells, strict=True)}, where)


def _check_header(header: list[str], where: str, needed: Sequence[str], optional: Sequence[str]) -> None:
    known = f"the columns are {','.join(needed)}" + (f" and, where wanted, {','.join(optional)}" if optional else "")
    for name in needed:
        if name not in header:
            raise ConfigError(f"{where}: the column '{name}' is missing; {known}, separated by commas")
    for name in header:
        if name not in {*needed, *optional}:
            raise ConfigError(f"{where}: unknown column {name!r}; {known}")
        if header.count(name) > 1:
            raise ConfigError(f"{where}: the column '{name}' is there twice; {known}")

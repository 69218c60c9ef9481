# SPDX-License-Identifier: Apache-2.0
"""The history for readers: what was counted, of all time or from an hour on, and the newest version of the accounts."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from agent.errors import HistoryDamaged
from agent.history.file import FILE_NAME, open_for_reading
from agent.history.hourly import Entry, EntryKind, HostHour, ImpactHour, read_factor
from agent.history.tables import CARRIED_HOUR, HOSTS, IMPACT_AMOUNTS, IMPACTS, HourlyTable, Key, Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AMOUNTS = ", ".join(IMPACT_AMOUNTS)
_LAST_HOUR = 2**62
_NEWEST_ACCOUNTS = f"""
    SELECT hour, quantity, factor, 0, {_AMOUNTS} FROM impact_hour
    WHERE hour >= :since AND hour < :until AND NOT EXISTS (
        SELECT 1 FROM account_hour AS later WHERE later.hour = impact_hour.hour AND later.quantity = impact_hour.quantity
    )
    UNION ALL
    SELECT hour, quantity, factor, version, {_AMOUNTS} FROM account_hour
    WHERE hour >= :since AND hour < :until AND version = (
        SELECT MAX(version) FROM account_hour AS later
        WHERE later.hour = account_hour.hour AND later.quantity = account_hour.quantity
    )
    ORDER BY 1, 2, 3"""  # noqa: S608 - constants


class Meta(NamedTuple):
    """The history's single facts."""

    began_at: datetime  # UTC of the first write
    last_written_at: datetime
    amortised_ratio: float  # the share of the embodied emissions that is entered as amortised


class HistoryView:
    """Queries on an open history."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._meta = _read_meta(connection)

    @staticmethod
    def open_read_only(directory: Path) -> HistoryView | None:
        """Return the history in `directory` for reading, beside a running agent or without one; None if there is none.

        Raises:
            ConfigError: if it may not be read. HistoryDamaged: if it cannot be.
        """
        connection = open_for_reading(directory / FILE_NAME)
        return None if connection is None else HistoryView(connection)

    @property
    def began_at(self) -> datetime | None:
        """When the history was first written (UTC); None if it never was."""
        return self._meta and self._meta.began_at

    @property
    def last_written_at(self) -> datetime | None:
        """When the history was last written (UTC); None if it never was."""
        return self._meta and self._meta.last_written_at

    @property
    def amortised_ratio(self) -> float:
        """The share of the hardware's emissions that is entered as amortised; 0 while `began_at` is None."""
        return self._meta.amortised_ratio if self._meta else 0.0

    def totals(self, table: HourlyTable[Value], since: datetime | None = None) -> dict[Key, Value]:
        """Return the sums over all hours, or those that begin at or after `since`, by the key without the hour."""
        first_hour = CARRIED_HOUR if since is None else max(CARRIED_HOUR + 1, since.timestamp())
        with reading():
            rows = self._connection.execute(table.select_sums, (first_hour,)).fetchall()
        width = len(table.key) - 1
        return {row[:width]: table.value.of(*row[width:]) for row in rows}

    def host_totals(self, since: datetime | None = None) -> dict[str, HostHour]:
        """Return the host's energy by basis: all of it, or of the hours that begin at or after `since`."""
        return {basis: energy for (basis,), energy in self.totals(HOSTS, since).items()}

    def impact_totals_by_factor(self, since: datetime | None = None) -> dict[tuple[str, EntryKind, str], ImpactHour]:
        """Return the amounts by quantity, kind and factor, of all hours or those that begin at or after `since`.

        What was taken back is taken off.
        """
        totals: dict[tuple[str, EntryKind, str], ImpactHour] = {}
        for (quantity, name), amount in self.totals(IMPACTS, since).items():
            key = (quantity, *read_factor(name)[:2])
            totals[key] = totals.get(key, ImpactHour()) + amount
        return totals

    def counted(self, since: datetime, until: datetime | None = None) -> list[Entry]:
        """Return what the counters have counted in the hours that begin from `since` on and before `until`."""
        query = f"SELECT hour, quantity, factor, 0, {_AMOUNTS} FROM impact_hour WHERE hour >= :since AND hour < :until"  # noqa: S608
        return self._entries(query, since, until)

    def accounts(self, since: datetime, until: datetime | None = None) -> list[Entry]:
        """Return the accounts of these hours: the newest version of their entries, which reports go by.

        An hour and quantity that was never recomputed is as it was counted.
        """
        return self._entries(_NEWEST_ACCOUNTS, since, until)

    def newest_version(self) -> int:
        """Return the newest version of the accounts; 0 if nothing was ever recomputed."""
        with reading():
            version: int = self._connection.execute("SELECT COALESCE(MAX(version), 0) FROM account_version").fetchone()[
                0
            ]
        return version

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _entries(self, query: str, since: datetime, until: datetime | None) -> list[Entry]:
        first = max(CARRIED_HOUR + 1, since.timestamp())
        last = _LAST_HOUR if until is None else until.timestamp()
        with reading():
            rows = self._connection.execute(query, {"since": first, "until": last})
            return [_entry(*row) for row in rows]


def _entry(hour: int, quantity: str, name: str, version: int, *columns: float) -> Entry:
    kind, factor, taken_back = read_factor(name)
    return Entry(hour, quantity, kind, factor, ImpactHour.of(*columns), taken_back=taken_back, version=version)


@contextmanager
def reading() -> Iterator[None]:
    """Turn what SQLite says of an unreadable file into our own words."""
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryDamaged(f"the history cannot be read: {error}") from error


def _read_meta(connection: sqlite3.Connection) -> Meta | None:
    with reading():
        row = connection.execute(
            "SELECT began_at_utc_seconds, last_written_at_utc_seconds, amortised_ratio FROM meta"
        ).fetchone()
    if row is None:
        return None
    return Meta(datetime.fromtimestamp(row[0], UTC), datetime.fromtimestamp(row[1], UTC), row[2])

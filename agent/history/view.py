# SPDX-License-Identifier: Apache-2.0
"""The history for readers: what was booked, of all time or from an hour on, and the newest version of the accounts."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.errors import HistoryDamaged
from agent.history.file import FILE_NAME, open_for_reading
from agent.history.hours import Booking, HostHour, ImpactHour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AMOUNTS = ", ".join(ImpactHour.__slots__)
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

# Hour 0 holds what an earlier file had booked that was damaged while the agent ran: part of all time, of no hour.
CARRIED_HOUR = 0


class Meta(NamedTuple):
    """The history's single facts."""

    began_at: datetime  # UTC of the first write
    last_written_at: datetime
    amortised_ratio: float  # the share of the service life that is booked


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
        """The share of the hardware's service life that is booked as amortised; 0 while `began_at` is None."""
        return self._meta.amortised_ratio if self._meta else 0.0

    def host_totals(self, since: datetime | None = None) -> dict[str, HostHour]:
        """Return the host's energy by basis: all of it, or of the hours that begin at or after `since`."""
        sums = ", ".join(f"SUM({name})" for name in HostHour.__slots__)
        rows = self._rows(f"SELECT basis, {sums} FROM host_hour WHERE hour >= ? GROUP BY basis", since)  # noqa: S608  constants
        return {basis: HostHour(*amounts) for basis, *amounts in rows}

    def impact_totals(self, since: datetime | None = None) -> dict[str, ImpactHour]:
        """Return the amounts by quantity: all of them, or of the hours that begin at or after `since`."""
        totals: dict[str, ImpactHour] = {}
        for (stem, _), grams in self.impact_totals_by_factor(since).items():
            totals.setdefault(stem, ImpactHour()).add(grams)
        return totals

    def impact_totals_by_factor(self, since: datetime | None = None) -> dict[tuple[str, str], ImpactHour]:
        """Return the same by quantity and factor."""
        sums = ", ".join(f"SUM({name})" for name in ImpactHour.__slots__)
        rows = self._rows(
            f"SELECT quantity, factor, {sums} FROM impact_hour WHERE hour >= ? GROUP BY quantity, factor",  # noqa: S608  constants
            since,
        )
        return {(stem, factor): ImpactHour(*amounts) for stem, factor, *amounts in rows}

    def booked(self, since: datetime, until: datetime | None = None) -> list[Booking]:
        """Return what the counters have counted in the hours that begin from `since` on and before `until`."""
        query = f"SELECT hour, quantity, factor, 0, {_AMOUNTS} FROM impact_hour WHERE hour >= :since AND hour < :until"  # noqa: S608
        return self._bookings(query, since, until)

    def accounts(self, since: datetime, until: datetime | None = None) -> list[Booking]:
        """Return the accounts of these hours in their newest version, which reports go by.

        An hour and quantity that was never recomputed is as it was booked.
        """
        return self._bookings(_NEWEST_ACCOUNTS, since, until)

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

    def _bookings(self, query: str, since: datetime, until: datetime | None) -> list[Booking]:
        first = max(CARRIED_HOUR + 1, since.timestamp())
        last = _LAST_HOUR if until is None else until.timestamp()
        with reading():
            rows = self._connection.execute(query, {"since": first, "until": last})
            return [
                Booking(hour, stem, factor, ImpactHour(*amounts), version)
                for hour, stem, factor, version, *amounts in rows
            ]

    def _rows(self, query: str, since: datetime | None) -> list[Any]:
        first_hour = CARRIED_HOUR if since is None else max(CARRIED_HOUR + 1, since.timestamp())
        with reading():
            return self._connection.execute(query, (first_hour,)).fetchall()


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

# SPDX-License-Identifier: Apache-2.0
"""The history for readers: what was counted, of all time or from an hour on, and the newest version of the accounts."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from agent.errors import HistoryDamaged
from agent.history.closing import ClosedHour, read_closed_hours
from agent.history.file import FILE_NAME, open_for_reading
from agent.history.grounds import Grounds, read_grounds
from agent.history.hourly import Entry, EntryKind, HostAbsence, HostHour, ImpactHour
from agent.history.identity import Identified, read_identities
from agent.history.lots import LotSet, read_lot_sets
from agent.history.queries import (
    ABSENCE,
    ABSENT_HOURS,
    ACCOUNT_TOTALS,
    COUNTED,
    HOST_HOURS,
    NEWEST_ACCOUNTS,
    OBSERVED_AFTER,
    OBSERVED_BEFORE,
    OBSERVED_WITHIN,
    RECORDED,
    VERSIONS,
)
from agent.history.tables import HOSTS, IMPACTS, HourlyTable, Key, Value
from impacts.values.bounded import Bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


_FIRST_HOUR, _LAST_HOUR = -(2**62), 2**62

AccountTotals = dict[tuple[str, EntryKind, str, str], ImpactHour]  # by quantity, kind, factor and region


class AccountVersion(NamedTuple):
    """A version of the accounts, and how many hours of a period have it."""

    version: int
    made_at: datetime
    program: str
    hours: int


class Absence(NamedTuple):
    """For how long nothing is known of the host in a period."""

    unobserved_seconds: float
    off_seconds: float
    perhaps_off_seconds: float  # of those unobserved, for which it is not known whether the host was on


class Meta(NamedTuple):
    """The history's single facts, as columns of the table meta."""

    host_uuid: str | None
    program: str
    began_at_utc_seconds: float  # of the first write
    last_written_at_utc_seconds: float
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
    def host_uuid(self) -> str | None:
        """The name of the history's host: random, made with the history; None before the first write of this version."""
        return self._meta and self._meta.host_uuid

    @property
    def began_at(self) -> datetime | None:
        """When the history was first written (UTC); None if it never was."""
        return self._meta and datetime.fromtimestamp(self._meta.began_at_utc_seconds, UTC)

    @property
    def last_written_at(self) -> datetime | None:
        """When the history was last written (UTC); None if it never was."""
        return self._meta and datetime.fromtimestamp(self._meta.last_written_at_utc_seconds, UTC)

    @property
    def amortised_ratio(self) -> float:
        """The share of the hardware's emissions that is entered as amortised; 0 while `began_at` is None."""
        return self._meta.amortised_ratio if self._meta else 0.0

    def totals(
        self, table: HourlyTable[Value], since: datetime | None = None, until: datetime | None = None
    ) -> dict[Key, Value]:
        """Return sums by the key without the hour: over all time, or over the hours from `since` on and before `until`."""
        with reading():
            if since is None and until is None:
                rows = self._connection.execute(table.select_total)
            else:
                rows = self._connection.execute(table.select_sums, _period(since, until))
            width = len(table.key) - 1
            return {row[:width]: table.value.of(*row[width:]) for row in rows}

    def host_totals(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> dict[tuple[str, Grounds], HostHour]:
        """Return the host's energy by basis and what it rests on."""
        grounds = self.grounds()
        totals = self.totals(HOSTS, since, until)
        return {(basis, grounds[rests_on]): energy for (basis, rests_on), energy in totals.items()}

    def host_hours(self, since: datetime, until: datetime) -> dict[int, dict[str, Bounded]]:
        """Return the host's energy (whole microjoules) by hour and basis, of the hours from `since` on and before `until`."""
        hours: dict[int, dict[str, Bounded]] = {}
        with reading():
            for hour, basis, *energy in self._connection.execute(HOST_HOURS, _period(since, until)):
                hours.setdefault(hour, {})[basis] = Bounded(*energy)
        return hours

    def impact_totals_by_factor(self, since: datetime | None = None, until: datetime | None = None) -> AccountTotals:
        """Return what the counters have counted by quantity, kind, factor and region; what was taken back is taken off."""
        totals: AccountTotals = {}
        for (quantity, kind, factor, region, _), amount in self.totals(IMPACTS, since, until).items():
            key = (quantity, EntryKind(kind), factor, region)
            totals[key] = totals.get(key, ImpactHour()) + amount
        return totals

    def counted(self, since: datetime, until: datetime | None = None) -> list[Entry]:
        """Return what the counters have counted in the hours that begin from `since` on and before `until`."""
        return self._entries(COUNTED, since, until)

    def accounts(self, since: datetime, until: datetime | None = None) -> list[Entry]:
        """Return the accounts of these hours: the newest version of their entries, which reports go by.

        An hour and quantity that was never recomputed is as it was counted.
        """
        return self._entries(f"{NEWEST_ACCOUNTS} ORDER BY hour, quantity, kind, factor", since, until)

    def account_totals(self, since: datetime, until: datetime) -> AccountTotals:
        """Return the sums of these accounts by quantity, kind, factor and region; what was taken back is taken off."""
        with reading():
            rows = self._connection.execute(ACCOUNT_TOTALS, _period(since, until))
            return {
                (quantity, EntryKind(kind), factor, region): ImpactHour.of(*amounts)
                for quantity, kind, factor, region, *amounts in rows
            }

    def account_versions(self, since: datetime, until: datetime) -> list[AccountVersion]:
        """Return the versions that these accounts are of, without those as they were counted."""
        with reading():
            rows = self._connection.execute(VERSIONS, _period(since, until)).fetchall()
        return [AccountVersion(number, datetime.fromtimestamp(at, UTC), *others) for number, at, *others in rows]

    def hours_recorded(self, since: datetime, until: datetime) -> int:
        """Return how many of these hours there is anything of."""
        with reading():
            count: int = self._connection.execute(RECORDED, _period(since, until)).fetchone()[0]
        return count

    def absence(self, since: datetime | None = None, until: datetime | None = None) -> Absence:
        """Return for how long nothing is known of the host: over all time, or in these hours."""
        with reading():
            return Absence(*self._connection.execute(ABSENCE, _period(since, until)).fetchone())

    def absent_hours(self, since: datetime, until: datetime) -> dict[int, HostAbsence]:
        """Return those of these hours in a part of which nothing is known of the host, or it was off."""
        with reading():
            rows = self._connection.execute(ABSENT_HOURS, _period(since, until))
            return {hour: HostAbsence(*columns) for hour, *columns in rows}

    def observed_hours(self, since: datetime, until: datetime, beyond: int) -> list[tuple[int, HostHour]]:
        """Return the host's energy on all bases in those of these hours that it is known of, and in so many `beyond` each end."""
        ends = {**_period(since, until), "count": beyond}
        with reading():
            before, within, after = (
                [(hour, HostHour.of(*columns)) for hour, *columns in self._connection.execute(query, ends)]
                for query in (OBSERVED_BEFORE, OBSERVED_WITHIN, OBSERVED_AFTER)
            )
        return [*reversed(before), *within, *after]

    def newest_version(self) -> int:
        """Return the newest version of the accounts; 0 if nothing was ever recomputed."""
        with reading():
            version: int = self._connection.execute("SELECT COALESCE(MAX(version), 0) FROM account_version").fetchone()[
                0
            ]
        return version

    def grounds(self) -> Mapping[str, Grounds]:
        """Return the sets of citations by the ids that the tables have."""
        with reading():
            return read_grounds(self._connection)

    def identities(self) -> list[Identified]:
        """Return who the history has been of, in order of time."""
        with reading():
            return read_identities(self._connection)

    def lot_sets(self) -> list[LotSet]:
        """Return the hardware as it was known from time to time, in order."""
        with reading():
            return read_lot_sets(self._connection, read_grounds(self._connection))

    def closed_hours(self, after: int = 0) -> list[ClosedHour]:
        """Return the sequence of closed hours after a row of it."""
        with reading():
            return read_closed_hours(self._connection, after)

    def calibration(self, anchor: str) -> tuple[datetime, str] | None:
        """Return the state of a calibration and when it was kept; None if there is none."""
        return self.calibrations().get(anchor)

    def calibrations(self) -> dict[str, tuple[datetime, str]]:
        """Return the state of each calibration and when it was kept, by its anchor."""
        with reading():
            rows = self._connection.execute("SELECT anchor, at_utc_seconds, state FROM calibration").fetchall()
        return {anchor: (datetime.fromtimestamp(at, UTC), state) for anchor, at, state in rows}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _entries(self, query: str, since: datetime, until: datetime | None) -> list[Entry]:
        with reading():
            return [_entry(*row) for row in self._connection.execute(query, _period(since, until))]


def _period(since: datetime | None, until: datetime | None) -> dict[str, float]:
    """Return the ends of a period as the queries name them."""
    return {
        "since": _FIRST_HOUR if since is None else since.timestamp(),
        "until": _LAST_HOUR if until is None else until.timestamp(),
    }


def _entry(  # noqa: PLR0913, PLR0917 - the columns of a row
    version: int, hour: int, quantity: str, kind: str, factor: str, region: str, taken_back: int, *amounts: float
) -> Entry:
    amount = ImpactHour.of(*amounts)
    return Entry(hour, quantity, EntryKind(kind), factor, amount, region, bool(taken_back), version)


@contextmanager
def reading() -> Iterator[None]:
    """Turn what SQLite says of an unreadable file into our own words."""
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryDamaged(f"the history cannot be read: {error}") from error


def _read_meta(connection: sqlite3.Connection) -> Meta | None:
    with reading():
        row = connection.execute(f"SELECT {', '.join(Meta._fields)} FROM meta").fetchone()  # noqa: S608  constants
    return row and Meta(*row)

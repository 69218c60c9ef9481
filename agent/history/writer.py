# SPDX-License-Identifier: Apache-2.0
"""The history of the running agent: counters and hourly accounts in SQLite, whatever happens in between.

What is written are absolute values, never additions: a write that failed, or only seemed to, can be repeated as
often as need be without counting anything twice.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

from agent.errors import ConfigError, HistoryDamaged, HistoryWriteFailed, WattprintError
from agent.history.channel_rows import FIRST_CREDIBLE_SECONDS, ChannelRow, Moment, account_of, row_of
from agent.history.closing import RECOMPUTE, close_hours, touch, why_changed
from agent.history.entries import Entries
from agent.history.facts import Facts
from agent.history.file import FILE_NAME, is_damage, lock, move_aside, open_for_writing, prepare_directory, transaction
from agent.history.grounds import put_grounds
from agent.history.lots import frozen
from agent.history.tables import SUMMED, HourlyTable, Key, Value, marks
from agent.history.view import HistoryView, Meta
from agent.ledger import EnergyLedger
from agent.version import VERSION
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from agent.clock import Clock
    from agent.history.hourly import Entry
    from agent.history.identity import Identity
    from impacts.lifetime.amortisation import Lot

_CLOSED = (-1, -1)  # no file has this identity


class History(HistoryView):
    """Opened in one thread, written by one; no other process writes it."""

    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, path: Path | None = None, lock_descriptor: int = -1
    ) -> None:
        super().__init__(connection)
        self.problems: list[Problem] = []
        self._clock = clock
        self._path = path  # None: in memory
        self._lock_descriptor = lock_descriptor
        self._file = _file_id(path)
        self._boot_id = ""
        self._last_batch = Entries()  # the hours of the last write, as they stand in the file
        self._facts = Facts()
        # All of time, to carry it into a new file if this one is lost while we run.
        self._ever = {table: self.totals(table) for table in SUMMED}
        self._grounds = dict(self.grounds())

    @classmethod
    def open(cls, directory: Path | None, clock: Clock) -> History:
        """Open or begin the history in `directory`; None keeps one in memory.

        Raises:
            ConfigError: if the directory cannot be used, or another agent uses it.
        """
        if directory is None:
            return cls(open_for_writing(None), clock)
        prepare_directory(directory)
        lock_descriptor = lock(directory)
        with ExitStack() as unless_open:
            unless_open.callback(os.close, lock_descriptor)
            connection, problems = _open_or_replace(directory / FILE_NAME, clock)
            history = cls(connection, clock, directory / FILE_NAME, lock_descriptor)
            unless_open.pop_all()
        history.problems += problems
        return history

    @property
    def directory(self) -> Path | None:
        """Where it is kept; None: in memory."""
        return None if self._path is None else self._path.parent

    def ledger(self, boot_id: str) -> EnergyLedger:
        """Return the accounts as they were last written, their times in this boot's seconds.

        `boot_id` distinguishes this boot from any other; empty if the kernel does not say. Over a reboot the next reading is
        a reset, with the time since the last one, by the wall clock, unobserved.
        """
        self._boot_id = boot_id
        now = Moment.now(boot_id, self._clock)
        rows = self._connection.execute(f"SELECT {', '.join(ChannelRow._fields)} FROM channel")  # noqa: S608  constants
        accounts = (account_of(ChannelRow(*row), now) for row in rows)
        return EnergyLedger({account.channel.key: account for account in accounts})

    def seconds_away(self) -> float:
        """Return the time since the last write by the wall clock; 0 where there was none or a clock was not set."""
        last = self.last_written_at
        if last is None or last.timestamp() < FIRST_CREDIBLE_SECONDS:
            return 0.0
        return max(0.0, (self._clock.utc_now() - last).total_seconds())

    def identify(self, identity: Identity) -> None:
        """State who the host is; the next write keeps it, if it is another than before."""
        self._facts.identity = identity

    def freeze(self, lots: Iterable[Lot], inventory_sha256: str) -> None:
        """State of what the hardware consists; the next write keeps it, if anything of it has changed."""
        self._facts.lots = frozen(lots, inventory_sha256, self._clock.utc_now())

    def keep_calibration(self, anchor: str, state: str) -> None:
        """State how far a calibration has come, as JSON; the next write keeps it."""
        self._facts.calibrations[anchor] = (self._clock.utc_now(), state)

    def write(self, ledger: EnergyLedger, entries: Entries, amortised_ratio: float, at: datetime) -> None:
        """Write everything in one transaction and clear `entries`.

        Raises:
            HistoryWriteFailed: the file holds what it held, `entries` is as it was; write again later.
        """
        try:
            meta, batch = self._write_or_replace(ledger, entries, amortised_ratio, at)
        except (sqlite3.Error, OSError, WattprintError) as error:
            raise HistoryWriteFailed(f"cannot write the history {self._path}: {error}") from error
        self._meta, self._last_batch = meta, batch
        for table in SUMMED:
            self._ever[table] |= self._sums_with(table, entries)
        self._grounds |= entries.grounds
        entries.clear()

    def put_version(self, accounts: Sequence[Entry], at: datetime) -> int:
        """Write a new version of some hours' accounts beside all that is there; return its number.

        Raises:
            HistoryWriteFailed: nothing was written.
        """
        version = self.newest_version() + 1
        hours = [one.hour for one in accounts]
        try:
            with transaction(self._connection):
                self._put("account_version", [(version, at.timestamp(), min(hours), max(hours), VERSION)])
                rows = ((version, *one.key, *one.amount.columns()) for one in accounts)
                self._put("account_hour", rows)
                touch(self._connection, dict.fromkeys(hours, RECOMPUTE))
                close_hours(self._connection, at)
        except sqlite3.Error as error:
            raise HistoryWriteFailed(
                f"cannot write the history {self._path}: {error}; make room and try again"
            ) from error
        return version

    def close(self) -> None:
        """Close the file and let another agent have the directory."""
        super().close()
        if self._lock_descriptor >= 0:
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1

    def _write_or_replace(
        self, ledger: EnergyLedger, entries: Entries, amortised_ratio: float, at: datetime
    ) -> tuple[Meta, Entries]:
        if self._path is not None and _file_id(self._path) != self._file:
            self._reopen(self._path)  # it was removed, or the last attempt to replace it failed
        try:
            return self._write(ledger, entries, amortised_ratio, at)
        except sqlite3.Error as error:
            if self._path is None or not is_damage(error):
                raise
            self._reopen(self._path)
            return self._write(ledger, entries, amortised_ratio, at)

    def _reopen(self, path: Path) -> None:
        # First of all: on closing, SQLite removes the log by its name, which must not be the new file's.
        self._connection.close()
        self._file = _CLOSED
        self._connection, problems = _open_or_replace(path, self._clock)
        self._file = _file_id(path)
        self.problems += problems

    def _write(
        self, ledger: EnergyLedger, entries: Entries, amortised_ratio: float, at: datetime
    ) -> tuple[Meta, Entries]:
        """Write all in one transaction; return the single facts and the hours as they then stand in the file."""
        now = Moment.now(self._boot_id, self._clock)
        with transaction(self._connection):
            meta = self._begun(amortised_ratio, at)
            put_grounds(self._connection, entries.grounds.values())
            batch = Entries({table: self._absolute(table, hours) for table, hours in entries.tables.items()})
            self._put_hours(batch)
            for table in SUMMED:
                self._put_sums(table, self._sums_with(table, entries))
            accounts = ((account, account.state) for account in ledger.accounts.values())
            self._put("channel", (row_of(account, state, now) for account, state in accounts if state is not None))
            self._put("meta", [(1, *meta)])
            self._facts.put(self._connection, at)
            touch(self._connection, why_changed(entries))
            close_hours(self._connection, at)
        return meta, batch

    def _begun(self, amortised_ratio: float, at: datetime) -> Meta:
        """Return the single facts as they are to stand in the file.

        All of time is carried into a file that holds nothing yet: nothing, unless it replaces a damaged one.
        """
        row = self._connection.execute("SELECT host_uuid FROM meta").fetchone()
        if row is None:
            self._last_batch = Entries()
            put_grounds(self._connection, self._grounds.values())
            for table, sums in self._ever.items():
                self._put_sums(table, sums)
        host_uuid = row[0] if row and row[0] else str(uuid4())
        began_at = self.began_at or at
        return Meta(host_uuid, VERSION, began_at.timestamp(), at.timestamp(), amortised_ratio)

    def _absolute(self, table: HourlyTable[Value], entries: dict[Key, Value]) -> dict[Key, Value]:
        """Return the hours as the file shall hold them.

        The last batch has them as the last write left them. What it lacks is read, and kept there for the next attempt
        if this one fails: a commit that reported an error may have reached the disk all the same.
        """
        in_file = self._last_batch.of(table)
        for key in entries.keys() - in_file.keys():
            in_file[key] = table.value.of(*(self._connection.execute(table.select_one, key).fetchone() or ()))
        return {key: in_file[key] + amount for key, amount in entries.items()}

    def _sums_with(self, table: HourlyTable[Value], entries: Entries) -> dict[Key, Value]:
        """Return the sums of all time that entries change, as they stand with them."""
        ever = self._ever[table]
        return {key: ever[key] + amount if key in ever else amount for key, amount in entries.sums(table).items()}

    def _put_sums(self, table: HourlyTable[Value], sums: dict[Key, Value]) -> None:
        self._put(table.total, ((*key, *amount.columns()) for key, amount in sums.items()))

    def _put_hours(self, entries: Entries) -> None:
        for table, hours in entries.tables.items():
            self._put(table.name, ((*key, *amount.columns()) for key, amount in hours.items()))

    def _put(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        for row in rows:
            self._connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks(row)})", row)  # noqa: S608  constants


def _file_id(path: Path | None) -> tuple[int, int] | None:
    """Return what distinguishes the file from another one under the same name; None if there is none."""
    try:
        status = path.stat() if path is not None else None
    except FileNotFoundError:
        return None
    return status and (status.st_dev, status.st_ino)


def _open_or_replace(path: Path, clock: Clock) -> tuple[sqlite3.Connection, list[Problem]]:
    """Open the file, or move it aside if it is damaged and begin a new one."""
    try:
        return open_for_writing(path), []
    except HistoryDamaged as damage:
        try:
            aside = move_aside(path, clock.utc_now())
        except OSError as error:
            raise ConfigError(
                f"cannot move the damaged history {path} aside: {error.strerror}; move it away"
            ) from error
        problem = Problem(
            "history",
            "damaged",
            f"{damage}; it was moved to {aside} and a new history was begun",
            f"if you need what it holds, `sqlite3 {aside} .recover` may read it; else remove it and restart the agent",
        )
        return open_for_writing(path), [problem]

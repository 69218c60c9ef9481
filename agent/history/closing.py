# SPDX-License-Identifier: Apache-2.0
"""Hours that are closed: the sequence in which what is known of each hour was first written, and written again.

An hour is closed by the first write 15 minutes after its end. What changes after that is another row, which names the
one that it amends and why.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from agent.history.tables import IMPACTS
from agent.stretch import HOUR_SECONDS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from agent.history.entries import Entries

CLOSED_AFTER_SECONDS = 15 * 60

ENERGY_LATE = "energy_late"
LIVE_LATE = "live_late"
RECOMPUTE = "recompute"


class ClosedHour(NamedTuple):
    """One row of the sequence."""

    sequence: int  # 1, 2, 3 … without a gap
    hour: int
    version: int  # of the accounts; 0: as they were counted
    written_at: datetime
    amends: int | None  # the sequence of the row that it replaces
    why: str  # empty for the first row of an hour


def why_changed(entries: Entries) -> dict[int, str]:
    """Return the hours of entries, and why they would change if they were closed already."""
    hours = {key[0]: ENERGY_LATE for keys in entries.tables.values() for key in keys}
    mended = {hour: LIVE_LATE for hour, *_, taken_back in entries.of(IMPACTS) if taken_back}
    return {**hours, **mended}


def touch(connection: sqlite3.Connection, changed: Mapping[int, str]) -> None:
    """Remember that hours are written; those that are closed will be once more, for the reason given."""
    for hour, why in changed.items():
        is_closed = connection.execute("SELECT 1 FROM closed_hour WHERE hour = ?", (hour,)).fetchone() is not None
        connection.execute("INSERT OR IGNORE INTO open_hour VALUES (?, ?)", (hour, why if is_closed else ""))


def close_hours(connection: sqlite3.Connection, at: datetime) -> None:
    """Add to the sequence what is over for long enough by now."""
    ended_by = at.timestamp() - CLOSED_AFTER_SECONDS - HOUR_SECONDS
    ready = connection.execute("SELECT hour, why FROM open_hour WHERE hour <= ? ORDER BY hour", (ended_by,)).fetchall()
    for hour, why in ready:
        connection.execute(_APPEND, {"hour": hour, "why": why, "at": at.timestamp()})
        connection.execute("DELETE FROM open_hour WHERE hour = ?", (hour,))


def read_closed_hours(connection: sqlite3.Connection, after: int) -> list[ClosedHour]:
    """Return the rows after one of the sequence."""
    rows = connection.execute("SELECT * FROM closed_hour WHERE sequence > ? ORDER BY sequence", (after,))
    return [
        ClosedHour(sequence, hour, version, datetime.fromtimestamp(written_at, UTC), amends, why)
        for sequence, hour, version, written_at, amends, why in rows
    ]


_APPEND = """
    INSERT INTO closed_hour
    SELECT
        COALESCE((SELECT MAX(sequence) FROM closed_hour), 0) + 1,
        :hour,
        COALESCE((SELECT MAX(version) FROM account_hour WHERE hour = :hour), 0),
        :at,
        (SELECT MAX(sequence) FROM closed_hour WHERE hour = :hour),
        :why"""

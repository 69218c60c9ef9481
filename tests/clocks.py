# SPDX-License-Identifier: Apache-2.0
"""Clocks that are moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.clock import SystemClock

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class HandClock:
    """Time that passes when a test lets it."""

    def __init__(self, monotonic_seconds: float = 1000.0, utc: datetime = datetime(2026, 3, 2, 10, tzinfo=UTC)) -> None:
        self.monotonic = monotonic_seconds
        self.utc = utc

    def monotonic_seconds(self) -> float:
        return self.monotonic

    def utc_now(self) -> datetime:
        return self.utc

    def wait(self, seconds: float) -> None:
        self.monotonic += seconds
        self.utc += timedelta(seconds=seconds)

    def reboot(self, seconds_away: float) -> None:
        """Be back after so many seconds, 20 s into another boot."""
        self.utc += timedelta(seconds=seconds_away)
        self.monotonic = 20.0


class ShiftedClock(SystemClock):
    """Real time, with more of it passed than really has."""

    shift_seconds = 0.0

    def monotonic_seconds(self) -> float:
        return super().monotonic_seconds() + self.shift_seconds

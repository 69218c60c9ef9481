# SPDX-License-Identifier: Apache-2.0
"""A clock that moves only when it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    monotonic: float = 1000.0
    utc: datetime = START

    def monotonic_seconds(self):
        return self.monotonic

    def utc_now(self):
        return self.utc

    def wait(self, seconds):
        self.monotonic += seconds
        self.utc += timedelta(seconds=seconds)

    def reboot(self, seconds_away):
        """Be back after so many seconds, 20 s into another boot."""
        self.utc += timedelta(seconds=seconds_away)
        self.monotonic = 20.0

# SPDX-License-Identifier: Apache-2.0
"""Time as the agent sees it, and the machine's own clocks."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the agent sees it."""

    def monotonic_seconds(self) -> float:
        """Seconds of this boot, never stepped, running on while the machine is suspended."""

    def utc_now(self) -> datetime:
        """The wall clock, which may be stepped."""

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""


class SystemClock:
    """The machine's own clocks. `interrupted` ends a wait early, when the agent is to stop."""

    def __init__(self, interrupted: threading.Event | None = None) -> None:
        self._interrupted = interrupted or threading.Event()

    def monotonic_seconds(self) -> float:
        """Return CLOCK_BOOTTIME: like CLOCK_MONOTONIC, but it counts the time suspended, when counters may reset."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def utc_now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or as soon as the clock is interrupted."""
        self._interrupted.wait(max(0.0, seconds))

# SPDX-License-Identifier: Apache-2.0
"""The sources of one machine: opened where they are, read at every tick, looked for again while they are not there."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceAbsent, SourceDenied, SourceError, SourceGone
from impacts.figures import SourceState
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from agent.machine import Machine
    from agent.readings import Channel, Reading
    from agent.sources import Source, SourceEntry

logger = logging.getLogger("wattprint")

# A driver may be loaded, or a right granted, long after the agent has started.
REOPEN_SECONDS = 60.0


@dataclass
class Watched:
    """One line of the source table on this machine, and how its reads went."""

    entry: SourceEntry
    source: Source | None = None
    trouble: SourceError | None = None  # why it is not open, or why its last read failed
    up: bool = False
    read_seconds: float = 0.0
    last_read_at: datetime | None = None
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def state(self) -> SourceState:
        """What doctor and the landing page say of it."""
        readable = self.source is not None and self.trouble is None
        return SourceState(
            source=self.entry.name,
            measures=self.entry.measures,
            found=not isinstance(self.trouble, SourceAbsent),
            readable=readable,
            why_not="" if self.trouble is None else self.trouble.what,
            remedy="" if self.trouble is None else self.trouble.remedy,
            channels=tuple(channel.name for channel in self.source.channels) if self.source else (),
            notes=self.source.notes if self.source else (),
        )

    @property
    def problem(self) -> Problem | None:
        """What keeps a source that is there from being read; None when all is well or it is not there."""
        if self.trouble is None or isinstance(self.trouble, SourceAbsent):
            return None
        reason = "denied" if isinstance(self.trouble, SourceDenied) else "read_failed"
        return Problem(self.entry.name, reason, self.trouble.what, self.trouble.remedy or "see the agent's log")


class SourceSet:
    """All sources of the table on one machine."""

    def __init__(self, machine: Machine, table: Sequence[SourceEntry]) -> None:
        self._machine = machine
        self._clock = machine.host.clock
        self.watched = [Watched(entry) for entry in table]
        self._open_again_at = 0.0
        self._open_missing()

    @property
    def channels(self) -> list[Channel]:
        """The channels of all open sources."""
        return [channel for watched in self.watched if watched.source for channel in watched.source.channels]

    def read(self) -> list[Reading]:
        """Return what every open source says now. A source that fails is counted and takes nothing from the others."""
        if self._clock.monotonic_seconds() >= self._open_again_at:
            self._open_missing()
        return [
            reading for watched in self.watched if watched.source for reading in self._read(watched, watched.source)
        ]

    def close(self) -> None:
        """Close all sources."""
        for watched in self.watched:
            if watched.source is not None:
                watched.source.close()
                watched.source = None

    def _open_missing(self) -> None:
        self._open_again_at = self._clock.monotonic_seconds() + REOPEN_SECONDS
        for watched in self.watched:
            if watched.source is None:
                self._open(watched)

    def _open(self, watched: Watched) -> None:
        known_trouble = watched.trouble
        try:
            watched.source = watched.entry.open(self._machine)
            watched.trouble = None
        except SourceError as trouble:
            watched.trouble = trouble
            if known_trouble is None:
                level = logging.WARNING if isinstance(trouble, SourceDenied) else logging.DEBUG
                logger.log(
                    level, "%s: %s%s", watched.entry.name, trouble.what, f"; {trouble.remedy}" if trouble.remedy else ""
                )

    def _read(self, watched: Watched, source: Source) -> Sequence[Reading]:
        began = self._clock.monotonic_seconds()
        readings: Sequence[Reading] = ()
        try:
            readings = source.read()
            watched.trouble = None
        except ReadFailed as failure:
            readings = failure.readings
            self._failed(watched, failure, failure.reason)
        except SourceGone as gone:
            self._failed(watched, gone, "gone")
            source.close()
            watched.source = None
        except Exception as bug:  # the one broad except: a bug in one source must not stop the others
            if not watched.failures["bug"]:
                logger.exception("%s: a bug in the source", watched.entry.name)
            self._failed(watched, SourceError(f"a bug: {bug!r}", remedy="please report it with the agent's log"), "bug")
        watched.read_seconds = self._clock.monotonic_seconds() - began
        watched.up = bool(readings)
        if readings:
            watched.last_read_at = self._clock.utc_now()
        return readings

    def _failed(self, watched: Watched, trouble: SourceError, reason: str) -> None:
        if not watched.failures[reason]:
            logger.warning("%s: %s", watched.entry.name, trouble.what)
        watched.failures[reason] += 1
        watched.trouble = trouble

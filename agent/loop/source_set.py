# SPDX-License-Identifier: Apache-2.0
"""The sources of one machine: opened where they are, read at every tick, looked for again while they are not there."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from agent.errors import SourceAbsent, SourceDenied
from agent.loop.attempt import Answer, attempt, attempt_open
from agent.loop.worker import Worker
from agent.sources.source import FollowsParts, HasProblems, ShowsLoad
from impacts.problems import Problem
from impacts.snapshots import SourceState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from agent.errors import SourceError
    from agent.machine import Machine
    from agent.readings import Channel, Reading
    from agent.sources.source import Pace, Source, SourceEntry

logger = logging.getLogger("wattprint")

# A driver may be loaded, or a right granted, long after the agent has started.
REOPEN_SECONDS = 60.0

# One empty answer is a hiccup; after so many it is unknown what the power has been.
EMPTY_ANSWERS = 2

# A BMC's session that is not ended stays open for half an hour; a device that hangs delays the stop by no more.
LONGEST_CLOSE_SECONDS = 2.0


@dataclass
class Watched:
    """One line of the source table on this machine, and how its reads went."""

    entry: SourceEntry
    opened: Source | None = None  # a fast source, while it is open
    worker: Worker | None = None  # of a slow source
    trouble: SourceError | None = None  # why it is not open, or why its last read failed
    up: bool = False
    read_seconds: float = 0.0
    last_read_at: datetime | None = None
    failures: Counter[str] = field(default_factory=Counter)
    empty_answers: int = 0  # in a row

    @property
    def source(self) -> Source | None:
        """The open source."""
        return self.opened if self.worker is None else self.worker.source

    @property
    def state(self) -> SourceState:
        """What doctor and the landing page show of it."""
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

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The same, and what there is to be said of its channels."""
        of_channels = self.source.problems if isinstance(self.source, HasProblems) else ()
        return (*filter(None, [self.problem]), *of_channels)


class SourceSet:
    """All sources of the table on one machine. Fast ones are read here, slow ones by a worker each."""

    def __init__(self, machine: Machine, table: Sequence[SourceEntry]) -> None:
        self._machine = machine
        self._clock = machine.host.clock
        self.watched = [self._watched(entry) for entry in table if entry.name not in machine.disabled]
        self._open_again_at = 0.0
        self._open_missing()

    @property
    def channels(self) -> list[Channel]:
        """The channels of all open sources, in the order of the table."""
        return [channel for watched in self.watched if watched.source for channel in watched.source.channels]

    @property
    def cpu_load(self) -> float | None:
        """The CPUs' mean load since the read before, 0 to 1; None where no source shows it."""
        for watched in self.watched:
            if watched.up and isinstance(watched.opened, ShowsLoad):
                return watched.opened.mean_load()
        return None

    def read(self, patience_seconds: float = 0.0) -> list[Reading]:
        """Return what every open source reports now. A source that fails is counted and takes nothing from the others.

        Slow sources give what their workers have; with patience they are asked now and waited for.
        """
        if self._clock.monotonic_seconds() >= self._open_again_at:
            self._open_missing()
        answers = [(watched, answer) for watched in self.watched for answer in self._answers(watched, patience_seconds)]
        return [reading for watched, answer in answers for reading in self._book(watched, answer)]

    def follow(self, machine: Machine) -> None:
        """Go on with other parts, with the sources that are built from them."""
        self._machine = machine
        for watched in self.watched:
            if isinstance(watched.opened, FollowsParts):
                watched.opened.follow(machine)

    @property
    def interrupted(self) -> list[tuple[str, str]]:
        """The channels of sources that have given nothing several times in a row."""
        silent = (watched for watched in self.watched if watched.empty_answers >= EMPTY_ANSWERS)
        return [channel.key for watched in silent if watched.source for channel in watched.source.channels]

    def close(self) -> None:
        """Close all sources. A slow one is given a moment to take leave of its device."""
        for watched in self.watched:
            if watched.worker is not None:
                watched.worker.stop()
            elif watched.opened is not None:
                watched.opened.close()
                watched.opened = None
        until = self._clock.monotonic_seconds() + LONGEST_CLOSE_SECONDS
        for watched in self.watched:
            if watched.worker is not None:
                watched.worker.wait_for_end(until - self._clock.monotonic_seconds())

    def _watched(self, entry: SourceEntry) -> Watched:
        if entry.pace is None:
            return Watched(entry)
        pace = _configured(entry.pace, self._machine.settings.get(entry.name, {}))
        return Watched(entry, worker=Worker(lambda: entry.open(self._machine), pace, self._clock))

    def _open_missing(self) -> None:
        self._open_again_at = self._clock.monotonic_seconds() + REOPEN_SECONDS
        for watched in self.watched:
            if watched.worker is None and watched.opened is None:
                self._open(watched)

    def _open(self, watched: Watched) -> None:
        opened = attempt_open(lambda: watched.entry.open(self._machine), self._clock)
        if isinstance(opened, Answer):
            self._book(watched, opened)
        else:
            watched.opened, watched.trouble = opened, None

    def _answers(self, watched: Watched, patience_seconds: float) -> list[Answer]:
        if watched.worker is not None:
            return watched.worker.collect_within(patience_seconds) if patience_seconds else watched.worker.collect()
        return [] if watched.opened is None else [attempt(watched.opened, self._clock)]

    def _book(self, watched: Watched, answer: Answer) -> Sequence[Reading]:
        """Take note of how the attempt went, and return its readings."""
        if isinstance(answer.trouble, SourceAbsent | SourceDenied):
            _not_there(watched, answer.trouble)
            return ()
        if answer.reason:
            _count(watched, answer)
        if answer.reason == "gone" and watched.opened is not None:
            watched.opened.close()
            watched.opened = None
        watched.trouble = answer.trouble
        watched.read_seconds = answer.seconds
        watched.up = bool(answer.readings)
        watched.empty_answers = 0 if answer.readings else watched.empty_answers + 1
        if answer.readings:
            watched.last_read_at = self._clock.utc_now()
        return answer.readings


def _configured(pace: Pace, settings: Mapping[str, Any]) -> Pace:
    """Return a slow source's pace as the config sets it."""
    given = {field.name: float(settings[field.name]) for field in fields(pace) if field.name in settings}
    return replace(pace, **given)


def _count(watched: Watched, answer: Answer) -> None:
    """Count a failure, and log the first of its reason; of a bug with the traceback."""
    if not watched.failures[answer.reason]:
        bug = answer.trouble.__cause__ if answer.trouble and answer.reason == "bug" else None
        level = logging.ERROR if bug else logging.WARNING
        logger.log(level, "%s: %s", watched.entry.name, answer.trouble, exc_info=bug)
    watched.failures[answer.reason] += 1


def _not_there(watched: Watched, trouble: SourceError) -> None:
    """Take note of a source that is absent or denied: no failed read, and warned of once."""
    if watched.trouble is None:
        level = logging.WARNING if isinstance(trouble, SourceDenied) else logging.DEBUG
        remedy = f"; {trouble.remedy}" if trouble.remedy else ""
        logger.log(level, "%s: %s%s", watched.entry.name, trouble.what, remedy)
    watched.trouble = trouble
    watched.up = False
    watched.empty_answers += 1

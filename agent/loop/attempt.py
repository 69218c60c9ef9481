# SPDX-License-Identifier: Apache-2.0
"""One attempt to read a source, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceError, SourceGone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.clock import Clock
    from agent.readings import Reading
    from agent.sources.source import Source


@dataclass(frozen=True, slots=True)
class Answer:
    """What a read gave, how long it took, and what was wrong with it: with the slug it is counted under."""

    readings: Sequence[Reading]
    seconds: float
    trouble: SourceError | None = None
    reason: str = ""


def attempt(source: Source, clock: Clock) -> Answer:
    """Read a source once. Whatever happens is an answer; a bug in one source must not stop the others."""
    began = clock.monotonic_seconds()
    readings: Sequence[Reading] = ()
    trouble: SourceError | None = None
    reason = ""
    try:
        readings = source.read()
    except ReadFailed as failure:
        readings, trouble, reason = failure.readings, failure, failure.reason
    except SourceGone as gone:
        trouble, reason = gone, "gone"
    except Exception as bug:  # noqa: BLE001 - the one broad except in the program
        trouble, reason = SourceError(f"a bug: {bug!r}", remedy="please report it with the agent's log"), "bug"
        trouble.__cause__ = bug
    return Answer(readings, clock.monotonic_seconds() - began, trouble, reason)

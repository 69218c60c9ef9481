# SPDX-License-Identifier: Apache-2.0
"""One attempt to open or to read a source, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from agent.errors import ReadFailed, SourceError, SourceGone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.clock import Clock
    from agent.readings import Reading
    from agent.sources.source import Source

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt gave, how long it took, and what was wrong with it.

    `reason` is the slug that the failure is counted under; a source that is absent or denied is not counted.
    """

    readings: Sequence[Reading]
    seconds: float
    trouble: SourceError | None = None
    reason: str = ""


def attempt_open(open_source: Callable[[], Source], clock: Clock) -> Source | Answer:
    """Open a source: return it, or why it is not open."""
    return _guarded(open_source, clock, clock.monotonic_seconds())


def attempt(source: Source, clock: Clock) -> Answer:
    """Read a source once. Whatever happens is an answer."""
    began = clock.monotonic_seconds()
    given = _guarded(source.read, clock, began)
    return given if isinstance(given, Answer) else Answer(given, clock.monotonic_seconds() - began)


def _guarded(action: Callable[[], Given], clock: Clock, began: float) -> Given | Answer:
    """Return what the action gives, or the answer that its failure is; a bug in one source must not stop the others."""
    readings: Sequence[Reading] = ()
    trouble: SourceError
    reason = ""
    try:
        return action()
    except ReadFailed as failure:
        readings, trouble, reason = failure.readings, failure, failure.reason
    except SourceGone as gone:
        trouble, reason = gone, "gone"
    except SourceError as absent_or_denied:
        trouble = absent_or_denied
    except Exception as bug:  # noqa: BLE001 - the one broad except in the program
        trouble, reason = SourceError(f"a bug: {bug!r}", remedy="please report it with the agent's log"), "bug"
        trouble.__cause__ = bug
    return Answer(readings, clock.monotonic_seconds() - began, trouble, reason)

# SPDX-License-Identifier: Apache-2.0
"""Snapshots: everything there is to say of a host at one moment, never changed once it is published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from impacts.figures import Figure
    from impacts.problems import Problem
    from impacts.statements import Statement


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a kind of counter says of itself on this host, for `doctor` and the landing page."""

    source: str
    found: bool
    readable: bool
    why_not: str = ""  # empty when readable
    remedy: str = ""  # the command or step that mends it; empty when nothing is to be mended
    channels: tuple[str, ...] = ()
    measures: str = ""  # one line: what it reports on a machine that has it
    notes: tuple[str, ...] = ()  # what was left out of it, and why


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the agent has to say at one moment. Swapped in whole by one writer, read by any number of readers."""

    taken_at: datetime  # UTC
    figures: tuple[Figure, ...]
    problems: tuple[Problem, ...] = ()
    sources: tuple[SourceState, ...] = ()
    statements: tuple[Statement, ...] = field(default=())  # since the start, today

    def named(self, name: str) -> list[Figure]:
        """Return the figures of one quantity; empty when it is not known."""
        return [figure for figure in self.figures if figure.quantity.name == name]

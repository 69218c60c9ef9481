# SPDX-License-Identifier: Apache-2.0
"""What a source is: how it is read, how often, and how a line of the table presents it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from agent.machine import Machine
    from agent.readings import Channel, Reading
    from impacts.problems import Problem


class Source(Protocol):
    """A kind of thing that can be read. Opened once; read at every tick; closed at the end."""

    channels: tuple[Channel, ...]
    notes: tuple[str, ...]  # what was left out and why, for doctor

    def read(self) -> Sequence[Reading]:
        """Return one reading per channel.

        Raises:
            SourceError: never zeros in place of a failure. `ReadFailed` carries the readings that did succeed.
        """

    def close(self) -> None:
        """Give back its files."""


@runtime_checkable
class FollowsParts(Protocol):
    """A source that is built from the parts of the machine."""

    def follow(self, machine: Machine) -> None:
        """Go on with the parts that the machine has now."""


@runtime_checkable
class HasProblems(Source, Protocol):
    """A source of whose channels users ought to know something."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What they ought to know."""


@runtime_checkable
class ShowsLoad(Protocol):
    """A source that knows how busy the CPUs are."""

    def mean_load(self) -> float:
        """Return the mean load since the read before, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a slow source is read, and how long a read may take, in seconds."""

    interval_seconds: float = 10.0
    deadline_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A line of the table: how to open the source, what it reads and how it presents itself."""

    name: str
    open: Callable[[Machine], Source]  # raises SourceAbsent or SourceDenied
    reads: tuple[str, ...]  # globs below the root, for `wattprint capture`
    measures: str  # one line for doctor, for docs/sources.md and for the config file's schema
    pace: Pace | None = None  # of a slow source, which is read by a worker
    settings: Mapping[str, Any] = field(default_factory=dict)  # JSON Schemas of what a user may set besides `enabled`

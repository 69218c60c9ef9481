# SPDX-License-Identifier: Apache-2.0
"""The errors of the agent.

WattprintError
├── ConfigError           wrong arguments, config or inventory file: one line, exit 2
├── FetchFailed           a server gave no whole answer: a source makes a failed read of it
├── HistoryDamaged        the history is not a readable database: moved aside, named in a problem
├── HistoryWriteFailed    this write failed (disk full …): nothing is lost, the next one tries again
└── SourceError           a source has no (full) reading
    ├── SourceAbsent      the interface is not on this machine: no alarm
    ├── SourceDenied      it is there and we may not read it: a problem with its remedy
    ├── ReadFailed        this read failed: counted, the next tick tries again
    └── SourceGone        it went away for good: the source is closed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.readings import Reading


class WattprintError(Exception):
    """Any error that the program expects and can name in one line."""


class ConfigError(WattprintError):
    """What the user gave cannot be used; the message says what, where and what to do."""


class HistoryDamaged(WattprintError):
    """The history's file cannot be read as a database."""


class HistoryWriteFailed(WattprintError):
    """The history could not be written; the file holds what it held before, the caller keeps its entries."""


class FetchFailed(WattprintError):
    """There was no whole answer from a server. `reason` is a slug: unreachable, timeout, tls or garbage."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason


class SourceError(WattprintError):
    """A source has no full reading. `remedy` is the command or step that mends it, where there is one."""

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class SourceAbsent(SourceError):
    """The interface does not exist on this machine."""


class SourceDenied(SourceError):
    """The interface exists and this process may not read it."""


class ReadFailed(SourceError):
    """One read failed, wholly or in part.

    `reason` is a slug fit for a metric label; `readings` are those of the channels that did answer, so that
    one bad channel takes nothing from the others.
    """

    def __init__(self, what: str, *, reason: str, readings: Sequence[Reading] = (), remedy: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.reason = reason
        self.readings = tuple(readings)


class SourceGone(SourceError):
    """The interface has disappeared for good."""

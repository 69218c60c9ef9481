# SPDX-License-Identifier: Apache-2.0
"""Files that are opened once and read at every tick with one `pread`, and a round of reads over all of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from agent.errors import ReadFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agent.readings import Reading

Meter = TypeVar("Meter")
Read = TypeVar("Read", bound="Reading")


@dataclass(slots=True)
class OpenFile:
    """A small file that is kept open. One that was closed is opened again by the next read."""

    path: str
    longest_bytes: int
    # Whether its writer puts a new file in its place, rather than writing into the one that is open here.
    is_replaced: bool = False
    descriptor: int = -1
    _last: bytes | None = None

    def open(self) -> None:
        """Open the file; raise OSError."""
        self.descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes:
        """Return what the file holds now, its first `longest_bytes`; raise OSError."""
        if self.descriptor < 0:
            self.open()
        content = os.pread(self.descriptor, self.longest_bytes, 0)
        # A file that was replaced holds for ever what it held last: only one that stands still is looked at.
        if self.is_replaced and content == self._last and os.fstat(self.descriptor).st_nlink == 0:
            self.close()
            self.open()
            content = os.pread(self.descriptor, self.longest_bytes, 0)
        self._last = content
        return content

    def close(self) -> None:
        """Close the file, if it is open."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def open_all(files: Iterable[OpenFile]) -> None:
    """Open every file, or none of them and raise OSError."""
    opened: list[OpenFile] = []
    try:
        for file in files:
            file.open()
            opened.append(file)
    except OSError:
        for file in opened:
            file.close()
        raise


class Failure(NamedTuple):
    """What is wrong with one file, and the slug that this is counted under."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Round(Generic[Read]):
    """The readings that every file of a source gave once, and the failures of those that gave none."""

    readings: list[Read] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def whole(self) -> list[Read]:
        """Return the readings; if any file failed, raise `ReadFailed` with the first failure and the readings."""
        if self.failures:
            what, reason = self.failures[0]
            raise ReadFailed(what, reason=reason, readings=self.readings)
        return self.readings


def read_each(
    meters: Iterable[Meter],
    read: Callable[[Meter], Read],
    failure: Callable[[Meter, OSError | ValueError], Failure],
) -> Round[Read]:
    """Read every meter once; one that fails takes nothing from the others.

    `read` raises OSError where the file gives no answer and ValueError where it holds no value; `failure` puts either
    into words.
    """
    taken: Round[Read] = Round()
    for meter in meters:
        try:
            taken.readings.append(read(meter))
        except (OSError, ValueError) as error:
            taken.failures.append(failure(meter, error))
    return taken

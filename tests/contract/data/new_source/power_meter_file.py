# SPDX-License-Identifier: Apache-2.0
"""A meter at the plug, read by a program of its own that writes the watts, each time as a new file.

The walkthrough of CONTRIBUTING.md, "A new source", adds this file to a copy of the tree; it is not part of wattprint.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent.errors import SourceAbsent, SourceDenied
from agent.readings import Boundary, Channel, Method, PowerReading
from agent.sources.open_files import Failure, OpenFile, read_each
from agent.sources.source import SourceEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.host import Host
    from agent.machine import Machine

NAME = "power_meter_file"
FILE = "/run/power-meter/watts"
READS = ("run/power-meter/watts",)

_LONGEST_NUMBER = 16  # bytes
_WATTS = re.compile(rb"[0-9]{1,5}(\.[0-9]{1,3})?\n?")
_PLAUSIBLE_WATTS = 10_000.0  # what a plug can carry, and more


class PowerMeterFile:
    """The power at the plug."""

    def __init__(self, host: Host, channel: Channel, file: OpenFile) -> None:
        self._host = host
        self._file = file
        self.channels: tuple[Channel, ...] = (channel,)
        self.notes: tuple[str, ...] = ()

    def read(self) -> Sequence[PowerReading]:
        """Return the watts that were written last."""
        return read_each([self._file], self._reading, _failure).whole()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _reading(self, file: OpenFile) -> PowerReading:
        at = self._host.clock.monotonic_seconds()
        written = file.read()
        if not _WATTS.fullmatch(written):
            raise ValueError(f"{file.path} holds {written!r}, which is no power in watts")
        return PowerReading(self.channels[0], at, float(written), epoch=self._host.boot_id())


def open_source(machine: Machine) -> PowerMeterFile:
    """Open the meter's file; raise SourceAbsent or SourceDenied."""
    file = OpenFile(str(machine.host.path(FILE)), _LONGEST_NUMBER, is_replaced=True)
    channel = Channel(
        source=NAME,
        name="plug",
        component="host",
        boundary=Boundary.INLET,
        method=Method.INTEGRATED,
        plausible_watts=_PLAUSIBLE_WATTS,
        accuracy=machine.accuracy(NAME),
    )
    try:
        file.open()
    except PermissionError as error:
        raise SourceDenied(f"{file.path} may not be read", remedy=f"sudo chmod a+r {file.path}") from error
    except OSError as error:
        raise SourceAbsent(f"no power meter writes to {file.path}") from error
    return PowerMeterFile(machine.host, channel, file)


def _failure(file: OpenFile, error: OSError | ValueError) -> Failure:
    if isinstance(error, ValueError):
        return Failure(str(error), "garbage")
    return Failure(f"{file.path}: {error.strerror}", "io_error")


ENTRY = SourceEntry(NAME, open_source, READS, "power at the plug, as the program of a meter writes it to a file")

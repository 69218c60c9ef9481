# SPDX-License-Identifier: Apache-2.0
"""Cray EX and XC: the node's energy counters in /sys/cray/pm_counters, kept by the blade's controller at 10 Hz.

A file holds "VALUE UNIT TIMESTAMP us". The counters are on the DC side: the cabinet's rectifiers lie outside.
`freshness` counts the controller's scans: if it stays the same, all values are of one scan.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import SourceAbsent, SourceDenied
from agent.readings import Boundary, Channel, CounterReading, Method
from agent.sources.open_files import Failure, OpenFile, open_all, read_each
from agent.sources.rapl import DENIED_REMEDY
from agent.sources.source import SourceEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.host import Host
    from agent.machine import Machine
    from impacts.values.estimates import Estimate

NAME = "cray"
COUNTERS = "/sys/cray/pm_counters"
READS = ("sys/cray/pm_counters/*energy", "sys/cray/pm_counters/freshness")

_COUNTER = re.compile(r"(?:(cpu|memory|accel)(\d*)_)?energy")
_COMPONENTS = {"cpu": "cpu", "memory": "dram", "accel": "gpu"}
_JOULES = re.compile(rb"([0-9]{1,20}) J(?: [0-9]+ us)?\s*")
_LONGEST_LINE = 128  # bytes
_PLAUSIBLE_WATTS = 10_000.0  # a node of today draws up to 5 kW


@dataclass(slots=True)
class _Counter:
    """An open counter file and the channel it feeds."""

    channel: Channel
    file: OpenFile


class CraySource:
    """The node's counters, each file kept open; read again once if the controller scanned in between."""

    def __init__(self, host: Host, counters: Sequence[_Counter], freshness: str) -> None:
        self._clock = host.clock
        self._boot_id = host.boot_id()
        self._counters = counters
        self._freshness = freshness
        self.channels = tuple(counter.channel for counter in counters)
        self.notes: tuple[str, ...] = ()

    def read(self) -> Sequence[CounterReading]:
        """Return every counter's value; raise `ReadFailed` with those that answered when one does not."""
        before = self._scan()
        taken = read_each(self._counters, self._reading, _failure)
        if self._scan() != before:
            taken = read_each(self._counters, self._reading, _failure)
        return taken.whole()

    def close(self) -> None:
        """Close the counter files."""
        for counter in self._counters:
            counter.file.close()

    def _scan(self) -> bytes:
        """Return the scan's number; none where the controller does not count them."""
        try:
            descriptor = os.open(self._freshness, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return os.read(descriptor, _LONGEST_LINE)
        except OSError:
            return b""
        finally:
            os.close(descriptor)

    def _reading(self, counter: _Counter) -> CounterReading:
        at = self._clock.monotonic_seconds()
        return CounterReading(counter.channel, at, _microjoules(counter.file), epoch=self._boot_id)


def open_source(machine: Machine) -> CraySource:
    """Open the node's counters; raise SourceAbsent or SourceDenied."""
    folder = machine.host.path(COUNTERS)
    try:
        names = sorted(path.name for path in folder.iterdir() if _COUNTER.fullmatch(path.name))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceAbsent("no /sys/cray/pm_counters: this is no Cray node") from error
    except PermissionError as error:
        raise SourceDenied(f"{COUNTERS} may not be listed by this user", remedy=DENIED_REMEDY) from error
    if not names:
        raise SourceAbsent("/sys/cray/pm_counters holds no energy counter")
    accuracy = machine.accuracy(NAME)
    counters = [
        _Counter(_channel(name, names, accuracy), OpenFile(str(folder / name), _LONGEST_LINE)) for name in names
    ]
    try:
        open_all(counter.file for counter in counters)
    except PermissionError as error:
        raise SourceDenied(f"{error.filename} may not be read by this user", remedy=DENIED_REMEDY) from error
    except OSError as error:
        raise SourceAbsent(f"{error.filename}: {error.strerror}") from error
    return CraySource(machine.host, counters, str(folder / "freshness"))


def _channel(name: str, names: Sequence[str], accuracy: Estimate) -> Channel:
    kind, number = _COUNTER.fullmatch(name).groups()  # type: ignore[union-attr] # the caller has matched it
    is_node = kind is None
    # cpu0_energy lies in cpu_energy, and everything in the node's.
    container = f"{kind}" if number and f"{kind}_energy" in names else "node"
    return Channel(
        source=NAME,
        name="node" if is_node else f"{kind}{number}",
        component="host" if is_node else _COMPONENTS[kind],
        boundary=Boundary.PLATFORM if is_node else Boundary.COMPONENT,
        method=Method.COUNTED,
        within=None if is_node or (container == "node" and "energy" not in names) else container,
        plausible_watts=_PLAUSIBLE_WATTS,
        accuracy=accuracy,
    )


def _microjoules(file: OpenFile) -> int:
    text = file.read()
    match = _JOULES.fullmatch(text)
    if match is None or int(match[1]) >= 2**63:
        raise ValueError(f"{file.path} holds {text!r}, which is no count of joules")
    return int(match[1]) * 1_000_000


def _failure(counter: _Counter, error: OSError | ValueError) -> Failure:
    """Return what failed, and have the file opened anew where it gave no answer."""
    if isinstance(error, ValueError):
        return Failure(str(error), "garbage")
    counter.file.close()
    return Failure(f"{counter.file.path}: {error.strerror}", "io_error")


ENTRY = SourceEntry(NAME, open_source, READS, "energy of a Cray node, its CPU, memory and accelerators")

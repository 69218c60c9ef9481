# SPDX-License-Identifier: Apache-2.0
"""Cray EX and XC: the node's energy counters in /sys/cray/pm_counters, kept by the blade's controller at 10 Hz.

A file says "VALUE UNIT TIMESTAMP us". They count on the DC side: the cabinet's rectifiers lie outside. `freshness`
counts the controller's scans, so that values of one scan can be told from those of two.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceAbsent, SourceDenied
from agent.readings import Boundary, Channel, CounterReading, Method
from agent.sources.rapl import DENIED_REMEDY

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
    path: str
    descriptor: int = -1


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
        readings, failures = self._read_once()
        if self._scan() != before:
            readings, failures = self._read_once()
        if failures:
            what, reason = failures[0]
            raise ReadFailed(what, reason=reason, readings=readings)
        return readings

    def close(self) -> None:
        """Close the counter files."""
        for counter in self._counters:
            _close(counter)

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

    def _read_once(self) -> tuple[list[CounterReading], list[tuple[str, str]]]:
        readings: list[CounterReading] = []
        failures: list[tuple[str, str]] = []
        for counter in self._counters:
            at = self._clock.monotonic_seconds()
            try:
                readings.append(CounterReading(counter.channel, at, _microjoules(counter), epoch=self._boot_id))
            except ValueError as error:
                failures.append((str(error), "garbage"))
            except OSError as error:
                _close(counter)
                failures.append((f"{counter.path}: {error.strerror}", "io_error"))
        return readings, failures


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
    counters = [_Counter(_channel(name, names, accuracy), str(folder / name)) for name in names]
    try:
        for counter in counters:
            counter.descriptor = os.open(counter.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        for counter in counters:
            _close(counter)
        if not isinstance(error, PermissionError):
            raise SourceAbsent(f"{error.filename}: {error.strerror}") from error
        raise SourceDenied(f"{error.filename} may not be read by this user", remedy=DENIED_REMEDY) from error
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


def _microjoules(counter: _Counter) -> int:
    if counter.descriptor < 0:
        counter.descriptor = os.open(counter.path, os.O_RDONLY | os.O_CLOEXEC)
    text = os.pread(counter.descriptor, _LONGEST_LINE, 0)
    match = _JOULES.fullmatch(text)
    if match is None or int(match[1]) >= 2**63:
        raise ValueError(f"{counter.path} says {text!r}, which is no count of joules")
    return int(match[1]) * 1_000_000


def _close(counter: _Counter) -> None:
    if counter.descriptor >= 0:
        os.close(counter.descriptor)
        counter.descriptor = -1

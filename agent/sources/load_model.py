# SPDX-License-Identifier: Apache-2.0
"""The model of last resort as a source: the CPUs' real load by /proc/stat, turned into power by the whole-host model.

https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceAbsent, SourceDenied
from agent.readings import Boundary, Channel, Method, PowerReading
from agent.sources.source import SourceEntry
from agent.wholehost.load_model import LoadModel, load_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.host import Host
    from agent.machine import Machine
    from agent.wholehost.terms import Term

NAME = "model"
READS = ("proc/stat", "proc/cpuinfo")

_FIRST_LINE = 256  # bytes: ten numbers of 20 digits
_IDLE_FIELDS = (3, 4, 7)  # idle, iowait, and steal: the time that a hypervisor gave to others
_COUNTED_FIELDS = 8  # user nice system idle iowait irq softirq steal; guest time is in user already


class LoadModelSource:
    """Modelled power of every part that is known, at the load since the last read."""

    def __init__(self, host: Host, model: LoadModel, descriptor: int) -> None:
        self._clock = host.clock
        self._epoch = host.boot_id()
        self._build(model)
        self._descriptor = descriptor
        self._busy_and_total = (0, 0)  # since the boot: the first reading is the mean since then
        self.load = 0.0
        self._read_at: float | None = None
        self.notes: tuple[str, ...] = ()

    def read(self) -> Sequence[PowerReading]:
        """Return the mean power since the last read."""
        at = self._clock.monotonic_seconds()
        try:
            now = busy_and_total_ticks(os.pread(self._descriptor, _FIRST_LINE, 0))
        except (OSError, ValueError) as error:
            raise ReadFailed(
                f"/proc/stat: {error}", reason="garbage" if isinstance(error, ValueError) else "io_error"
            ) from error
        busy, total = (new - old for new, old in zip(now, self._busy_and_total, strict=True))
        if total > 0:  # within one clock tick the load stays what it was
            self.load = min(1.0, max(0.0, busy / total))
            self._busy_and_total = now
        averaged_over = None if self._read_at is None else at - self._read_at
        self._read_at = at
        return [
            PowerReading(channel, at, term.watts(self.load), averaged_over, self._epoch)
            for channel, term in zip(self.channels, self._terms, strict=True)
        ]

    def mean_load(self) -> float:
        """Return the CPUs' mean load since the read before, 0 to 1."""
        return self.load

    def follow(self, machine: Machine) -> None:
        """Go on with the parts that the machine has now; the load is the same."""
        self._build(load_model(machine))

    def _build(self, model: LoadModel) -> None:
        """Have a channel for each component, and one for the host where siblings have taught what it draws."""
        self.model = model
        self._terms = model.terms if model.host is None else (*model.terms, model.host)
        self.channels = tuple(
            _channel(term, Boundary.INLET if term is model.host else Boundary.COMPONENT) for term in self._terms
        )

    def close(self) -> None:
        """Close /proc/stat."""
        os.close(self._descriptor)


def open_source(machine: Machine) -> LoadModelSource:
    """Open /proc/stat and build the model from the inventory."""
    path = machine.host.path("/proc/stat")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError as error:
        raise SourceDenied("/proc/stat may not be read", remedy="let this user read it, or run as root") from error
    except OSError as error:
        raise SourceAbsent("no /proc/stat, which has the load", remedy="mount /proc below the root given") from error
    return LoadModelSource(machine.host, load_model(machine), descriptor)


def busy_and_total_ticks(stat: bytes) -> tuple[int, int]:
    """Return the clock ticks that all CPUs worked and that passed, from the first line of /proc/stat."""
    label, *numbers = stat.partition(b"\n")[0].split() or [b""]
    if label != b"cpu" or len(numbers) < _COUNTED_FIELDS:
        raise ValueError(f"the first line is {stat[:40]!r}")
    ticks = [int(number) for number in numbers[:_COUNTED_FIELDS]]
    total = sum(ticks)
    return total - sum(ticks[field] for field in _IDLE_FIELDS), total


def _channel(term: Term, boundary: Boundary) -> Channel:
    return Channel(
        source=NAME,
        name=term.name,
        component=term.component,
        boundary=boundary,
        method=Method.MODELLED,
        accuracy=term.accuracy,
        model=term.model,
    )


ENTRY = SourceEntry(NAME, open_source, READS, "no counter: power modelled from the parts and the CPUs' load")

# SPDX-License-Identifier: Apache-2.0
"""RAPL: the energy counters of CPU packages, memory and platform, by the kernel's powercap tree.

https://docs.kernel.org/power/powercap/powercap.html. Since CVE-2020-8694 only root may read `energy_uj`: fine-grained
energy is a side channel, so the right to read it is granted to the agent and never to everyone.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceAbsent, SourceDenied
from agent.readings import Boundary, Channel, CounterReading, Method
from agent.sources.open_files import Failure, OpenFile, open_all, read_each
from agent.sources.rapl_processors import UNIT_CORRECTED, Processor
from agent.sources.rapl_zones import Zone, counted_zones, find_zones
from agent.sources.source import SourceEntry
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from agent.host import Host
    from agent.machine import Machine

NAME = "rapl"
READS = (
    "sys/class/powercap/intel-rapl*/name",
    "sys/class/powercap/intel-rapl*/enabled",
    "sys/class/powercap/intel-rapl*/energy_uj",
    "sys/class/powercap/intel-rapl*/max_energy_range_uj",
    "sys/class/powercap/intel-rapl*/constraint_*_name",
    "sys/class/powercap/intel-rapl*/constraint_*_max_power_uw",
)
DENIED_REMEDY = (
    "run as root, or give the service this one right: sudo systemd-run --property=DynamicUser=yes "
    "--property=AmbientCapabilities=CAP_DAC_READ_SEARCH --property=StateDirectory=wattprint wattprint run"
)

RELOAD_REMEDY = "sudo modprobe -r intel_rapl_msr && sudo modprobe intel_rapl_msr"

# These errors mean that the device itself went away: a counter that comes back is another one.
_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOENT})

# The most that is plausible, in watts. It distinguishes a wrap from a reset and a counter from garbage. Packages of
# today stay below 600 W; psys may cover a server full of accelerators.
_PLAUSIBLE_WATTS = {"package": 1000.0, "dram": 500.0, "psys": 10_000.0}
_LONGEST_NUMBER = 32  # bytes; 2^64 has 20 digits


@dataclass(slots=True)
class _Counter:
    """An open counter file and the channel it feeds."""

    channel: Channel
    file: OpenFile
    wraps_after_microjoules: int  # as the file shows it
    correction: Fraction  # of a unit that the kernel has wrong; else 1
    generation: int = 0  # how often the counter was created anew while it was watched
    is_gone: bool = False


class RaplSource:
    """The counted zones of the powercap tree, each file kept open and read with one `pread`."""

    def __init__(
        self, host: Host, counters: Sequence[_Counter], notes: tuple[str, ...] = (), problems: Sequence[Problem] = ()
    ) -> None:
        self._clock = host.clock
        self._boot_id = host.boot_id()
        self._counters = counters
        self.channels = tuple(counter.channel for counter in counters)
        self.notes = notes
        self.problems = tuple(problems)

    def read(self) -> Sequence[CounterReading]:
        """Return every counter's value; raise `ReadFailed` with those that answered when one does not."""
        return read_each(self._counters, self._reading, _failure).whole()

    def close(self) -> None:
        """Close the counter files."""
        for counter in self._counters:
            counter.file.close()

    def _reading(self, counter: _Counter) -> CounterReading:
        at = self._clock.monotonic_seconds()
        value = _value(counter)
        counter.is_gone = False
        epoch = f"{self._boot_id}#{counter.generation}" if counter.generation else self._boot_id
        if counter.correction == 1:
            return CounterReading(counter.channel, at, value, counter.wraps_after_microjoules, epoch)
        # Not to be subtracted from what was read of it without the correction, as by an older program.
        corrected, range_ = (int(amount * counter.correction) for amount in (value, counter.wraps_after_microjoules))
        return CounterReading(counter.channel, at, corrected, range_, f"{epoch} corrected")


def open_source(machine: Machine) -> RaplSource:
    """Open the zones that count something once; raise SourceAbsent, SourceDenied or ReadFailed with the remedy."""
    host = machine.host
    cpuinfo = host.read_text("/proc/cpuinfo") or ""
    processor = Processor.of(cpuinfo)
    try:
        zones = find_zones(host)
        if not zones:
            raise _absent(host, cpuinfo, processor)
        unique, notes = counted_zones(zones, vendor_is_amd=processor.is_amd)
        kept = [zone for zone in unique if zone.domain != "dram" or processor.has_dram_counter]
        counters = [_counter(zone, kept, processor, machine) for zone in kept]
        open_all(counter.file for counter in counters)
    except PermissionError as error:
        raise SourceDenied(f"{error.filename} may be read by root only", remedy=DENIED_REMEDY) from error
    except (OSError, ValueError) as error:
        raise ReadFailed(
            f"the powercap tree cannot be read: {error}", reason="garbage", remedy=RELOAD_REMEDY
        ) from error
    left_out = [zone.channel_name for zone in unique if zone not in kept]
    return RaplSource(host, counters, notes, tuple(_problems(counters, left_out)))


def _problems(counters: Sequence[_Counter], left_out: Sequence[str]) -> Iterator[Problem]:
    """Say which counters of memory are not counted, or corrected."""
    if left_out:
        what = f"{', '.join(left_out)}: on this processor it is no counter of the memory's energy and is not counted; a model stands in"
        yield Problem(NAME, "dram_not_counted", what, "give the agent the server's inlet meter, if it has one")
    corrected = [counter for counter in counters if counter.correction != 1]
    if corrected:
        names = ", ".join(counter.channel.name for counter in corrected)
        what = f"{names}: this kernel takes the wrong energy unit, so what it shows is multiplied by {float(corrected[0].correction):.3g}"
        yield Problem(NAME, "dram_unit_corrected", what, "update the kernel: from 6.1 on Sapphire Rapids is right")


def _counter(zone: Zone, kept: Sequence[Zone], processor: Processor, machine: Machine) -> _Counter:
    correction = processor.correction(zone, kept)
    accuracy = machine.accuracy(processor.accuracy_of(zone.domain))
    if correction != 1:
        accuracy = replace(accuracy, grounds=(*accuracy.grounds, UNIT_CORRECTED))
    channel = Channel(
        source=NAME,
        name=zone.channel_name,
        component={"dram": "dram", "psys": "host"}.get(zone.domain, "cpu"),
        boundary=Boundary.PLATFORM if zone.domain == "psys" else Boundary.COMPONENT,
        method=Method.COUNTED,
        within=_within(zone, kept),
        plausible_watts=_PLAUSIBLE_WATTS.get(zone.domain, _PLAUSIBLE_WATTS["package"]),
        accuracy=accuracy,
    )
    # A tree that is shared into a guest has its files replaced.
    file = OpenFile(str(zone.path / "energy_uj"), _LONGEST_NUMBER, is_replaced=True)
    return _Counter(channel, file, zone.wraps_after_microjoules(), correction)


def _within(zone: Zone, kept: Sequence[Zone]) -> str | None:
    """Return what already includes the zone: core and uncore lie in their package, packages and memory in psys."""
    if zone.domain in {"core", "uncore"}:
        return next(
            (other.channel_name for other in kept if other.domain == "package" and other.socket == zone.socket), None
        )
    if zone.domain == "psys":
        return None
    return next((other.channel_name for other in kept if other.domain == "psys"), None)


def _value(counter: _Counter) -> int:
    """Return the counter's microjoules."""
    text = counter.file.read()
    if not text.strip().isdigit():
        raise ValueError(f"{counter.file.path} holds {text!r}, which is no counter value")
    value = int(text)
    if value > counter.wraps_after_microjoules:
        raise ValueError(f"{counter.file.path} holds {value}, above its range of {counter.wraps_after_microjoules}")
    return value


def _failure(counter: _Counter, error: OSError | ValueError) -> Failure:
    """Return what failed, and have the file opened anew where the device went away."""
    if isinstance(error, ValueError):
        return Failure(str(error), "garbage")
    gone = error.errno in _GONE
    if gone and not counter.is_gone:
        counter.file.close()
        counter.is_gone = True
        counter.generation += 1
    return Failure(f"{counter.file.path}: {error.strerror}", "vanished" if gone else "io_error")


def _absent(host: Host, cpuinfo: str, processor: Processor) -> SourceAbsent:
    if re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.MULTILINE):
        return SourceAbsent(
            "a virtual machine is shown no power counters",
            remedy="run wattprint on the hypervisor, which has them",
        )
    if any(host.path("/sys/class/powercap").glob("intel-rapl*")):
        return SourceAbsent(
            "the zones in /sys/class/powercap are hidden from this process, as containers do",
            remedy="run on the host itself, or mount its /sys and name it with --root",
        )
    if processor.has_rapl:
        return SourceAbsent(
            "no zone in /sys/class/powercap: the kernel's RAPL driver is not loaded",
            remedy="sudo modprobe intel_rapl_msr",
        )
    return SourceAbsent("no /sys/class/powercap: this machine has no RAPL counters")


ENTRY = SourceEntry(NAME, open_source, READS, "energy of CPU packages and memory, counted by the processor")

# SPDX-License-Identifier: Apache-2.0
"""The table of sources. A new one is a file here, a line in the table and a machine under tests/hosts/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from agent.sources import cray, hwmon, ipmi_dcmi, load_model, nvidia, rapl, redfish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.machine import Machine
    from agent.readings import Channel, Reading
    from agent.worker import Pace


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


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A line of the table: how to open the source, what it reads and how it presents itself."""

    name: str
    open: Callable[[Machine], Source]  # raises SourceAbsent or SourceDenied
    reads: tuple[str, ...]  # globs below the root, for `wattprint capture`
    measures: str  # one line for doctor
    pace: Pace | None = None  # of a slow source, which is read by a worker


SOURCES: tuple[SourceEntry, ...] = (
    SourceEntry(cray.NAME, cray.open_source, cray.READS, "energy of a Cray node, its CPU, memory and accelerators"),
    SourceEntry(
        ipmi_dcmi.NAME,
        ipmi_dcmi.open_source,
        ipmi_dcmi.READS,
        "power at the inlet, as the BMC measures it",
        ipmi_dcmi.PACE,
    ),
    SourceEntry(
        redfish.NAME,
        redfish.open_source,
        redfish.READS,
        "power at the inlet, as the BMC tells it by network",
        redfish.PACE,
    ),
    SourceEntry(
        hwmon.ACPI_METER, hwmon.open_acpi_meter, hwmon.READS, "power at the inlet, told by firmware (ACPI)", hwmon.PACE
    ),
    SourceEntry(
        hwmon.PSU_INPUTS, hwmon.open_psu_inputs, hwmon.READS, "power that power supplies draw (PMBus)", hwmon.PACE
    ),
    SourceEntry(rapl.NAME, rapl.open_source, rapl.READS, "energy of CPU packages and memory, counted by the processor"),
    SourceEntry(nvidia.NAME, nvidia.open_source, nvidia.READS, "energy of NVIDIA cards, counted by them", nvidia.PACE),
    SourceEntry(hwmon.COMPONENTS, hwmon.open_components, hwmon.READS, "power of CPUs and cards, told by their drivers"),
    SourceEntry(
        load_model.NAME,
        load_model.open_source,
        load_model.READS,
        "no counter: power modelled from load, CPU model, memory and drives",
    ),
)

# SPDX-License-Identifier: Apache-2.0
"""The table of sources, in the order of preference. CONTRIBUTING.md walks through adding one."""

from __future__ import annotations

from agent.sources import cray, hwmon, ipmi_dcmi, load_model, nvidia, rapl, redfish
from agent.sources.source import SourceEntry

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

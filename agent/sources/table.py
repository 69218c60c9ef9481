# SPDX-License-Identifier: Apache-2.0
"""The table of sources, in the order of preference. CONTRIBUTING.md walks through adding one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.sources import cray, hwmon, ipmi_dcmi, load_model, nvidia, rapl, redfish

if TYPE_CHECKING:
    from agent.sources.source import SourceEntry

SOURCES: tuple[SourceEntry, ...] = (
    cray.ENTRY,
    ipmi_dcmi.ENTRY,
    redfish.ENTRY,
    hwmon.ACPI_METER_ENTRY,
    hwmon.PSU_INPUTS_ENTRY,
    rapl.ENTRY,
    nvidia.ENTRY,
    hwmon.COMPONENTS_ENTRY,
    load_model.ENTRY,
)

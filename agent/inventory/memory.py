# SPDX-License-Identifier: Apache-2.0
"""Memory modules from SMBIOS type 17 (DMTF DSP0134, section 7.18), else the total with an assumed module size."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from agent.inventory import dmi
from impacts.parts import Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.host import Host
    from agent.inventory.dmi import Smbios, Structure

READS = ("proc/meminfo",)

# The commonest module in servers, and the one BoaviztAPI 2.5 takes for its server archetype.
ASSUMED_MODULE_GB = 32

_GENERATIONS = {
    0x12: "DDR",
    0x13: "DDR2",
    0x14: "DDR2",
    0x18: "DDR3",
    0x1A: "DDR4",
    0x1B: "LPDDR",
    0x1C: "LPDDR2",
    0x1D: "LPDDR3",
    0x1E: "LPDDR4",
    0x20: "HBM",
    0x21: "HBM2",
    0x22: "DDR5",
    0x23: "LPDDR5",
    0x24: "HBM3",
}
_NOT_MAIN_MEMORY = frozenset({0x05, 0x06, 0x08, 0x09, 0x0A, 0x0B, 0x0C})  # video, cache, ROM and flash
_LOGICAL_NON_VOLATILE = 0x1F
_PERSISTENT_TECHNOLOGIES = frozenset({0x05, 0x06, 0x07})  # NVDIMM-F, NVDIMM-P, Optane

_EMPTY_SIZES = (None, 0, 0xFFFF)  # no such field, slot empty, unknown
_SIZE_IS_EXTENDED = 0x7FFF
_SIZE_IN_KIB_BIT = 0x8000


def detect_memory(host: Host, smbios: Smbios) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the memory modules and what had to be assumed; no parts where nothing tells of them."""
    devices = [device for device in smbios.of_kind(dmi.MEMORY_DEVICE) if _capacity_gb(device)]
    modules = [
        device for device in devices if not _is_persistent(device) and device.number(0x12) not in _NOT_MAIN_MEMORY
    ]
    if not modules:
        return _assumed(host, smbios)
    counts = Counter((_capacity_gb(module), _GENERATIONS.get(module.number(0x12) or 0)) for module in modules)
    parts = tuple(
        Part("memory", count, capacity_gb=capacity_gb, generation=generation)
        for (capacity_gb, generation), count in counts.items()
    )
    return parts, _left_out(sum(map(_is_persistent, devices)))


def _capacity_gb(device: Structure) -> float:
    """Return a module's capacity in the GB that memory is sold in (GiB); 0 for an empty slot."""
    size = device.number(0x0C, 2)
    if size is None or size in _EMPTY_SIZES:
        return 0.0
    if size == _SIZE_IS_EXTENDED:
        return ((device.number(0x1C, 4) or 0) & 0x7FFFFFFF) / 1024
    return (size & ~_SIZE_IN_KIB_BIT) / 1024**2 if size & _SIZE_IN_KIB_BIT else size / 1024


def _is_persistent(device: Structure) -> bool:
    return device.number(0x12) == _LOGICAL_NON_VOLATILE or device.number(0x28) in _PERSISTENT_TECHNOLOGIES


def _left_out(persistent_modules: int) -> tuple[Problem, ...]:
    if not persistent_modules:
        return ()
    return (
        Problem(
            "inventory",
            "persistent_memory",
            f"persistent memory is in no figure, for no footprint of its kind is known; modules seen: {persistent_modules}",
            "give the manufacturer's footprint of the server in an inventory file",
        ),
    )


def _assumed(host: Host, smbios: Smbios) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    total_gb = _total_gb(host)
    if not total_gb:
        return (), ()
    count = math.ceil(total_gb / ASSUMED_MODULE_GB)
    # The kernel keeps a few per cent to itself, and modules come in even sizes.
    capacity_gb = float(2 * math.ceil(total_gb / count / 2))
    problem = Problem(
        "inventory",
        "memory_assumed",
        f"the memory modules are unknown, {count} x {capacity_gb:g} GB is assumed: "
        f"{smbios.why_not or 'the firmware does not list them'}",
        smbios.remedy or "name the modules in an inventory file",
    )
    return (Part("memory", count, capacity_gb=capacity_gb, assumed=True),), (problem,)


def _total_gb(host: Host) -> float:
    import psutil  # noqa: PLC0415 -- only where the firmware is silent

    psutil.PROCFS_PATH = str(host.path("/proc"))
    try:
        return float(psutil.virtual_memory().total) / 1024**3
    except (OSError, KeyError, ValueError, IndexError):  # no meminfo, or not one that psutil knows
        return 0.0

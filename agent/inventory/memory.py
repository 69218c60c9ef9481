# SPDX-License-Identifier: Apache-2.0
"""Memory modules from SMBIOS type 17 (DMTF DSP0134, section 7.18), else the total with an assumed module size.

Soldered memory counts by package: each is a structure of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.inventory import dmi, spd
from impacts.parts import Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.host import Host
    from agent.inventory.dmi import Smbios, Structure

READS = ("proc/meminfo", *spd.READS)

# The commonest module in servers, and the one BoaviztAPI 2.5 takes for its server archetype.
ASSUMED_MODULE_GB = 32

_GENERATIONS = {
    0x12: "DDR",
    0x13: "DDR2",
    0x14: "DDR2",
    0x18: "DDR3",
    0x19: "DDR2",  # fully buffered
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

_EMPTY = (None, 0)  # no such field, no module in the slot
_SIZE_UNKNOWN = 0xFFFF
_SIZE_IS_EXTENDED = 0x7FFF
_SIZE_IN_KIB_BIT = 0x8000
_SPEED_IS_EXTENDED = 0xFFFF
_PLAUSIBLE_MTS = range(1, 100_001)
_RESERVED_BIT = 0x80000000  # of the extended fields

_CONFIGURED_SPEED, _HIGHEST_SPEED = (0x20, 0x58), (0x15, 0x54)  # where each is, and where its extension


def detect_memory(host: Host, smbios: Smbios) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the memory modules and what had to be assumed; no parts where nothing shows them."""
    devices = [device for device in smbios.of_kind(dmi.MEMORY_DEVICE) if device.number(0x0C, 2) not in _EMPTY]
    modules = [
        _module(device)
        for device in devices
        if not _is_persistent(device) and device.number(0x12) not in _NOT_MAIN_MEMORY
    ]
    if not modules:
        return _assumed(host, smbios)
    counts = Counter(_with_years(modules, spd.read_eeproms(host)))
    parts = tuple(replace(module, count=count) for module, count in counts.items())
    return parts, _left_out(sum(map(_is_persistent, devices)))


def _module(device: Structure) -> Part:
    return Part(
        "memory",
        1,
        part_number=device.name(0x1A),
        capacity_gb=_capacity_gb(device),
        generation=_GENERATIONS.get(device.number(0x12) or 0),
        speed_mts=_speed_mts(device, *_CONFIGURED_SPEED) or _speed_mts(device, *_HIGHEST_SPEED),
    )


def _capacity_gb(device: Structure) -> float | None:
    """Return a module's capacity in the GB that memory is sold in (GiB)."""
    size = device.number(0x0C, 2) or 0
    if size == _SIZE_UNKNOWN:
        return None
    if size == _SIZE_IS_EXTENDED and (extended := device.number(0x1C, 4)) is not None:
        return (extended & ~_RESERVED_BIT) / 1024 or None
    return ((size & ~_SIZE_IN_KIB_BIT) / 1024**2 if size & _SIZE_IN_KIB_BIT else size / 1024) or None


def _speed_mts(device: Structure, at: int, extended_at: int) -> int | None:
    speed = device.number(at, 2)
    if speed == _SPEED_IS_EXTENDED:
        speed = (device.number(extended_at, 4) or 0) & ~_RESERVED_BIT
    return speed if speed in _PLAUSIBLE_MTS else None


def _with_years(modules: Sequence[Part], eeproms: Sequence[spd.Eeprom]) -> list[Part]:
    """Return the modules with the years of their EEPROMs, where it is known whose each is, or where all state one year."""
    years = {eeprom.year for eeprom in eeproms}
    if len(eeproms) == len(modules) and len(years) == 1:
        return [replace(module, year=year) for module in modules for year in years]
    dated: list[Part] = []
    of_number = Counter(module.part_number for module in modules)
    for module, count in Counter(modules).items():
        of_eeproms = [eeprom.year for eeprom in eeproms if eeprom.part_number == module.part_number]
        is_known = module.part_number is not None and len(of_eeproms) == count == of_number[module.part_number]
        dated += [replace(module, year=year) for year in (of_eeproms if is_known else [None] * count)]
    return dated


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
    import psutil  # noqa: PLC0415 -- only where the firmware lists no modules

    psutil.PROCFS_PATH = str(host.path("/proc"))
    try:
        return float(psutil.virtual_memory().total) / 1024**3
    except (OSError, KeyError, ValueError, IndexError):  # no meminfo, or not one that psutil knows
        return 0.0

# SPDX-License-Identifier: Apache-2.0
"""A cheap look that shows whether hardware came or went, and the difference between two inventories.

https://docs.kernel.org/admin-guide/mm/memory-hotplug.html and /core-api/cpu_hotplug.html
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.inventory.block_devices import BLOCK, is_hardware_name
from agent.inventory.pci import DEVICES

if TYPE_CHECKING:
    from agent.host import Host
    from impacts.parts import Inventory, Part

_ONLINE_CPUS = "/sys/devices/system/cpu/online"
_MEMORY_BLOCKS = "/sys/devices/system/memory"


def hardware_names(host: Host) -> frozenset[str]:
    """Return the names of drives, PCI devices and memory blocks, and which CPUs are on line; of none is a file read."""
    drives = filter(is_hardware_name, _names(host, BLOCK))
    return frozenset((
        *(f"block {name}" for name in drives),
        *(f"pci {name}" for name in _names(host, DEVICES)),
        *_names(host, _MEMORY_BLOCKS),
        f"cpus {host.read_text(_ONLINE_CPUS)}",
    ))  # fmt: skip


def _names(host: Host, folder: str) -> list[str]:
    try:
        return [entry.name for entry in host.path(folder).iterdir()]
    except OSError:
        return []


def difference(before: Inventory, after: Inventory) -> str:
    """Return in one line which parts came and which went; empty where the parts are the same."""
    old, new = _counts(before), _counts(after)
    came = [f"{count} x {_name(part)} came" for part, count in (new - old).items()]
    went = [f"{count} x {_name(part)} went" for part, count in (old - new).items()]
    return ", ".join(came + went)


def _counts(inventory: Inventory) -> Counter[Part]:
    counts: Counter[Part] = Counter()
    for part in inventory.parts or ():
        counts[replace(part, count=1)] += part.count
    return counts


def _name(part: Part) -> str:
    capacity = "" if part.capacity_gb is None else f"{part.capacity_gb:g} GB"
    return " ".join(filter(None, (part.kind, capacity, part.model)))

# SPDX-License-Identifier: Apache-2.0
"""Drives: each once, however many paths or namespaces the kernel shows of it, and what an array hides.

The kernel reports the year of manufacture of eMMC alone; of other drives the inventory file may set it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from agent.inventory import block_devices
from agent.inventory.arrays import hidden_drives, is_volume
from impacts.parts import KINDS, Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent.host import Host
    from agent.inventory.block_devices import BlockDevice
    from agent.inventory.pci import Card

_CONTROLLERS = "/sys/class/nvme"
READS = (
    *block_devices.READS,
    *(f"sys/class/nvme/*/{name}" for name in ("transport", "model", "nvme*n*/size")),
)

_NAMESPACE = re.compile(r"(nvme\d+)n\d+")


def detect_drives(
    host: Host, cards: Iterable[Card] = (), *, virtual: bool = False
) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the built-in drives and what is doubtful about them."""
    try:
        seen = block_devices.read_block_devices(host)
    except OSError as error:
        return (), (_unknown(error.strerror or "no answer"),)
    found = Counter([*map(_part, each_drive_once(seen)), *_drives_without_namespaces(host)])
    parts = sorted((replace(part, count=count) for part, count in found.items()), key=_place)
    return tuple(parts), () if virtual else hidden_drives(seen, cards)


def each_drive_once(seen: Iterable[BlockDevice]) -> tuple[BlockDevice, ...]:
    """Return one device for each drive: its paths are one, its namespaces add up."""
    by_identity = {_identity(device): device for device in reversed(tuple(seen))}
    single = sorted(by_identity.values(), key=lambda device: (_controller(device), device.name))
    return tuple(_whole(list(namespaces)) for _, namespaces in groupby(single, key=_controller))


def _identity(device: BlockDevice) -> tuple[str, int, str | None]:
    # Cheap drives share an identifier: size and model must agree, too.
    return (device.wwid or device.name, device.capacity_bytes, device.model)


def _controller(device: BlockDevice) -> str:
    namespace = _NAMESPACE.fullmatch(device.name)
    return namespace[1] if namespace else device.name


def _whole(namespaces: list[BlockDevice]) -> BlockDevice:
    return replace(namespaces[0], capacity_bytes=sum(device.capacity_bytes for device in namespaces))


def _part(drive: BlockDevice) -> Part:
    kind = "hdd" if drive.rotational else "ssd"
    capacity_gb = _round_gb(drive.capacity_bytes / 1e9)
    if is_volume(drive):  # it stands in for drives that are not visible
        return Part(kind, 1, model=drive.model, capacity_gb=capacity_gb, assumed=True)
    return Part(kind, 1, model=drive.model, capacity_gb=capacity_gb, transport=drive.transport, year=drive.year)


def _drives_without_namespaces(host: Host) -> Iterator[Part]:
    """Yield NVMe drives that show no block device, as after their namespaces were deleted: their size is unknown."""
    for controller in sorted(host.path(_CONTROLLERS).glob("nvme*")):
        of = f"{_CONTROLLERS}/{controller.name}"
        if host.read_text(f"{of}/transport") == "pcie" and not any(controller.glob("nvme*n*")):
            yield Part("ssd", 1, model=host.read_text(f"{of}/model") or None, transport="nvme")


def _place(part: Part) -> tuple[bool, int]:
    """Volumes come last."""
    return (part.assumed, KINDS.index(part.kind))


def _round_gb(gb: float) -> float:
    """Return the capacity a drive is sold with: 960.197 is 960, 7681.5 is 7680."""
    tens, units, tenths = -1, 0, 1
    return float(round(gb, tens if gb >= 1000 else units if gb >= 10 else tenths))  # noqa: PLR2004


def _unknown(why: str) -> Problem:
    return Problem(
        "inventory",
        "drives_unknown",
        f"the drives are unknown and in no figure: {block_devices.BLOCK}: {why}",
        "make /sys visible to the agent, or name the drives in an inventory file",
    )

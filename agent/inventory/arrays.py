# SPDX-License-Identifier: Apache-2.0
"""Disk arrays: which block devices are volumes of a RAID controller, and which drives nobody sees because of it.

Drivers show volumes and single drives on SCSI channels of their own: drivers/scsi/megaraid/megaraid_sas.h
(MEGASAS_MAX_PD_CHANNELS), mpt3sas/mpt3sas_scsih.c (RAID_CHANNEL), smartpqi/smartpqi.h and hpsa.h (…_BUS),
aacraid/aacraid.h (CONTAINER_CHANNEL) in the kernel's source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agent.inventory.block_devices import BlockDevice
    from agent.inventory.pci import Card

_VOLUME_CHANNELS: Mapping[str, tuple[int, ...]] = {
    "aacraid": (0,),
    "hpsa": (1, 2),
    "megaraid_sas": (2, 3),
    "mpt2sas": (1,),
    "mpt3sas": (1,),
    "smartpqi": (1, 3),
}
_VOLUME_MODEL = re.compile(
    r"PERC|MegaRAID|ServeRAID|LOGICAL VOLUME|Logical Drive|Virtual[ _-]?Dis[kc]|\bRAID|\bVD\b|^MR\d|\bBOSS\b|NS204i",
    re.IGNORECASE,
)

# The commands that list the drives behind a controller, by its driver.
_SMART_ARRAY = "`ssacli controller all show config`"
_LISTED_BY: Mapping[str, str] = {
    "aacraid": "`arcconf getconfig 1 pd`",
    "hpsa": _SMART_ARRAY,
    "megaraid_sas": "`storcli64 /call/eall/sall show` (Dell: perccli64)",
    "mpi3mr": "`storcli2 /call/eall/sall show`",
    "mpt2sas": "`sas2ircu 0 display`",
    "mpt3sas": "`sas3ircu 0 display`",
    "smartpqi": _SMART_ARRAY,
}
_RAID = "0104"
_INTEL = "8086"  # its "RAID" is the chipset's or the processor's (VMD) and hides nothing


def is_volume(device: BlockDevice) -> bool:
    """Whether a block device is a volume of a disk array rather than a drive."""
    if device.raid_level not in {"", "N/A"} or device.channel in _VOLUME_CHANNELS.get(device.driver, ()):
        return True
    return device.model is not None and _VOLUME_MODEL.search(device.model) is not None


def is_raid_controller(card: Card) -> bool:
    """Whether a card is, or may be, a RAID controller that keeps drives to itself."""
    return any(function.class_code == _RAID and function.vendor != _INTEL for function in card.functions)


def hidden_drives(seen: Iterable[BlockDevice], cards: Iterable[Card]) -> tuple[Problem, ...]:
    """Return a problem for the drives behind volumes, and for those behind controllers that show nothing at all."""
    devices = tuple(seen)
    return (
        *_behind_volumes(devices),
        *_behind_controllers_without_drives({device.driver for device in devices}, cards),
    )


def _behind_volumes(devices: tuple[BlockDevice, ...]) -> Iterator[Problem]:
    volumes = [device for device in devices if is_volume(device)]
    if volumes:
        yield _hidden(
            f"a disk array hides the drives behind its volumes; volumes among the drives listed: {len(volumes)}",
            {volume.driver for volume in volumes},
        )


def _behind_controllers_without_drives(showing_drives: set[str], cards: Iterable[Card]) -> Iterator[Problem]:
    for card in cards:
        drivers = {function.driver for function in card.functions}
        if is_raid_controller(card) and not drivers & showing_drives:
            what = f"the RAID controller at {card.slot} shows no drive: those behind it, if any, are in no figure"
            yield _hidden(what, drivers)


def _hidden(what: str, drivers: set[str]) -> Problem:
    listed_by = ", ".join(sorted({_LISTED_BY[driver] for driver in drivers if driver in _LISTED_BY}))
    remedy = "name the array's drives in an inventory file" + (f"; {listed_by} lists them" if listed_by else "")
    return Problem("inventory", "drives_behind_array", what, remedy)

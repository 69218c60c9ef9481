# SPDX-License-Identifier: Apache-2.0
"""What the kernel reports of each block device that is hardware, not of what is mapped, mounted or in memory.

https://www.kernel.org/doc/Documentation/ABI/stable/sysfs-block
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.host import Host

BLOCK = "/sys/block"
READS = (
    *(
        f"sys/block/*/{name}"
        for name in (
            "size",
            "removable",
            "hidden",
            "wwid",
            "queue/rotational",
            "device/model",
            "device/name",  # eMMC's model
            "device/date",  # eMMC's month of manufacture
            "device/vendor",
            "device/wwid",
            "device/raid_level",
            "device/transport",
            "device/nvme*/transport",  # where the kernel joins the paths to an NVMe drive
            "device/modalias",  # shows that there is a device where it has no model
            "device/type",  # same, and distinguishes a soldered eMMC from a card
            "device/scsi_disk/*/cache_type",  # for the folder's name: host:channel:target:unit
        )
    ),
    "sys/class/scsi_host/*/proc_name",
)

_NO_HARDWARE = re.compile(
    r"(loop|ram|zram|dm-|md|bcache|sr|nbd|zd|fd|rbd|rnbd|drbd|pmem|mtdblock|dasd|nullb|ublkb)\d"
    r"|mmcblk\d+(boot|rpmb|gp)|nvme\d+c\d+n\d+"
)
# What clouds call the disks that their network lends to a machine as NVMe or SCSI.
_LENT = re.compile(r"Elastic Block Store|PersistentDisk|nvme_card-pd|MSFT NVMe Accelerator")
_SECTOR_BYTES = 512  # /sys/block counts in these, whatever the drive's own sectors are

_SAS_DRIVERS = frozenset({"aacraid", "hpsa", "isci", "megaraid_sas", "mpi3mr", "mpt2sas", "mpt3sas", "mvsas"}) | {
    "pm80xx",
    "smartpqi",
}


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """One entry of /sys/block: a drive, one of the paths to it, one of its namespaces, or an array's volume."""

    name: str
    capacity_bytes: int
    rotational: bool
    model: str | None = None
    vendor: str = ""  # of a SCSI device
    transport: str | None = None
    wwid: str = ""  # the same on every path
    year: int | None = None  # of manufacture: only eMMC states it
    driver: str = ""  # of the SCSI host
    channel: int | None = None  # of the SCSI host
    raid_level: str = ""


def is_hardware_name(name: str) -> bool:
    """Whether a name in /sys/block is one that drives have."""
    return _NO_HARDWARE.match(name) is None


def read_block_devices(host: Host) -> tuple[BlockDevice, ...]:
    """Return the block devices that are built into this machine, by name.

    Raises:
        OSError: there is no /sys/block to look into.
    """
    names = sorted(entry.name for entry in host.path(BLOCK).iterdir())
    devices = (_device(host, name) for name in names if is_hardware_name(name))
    return tuple(device for device in devices if device is not None)


def is_networked(host: Host, name: str) -> bool:
    """Whether the block device is lent by another machine: NVMe over fabrics, Fibre Channel, iSCSI, a cloud's volume."""
    device = host.path(f"{BLOCK}/{name}/device")
    transports = {_text(path) for path in (device / "transport", *device.glob("nvme*/transport"))} - {""}
    behind = str(host.path(f"{BLOCK}/{name}").resolve())
    lent = "/rport-" in behind or "/session" in behind or _LENT.search(_text(device / "model")) is not None
    return lent or bool(transports - {"pcie"})


def _device(host: Host, name: str) -> BlockDevice | None:
    device = host.path(f"{BLOCK}/{name}/device")
    attribute = partial(_attribute, host, name)
    if not device.is_dir() or is_networked(host, name):
        return None
    if attribute("removable") == "1" or attribute("hidden") == "1" or attribute("device/type") == "SD":
        return None
    sectors = attribute("size")
    if not sectors.isdecimal() or int(sectors) == 0:
        return None
    scsi_host, channel = _scsi_address(device)
    driver = host.read_text(f"/sys/class/scsi_host/host{scsi_host}/proc_name") or ""
    behind = str(host.path(f"{BLOCK}/{name}").resolve())
    return BlockDevice(
        name=name,
        capacity_bytes=int(sectors) * _SECTOR_BYTES,
        rotational=attribute("queue/rotational") == "1",
        model=attribute("device/model") or attribute("device/name") or None,
        vendor=attribute("device/vendor"),
        transport=_transport(name, attribute("device/vendor"), behind, driver),
        wwid=attribute("wwid") or attribute("device/wwid"),
        year=_year(attribute),
        driver=driver,
        channel=channel,
        raid_level=attribute("device/raid_level"),
    )


def _attribute(host: Host, name: str, of: str) -> str:
    return host.read_text(f"{BLOCK}/{name}/{of}") or ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _scsi_address(device: Path) -> tuple[str, int | None]:
    """Return the SCSI host's number and the channel on it; neither for what is no SCSI disk."""
    for path in device.glob("scsi_disk/*:*:*:*"):
        scsi_host, channel, _, _ = path.name.split(":")
        return scsi_host, int(channel) if channel.isdecimal() else None
    return "", None


def _transport(name: str, vendor: str, behind: str, driver: str) -> str | None:
    """Return the transport of the drive itself: a SATA drive at a SAS controller is a SATA drive."""
    if "/usb" in behind or driver in {"uas", "usb-storage"}:
        return "usb"
    if name.startswith("nvme") or vendor == "NVMe":  # so controllers for all three call it
        return "nvme"
    if name.startswith("vd") or "/virtio" in behind or driver == "virtio_scsi":
        return "virtio"
    if vendor == "ATA":
        return "sata"
    return "sas" if driver in _SAS_DRIVERS or "/end_device-" in behind else None


def _year(attribute: Callable[[str], str]) -> int | None:
    """Return the year of the month that an eMMC was made in; no other drive states it, and a serial number is no date."""
    _, _, year = attribute("device/date").partition("/")
    return int(year) if attribute("device/type") == "MMC" and year.isdecimal() else None

# SPDX-License-Identifier: Apache-2.0
"""Drives by kind, transport and size: classes of data/part-power, from idle to busy, the value for one with little to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.part_power.rows import of_class

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.parts import Part
    from impacts.values.estimates import Estimate

_VIRTUAL = "virtio"  # made up by a hypervisor: the drives behind it are the host's
_BOOT_BELOW_GB = 500  # NVMe drives for data are larger; those for booting and clients have the form M.2
_FAST_HDD_GB = 2500  # the largest drive of 10000/min has 2400 GB


def drive_power(book: FactorBook, part: Part) -> Estimate | None:
    """Return the power of one drive, W; None for a guest's virtual disk, which is no drive."""
    if part.transport == _VIRTUAL:
        return None
    classes = {"ssd": _ssd_class, "hdd": _hdd_class}[part.kind](part)
    return of_class(book, "drive_power", f"{part.kind}:{classes}" if classes else part.kind)


def _ssd_class(part: Part) -> str | None:
    if part.transport == "nvme" and part.capacity_gb is not None and part.capacity_gb < _BOOT_BELOW_GB:
        return "nvme_small"
    return part.transport if part.transport in {"sata", "sas", "nvme", "usb"} else None


def _hdd_class(part: Part) -> str | None:
    """SATA drives of servers and large SAS drives turn 7200 times a minute, small SAS drives faster."""
    if part.transport == "sas" and part.capacity_gb is not None:
        return "fast" if part.capacity_gb < _FAST_HDD_GB else "large"
    return "large" if part.transport == "sata" else None

# SPDX-License-Identifier: Apache-2.0
"""Drives from /sys/block: what is built into this machine, not what is mapped, mounted or lent by another.

https://www.kernel.org/doc/Documentation/ABI/stable/sysfs-block
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from impacts.parts import Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.host import Host

_BLOCK = "/sys/block"
READS = tuple(
    f"sys/block/*/{name}"
    for name in (
        "size",
        "removable",
        "hidden",
        "queue/rotational",
        "device/model",
        "device/transport",
        "device/modalias",  # says that there is a device where it has no model
        "device/type",  # same
    )
)

_NO_DRIVE = re.compile(r"(loop|ram|zram|dm-|md|sr|nbd|zd|fd|rbd|drbd)\d|mmcblk\d+(boot|rpmb)")
_ARRAY = re.compile(
    r"PERC|MegaRAID|ServeRAID|LOGICAL VOLUME|Logical Drive|Virtual[ _-]?Dis[kc]|\bRAID|\bVD\b|^MR\d", re.IGNORECASE
)
_SECTOR_BYTES = 512  # /sys/block counts in these, whatever the drive's own sectors are


def detect_drives(host: Host) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the built-in drives and what is doubtful about them."""
    try:
        names = sorted(entry.name for entry in host.path(_BLOCK).iterdir())
    except OSError as error:
        return (), (_unknown(error.strerror or "no answer"),)
    drives = Counter(drive for name in names if (drive := _drive(host, name)))
    return tuple(_with_count(drive, count) for drive, count in drives.items()), _arrays(drives)


def is_networked(host: Host, name: str) -> bool:
    """Whether the block device is lent by another machine: NVMe over fabrics, Fibre Channel or iSCSI."""
    transport = host.read_text(f"{_BLOCK}/{name}/device/transport")
    behind = str(host.path(f"{_BLOCK}/{name}").resolve())
    return transport not in {None, "pcie"} or "/rport-" in behind or "/session" in behind


def _drive(host: Host, name: str) -> Part | None:
    def attribute(of: str) -> str:
        return host.read_text(f"{_BLOCK}/{name}/{of}") or ""

    if _NO_DRIVE.match(name) or not host.path(f"{_BLOCK}/{name}/device").is_dir() or is_networked(host, name):
        return None
    if attribute("removable") == "1" or attribute("hidden") == "1":
        return None
    sectors = attribute("size")
    if not sectors.isdecimal() or int(sectors) == 0:
        return None
    kind = "hdd" if attribute("queue/rotational") == "1" else "ssd"
    return Part(
        kind, 1, model=attribute("device/model") or None, capacity_gb=_round_gb(int(sectors) * _SECTOR_BYTES / 1e9)
    )


def _round_gb(gb: float) -> float:
    """Return the capacity a drive is sold with: 960.197 is 960, 7681.5 is 7680."""
    tens, units, tenths = -1, 0, 1
    return float(round(gb, tens if gb >= 1000 else units if gb >= 10 else tenths))  # noqa: PLR2004


def _with_count(drive: Part, count: int) -> Part:
    return Part(drive.kind, count, model=drive.model, capacity_gb=drive.capacity_gb)


def _arrays(drives: Counter[Part]) -> tuple[Problem, ...]:
    volumes = sum(count for drive, count in drives.items() if drive.model and _ARRAY.search(drive.model))
    if not volumes:
        return ()
    return (
        Problem(
            "inventory",
            "drives_behind_array",
            f"a disk array hides the drives behind its volumes; volumes among the drives listed: {volumes}",
            "name the array's drives in an inventory file",
        ),
    )


def _unknown(why: str) -> Problem:
    return Problem(
        "inventory",
        "drives_unknown",
        f"the drives are unknown and in no figure: {_BLOCK}: {why}",
        "make /sys visible to the agent, or name the drives in an inventory file",
    )

# SPDX-License-Identifier: Apache-2.0
"""Why NVIDIA's cards cannot be asked, and what mends it: a remedy only where there is a card to ask."""

from __future__ import annotations

import grp
import os
import stat
from typing import TYPE_CHECKING

from agent.errors import SourceAbsent, SourceDenied

if TYPE_CHECKING:
    from pathlib import Path

    from agent.host import Host

_CONTROL = "/dev/nvidiactl"
_GROUP_MAY = stat.S_IRGRP | stat.S_IWGRP
_VENDOR = "0x10de"
_DISPLAY_CLASS = "0x03"  # VGA and 3D controllers; a card's audio function is of another class
_LIBRARY_REMEDY = (
    "install the library of the card's driver: sudo apt-get install libnvidia-ml1 on Debian, elsewhere the package "
    "that brings nvidia-smi"
)
_SERVICE = "sudo systemd-run --property=DynamicUser=yes --property=StateDirectory=wattprint"


def no_library(host: Host, error: OSError) -> SourceAbsent:
    """Return the error for a driver's library that cannot be loaded."""
    return SourceAbsent(f"NVML cannot be loaded: {error}", remedy=_LIBRARY_REMEDY if _has_card(host) else "")


def no_driver(host: Host) -> SourceAbsent:
    """Return the error for a kernel without the driver."""
    remedy = "sudo modprobe nvidia; if that fails, see dmesg" if _has_card(host) else ""
    return SourceAbsent("NVML finds no NVIDIA driver in the kernel", remedy=remedy)


def denied(host: Host, error: Exception) -> SourceDenied:
    """Return the error for a driver that refuses this process: by the device's group, or by the service's cgroup."""
    device = host.path(_CONTROL)
    group = _group(device)
    if os.access(device, os.R_OK | os.W_OK, effective_ids=True):
        what = f"the service may not use {_CONTROL}: {error}"
        return SourceDenied(what, remedy=f"{_SERVICE} --property='DeviceAllow=char-nvidia* rw' wattprint run")
    what = f"{_CONTROL} may not be opened by this user: {error}"
    if not group:
        return SourceDenied(what, remedy="run as root, or let a group use NVIDIA's devices (NVreg_DeviceFileGID)")
    return SourceDenied(what, remedy=f"{_SERVICE} --property=SupplementaryGroups={group} wattprint run")


def _group(device: Path) -> str:
    """Return the group that may open the device; empty if there is none but root's."""
    try:
        status = device.stat()
        name = grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        return ""
    return name if status.st_gid and status.st_mode & _GROUP_MAY == _GROUP_MAY else ""


def _has_card(host: Host) -> bool:
    """Whether the PCI bus has a card that is not passed through to a virtual machine."""
    try:
        return any(map(_is_card, host.path("/sys/bus/pci/devices").iterdir()))
    except OSError:
        return False


def _is_card(device: Path) -> bool:
    is_display = _text(device / "class").startswith(_DISPLAY_CLASS)
    given_away = (device / "driver").resolve().name == "vfio-pci"
    return is_display and _text(device / "vendor") == _VENDOR and not given_away


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""

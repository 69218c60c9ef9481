# SPDX-License-Identifier: Apache-2.0
"""The server around the parts: SMBIOS types 0, 1 and 3, else /sys/class/dmi/id, which everyone may read.

Numbers: DMTF DSP0134, sections 7.1, 7.2 and 7.4.1. The kernel's names:
https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-dmi
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.inventory import dmi
from impacts.parts import Server
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.host import Host
    from agent.inventory.dmi import Smbios

_ID = "/sys/class/dmi/id/"
READS = tuple((_ID + name).lstrip("/") for name in ("sys_vendor", "product_name", "chassis_type"))

_TOWERS = frozenset({0x03, 0x04, 0x06, 0x07, 0x0D, 0x0F, 0x10, 0x18, 0x23, 0x24})
PORTABLES = frozenset({0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0E, 0x1E, 0x1F, 0x20})
_FORMS = {0x17: "rack", 0x1C: "blade", 0x1D: "blade"} | dict.fromkeys(_TOWERS, "tower")
_CHASSIS_LOCK_BIT = 0x80

_BIOS_CHARACTERISTICS_2 = 0x13
_VIRTUAL_MACHINE_BIT = 0x10

# What firmware holds where nobody filled it in.
_PLACEHOLDERS = frozenset({
    "",
    "0123456789",
    "default string",
    "n/a",
    "none",
    "not available",
    "not specified",
    "o.e.m.",
    "system manufacturer",
    "system product name",
    "to be filled by o.e.m.",
    "undefined",
    "unknown",
})  # fmt: skip

# Guests on processors without a hypervisor flag (Arm) are known by who made the machine.
_HYPERVISORS = ("bochs", "innotek", "kvm", "qemu", "vmware", "xen")


def detect_server(host: Host, smbios: Smbios, *, hypervisor_flag: bool) -> Server:
    """Return what the firmware says of the machine. A guest has no form: its case is the physical server's."""
    manufacturer = _named(smbios, dmi.SYSTEM, 0x04) or _meaningful(host.read_text(_ID + "sys_vendor"))
    model = _named(smbios, dmi.SYSTEM, 0x05) or _meaningful(host.read_text(_ID + "product_name"))
    virtual = hypervisor_flag or _firmware_is_virtual(smbios) or (manufacturer or "").lower().startswith(_HYPERVISORS)
    form = None if virtual else _FORMS.get(chassis_type(host, smbios))
    return Server(manufacturer=manufacturer, model=model, form=form, virtual=virtual)


def chassis_type(host: Host, smbios: Smbios) -> int:
    """Return the SMBIOS chassis type; 2 (unknown) where nothing tells it."""
    for structure in smbios.of_kind(dmi.CHASSIS):
        return (structure.number(0x05) or 2) & ~_CHASSIS_LOCK_BIT
    text = host.read_text(_ID + "chassis_type") or ""
    return int(text) if text.isdecimal() else 2


def _named(smbios: Smbios, kind: int, offset: int) -> str | None:
    for structure in smbios.of_kind(kind):
        return _meaningful(structure.text(offset))
    return None


def _meaningful(text: str | None) -> str | None:
    return None if text is None or text.lower() in _PLACEHOLDERS else text


def _firmware_is_virtual(smbios: Smbios) -> bool:
    return any((s.number(_BIOS_CHARACTERISTICS_2) or 0) & _VIRTUAL_MACHINE_BIT for s in smbios.of_kind(dmi.BIOS))


def guest_problems(machine: Server) -> tuple[Problem, ...]:
    """Say of a virtual machine what its figures are worth."""
    if not machine.virtual:
        return ()
    return (
        Problem(
            "inventory",
            "virtual_machine",
            "this is a virtual machine: the parts are what its hypervisor shows, not what was manufactured",
            "install on the hypervisor: the figures of a guest are a guess, and no basis for a report",
        ),
    )

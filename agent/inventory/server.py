# SPDX-License-Identifier: Apache-2.0
"""The server around the parts: SMBIOS types 0 to 3, else /sys/class/dmi/id, which everyone may read.

Numbers: DMTF DSP0134, sections 7.1 to 7.4. The kernel's names:
https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-dmi
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agent.inventory import dmi
from impacts.machine_forms import form_by_name
from impacts.parts import Server
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.host import Host
    from agent.inventory.dmi import Smbios

_ID = "/sys/class/dmi/id/"
_XEN = "/proc/xen/capabilities"
READS = (
    *((_ID + name).lstrip("/") for name in ("sys_vendor", "product_name", "chassis_type")),
    _XEN.lstrip("/"),
)

_UNKNOWN = 0x02
_TOWERS = frozenset({0x06, 0x07})
_DESKTOPS = frozenset({0x03, 0x04, 0x0F, 0x10, 0x18})  # desktop, low profile, space-saving, lunch box, sealed case
PORTABLES = frozenset({0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0E, 0x1E, 0x1F, 0x20})
_MULTI_SYSTEM = 0x19
_ENCLOSED = frozenset({_MULTI_SYSTEM, 0x1A, 0x1B, 0x1C, 0x1D})  # CompactPCI, AdvancedTCA, blade, its enclosure
_ATTACHED = frozenset({0x12, 0x13, 0x14, 0x15, 0x16})  # expansions, peripherals, RAID: not the machine's own case
_FORMS = (
    {0x17: "rack", 0x0D: "all_in_one", 0x21: "embedded", 0x22: "embedded", 0x23: "mini_pc", 0x24: "mini_pc"}
    | dict.fromkeys(_ENCLOSED, "blade")
    | dict.fromkeys(_TOWERS, "tower")
    | dict.fromkeys(_DESKTOPS, "desktop")
    | dict.fromkeys(PORTABLES, "laptop")
)
_CASES_OF_BOTH = _TOWERS | _DESKTOPS  # of tower servers and of personal computers
_BMC = 38  # IPMI device information: a service processor, which no personal computer has
_CHASSIS_LOCK_BIT = 0x80
_SERVER_BLADE = 0x03  # of a board

# Nodes of a chassis that holds several, whose firmware names the whole chassis, "Rack Mount", or none: Dell PowerEdge
# C6000, Intel S2600 half-width, Quanta T40 and T42, Lenovo SD500 and SD600, Supermicro Twin, BigTwin and FatTwin.
_NODES = re.compile(
    r"(PowerEdge\ )?C6[1-9]\d\d\b | S2600(KP|TP|BP) | (QuantaPlex\ )?T4[12]\w-2U | ThinkSystem\ SD[56]\d\d\b"
    r"| (SYS|AS)\ ?-?(\d{3,4}(BT|TP|TR|TT)|F[56]\d\d)\w*-",
    re.IGNORECASE | re.VERBOSE,
)

_BIOS_CHARACTERISTICS_2 = 0x13
_VIRTUAL_MACHINE_BIT = 0x10

# Guests on processors without a hypervisor flag (Arm) are recognised by the machine's name.
_HYPERVISORS = re.compile(
    r"alibaba\ cloud | amazon\ ec2\ (?!.*metal) | apple.*\ virtual | bhyve | bochs | cloud\ hypervisor | digitalocean"
    r"| google\ .*compute\ engine | hetzner\ vserver | innotek | kubevirt | kvm | microsoft.*\ virtual\ machine"
    r"| nutanix\ ahv | .*openstack | parallels | qemu | red\ hat\ kvm | tencent\ cloud | vmware | xen\b",
    re.IGNORECASE | re.VERBOSE,
)


def detect_server(host: Host, smbios: Smbios, *, hypervisor_flag: bool) -> Server:
    """Return what the firmware reports of the machine. A guest has no form: its case is the physical server's."""
    manufacturer = _named(smbios, 0x04) or dmi.named(host.read_text(_ID + "sys_vendor"))
    model = _model(host, smbios)
    # The first guest of Xen sees the flag, and runs on the machine's own firmware and hardware.
    flag = hypervisor_flag and "control_d" not in (host.read_text(_XEN) or "")
    virtual = flag or _firmware_is_virtual(smbios) or bool(_HYPERVISORS.match(f"{manufacturer} {model}"))
    return Server(
        manufacturer=manufacturer, model=model, form=None if virtual else _form(host, smbios), virtual=virtual
    )


def _model(host: Host, smbios: Smbios) -> str | None:
    return _named(smbios, 0x05) or dmi.named(host.read_text(_ID + "product_name"))


def _named(smbios: Smbios, offset: int) -> str | None:
    for structure in smbios.of_kind(dmi.SYSTEM):
        return structure.name(offset)
    return None


def _form(host: Host, smbios: Smbios) -> str | None:
    on_a_blade = any(board.number(0x0D) == _SERVER_BLADE for board in smbios.of_kind(dmi.BOARD))
    if on_a_blade or is_node(host, smbios) or not _ENCLOSED.isdisjoint(_chassis_types(host, smbios)):
        return "blade"
    case, named = chassis_type(host, smbios), form_by_name(_model(host, smbios))
    if case in _CASES_OF_BOTH:
        return "tower" if named == "server" or smbios.of_kind(_BMC) else named or _FORMS[case]
    return named if named == "workstation" else _FORMS.get(case)


def is_node(host: Host, smbios: Smbios) -> bool:
    """Whether the machine is one of several in a chassis that they share."""
    return _MULTI_SYSTEM in _chassis_types(host, smbios) or bool(_NODES.match(_model(host, smbios) or ""))


def chassis_type(host: Host, smbios: Smbios) -> int:
    """Return the SMBIOS type of the machine's own chassis; 2 (unknown) where nothing states it."""
    return next((kind for kind in _chassis_types(host, smbios) if kind not in _ATTACHED), _UNKNOWN)


def _chassis_types(host: Host, smbios: Smbios) -> tuple[int, ...]:
    stated = tuple((chassis.number(0x05) or _UNKNOWN) & ~_CHASSIS_LOCK_BIT for chassis in smbios.of_kind(dmi.CHASSIS))
    text = host.read_text(_ID + "chassis_type") or ""
    return stated or ((int(text),) if re.fullmatch(r"\d{1,3}", text) else ())


def _firmware_is_virtual(smbios: Smbios) -> bool:
    return any((s.number(_BIOS_CHARACTERISTICS_2) or 0) & _VIRTUAL_MACHINE_BIT for s in smbios.of_kind(dmi.BIOS))


def guest_problems(machine: Server) -> tuple[Problem, ...]:
    """Return the problem of a virtual machine whose share of its host is unknown; none for any other machine."""
    if not machine.virtual or machine.share_of_host is not None:
        return ()
    return (
        Problem(
            "inventory",
            "virtual_machine",
            "this is a virtual machine: it has no hardware of its own, only a share of a server that cannot be seen from here",
            "install on the hypervisor, or give that server's parts and `share_of_host` in an inventory file",
        ),
    )

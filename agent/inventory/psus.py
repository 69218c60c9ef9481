# SPDX-License-Identifier: Apache-2.0
"""Power supplies from SMBIOS type 39 (DMTF DSP0134, section 7.40), else the usual number for the chassis."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.inventory import dmi, server
from impacts.machine_forms import COMPUTER_FORMS
from impacts.parts import Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.host import Host
    from agent.inventory.dmi import Smbios, Structure

_PRESENT_BIT = 0x02
_KIND_BITS, _KIND_SHIFT = 0x3C00, 10
_BATTERY, _UPS = 5, 6

# A server's supply gives at least 100 W, and none gives 10 kW: the field also holds 0, 0x8000 for unknown, the 75 W
# of a template that nobody filled in, or milliwatts.
_PLAUSIBLE_WATTS = range(100, 10_001)

_IN_A_FILE = "name them in an inventory file"


def detect_psus(host: Host, smbios: Smbios, form: str | None) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the power supplies of a physical machine and what had to be assumed.

    A blade and a node of a shared chassis have none of their own, whatever their firmware lists.
    """
    if form == "blade":
        return (), _shared() if server.is_node(host, smbios) else ()
    listed = _once_each(filter(_is_there, smbios.of_kind(dmi.POWER_SUPPLY)))
    if not listed:
        return _assumed(host, smbios, form)
    counts = Counter(Part("psu", 1, model=psu.name(0x0A), rated_watts=_rated_watts(psu)) for psu in listed)
    return tuple(replace(part, count=count) for part, count in counts.items()), ()


def _is_there(psu: Structure) -> bool:
    """Whether a supply is in this bay: the firmware reports it, and at least one property of it."""
    characteristics = psu.number(0x0E, 2) or 0
    is_supply = (characteristics & _KIND_BITS) >> _KIND_SHIFT not in {_BATTERY, _UPS}
    is_known = psu.name(0x07) or psu.name(0x0A) or _rated_watts(psu)
    return bool(characteristics & _PRESENT_BIT and is_supply and is_known)


def _once_each(psus: Iterable[Structure]) -> tuple[Structure, ...]:
    """Return the supplies without those that are listed again: the same bay and serial number."""
    listed: dict[object, Structure] = {}
    for index, psu in enumerate(psus):
        serial = psu.name(0x08)
        listed.setdefault((psu.text(0x05), serial) if serial else index, psu)
    return tuple(listed.values())


def _rated_watts(psu: Structure) -> float | None:
    watts = psu.number(0x0C, 2)
    return watts if watts in _PLAUSIBLE_WATTS else None


def _shared() -> tuple[Problem, ...]:
    what = "this is one of several systems in a chassis and counts as a blade: the power supplies belong to the chassis"
    return (Problem("inventory", "psu_shared", what, f"if this node's share of them matters, {_IN_A_FILE}"),)


def _assumed(host: Host, smbios: Smbios, form: str | None) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    single = form == "tower" or form in COMPUTER_FORMS or server.chassis_type(host, smbios) in server.PORTABLES
    count = 1 if single else 2
    problem = Problem(
        "inventory",
        "psu_assumed",
        f"the power supplies are unknown, {count} assumed: {smbios.why_not or 'the firmware does not list them'}",
        smbios.remedy or _IN_A_FILE,
    )
    return (Part("psu", count, assumed=True),), (problem,)

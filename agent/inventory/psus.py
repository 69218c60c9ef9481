# SPDX-License-Identifier: Apache-2.0
"""Power supplies from SMBIOS type 39 (DMTF DSP0134, section 7.40), else the usual number for the chassis."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from agent.inventory import dmi, server
from impacts.parts import Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.host import Host
    from agent.inventory.dmi import Smbios, Structure

_PRESENT_BIT = 0x02
_WATTS_UNKNOWN = 0x8000


def detect_psus(host: Host, smbios: Smbios, form: str | None) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the power supplies of a physical machine and what had to be assumed."""
    present = [psu for psu in smbios.of_kind(dmi.POWER_SUPPLY) if (psu.number(0x0E, 2) or 0) & _PRESENT_BIT]
    if not present:
        return _assumed(host, smbios, form)
    counts = Counter((psu.text(0x0A), _rated_watts(psu)) for psu in present)
    return tuple(Part("psu", n, model=model, rated_watts=watts) for (model, watts), n in counts.items()), ()


def _rated_watts(psu: Structure) -> float | None:
    watts = psu.number(0x0C, 2)
    return None if watts in {None, 0, _WATTS_UNKNOWN} else watts


def _assumed(host: Host, smbios: Smbios, form: str | None) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    if form == "blade":  # fed by its enclosure
        return (), ()
    single = form == "tower" or server.chassis_type(host, smbios) in server.PORTABLES
    count = 1 if single else 2
    problem = Problem(
        "inventory",
        "psu_assumed",
        f"the power supplies are unknown, {count} assumed: {smbios.why_not or 'the firmware does not list them'}",
        smbios.remedy or "name them in an inventory file",
    )
    return (Part("psu", count, assumed=True),), (problem,)

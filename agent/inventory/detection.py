# SPDX-License-Identifier: Apache-2.0
"""What hardware is here: the machine's own files in, an inventory out, with a problem for every assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.inventory import cards, cpu, cpu_limits, dmi, drives, memory, pci, psus, server
from impacts.parts import Inventory
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.host import Host

READS: tuple[str, ...] = (
    *cpu.READS,
    *cpu_limits.READS,
    *memory.READS,
    *server.READS,
    *dmi.READS,
    *drives.READS,
    *cards.READS,
)

_NAME_THEM = "name the parts in an inventory file"


def detect(host: Host) -> tuple[Inventory, tuple[Problem, ...]]:
    """Return the server and its parts, and a problem with its remedy for whatever was assumed or is unknown."""
    smbios = dmi.read_smbios(host)
    processors = cpu.read_processors(host)
    machine = server.detect_server(host, smbios, hypervisor_flag=cpu.has_hypervisor_flag(processors))
    cpus, cpu_problems = cpu.detect_cpus(processors, smbios, virtual=machine.virtual)
    modules, memory_problems = memory.detect_memory(host, smbios)
    if not cpus or not modules:
        # A list without them would state that they are absent.
        return Inventory(machine), (_undetected(cpus=bool(cpus), modules=bool(modules)),)
    devices = pci.read_cards(host)
    cpus = cpus if machine.virtual else cpu_limits.with_limits(host, cpus)
    built_in, drive_problems = drives.detect_drives(host, devices, virtual=machine.virtual)
    plugged_in, card_problems = cards.detect_cards(host, devices, virtual=machine.virtual)
    supplies, psu_problems = ((), ()) if machine.virtual else psus.detect_psus(host, smbios, machine.form)
    parts = (*cpus, *modules, *built_in, *supplies, *plugged_in)
    problems = (*cpu_problems, *memory_problems, *drive_problems, *psu_problems, *card_problems)
    return Inventory(machine, parts), (*server.guest_problems(machine), *problems)


def _undetected(*, cpus: bool, modules: bool) -> Problem:
    missing = " and ".join(name for name, found in (("CPUs", cpus), ("memory", modules)) if not found)
    what = f"the parts are unknown: nothing under this root shows {missing}"
    return Problem("inventory", "parts_unknown", what, f"make /proc and /sys visible, or {_NAME_THEM}")

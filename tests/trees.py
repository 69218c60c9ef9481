# SPDX-License-Identifier: Apache-2.0
"""Small machines for tests: trees of kernel files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from books import shipped
from clocks import HandClock

from agent.host import Host
from agent.machine import Machine
from impacts.parts import Inventory, Server

if TYPE_CHECKING:
    from pathlib import Path

BOOT = "11111111-1111-4111-8111-111111111111"
RANGE = 262_143_328_850  # microjoules: a package of an Intel server


def write(root: Path, files: dict[str, object]) -> None:
    for name, content in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")


def zone(folder: str, name: str, microjoules: int, wraps_after: int = RANGE) -> dict[str, object]:
    """Files of a powercap zone."""
    base = f"sys/class/powercap/{folder}"
    return {f"{base}/name": name, f"{base}/energy_uj": microjoules, f"{base}/max_energy_range_uj": wraps_after}


def set_counter(root: Path, folder: str, microjoules: object) -> None:
    write(root, {f"sys/class/powercap/{folder}/energy_uj": microjoules})


def processor(root: Path, vendor: str = "GenuineIntel", flags: str = "fpu", cpus: int = 4) -> None:
    """A machine of one socket at boot BOOT."""
    block = f"processor\t: 0\nvendor_id\t: {vendor}\nmodel name\t: Test CPU\nphysical id\t: 0\ncore id\t: 0\nflags\t\t: {flags}\n\n"
    write(root, {"proc/cpuinfo": block * cpus, "proc/sys/kernel/random/boot_id": BOOT})
    set_load(root, busy=0, idle=1000, cpus=cpus)


def set_load(root: Path, busy: int, idle: int, cpus: int = 4) -> None:
    first = f"cpu  {busy} 0 0 {idle} 0 0 0 0 0 0"
    write(root, {"proc/stat": "\n".join([first, *(f"cpu{n} 0 0 0 0 0 0 0 0 0 0" for n in range(cpus))])})


def machine(root: Path, clock: HandClock | None = None, inventory: Inventory | None = None) -> Machine:
    host = Host(root, clock or HandClock())
    return Machine(host, inventory or Inventory(Server(), ()), shipped())

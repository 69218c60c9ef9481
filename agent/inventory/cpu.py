# SPDX-License-Identifier: Apache-2.0
"""CPU packages from /proc/cpuinfo, checked against SMBIOS type 4 (DMTF DSP0134, section 7.5).

Arm's cpuinfo names neither sockets nor models: there SMBIOS does, else the ids of the cores
(https://github.com/torvalds/linux/blob/master/arch/arm64/include/asm/cputype.h).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.inventory import dmi
from impacts.parts import Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.host import Host
    from agent.inventory.dmi import Smbios, Structure

_CPUINFO = "/proc/cpuinfo"
READS = (_CPUINFO.lstrip("/"),)

_NO_CPUS = frozenset({0x04, 0x05, 0x06})  # mathematics, signal and video processors
_POPULATED_BIT = 0x40
_CORES_ARE_ELSEWHERE = 0xFF
_RESERVED_CORES = 0xFFFF

_ARM_CORES = {
    ("0x41", "0xd08"): "Cortex-A72",
    ("0x41", "0xd0c"): "Neoverse-N1",
    ("0x41", "0xd40"): "Neoverse-V1",
    ("0x41", "0xd49"): "Neoverse-N2",
    ("0x41", "0xd4f"): "Neoverse-V2",
    ("0x41", "0xd84"): "Neoverse-V3",
    ("0x41", "0xd8e"): "Neoverse-N3",
    ("0x43", "0x0af"): "ThunderX2",
    ("0x46", "0x001"): "A64FX",
    ("0x48", "0xd01"): "Kunpeng 920",
    ("0xc0", "0xac3"): "AmpereOne",
    ("0xc0", "0xac4"): "AmpereOne",
}

Processor = dict[str, str]  # one logical processor: cpuinfo's fields and their values


def read_processors(host: Host) -> tuple[Processor, ...]:
    """Return the logical processors of /proc/cpuinfo; none where it cannot be read."""
    blocks = (host.read_text(_CPUINFO) or "").split("\n\n")
    processors = (_fields(block) for block in blocks)
    return tuple(fields for fields in processors if "processor" in fields)


def _fields(block: str) -> Processor:
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def has_hypervisor_flag(processors: tuple[Processor, ...]) -> bool:
    """Whether the processors report that they are a guest's."""
    return any("hypervisor" in processor.get("flags", "").split() for processor in processors)


def detect_cpus(
    processors: tuple[Processor, ...], smbios: Smbios, *, virtual: bool
) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the CPU packages and what had to be assumed; no parts where nothing shows them."""
    # A guest's firmware describes sockets that exist nowhere.
    sockets = () if virtual else tuple(s for s in smbios.of_kind(dmi.PROCESSOR) if _is_populated(s))
    if not processors:
        return _grouped([_socket_part(socket) for socket in sockets]), ()
    packages = _packages(processors)
    if not packages:
        return _cpus_without_packages(processors, sockets, smbios)
    return _checked([_package_part(processor, sockets) for processor in packages], sockets)


def _packages(processors: tuple[Processor, ...]) -> list[Processor]:
    """Return one processor of each package; empty where cpuinfo lists no packages."""
    by_package = {processor.get("physical id", "0"): processor for processor in processors if "model name" in processor}
    return list(by_package.values())


def _package_part(processor: Processor, sockets: tuple[Structure, ...]) -> Part:
    seen = processor.get("cpu cores", "")
    # The firmware also counts the cores that are offline or switched off; some reports 1 whatever is there.
    counted = [_cores(sockets[0]) or 0] if sockets else []
    counted += [int(seen)] if seen.isdecimal() else []
    return Part("cpu", 1, model=processor["model name"] or None, cores=max(counted, default=0) or None)


def _checked(parts: list[Part], sockets: tuple[Structure, ...]) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    if len(sockets) in {0, len(parts)}:
        return _grouped(parts), ()
    problem = Problem(
        "inventory",
        "cpu_assumed",
        f"the kernel runs {len(parts)} CPU packages and the firmware lists {len(sockets)}: the larger number is taken",
        "bring the CPUs online, or name them in an inventory file",
    )
    return _grouped(parts + parts[:1] * (len(sockets) - len(parts))), (problem,)


def _cpus_without_packages(
    processors: tuple[Processor, ...], sockets: tuple[Structure, ...], smbios: Smbios
) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    if sockets:
        core = _core_name(processors[0])
        return _grouped([_socket_part(socket, core) for socket in sockets]), ()
    problem = Problem(
        "inventory",
        "cpu_assumed",
        f"the number of CPU packages is unknown, one is assumed: {smbios.why_not or 'the firmware does not list them'}",
        smbios.remedy or "name the CPUs in an inventory file",
    )
    return (Part("cpu", 1, model=_core_name(processors[0]), cores=len(processors)),), (problem,)


def _core_name(processor: Processor) -> str | None:
    ids = (processor.get("CPU implementer", "").lower(), processor.get("CPU part", "").lower())
    return _ARM_CORES.get(ids) or processor.get("cpu")  # POWER calls it cpu


def _socket_part(socket: Structure, core: str | None = None) -> Part:
    return Part("cpu", 1, model=socket.name(0x10) or core, cores=_cores(socket))


def _is_populated(socket: Structure) -> bool:
    return bool((socket.number(0x18) or 0) & _POPULATED_BIT) and socket.number(0x05) not in _NO_CPUS


def _cores(socket: Structure) -> int | None:
    cores = socket.number(0x23)
    if cores == _CORES_ARE_ELSEWHERE and (wide := socket.number(0x2A, 2)) is not None:
        cores = wide if wide != _RESERVED_CORES else None
    return cores or None


def _grouped(parts: list[Part]) -> tuple[Part, ...]:
    return tuple(replace(part, count=count) for part, count in Counter(parts).items())

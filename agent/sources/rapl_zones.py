# SPDX-License-Identifier: Apache-2.0
"""The zones of a powercap tree: which there are, and which of them count something that no other counts.

Folder numbers mean nothing (`intel-rapl:1` may be psys and package-1 `intel-rapl:2`): zones are known by `name`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from agent.host import Host

_ZONE = re.compile(r"(intel-rapl(?:-mmio)?):(\d+)((?::\d+)*)")
_PACKAGE = re.compile(r"package-(\d+(?:-die-\d+)?)")

# Dies that mirror their socket's counter are read microseconds apart: at most this share of the value, or this
# many microjoules, lie between two of them.
_MIRROR_RATIO = 1e-3
_MIRROR_MICROJOULES = 5_000_000

# Widest range seen: 6e13 µJ (psys of Sapphire Rapids).
_NO_COUNTER_MICROJOULES = 2**63


@dataclass(frozen=True)
class Zone:
    """A powercap zone that has an energy counter."""

    control_type: str  # intel-rapl (also on AMD) or intel-rapl-mmio
    number: tuple[int, ...]
    path: Path
    domain: str  # package, core, uncore, dram, psys, or what the kernel calls it
    socket: str  # "0", "0-die-1"; empty for psys

    @property
    def channel_name(self) -> str:
        """`package-0`, `dram-1`, `psys`."""
        return f"{self.domain}-{self.socket}" if self.socket else self.domain

    @property
    def processor(self) -> str:
        """The number of the processor package, without its die."""
        return self.socket.partition("-")[0]

    def microjoules(self) -> int:
        """Return the counter's value."""
        return int((self.path / "energy_uj").read_text(encoding="ascii"))

    def wraps_after_microjoules(self) -> int:
        """Return the counter's range. It is the highest value shown; the true wrap lies one unit (61 µJ) further."""
        wraps_after = int((self.path / "max_energy_range_uj").read_text(encoding="ascii"))
        if not 0 < wraps_after < _NO_COUNTER_MICROJOULES:
            raise ValueError(f"{self.path}/max_energy_range_uj holds {wraps_after}, which is no counter's range")
        return wraps_after


def find_zones(host: Host) -> list[Zone]:
    """Return all zones with an energy counter, in the order of their numbers. The class folder is flat; a copy may be nested."""
    base = host.path("/sys/class/powercap")
    candidates = [*base.glob("intel-rapl*:*"), *base.glob("intel-rapl*:*/intel-rapl*:*:*")]
    numbered: dict[tuple[str, tuple[int, ...]], Path] = {}
    for path in candidates:
        match = _ZONE.fullmatch(path.name)
        if match and (path / "energy_uj").exists():
            numbers = tuple(int(number) for number in (match[2] + match[3]).split(":"))
            numbered.setdefault((match[1], numbers), path)
    names = {key: _name(path) for key, path in numbered.items()}
    return [_zone(key, numbered[key], names) for key in sorted(numbered)]


def counted_zones(zones: Sequence[Zone], *, vendor_is_amd: bool) -> tuple[list[Zone], tuple[str, ...]]:
    """Return the zones to count, and a note for each that is left out and why.

    Raises:
        OSError: if a counter has to be looked at and may not be read.
    """
    kept, notes = _without_mmio_twins(zones)
    if vendor_is_amd:
        kept, mirrors = _without_mirrored_dies(kept)
        notes += mirrors
        dropped = [zone for zone in kept if zone.domain == "core"]
        if dropped:
            kept = [zone for zone in kept if zone.domain != "core"]
            notes += ["core zones left out: on AMD they count one core at most; the package includes them"]
    return _uniquely_named(kept), tuple(notes)


def _without_mmio_twins(zones: Sequence[Zone]) -> tuple[list[Zone], list[str]]:
    """Drop memory-mapped zones where the same domain is there by MSR: they repeat its counter."""
    by_msr = {zone.channel_name for zone in zones if zone.control_type == "intel-rapl"}
    twins = [zone for zone in zones if zone.control_type != "intel-rapl" and zone.channel_name in by_msr]
    notes = [f"{zone.path.name} left out: it repeats {zone.channel_name}" for zone in twins]
    return [zone for zone in zones if zone not in twins], notes


def _without_mirrored_dies(zones: Sequence[Zone]) -> tuple[list[Zone], list[str]]:
    """Keep one of a processor's die zones where all of them show the processor's one counter (AMD Zen 1 and 2)."""
    dropped: list[Zone] = []
    notes: list[str] = []
    packages = sorted((zone for zone in zones if zone.domain == "package"), key=lambda zone: int(zone.processor))
    for processor, group in groupby(packages, key=lambda zone: zone.processor):
        first, *others = group
        if others and _mirrored([first, *others], first.wraps_after_microjoules()):
            sockets = {zone.socket for zone in others}
            dropped += [zone for zone in zones if zone.socket in sockets]
            notes.append(
                f"package-{processor}: {len(others)} more dies left out: they repeat the processor's one counter"
            )
    mirrored = {zone.processor for zone in dropped}
    return [
        replace(zone, socket=zone.processor) if zone.processor in mirrored else zone
        for zone in zones
        if zone not in dropped
    ], notes


def _uniquely_named(zones: Sequence[Zone]) -> list[Zone]:
    """Add its number to the name of each zone that shares it, such as a psys per socket."""
    shown = Counter(zone.channel_name for zone in zones)
    return [
        replace(zone, socket="-".join(filter(None, [zone.socket, "zone", *map(str, zone.number)])))
        if shown[zone.channel_name] > 1
        else zone
        for zone in zones
    ]


def _mirrored(dies: Iterable[Zone], wraps_after: int) -> bool:
    values = [zone.microjoules() for zone in dies]
    # One may have wrapped since the other was read: the shorter way round is the distance between them.
    apart = (max(values) - min(values)) % wraps_after
    apart = min(apart, wraps_after - apart)
    return apart <= max(_MIRROR_MICROJOULES, _MIRROR_RATIO * max(values))


def _name(path: Path) -> str:
    try:
        return (path / "name").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        # A tree that a hypervisor writes for its guest has no names: top zones are packages.
        return f"package-{path.name.rpartition(':')[2]}"


def _zone(key: tuple[str, tuple[int, ...]], path: Path, names: dict[tuple[str, tuple[int, ...]], str]) -> Zone:
    control_type, number = key
    name = names[key]
    package = _PACKAGE.fullmatch(name)
    if package:
        return Zone(control_type, number, path, "package", package[1])
    parent = _PACKAGE.fullmatch(names.get((control_type, number[:1]), "")) if len(number) > 1 else None
    return Zone(control_type, number, path, name, parent[1] if parent else "")

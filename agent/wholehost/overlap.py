# SPDX-License-Identifier: Apache-2.0
"""What contains what, over all sources: an inlet contains the platform, the platform its components.

Channels of one source say so themselves (`within`). Between sources it follows from boundary and component: two
sources that count the same component, or two inlet meters, are one and the same energy, told twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Components that a machine's sources all see as a whole: of two sources that count them, one is enough. Cards and
# drives are counted one by one, each by the source that knows it.
_SEEN_WHOLE = frozenset({"cpu", "dram"})


@dataclass(frozen=True, slots=True)
class Way:
    """A set of channels that, together, tell the host's energy up to what lies between them and the inlet."""

    boundary: Boundary
    anchors: tuple[Channel, ...]

    @property
    def name(self) -> str:
        """What it is called in problems: `ipmi_dcmi`, `rapl psys`."""
        sources = ", ".join(dict.fromkeys(channel.source for channel in self.anchors))
        return f"{sources} psys" if self.boundary is Boundary.PLATFORM else sources


def ways(channels: Sequence[Channel]) -> list[Way]:
    """Return the ways to the host's energy, the best first: each inlet meter, the platform, the components.

    `channels` come in the order of the source table, which is the order of preference.
    """
    measured = [channel for channel in channels if channel.method is not Method.MODELLED]
    found = [Way(Boundary.INLET, meter) for meter in _by_source(measured, Boundary.INLET)]
    found += [Way(Boundary.PLATFORM, platform) for platform in _by_source(measured, Boundary.PLATFORM)]
    components = tuple(outermost_components(measured))
    return [*found, Way(Boundary.COMPONENT, components)] if components else found


def outermost_components(channels: Sequence[Channel]) -> Iterator[Channel]:
    """Yield the component channels that lie in no other component, each component from one source only."""
    containers = {channel.key for channel in channels if channel.boundary is Boundary.COMPONENT}
    counted_by: dict[str, str] = {}
    for channel in channels:
        if channel.boundary is not Boundary.COMPONENT or (channel.source, channel.within or "") in containers:
            continue
        first = counted_by.setdefault(channel.component, channel.source)
        if channel.component not in _SEEN_WHOLE or first == channel.source:
            yield channel


def tree(channels: Sequence[Channel]) -> list[tuple[int, Channel, str]]:
    """Return the channels as (depth, channel, remark), each below what contains it: what `doctor` shows.

    A remark says that a channel tells what another one tells already.
    """
    ordered = ways([channel for channel in channels if channel.method is not Method.MODELLED])
    counted = set(outermost_components(channels))
    lines: list[tuple[int, Channel, str]] = []
    depth = 0
    seen: set[Boundary] = set()
    for way in ordered:
        again = way.boundary in seen and way.boundary is not Boundary.COMPONENT
        seen.add(way.boundary)
        for channel in way.anchors:
            lines.append((depth, channel, "tells again what the one above tells" if again else ""))
            lines += _inside(channel, channels, depth + 1)
        depth += not again
    shown = {channel.key for _, channel, _ in lines}
    for channel in channels:
        if channel.method is not Method.MODELLED and channel.key not in shown and channel not in counted:
            lines.append((depth, channel, "counted by another source"))
    return lines


def _inside(container: Channel, channels: Sequence[Channel], depth: int) -> list[tuple[int, Channel, str]]:
    """Return what lies in a component channel."""
    if container.boundary is not Boundary.COMPONENT:
        return []
    inner = [channel for channel in channels if channel.source == container.source and channel.within == container.name]
    return [line for channel in inner for line in [(depth, channel, ""), *_inside(channel, channels, depth + 1)]]


def _by_source(channels: Sequence[Channel], boundary: Boundary) -> list[tuple[Channel, ...]]:
    """Return the outermost channels at a boundary, grouped by their source."""
    names = {channel.key for channel in channels if channel.boundary is boundary}
    groups: dict[str, list[Channel]] = {}
    for channel in channels:
        if channel.boundary is boundary and (channel.source, channel.within or "") not in names:
            groups.setdefault(channel.source, []).append(channel)
    return [tuple(group) for group in groups.values()]

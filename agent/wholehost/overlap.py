# SPDX-License-Identifier: Apache-2.0
"""What contains what, over all sources: an inlet contains the platform, the platform its components.

Channels of one source state it themselves (`within`). Between sources it follows from boundary and component: two
sources that count the same component, or two inlet meters, report one and the same energy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Of these components every source counts all that the machine has: of two sources that count them, one is enough.
# Cards and drives are counted one by one, each by the source that knows it …
_SEEN_WHOLE = frozenset({"cpu", "dram", "module"})
# … except by these sources, which count all cards.
_KNOWS_ALL_CARDS = frozenset({"cray"})

_CONTENTS = {"module": frozenset({"cpu", "dram"})}  # a CPU with its memory on one board


@dataclass(frozen=True, slots=True)
class Line:
    """A channel in the tree of what contains what; the remark names what else reports the same."""

    depth: int
    channel: Channel
    remark: str = ""


def contents(component: str) -> frozenset[str]:
    """Return the components that a channel of `component` includes."""
    return _CONTENTS.get(component, frozenset({component}))


def outermost_components(channels: Sequence[Channel]) -> Iterator[Channel]:
    """Yield the component channels that lie in no other component, each component from one source only."""
    return (channel for channel, reported_by in _outermost(channels) if not reported_by)


def _outermost(channels: Sequence[Channel]) -> Iterator[tuple[Channel, str]]:
    """Yield the outermost component channels, each with the source that reports the same already, if there is one."""
    containers = {channel.key for channel in channels if channel.boundary is Boundary.COMPONENT}
    reported_by: dict[str, str] = {}
    for channel in channels:
        if channel.boundary is not Boundary.COMPONENT or (channel.source, channel.within or "") in containers:
            continue
        reporters = [
            reported_by.setdefault(component, channel.source) for component in sorted(contents(channel.component))
        ]
        other = next((reporter for reporter in reporters if reporter != channel.source), "")
        yield channel, other if channel.component in _SEEN_WHOLE or other in _KNOWS_ALL_CARDS else ""


def tree(channels: Sequence[Channel]) -> list[Line]:
    """Return the channels, each below what contains it: inlet, platform, components and what lies in those."""
    measured = [channel for channel in channels if channel.method is not Method.MODELLED]
    lines: list[Line] = []
    depth = 0
    for boundary in (Boundary.INLET, Boundary.PLATFORM):
        found = meters(measured, boundary)
        for meter in found:
            remark = "" if meter is found[0] else f"the same as {found[0][0].source}"
            lines += [line for channel in meter for line in _branch(Line(depth, channel, remark), measured)]
        depth += bool(found)
    for channel, reported_by in _outermost(measured):
        lines += _branch(Line(depth, channel, f"the same as {reported_by}" if reported_by else ""), measured)
    return lines + _modelled(channels, depth)


def _branch(line: Line, channels: Sequence[Channel]) -> list[Line]:
    """Return a channel's line and those of what lies in it, as long as that is measured at the same boundary."""
    outer = line.channel
    inner = [
        channel
        for channel in channels
        if (channel.source, channel.within, channel.boundary) == (outer.source, outer.name, outer.boundary)
    ]
    return [line, *(below for channel in inner for below in _branch(Line(line.depth + 1, channel), channels))]


def _modelled(channels: Sequence[Channel], depth: int) -> list[Line]:
    """Return the lines of the model, which stands in for what nobody measures."""
    measured = [channel for channel in channels if channel.method is not Method.MODELLED]
    covered = {component for channel in outermost_components(measured) for component in contents(channel.component)}
    return [
        Line(depth, channel, _modelled_as(channel, covered))
        for channel in channels
        if channel.method is Method.MODELLED
    ]


def _modelled_as(channel: Channel, covered: set[str]) -> str:
    if channel.boundary is Boundary.INLET:
        return "modelled, as the meters of siblings have taught"
    return "modelled, and measured above" if channel.component in covered else "modelled"


def meters(channels: Sequence[Channel], boundary: Boundary) -> list[tuple[Channel, ...]]:
    """Return the outermost channels at a boundary, grouped by their source."""
    names = {channel.key for channel in channels if channel.boundary is boundary}
    groups: dict[str, list[Channel]] = {}
    for channel in channels:
        if channel.boundary is boundary and (channel.source, channel.within or "") not in names:
            groups.setdefault(channel.source, []).append(channel)
    return [tuple(group) for group in groups.values()]

# SPDX-License-Identifier: Apache-2.0
"""The fast channels that the inlet's power is worked out from, by component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method
from agent.wholehost.overlap import contents, outermost_components

if TYPE_CHECKING:
    from collections.abc import Sequence

# The load model follows the CPUs' load; what it has beside that is a constant, which is the intercept's.
_FOLLOWS_LOAD = "cpu"


@dataclass(frozen=True, slots=True)
class Regressor:
    """The channels of one component, which share a coefficient: they are of one kind of hardware, and move together."""

    component: str
    channels: tuple[Channel, ...]

    @property
    def is_modelled(self) -> bool:
        """Whether no counter is behind it."""
        return self.channels[0].method is Method.MODELLED

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What identifies its channels."""
        return tuple(channel.key for channel in self.channels)


def regressors(channels: Sequence[Channel]) -> tuple[Regressor, ...]:
    """Return the counted components; where none counts the processors, with the load model's channel of them."""
    measured = [channel for channel in channels if channel.method is not Method.MODELLED]
    found: dict[str, list[Channel]] = {}
    for channel in outermost_components(measured):
        found.setdefault(channel.component, []).append(channel)
    if not any(_FOLLOWS_LOAD in contents(component) for component in found):
        modelled = [
            channel
            for channel in channels
            if channel.method is Method.MODELLED
            and channel.component == _FOLLOWS_LOAD
            and channel.boundary is Boundary.COMPONENT
        ]
        if modelled:
            found[_FOLLOWS_LOAD] = modelled
    return tuple(Regressor(component, tuple(group)) for component, group in found.items())

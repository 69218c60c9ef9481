# SPDX-License-Identifier: Apache-2.0
"""Channels and what they report: a counter's value or a power, never both, with the time of the read.

Two reading types, not one with optional halves: the differences of a counter, which wraps, are energy; a power has
to be integrated. Microjoules are integers, because floats stop counting single microjoules within months.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from impacts.values.curves import Curve
    from impacts.values.derivations import Derivation

# Of a channel whose source has not been opened since the history was read.
NOT_STATED = Estimate.exact(1.0, "1", Citation("no accuracy is stated"))


class Boundary(StrEnum):
    """Where on the way from the socket to the silicon a channel measures."""

    INLET = "inlet"  # at the AC side of the power supplies
    PLATFORM = "platform"  # the whole board, behind the power supplies
    COMPONENT = "component"


class Method(StrEnum):
    """How a channel's energy comes about."""

    COUNTED = "counted"  # the hardware counts energy
    INTEGRATED = "integrated"  # the hardware reports power
    MODELLED = "modelled"  # nothing measures it: load times a model


@dataclass(frozen=True, slots=True)
class PowerModel:
    """By what a modelled channel's power follows: its full power, of which the load decides the share that is drawn."""

    full: Derivation  # W
    share: Curve  # of full power, by load
    note: str  # how the share follows from the load

    @property
    def idle(self) -> Estimate:
        """What is drawn where nothing runs, W."""
        return self.full.estimate * self.share.at(0.0)


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured (or modelled) quantity of a source, known by (`source`, `name`)."""

    source: str
    name: str
    component: str  # cpu, dram, gpu, drive, psu, board, host …
    boundary: Boundary
    method: Method
    within: str | None = None  # name of the channel of the same source that already includes this one
    # No more than this is plausible; a step above it is no energy but a glitch, a reset or a second wrap.
    plausible_watts: float = 1000.0
    accuracy: Estimate = NOT_STATED  # what the truth may be, as ratios of the value, and who states it
    model: PowerModel | None = None  # of a modelled channel

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the channel on this host."""
        return (self.source, self.name)


@dataclass(frozen=True, slots=True)
class CounterReading:
    """An energy counter's value at a moment.

    Readings of different epochs must not be subtracted: another boot, or a counter that was created anew.
    """

    channel: Channel
    at_monotonic_seconds: float
    microjoules: int
    wraps_after_microjoules: int | None = None  # what a wrap adds: its highest value or one step more; None: no wrap
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class PowerReading:
    """A power at a moment, or its mean over the seconds before it."""

    channel: Channel
    at_monotonic_seconds: float
    watts: float
    averaged_over_seconds: float | None = None
    epoch: str = ""


Reading = CounterReading | PowerReading

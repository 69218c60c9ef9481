# SPDX-License-Identifier: Apache-2.0
"""A fleet of servers whose true power is known: each a little different, its load in steps and bursts, its meter slow.

The truth is not of the form that is learned: it bends smoothly, has fans that speed up with the heat of the last
minutes, supplies whose loss grows with the square of the power, and work that costs more or less at one load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method
from agent.wholehost.host_step import Basis, HostStep, host_step
from agent.wholehost.reports import Report
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

STEP_SECONDS = 10.0


@dataclass
class Server:
    """One server: what distinguishes it from its siblings, and what it is doing."""

    random: Random
    spread: float = 0.02  # of each of its properties, one standard deviation
    idle_watts: float = 95.0
    span_watts: float = 260.0
    heat: float = 0.0
    load: float = 0.1
    work: float = 1.0  # what a CPU second of the present work costs, over the usual
    until: float = 0.0  # when it takes up something else
    at: float = 0.0
    unlike: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.unlike = [self.random.gauss(1.0, self.spread) for _ in range(2)]

    def watts(self, load: float) -> float:
        """Return the true power at the inlet at a load, with the fans as warm as they are."""
        board = self.idle_watts * self.unlike[0]
        chips = self.span_watts * self.unlike[1] * self.work * (0.55 * load**0.6 + 0.45 * load**1.6)
        fans = 14.0 * self.heat**2
        drawn = board + chips + fans
        return drawn + 4.0 + 0.00012 * drawn * drawn

    def step(self) -> tuple[float, float]:
        """Go on for a step; return its mean load and its true mean power."""
        if self.at >= self.until:
            self._take_up()
        self.at += STEP_SECONDS
        load = min(1.0, max(0.0, self.load + self.random.gauss(0.0, 0.02)))
        self.heat += (load - self.heat) * STEP_SECONDS / 180.0
        return load, self.watts(load)

    def _take_up(self) -> None:
        """Begin something else: idle, ordinary work, or a burst."""
        kind = self.random.random()
        self.load = (
            0.01 if kind < 0.25 else self.random.uniform(0.05, 0.6) if kind < 0.85 else self.random.uniform(0.6, 1)
        )
        self.work = self.random.gauss(1.0, 0.03)
        self.until = self.at + self.random.uniform(300, 3600)


@dataclass
class Meter:
    """A meter of a BMC: an average over a minute, late by a few steps, in whole watts, a little wrong all the time."""

    random: Random
    averaged_steps: int = 6
    late_steps: int = 1
    gain: float = 1.0
    seen: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gain = self.random.uniform(0.98, 1.02)

    def shows(self, watts: float) -> float:
        """Return what it shows at the end of a step of so many true watts."""
        self.seen = [*self.seen, watts][-(self.averaged_steps + self.late_steps) :]
        averaged = self.seen[: self.averaged_steps]
        return float(round(self.gain * sum(averaged) / len(averaged)))


def hours(server: Server, count: int) -> Iterator[list[tuple[float, float]]]:
    """Yield the steps of each hour: load and true power."""
    for _ in range(count):
        yield [server.step() for _ in range(round(3600 / STEP_SECONDS))]


def measured_step(watts: float, seconds: float, source: str = "ipmi_dcmi", basis: Basis = Basis.MEASURED) -> HostStep:
    """Return a step of a host as its inlet meter makes it, within 5 %."""
    accuracy = Estimate(0.95, 1.0, 1.05, "1", (Citation("data sheet of the meter"),))
    channel = Channel(source, "system", "host", Boundary.INLET, Method.INTEGRATED, accuracy=accuracy)
    step = host_step(basis, [Report(channel, round(watts * seconds * 1e6), seconds)], [], "measured", {})
    assert step is not None
    return step

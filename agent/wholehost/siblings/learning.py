# SPDX-License-Identifier: Apache-2.0
"""Learning from the inlet meter while the agent runs: windows of five minutes, with the loads that each has seen.

A meter that averages, or answers late, shows the load of up to a minute before. A window counts only where that moves
its mean load by next to nothing: where its last minute and the minute before it are alike.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from agent.wholehost.host_step import Basis
from agent.wholehost.siblings.regression import WINDOW_SECONDS, Regression, shares_at
from agent.wholehost.siblings.taught import Lessons, Meter, Taught, lessons_of
from impacts.configurations import LOADS
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from agent.wholehost.host_step import HostStep
    from impacts.configurations import Configuration

LONGEST_LAG_SECONDS = 60.0
# A lag of a minute then moves a window's mean load by 0.02 at the most.
MOST_UNLIKE = 0.1

# Readings and ticks differ by this much in time, and the meter has still seen all of it.
_SLACK_SECONDS = 2.0
_SLACK_RATIO = 0.25


@dataclass
class _Window:
    """Time, energy and loads since the window began."""

    minute_before: float  # the mean load of it
    seconds: float = 0.0
    joules: float = 0.0
    shares: list[float] = field(default_factory=lambda: [0.0] * len(LOADS))  # in seconds


class Learning:
    """Takes every tick; knows what was learned. Only measured host steps teach."""

    def __init__(self, configuration: Configuration | None, kept: str | None = None) -> None:
        self._configuration = configuration  # None: no sibling could be recognised
        self._lessons = None if kept is None else lessons_of(kept)
        self.taught: Taught | None = None  # None until the meter has been seen in this run
        self._ticked_at: float | None = None
        self._last_minute: deque[tuple[float, float]] = deque()  # seconds and load of each tick
        self._since_step: list[tuple[float, float]] = []  # the same, until the step that they belong to
        self._window: _Window | None = None

    @property
    def state(self) -> str | None:
        """All that was learned, for the history; None where there is nothing."""
        return None if self._lessons is None else self._lessons.to_json()

    def follow(self, configuration: Configuration | None) -> None:
        """Go on with other hardware: what was learned of another configuration does not hold."""
        if configuration != self._configuration:
            self._configuration, self._lessons, self.taught = configuration, None, None
            self._begin_anew()

    def take(self, load: float | None, step: HostStep | None, now: float) -> bool:
        """Take a tick at `now` (monotonic seconds) with the mean load since the one before; return whether it taught."""
        before, self._ticked_at = self._ticked_at, now
        if load is None or before is None or self._configuration is None:
            self._begin_anew()
            return False
        self._since_step.append((now - before, load))
        if step is None:
            return False
        ticks, self._since_step = self._since_step, []
        off = abs(sum(length for length, _ in ticks) - step.seconds)
        if step.basis is not Basis.MEASURED or off > _SLACK_SECONDS + _SLACK_RATIO * step.seconds:
            self._begin_anew()
            return False
        if self.taught is None:
            self.taught = self._lessons_from(self._configuration, step).taught(_accuracy(step))
        return self._take_measured(self._configuration, ticks, step)

    def _take_measured(self, configuration: Configuration, ticks: list[tuple[float, float]], step: HostStep) -> bool:
        """Take a measured step and the loads of its time; return whether a window is full and has taught."""
        window = self._window = self._window or _Window(self._load_of_last_minute())
        for length, load in ticks:
            for at, share in enumerate(shares_at(load)):
                window.shares[at] += share * length
        self._remember(ticks)
        window.seconds += step.seconds
        window.joules += step.energy.estimate.central
        if window.seconds < WINDOW_SECONDS:
            return False
        self._window = None
        if abs(self._load_of_last_minute() - window.minute_before) > MOST_UNLIKE:
            return False
        lessons = self._lessons = self._lessons_from(configuration, step)
        whole = sum(window.shares)
        lessons.regression.take([seconds / whole for seconds in window.shares], window.joules / window.seconds)
        self.taught = lessons.taught(_accuracy(step))
        return True

    def _lessons_from(self, configuration: Configuration, step: HostStep) -> Lessons:
        """Return the lessons to go on with: those there are, if they are of this configuration and meter."""
        accuracy = _accuracy(step)
        meter = Meter(step.channels[0].source, accuracy.low, accuracy.high)
        known = self._lessons
        if known is None or (known.configuration, known.meter.source) != (configuration, meter.source):
            return Lessons(configuration, meter, Regression())
        return Lessons(configuration, meter, known.regression)

    def _remember(self, ticks: list[tuple[float, float]]) -> None:
        """Keep the loads of the last minute."""
        self._last_minute.extend(ticks)
        spare = sum(length for length, _ in self._last_minute) - LONGEST_LAG_SECONDS
        while self._last_minute[0][0] <= spare:
            spare -= self._last_minute.popleft()[0]

    def _load_of_last_minute(self) -> float:
        """Return its mean load; infinity, which no load is like, where less than a minute was seen."""
        seconds = sum(length for length, _ in self._last_minute)
        if seconds < LONGEST_LAG_SECONDS:
            return inf
        return sum(length * load for length, load in self._last_minute) / seconds

    def _begin_anew(self) -> None:
        """Let nothing count that was not seen whole."""
        self._since_step, self._window = [], None
        self._last_minute.clear()


def _accuracy(step: HostStep) -> Estimate:
    """Return what the truth may be, as ratios of what the meter shows."""
    power = step.power.estimate
    low, high = (power.low / power.central, power.high / power.central) if power.central else (1.0, 1.0)
    return Estimate(low, 1.0, high, "1", power.grounds)

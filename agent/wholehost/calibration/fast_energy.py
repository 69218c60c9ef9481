# SPDX-License-Identifier: Apache-2.0
"""The energy of the fast channels as a series, with what a straight line over them lacks: losses and warmth.

The losses of regulators and supplies grow with the square of the current, and fans follow the heat sinks' temperature
by a minute or two. Both are regressors beside the components; one that does not help gets a coefficient of zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from typing import TYPE_CHECKING

from agent.ledger import Outcome
from agent.wholehost.calibration.energy_series import EnergySeries
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.ledger import EnergyStep
    from agent.wholehost.calibration.energy_series import Row
    from agent.wholehost.calibration.regressors import Regressor

# Of a longer time it is not known that the host ran all through it.
LONGEST_STEP_SECONDS = 120.0
WARMTH_SECONDS = 90.0  # in which heat sinks come to two thirds of the way to a new temperature
_SLACK_SECONDS = 1.5  # devices with a thread of their own report up to a tick late
_SQUARE_OVER_WATTS = 1000.0  # so that the square is a power, too


@dataclass
class FastEnergy:
    """A row whenever all channels have reported: the components (W), square, warmth, and 1 for what is always drawn."""

    regressors: tuple[Regressor, ...]
    series: EnergySeries = field(default_factory=lambda: EnergySeries(_SLACK_SECONDS))
    _pending: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)  # J and seconds, by channel
    _warmth: float | None = None  # W

    def take(self, steps: Iterable[EnergyStep], at: float) -> None:
        """Take the steps of the tick at `at`."""
        keys = {key for regressor in self.regressors for key in regressor.keys}
        for step in steps:
            if step.channel.key in keys:
                self._take(step)
        if keys and keys <= self._pending.keys():
            self._add_row(at)

    @property
    def now(self) -> Row:
        """The regression's inputs of the last row, of which there must be one."""
        return self.series.last

    @property
    def pace_seconds(self) -> float:
        """The length of the last row; 0 where there is none."""
        times = self.series.times
        return times[-1] - times[-2] if times else 0.0

    def inputs(self, watts: Sequence[float], seconds: float) -> Row:
        """Return the regression's inputs over the last seconds, in which the components drew so many watts."""
        if self.series.times:
            found = self.series.mean(max(self.series.times[0], self.series.ends - seconds), self.series.ends)
            if found is not None:
                return (*watts, *found[len(watts) :])
        total = sum(watts)
        return (*watts, total**2 / _SQUARE_OVER_WATTS, total if self._warmth is None else self._warmth, 1.0)

    def _take(self, step: EnergyStep) -> None:
        if step.unobserved_seconds > 0 or step.outcome is Outcome.FIRST:
            self._pending.clear()
            self.series.clear()
            return
        joules, seconds = self._pending.get(step.channel.key, (0.0, 0.0))
        joules += step.microjoules * JOULES_PER_MICROJOULE
        self._pending[step.channel.key] = (joules, seconds + step.observed_seconds)

    def _add_row(self, at: float) -> None:
        seconds = max(seconds for _, seconds in self._pending.values())
        joules = [sum(self._pending[key][0] for key in regressor.keys) for regressor in self.regressors]
        self._pending.clear()
        if not 0 < seconds <= LONGEST_STEP_SECONDS:
            self.series.clear()
            self._warmth = None
            return
        total = sum(joules) / seconds
        before = total if self._warmth is None else self._warmth
        self._warmth = before + (total - before) * (1 - exp(-seconds / WARMTH_SECONDS))
        square = total**2 / _SQUARE_OVER_WATTS
        self.series.append(at, seconds, (*joules, square * seconds, self._warmth * seconds, seconds))

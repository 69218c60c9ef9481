# SPDX-License-Identifier: Apache-2.0
"""The calibration of the fast channels by one inlet meter: learned while it reports, going on while it is silent.

The host's power is what the regression gives, with a bias that follows the latest residuals: what no regression knows,
such as the temperature of the room. The settlement sees to it that the energy is the meter's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import copysign, exp, inf, log, sqrt
from typing import TYPE_CHECKING

from agent.wholehost.calibration.alignment import SPACING_SECONDS, AlignmentSearch
from agent.wholehost.calibration.cover import Cover
from agent.wholehost.calibration.fast_energy import FastEnergy
from agent.wholehost.calibration.meter_readings import MeterReading, MeterReadings
from agent.wholehost.calibration.regression import Prior, Regression
from agent.wholehost.calibration.settlement import Settlement
from agent.wholehost.reports import PATIENCE_INTERVALS, PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.ledger import EnergyStep
    from agent.readings import Channel
    from agent.wholehost.calibration.alignment import Alignment
    from agent.wholehost.calibration.energy_series import Row
    from agent.wholehost.calibration.regressors import Regressor
    from impacts.values.derivations import Derivation

MEMORY_SECONDS = 7200.0  # in which a reading fades to a third
BIAS_SECONDS = 300.0  # in which the bias comes two thirds of the way to new residuals
SILENT_BIAS_SECONDS = 300.0  # in which the bias of a silent meter's last readings fades to a third
_REPLAYED_SECONDS = 700.0  # of readings that are kept, to learn them anew by another alignment

LEAST_LEARNED_SECONDS = 120.0
LEAST_READINGS = 8
MOST_UNCERTAIN_RATIO = 0.15  # of the power: what is less certain is not learned yet
_LOST_RATIO = 0.5  # a calibration that has grown as uncertain as that is none any more
# So many standard deviations of the residuals hold 95 % of the seconds of synthetic hosts (tests/synthetic_host.py): residuals
# are of means over the meter's window, and single seconds scatter more, the more so the longer the window; corrections towards
# the meter add to that while it reports.
_DEVIATIONS = 2.3
_DEVIATIONS_BY_WINDOW, _DEVIATIONS_BY_WINDOW_SILENT = 0.2, 0.1  # times the logarithm of the window in seconds
_LONGEST_WEIGHT_SECONDS = 60.0  # that one reading stands for, after others were lost
_TIMING_SECONDS = 1.0  # to which the delay is known
_MOST_BIAS_RATIO = 0.5
_LEAST_WATTS = 1.0
_INTERVAL_SHARE = 0.1  # of the latest interval in the usual one: some readings are lost
# A meter that answers and lags by this or less needs no help.
_FAST_INTERVAL_SECONDS, _FAST_LAG_SECONDS = 3.0, 1.5
_FASTER = 1.5  # times: channels that are not faster than the meter have no shape to give

# Readings further off than this, all to one side and for so long, are of another machine than what was learned.
_MISFIT_RATIO = 0.15
_MISFIT_SECONDS = 240.0

# Power at the inlet is power inside over the supplies' efficiency, and regulators and fans take their part.
_ABOVE_SUPPLIES = 1.05
_COUNTED_DEVIATION, _MODELLED_DEVIATION = 0.25, 0.8
_SQUARE, _WARMTH, _INTERCEPT = Prior(0.0, 0.25), Prior(0.0, 0.1), Prior(0.0, 1000.0)
_KEPT_DEVIATION = 0.1  # of the coefficient of a component that stays while others change


def keys_of(channels: Sequence[Channel]) -> tuple[tuple[str, str], ...]:
    """Return what identifies the channels."""
    return tuple(channel.key for channel in channels)


def priors(regressors: Sequence[Regressor], psu_efficiency: float) -> tuple[Prior, ...]:
    """Return what the coefficients are taken to be before anything is learned."""
    mean = _ABOVE_SUPPLIES / psu_efficiency
    of_components = (Prior(mean, _MODELLED_DEVIATION if one.is_modelled else _COUNTED_DEVIATION) for one in regressors)
    return (*of_components, _SQUARE, _WARMTH, _INTERCEPT)


def _stands_for(reading: MeterReading, learned_at: float) -> float:
    """Return the seconds that a reading stands for, the last one that was learned having ended at a moment."""
    return min(reading.end - max(learned_at, reading.begin - SPACING_SECONDS), _LONGEST_WEIGHT_SECONDS)


@dataclass
class Calibration:
    """What one meter has taught of one set of regressors."""

    anchors: tuple[Channel, ...]
    regressors: tuple[Regressor, ...]
    regression: Regression
    search: AlignmentSearch = field(default_factory=AlignmentSearch)
    settlement: Settlement = field(default_factory=Settlement)
    readings: int = 0
    learned_seconds: float = 0.0
    interval_seconds: float = 0.0
    bias: float = 0.0  # what the latest readings show above the regression, as a ratio
    silent_seconds: float = 0.0
    lowest: Row | None = None  # the inputs of the minute in which the components drew least
    relearns: str = ""  # why it learns anew; empty: it does not
    is_in_use: bool = False
    idle: Derivation | None = None  # the power at idle as it was last worked out, and how long that stands
    idle_until: float = 0.0

    def __post_init__(self) -> None:
        self.fast = FastEnergy(self.regressors)
        self._meter = MeterReadings(self.anchors)
        self._waiting: list[MeterReading] = []  # for the fast channels to come as far
        self._recent: deque[MeterReading] = deque()
        self._cover = Cover()
        self._learned_at = -inf
        self._misfit_seconds = 0.0  # below zero: of readings below what is expected
        self._taken_at: float | None = None

    @classmethod
    def begun(
        cls, anchors: tuple[Channel, ...], regressors: tuple[Regressor, ...], psu_efficiency: float
    ) -> Calibration:
        """Return one that has learned nothing yet."""
        return cls(anchors, regressors, Regression(priors(regressors, psu_efficiency)))

    def for_others(self, regressors: tuple[Regressor, ...], psu_efficiency: float) -> Calibration:
        """Return one for another set of regressors, which begins with what is known of those that stay."""
        known = {one.keys: place for place, one in enumerate(self.regressors)} if self.readings else {}
        begun = [
            Prior(self.regression.coefficients[known[one.keys]], _KEPT_DEVIATION) if one.keys in known else prior
            for one, prior in zip(regressors, priors(regressors, psu_efficiency), strict=False)
        ]
        made = Calibration(self.anchors, regressors, Regression((*begun, _SQUARE, _WARMTH, _INTERCEPT)))
        made.search.best = self.search.best
        made.silent_seconds = self.silent_seconds
        made.relearns = self.relearns
        return made

    def use(self, regressors: tuple[Regressor, ...]) -> None:
        """Go on with the same channels, as their sources describe them now."""
        self.regressors = self.fast.regressors = regressors

    def succeed(self, before: Calibration) -> None:
        """Take another one's place: its debt and the meter's silence go on."""
        self.anchors = before.anchors
        self.settlement.debt += before.settlement.debt
        before.settlement.debt = 0.0
        self.silent_seconds = max(self.silent_seconds, before.silent_seconds)
        self._taken_at = before._taken_at

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What identifies the meter's channels."""
        return keys_of(self.anchors)

    @property
    def name(self) -> str:
        """What its meter is called: `ipmi_dcmi`."""
        return self.anchors[0].source

    @property
    def alignment(self) -> Alignment:
        """Over which time the meter averages, and how late."""
        return self.search.best

    @property
    def fast_channels(self) -> tuple[Channel, ...]:
        """The channels of all regressors."""
        return tuple(channel for one in self.regressors for channel in one.channels)

    @property
    def is_slow(self) -> bool:
        """Whether the meter is too slow or too late to show the power of this moment by itself, and the channels are not."""
        pace = self.fast.pace_seconds
        if self.interval_seconds > max(_FAST_INTERVAL_SECONDS, _FASTER * pace):
            return True
        return self.alignment.lag_seconds > max(_FAST_LAG_SECONDS, pace)

    @property
    def is_learned(self) -> bool:
        """Whether the power of now can be worked out."""
        return self.is_in_use and self._cover.is_whole and bool(self.fast.series.times)

    def take(self, steps: Sequence[EnergyStep], at: float) -> None:
        """Take the steps of the tick at `at` (monotonic seconds)."""
        passed = 0.0 if self._taken_at is None else at - self._taken_at
        self._taken_at = at
        self.silent_seconds += passed
        self.fast.take(steps, at)
        reading = self._meter.take(steps, at)
        if reading is not None:
            self._waiting.append(reading)
            self.silent_seconds = 0.0
        while self._waiting and self._waiting[0].end <= self.fast.series.ends:
            self._observe(self._waiting.pop(0))
        self._waiting = [one for one in self._waiting if at - one.end < _REPLAYED_SECONDS]
        self.settlement.settle(self.alignment, at)
        self._judge()

    def _judge(self) -> None:
        """Take it into use once it is certain enough; then it stays, for as long as it is of any use."""
        if self.readings < LEAST_READINGS or self.learned_seconds < LEAST_LEARNED_SECONDS or not self.fast.series.times:
            return
        most = _LOST_RATIO if self.is_in_use else MOST_UNCERTAIN_RATIO
        self.is_in_use = self.uncertainty(self.fast.now) <= most
        if self.is_in_use:
            self.relearns = ""

    def pay(self, at: float, seconds: float, inputs: Row) -> float:
        """Return the power (W) of a step of the host that ends at `at`, and count it as paid."""
        if self._is_silent:
            self.bias *= exp(-seconds / SILENT_BIAS_SECONDS)
        watts = self.regression.predict(inputs) * (1 + max(self.bias, -_MOST_BIAS_RATIO))
        return self.settlement.pay(at, seconds, watts)

    def uncertainty(self, inputs: Row) -> float:
        """Return how far the truth may be from a step's power, as a ratio of it.

        Residuals are known of as long a time as is remembered; beyond it they are taken to grow as a random walk does.
        """
        growth = sqrt(1 + self.silent_seconds / MEMORY_SECONDS)
        by_window = _DEVIATIONS_BY_WINDOW_SILENT if self._is_silent else _DEVIATIONS_BY_WINDOW
        deviations = _DEVIATIONS + by_window * log(max(1.0, self.alignment.window_seconds))
        return deviations * self.regression.deviation(inputs) * growth

    @property
    def _is_silent(self) -> bool:
        return self.silent_seconds > max(PATIENCE_SECONDS, PATIENCE_INTERVALS * self.interval_seconds)

    def _observe(self, reading: MeterReading) -> None:
        """Learn from a reading whose times the fast channels have covered."""
        self._take_cover(reading)
        usual = self.interval_seconds or reading.seconds
        self.interval_seconds = usual + _INTERVAL_SHARE * (reading.seconds - usual)
        while self._recent and self._recent[0].end < reading.end - _REPLAYED_SECONDS:
            self._recent.popleft()
        if self.search.take(self.fast.series, reading, len(self.regressors)):
            self._replay()
        self._recent.append(reading)
        if not self._cover.is_whole:
            return
        self.settlement.take(reading)
        passed = _stands_for(reading, self._learned_at)
        if passed < SPACING_SECONDS:
            return
        inputs = self.alignment.mean(self.fast.series, reading)
        if inputs is not None:
            self._learned_at = reading.end
            self.readings += 1
            self.learned_seconds += passed
            sharpness = self._learn(reading, inputs, passed)
            self._follow_residual(reading, inputs, passed * sharpness)
            self._take_lowest()

    def _learn(self, reading: MeterReading, inputs: Row, passed: float) -> float:
        """Learn from a reading that stands for the seconds that have passed since the last one; return its sharpness."""
        sharpness = self._sharpness(reading, inputs)
        # Means over windows that overlap are no readings of their own.
        weight = sharpness * passed / max(passed, self.alignment.window_seconds)
        self.regression.learn(inputs, reading.watts, weight, exp(-passed / MEMORY_SECONDS))
        return sharpness

    def _sharpness(self, reading: MeterReading, inputs: Row) -> float:
        """Return how much a reading counts: less, the more it would be another one if it had been taken a second earlier.

        The delay is known by the second at best, and where the load jumps that is all the difference.
        """
        earlier = self.alignment.mean(self.fast.series, reading.moved(-_TIMING_SECONDS))
        if earlier is None:
            return 1.0
        later = self.alignment.mean(self.fast.series, reading.moved(_TIMING_SECONDS)) or inputs
        apart = (self.regression.predict(later) - self.regression.predict(earlier)) / 2
        variance = self.regression.variance
        return variance / (variance + (apart / max(_LEAST_WATTS, reading.watts)) ** 2)

    def _replay(self) -> None:
        """Learn the recent readings anew, by another alignment."""
        self.regression = Regression(self.regression.priors)
        learned_at = -inf
        for reading in self._recent:
            passed = _stands_for(reading, learned_at)
            inputs = self.alignment.mean(self.fast.series, reading)
            if passed >= SPACING_SECONDS and inputs is not None:
                self._learn(reading, inputs, passed)
                learned_at = reading.end

    def _follow_residual(self, reading: MeterReading, inputs: Row, passed: float) -> None:
        residual = reading.watts / max(_LEAST_WATTS, self.regression.predict(inputs)) - 1
        self.bias += (residual - self.bias) * (1 - exp(-passed / BIAS_SECONDS))
        fits = abs(residual) <= _MISFIT_RATIO or residual * self._misfit_seconds < 0
        self._misfit_seconds = 0.0 if fits else self._misfit_seconds + copysign(passed, residual)
        if abs(self._misfit_seconds) > _MISFIT_SECONDS:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self.relearns = "its readings no longer fit what was learned"
        self.regression = Regression(self.regression.priors)
        self.search = AlignmentSearch()
        self.bias, self.readings, self.learned_seconds, self._misfit_seconds = 0.0, 0, 0.0, 0.0
        self.lowest, self.is_in_use = None, False
        self._recent.clear()

    def _take_cover(self, reading: MeterReading) -> None:
        found = self.fast.series.mean(reading.begin, reading.end)
        if found is not None:
            counted = (watts for one, watts in zip(self.regressors, found, strict=False) if not one.is_modelled)
            self._cover.take(reading.watts, sum(counted), reading.seconds)

    def _take_lowest(self) -> None:
        end = self.fast.series.ends
        minute = self.fast.series.mean(end - 60.0, end)
        components = len(self.regressors)
        if minute is not None and (self.lowest is None or sum(minute[:components]) < sum(self.lowest[:components])):
            self.lowest = minute

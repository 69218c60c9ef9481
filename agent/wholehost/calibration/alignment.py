# SPDX-License-Identifier: Apache-2.0
"""Over which time a meter averages, and how late it shows it: the candidate whose averages fit its readings best."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.wholehost.calibration.energy_series import EnergySeries, Row
    from agent.wholehost.calibration.meter_readings import MeterReading

WINDOWS_SECONDS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 50.0, 60.0)
DELAYS_SECONDS = tuple(float(seconds) for seconds in range(11))

SPACING_SECONDS = 4.5  # readings that follow sooner show nearly the same
_FADING = 1.0 - 1.0 / 300.0  # at each reading: three hundred are remembered
_READINGS_A_CHOICE = 3
_BETTER_RATIO = 0.9  # of the squares of the residuals: no candidate takes another's place for less
LEAST_READINGS = 8.0
# Where the power hardly moves, all candidates fit alike, and noise would choose.
_LEAST_MOVED_WATTS = 4.0
_LEAST_MOVED_RATIO = 0.03


class Sampling(StrEnum):
    """How a step of the meter follows from what it shows."""

    ENDS = "ends"  # the mean of the readings at its beginning and its end
    LAST = "last"  # the reading at its end
    COUNTED = "counted"  # a counter's difference: no window but the step itself


@dataclass(frozen=True, slots=True)
class Alignment:
    """What a step of the meter shows: means over a window that ended some seconds before its readings."""

    window_seconds: float = 1.0
    delay_seconds: float = 0.0
    sampling: Sampling = Sampling.ENDS

    @property
    def lag_seconds(self) -> float:
        """How old what it shows is on average."""
        return self.delay_seconds + self.window_seconds / 2

    def mean(self, series: EnergySeries, reading: MeterReading) -> Row | None:
        """Return the mean powers of the times that a reading shows; None where they are not known."""
        begin, end = reading.begin, reading.end
        delay, window = self.delay_seconds, self.window_seconds
        if self.sampling is Sampling.COUNTED:
            return series.mean(begin - delay, end - delay)
        last = series.mean(end - delay - window, end - delay)
        if self.sampling is Sampling.LAST or last is None:
            return last
        first = series.mean(begin - delay - window, begin - delay)
        return None if first is None else tuple((one + other) / 2 for one, other in zip(first, last, strict=True))


# All candidates: of meters that show powers, and of those that count.
_OF_POWERS = tuple(
    Alignment(window, delay, sampling)
    for delay in DELAYS_SECONDS
    for window in WINDOWS_SECONDS
    for sampling in (Sampling.LAST, Sampling.ENDS)
)
_OF_COUNTERS = tuple(Alignment(0.0, delay, Sampling.COUNTED) for delay in DELAYS_SECONDS)


@dataclass
class AlignmentSearch:
    """Scores every candidate by each reading that it is given; keeps the best until another is clearly better.

    The score is what a straight line from the candidate's averages to the readings leaves of their squares.
    """

    best: Alignment = field(default_factory=Alignment)
    least_readings: float = LEAST_READINGS  # before another candidate can take the best one's place
    weight: float = 0.0  # of the readings, faded
    _candidates: tuple[Alignment, ...] = ()
    # Sums over the readings, faded: of the readings, and for each candidate of its averages.
    _y: float = 0.0
    _yy: float = 0.0
    _x: list[float] = field(default_factory=list)
    _xx: list[float] = field(default_factory=list)
    _xy: list[float] = field(default_factory=list)
    _taken_at: float = -inf
    _until_choice: int = 0

    def take(self, series: EnergySeries, reading: MeterReading, columns: int) -> bool:
        """Take a reading of the meter, by the sum of the series' first columns; return whether the best has changed."""
        if reading.end - self._taken_at < SPACING_SECONDS:
            return False
        averages = _averages(series, reading, columns)
        if not averages:
            return False
        self._taken_at = reading.end
        candidates = _OF_COUNTERS if reading.is_counted else _OF_POWERS
        if candidates is not self._candidates:
            self._begin(candidates)
        self._add(averages, reading.watts)
        return self._choose()

    def _begin(self, candidates: tuple[Alignment, ...]) -> None:
        self._candidates = candidates
        self.weight = self._y = self._yy = 0.0
        self._x, self._xx, self._xy = ([0.0] * len(candidates) for _ in range(3))

    def _add(self, averages: list[float], watts: float) -> None:
        self.weight = _FADING * self.weight + 1.0
        self._y = _FADING * self._y + watts
        self._yy = _FADING * self._yy + watts * watts
        self._x = [_FADING * old + x for old, x in zip(self._x, averages, strict=True)]
        self._xx = [_FADING * old + x * x for old, x in zip(self._xx, averages, strict=True)]
        self._xy = [_FADING * old + x * watts for old, x in zip(self._xy, averages, strict=True)]

    def _choose(self) -> bool:
        """Look for a better candidate now and then."""
        self._until_choice -= 1
        if self._until_choice > 0 or self.weight < self.least_readings or not self._has_moved:
            return False
        self._until_choice = _READINGS_A_CHOICE
        scores = self._scores()
        place = min(range(len(scores)), key=scores.__getitem__)
        known = self._candidates.index(self.best) if self.best in self._candidates else None
        if place == known or (known is not None and scores[place] > _BETTER_RATIO * scores[known]):
            return False
        self.best = self._candidates[place]
        return True

    def _scores(self) -> list[float]:
        """Return the mean square of each candidate's residuals."""
        weight, y = self.weight, self._y
        whole = self._yy - y * y / weight
        found = []
        for x, xx, xy in zip(self._x, self._xx, self._xy, strict=True):
            spread, together = xx - x * x / weight, xy - x * y / weight
            explained = together * together / spread if spread > 0 and together > 0 else 0.0
            found.append(max(0.0, whole - explained) / weight)
        return found

    @property
    def _has_moved(self) -> bool:
        mean = self._y / self.weight
        least = max(_LEAST_MOVED_WATTS, _LEAST_MOVED_RATIO * mean)
        return self._yy / self.weight - mean**2 > least**2


def _averages(series: EnergySeries, reading: MeterReading, columns: int) -> list[float]:
    """Return the mean power of the times that each candidate says a step shows; none where they are not all known."""
    begin, end = reading.begin, reading.end
    longest = DELAYS_SECONDS[-1] + (0.0 if reading.is_counted else WINDOWS_SECONDS[-1])
    if not series.knows(begin - longest, end):
        return []
    known: dict[float, float] = {}

    def joules_by(moment: float) -> float:
        if moment not in known:
            known[moment] = sum(series.by(moment)[:columns])
        return known[moment]

    found = []
    for delay in DELAYS_SECONDS:
        late, early = joules_by(end - delay), joules_by(begin - delay)
        if reading.is_counted:
            found.append((late - early) / (end - begin))
            continue
        for window in WINDOWS_SECONDS:
            last = (late - joules_by(end - delay - window)) / window
            first = (early - joules_by(begin - delay - window)) / window
            found += [last, (first + last) / 2]
    return found

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random

import pytest

from agent.wholehost.calibration.alignment import Alignment, AlignmentSearch, Sampling
from agent.wholehost.calibration.energy_series import EnergySeries
from agent.wholehost.calibration.meter_readings import MeterReading


def powers(seconds, seed=3):
    """Return a power for each second, that changes at random times."""
    chance = random.Random(seed)  # noqa: S311 - its numbers are to be the same again
    watts, found = 100.0, []
    for _ in range(seconds):
        if chance.random() < 0.08:
            watts = chance.uniform(50, 300)
        found.append(watts)
    return found


def mean(watts, begin, end):
    return sum(watts[begin:end]) / (end - begin)


def found(shown, interval, *, counted=False, seconds=900):
    """Return the alignment found for a meter whose step from one second to another is what `shown` says."""
    watts, series, search = powers(seconds), EnergySeries(), AlignmentSearch()
    for second in range(1, seconds + 1):
        series.append(float(second), 1.0, (watts[second - 1],))
        if second % interval == 0 and second > 100:
            power = 40 + 1.2 * shown(watts, second - interval, second)
            search.take(series, MeterReading(float(second - interval), float(second), power, counted), 1)
    return search.best


@pytest.mark.parametrize(("window", "delay"), [(1, 0), (1, 10), (5, 2), (20, 4), (60, 0), (60, 10)])
def test_window_and_delay_of_a_power_at_both_ends_are_found(window, delay):
    def shown(watts, begin, end):
        return sum(mean(watts, one - delay - window, one - delay) for one in (begin, end)) / 2

    assert found(shown, 7) == Alignment(window, delay, Sampling.ENDS)


def test_a_mean_over_the_whole_step_is_the_last_reading_of_such_a_window():
    assert found(mean, 10) == Alignment(10, 0, Sampling.LAST)


def test_of_a_counter_only_the_delay_is_to_be_found():
    def shown(watts, begin, end):
        return mean(watts, begin - 6, end - 6)

    assert found(shown, 15, counted=True) == Alignment(0, 6, Sampling.COUNTED)


def test_where_the_power_stands_still_nothing_is_chosen():
    search, series = AlignmentSearch(), EnergySeries()
    for second in range(1, 600):
        series.append(float(second), 1.0, (100.0,))
        if second > 100:
            search.take(series, MeterReading(second - 5.0, float(second), 160.0 + second % 3), 1)

    assert search.best == Alignment()


def test_a_mean_is_known_only_where_all_of_its_time_is():
    series = EnergySeries()
    for second in range(1, 31):
        series.append(float(second), 1.0, (float(second), 2.0))

    assert series.mean(9.5, 11.0) == pytest.approx(((10 * 0.5 + 11) / 1.5, 2.0))
    assert series.mean(-0.5, 3.0) is None
    assert series.mean(20.0, 30.5) is None
    assert Alignment(10, 5, Sampling.LAST).mean(series, MeterReading(20.0, 30.0, 1.0)) == pytest.approx((20.5, 2.0))
    assert Alignment(10, 5).mean(series, MeterReading(10.0, 30.0, 1.0)) is None


def test_a_time_that_nobody_knows_begins_the_series_anew():
    series = EnergySeries()
    for at, seconds in ((1.0, 1.0), (2.0, 1.0), (5.0, 1.0), (6.0, 1.0)):
        series.append(at, seconds, (10.0,))

    assert series.times == [4.0, 5.0, 6.0]


def test_the_series_forgets_what_is_old():
    series = EnergySeries()
    for second in range(1, 10_000):
        series.append(float(second), 1.0, (1.0,))

    assert 900 <= len(series.times) <= 1801
    assert series.mean(9_500.0, 9_900.0) == pytest.approx((1.0,))

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.wholehost.calibration.alignment import Alignment, Sampling
from agent.wholehost.calibration.meter_readings import MeterReading
from agent.wholehost.calibration.settlement import Settlement

LATE = Alignment(10.0, 5.0, Sampling.LAST)


def paid(settlement, seconds, watts, *, shows=None, since=0):
    """Pay so many seconds, the meter showing a constant power; return the energy."""
    joules = 0.0
    for second in range(since + 1, since + seconds + 1):
        settlement.settle(LATE, float(second))
        joules += settlement.pay(float(second), 1.0, watts)
        if shows is not None and second % 10 == 0:
            settlement.take(MeterReading(float(second - 10), float(second), shows))
    return joules


def test_over_a_long_time_the_energy_is_the_meters():
    assert paid(Settlement(), 36_000, 200.0, shows=230.0) == pytest.approx(230 * 36_000, rel=0.002)


def test_a_debt_is_paid_out_once_after_the_meter_has_fallen_silent():
    settlement = Settlement()
    with_meter = paid(settlement, 1200, 200.0, shows=210.0)
    rest = paid(settlement, 1200, 200.0, since=1200) - 1200 * 200

    # Readings up to 1190 s have been settled, the first whose window lay in what was paid at 20 s.
    assert with_meter + rest - 1200 * 200 == pytest.approx(10 * 1190, rel=0.01)
    assert abs(settlement.debt) < 1


def test_a_correction_comes_without_a_jump_and_never_below_half_of_the_power():
    settlement = Settlement(debt=-1e6)

    assert settlement.pay(1.0, 1.0, 200.0) == 100
    assert Settlement(debt=600.0).pay(1.0, 1.0, 200.0) == pytest.approx(205, abs=0.1)


def test_what_was_not_paid_by_the_regression_makes_no_debt():
    settlement = Settlement()
    paid(settlement, 100, 200.0)
    settlement.take(MeterReading(150.0, 160.0, 900.0))  # another way made the step
    paid(settlement, 100, 200.0, since=200)

    assert settlement.debt == 0


def test_a_reading_that_nothing_was_paid_for_is_not_waited_for_for_ever():
    settlement = Settlement()
    settlement.take(MeterReading(10.0, 20.0, 100.0))
    settlement.settle(LATE, 150.0)

    assert not settlement._waiting  # noqa: SLF001 - nobody else sees it

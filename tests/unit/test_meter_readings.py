# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.ledger import EnergyStep, Outcome
from agent.readings import Boundary, Channel, Method
from agent.wholehost.calibration.cover import Cover
from agent.wholehost.calibration.meter_readings import MeterReading, MeterReadings
from agent.wholehost.calibration.regressors import regressors

ONE, OTHER = (Channel("psu_input", f"psu-{n}", "psu", Boundary.INLET, Method.INTEGRATED) for n in (1, 2))


def step(channel, joules, seconds, outcome=Outcome.INTEGRATED):
    known = outcome is Outcome.INTEGRATED
    return EnergyStep(channel, round(joules * 1e6), seconds if known else 0.0, 0.0 if known else seconds, outcome)


def test_the_supplies_of_a_host_make_one_reading():
    readings = MeterReadings((ONE, OTHER))

    assert readings.take([step(ONE, 1000, 10), step(OTHER, 600, 10)], 50.0) == MeterReading(40.0, 50.0, 160.0)


def test_a_supply_whose_answer_was_lost_is_waited_for_until_both_know_the_same_time():
    readings = MeterReadings((ONE, OTHER))

    assert readings.take([step(ONE, 1000, 10)], 50.0) is None
    assert readings.take([step(ONE, 1200, 10), step(OTHER, 1400, 20)], 60.0) == MeterReading(40.0, 60.0, 180.0)


@pytest.mark.parametrize("outcome", [Outcome.GAP, Outcome.RESET])
def test_a_time_that_one_of_them_does_not_know_is_no_reading(outcome):
    readings = MeterReadings((ONE, OTHER))

    assert readings.take([step(ONE, 1000, 10), step(OTHER, 0, 10, outcome)], 50.0) is None
    assert readings.take([step(ONE, 800, 10), step(OTHER, 800, 10)], 60.0) == MeterReading(50.0, 60.0, 160.0)


def test_a_first_reading_has_no_length():
    first = EnergyStep(ONE, 0, 0.0, 0.0, Outcome.FIRST)

    assert MeterReadings((ONE,)).take([first], 50.0) is None


def test_a_late_meter_covers_what_is_inside_and_one_that_shows_half_of_it_does_not():
    cover, half = Cover(), Cover()
    for inside in [100.0] * 30 + [300.0] * 4:
        cover.take(140.0, inside, 10.0)  # it has not seen the rise yet
        half.take(0.5 * inside, inside, 10.0)

    assert cover.is_whole
    assert not half.is_whole


def test_what_was_compared_for_a_minute_says_nothing_yet():
    cover = Cover()
    cover.take(100.0, 200.0, 60.0)

    assert cover.is_whole


def component(source, name, kind, method=Method.COUNTED, within=None):
    return Channel(source, name, kind, Boundary.COMPONENT, method, within)


PACKAGES = [component("rapl", "package-0", "cpu"), component("rapl", "package-1", "cpu")]
CORE = component("rapl", "core-0", "cpu", within="package-0")
DRAM, CARD = component("rapl", "dram-0", "dram"), component("nvidia", "gpu-0", "gpu")
MODEL = [component("model", name, kind, Method.MODELLED) for name, kind in (("cpu", "cpu"), ("ssd", "drive"))]


@pytest.mark.parametrize(
    ("channels", "found"),
    [
        ([*PACKAGES, CORE, DRAM, CARD, *MODEL], {"cpu": PACKAGES, "dram": [DRAM], "gpu": [CARD]}),
        ([CARD, *MODEL], {"gpu": [CARD], "cpu": MODEL[:1]}),
        (MODEL, {"cpu": MODEL[:1]}),
        ([ONE, OTHER], {}),
    ],
    ids=["counted", "cards alone", "nothing counted", "nothing at all"],
)
def test_regressors_are_the_counted_components_and_the_modelled_processors_where_none_counts_them(channels, found):
    assert {one.component: list(one.channels) for one in regressors(channels)} == found

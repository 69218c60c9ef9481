# SPDX-License-Identifier: Apache-2.0
"""Which stretches of a host's time teach, and what is kept of it."""

from __future__ import annotations

import json
from random import Random

import pytest
from fleet import STEP_SECONDS, Meter, Server, hours, measured_step

from agent.wholehost.host_step import Basis
from agent.wholehost.siblings.learning import Learning
from agent.wholehost.siblings.taught import lessons_of
from impacts.configurations import Configuration

SERVER = Configuration("Dell Inc.", "PowerEdge R740", "2 x Xeon Gold 6226", "12 x 32 GB", "", "2 x ssd")


class Watched:
    """A host whose ticks, loads and powers are given by hand."""

    def __init__(self, kept=None, configuration=SERVER):
        self.learning = Learning(configuration, kept)
        self.now = 0.0
        self.learning.take(0.2, None, self.now)

    def passes(self, seconds, load, watts, tick=10.0, **step):
        """Let time pass with a measured step at each tick; return how many windows taught."""
        windows = 0
        for _ in range(round(seconds / tick)):
            self.now += tick
            windows += self.learning.take(load, measured_step(watts, tick, **step), self.now)
        return windows


def bends(learning):
    return {bend.load: bend.watts for bend in learning.taught.bends}


def test_a_steady_hour_teaches_what_it_draws():
    host = Watched()
    taught = host.passes(10 * 3600, 0.2, 210)

    assert taught == 10 * 12 - 1  # nothing is known of the minute before the first window
    assert bends(host.learning) == {0.2: pytest.approx(210)}
    assert host.learning.taught.meter == "ipmi_dcmi"


def test_a_tick_may_lie_between_two_reports_of_a_slow_meter():
    host = Watched()
    for tick in range(1, 36001):
        step = measured_step(210, 15.0) if tick % 15 == 0 else None
        host.learning.take(0.2, step, float(tick))

    assert bends(host.learning) == {0.2: pytest.approx(210)}


def test_a_window_that_ends_at_another_load_than_it_began_at_teaches_nothing():
    """By the lag of the meter its mean power would be of other loads than those that it has seen."""
    host = Watched()
    host.passes(600, 0.1, 100)
    taught = host.passes(150, 0.1, 100) + host.passes(150, 0.5, 200)

    assert taught == 0


@pytest.mark.parametrize("basis", [basis for basis in Basis if basis is not Basis.MEASURED])
def test_only_an_inlet_meter_teaches(basis):
    host = Watched()

    assert host.passes(3600, 0.2, 210, basis=basis) == 0
    assert host.learning.taught is None


def test_time_that_the_meter_has_not_seen_whole_teaches_nothing():
    host = Watched()
    host.passes(600, 0.2, 210)
    host.now += 3600  # asleep

    assert host.passes(300, 0.2, 210) == 0
    assert host.passes(600, 0.2, 210) > 0


def test_without_a_load_nothing_is_taught():
    host = Watched()

    assert host.passes(3600, None, 210) == 0


def test_a_host_without_a_product_name_has_no_siblings_and_learns_nothing():
    assert Watched(configuration=None).passes(3600, 0.2, 210) == 0


def test_what_was_learned_is_gone_on_with_after_a_restart():
    before = Watched()
    before.passes(5 * 3600, 0.2, 210)
    after = Watched(kept=before.learning.state)
    assert after.learning.taught is None  # the meter may be gone
    after.passes(10, 0.2, 210)
    assert bends(after.learning) == bends(before.learning)
    after.passes(3 * 3600, 0.2, 220)

    assert bends(after.learning)[0.2] == pytest.approx((58 * 210 + 35 * 220) / 93, rel=0.001)


def test_other_parts_or_another_meter_begin_anew():
    before = Watched()
    before.passes(5 * 3600, 0.2, 210)
    kept = before.learning.state
    other_parts = Watched(kept, configuration=SERVER.of_any_parts)
    other_parts.passes(10, 0.2, 210)
    other_meter = Watched(kept)
    other_meter.passes(10, 0.2, 210, source="redfish")
    before.learning.follow(SERVER.of_any_parts)

    assert not other_parts.learning.taught.bends
    assert not other_meter.learning.taught.bends
    assert before.learning.taught is None


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1}',
        '{"version": 1, "regression": {"products": [[1]]}, "configuration": {}, "meter": {}}',
        '{"version": 1, "regression": {"powers": 3}, "configuration": {}, "meter": {}}',
    ],
)
def test_a_state_that_cannot_be_used_is_begun_anew(spoilt):
    assert lessons_of(spoilt) is None
    assert Watched(spoilt).passes(3600, 0.2, 210) > 0


def test_the_state_is_json():
    host = Watched()
    host.passes(3600, 0.2, 210)

    assert json.loads(host.learning.state)["configuration"]["product"] == "PowerEdge R740"
    assert Watched().learning.state is None


def test_a_meter_that_averages_a_minute_and_lags_teaches_the_truth():
    """Three days of a server whose power is not piecewise linear, with a meter of one minute that is late."""
    random, learning, now = Random(7), Learning(SERVER), 0.0  # noqa: S311 - the same in every run
    server, meter = Server(random), Meter(random)
    learning.take(0.1, None, now)
    for steps in hours(server, 72):
        for load, watts in steps:
            now += STEP_SECONDS
            learning.take(load, measured_step(meter.shows(watts), STEP_SECONDS), now)
    server.work = 1.0

    for bend in learning.taught.bends:
        server.heat = bend.load
        assert bend.watts / meter.gain == pytest.approx(server.watts(bend.load), rel=0.05)
    assert len(learning.taught.bends) == 7

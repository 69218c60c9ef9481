# SPDX-License-Identifier: Apache-2.0
"""No counter falls: every counter of the catalogue is either kept over a kill or said to begin anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.loop.floors import Floors
from impacts import quantities as q
from impacts.figures import Figure
from impacts.quantities import CATALOGUE, Kind
from impacts.values.estimates import Citation, Estimate

OF_THE_PROCESS = {"source_read_failures", "sampler_ticks", "sampler_missed_ticks"}
COUNTERS = [quantity for quantity in CATALOGUE if quantity.kind is Kind.COUNTER]


def figure(quantity, value):
    return Figure(quantity, ("label",) * len(quantity.labels), Estimate.exact(value, quantity.unit, Citation("test")))


def test_the_counters_that_begin_anew_with_the_process_are_these():
    assert {counter.stem for counter in COUNTERS if not counter.lasting} == OF_THE_PROCESS


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.stem)
def test_a_counter_does_not_fall_when_the_agent_is_killed_unless_it_is_the_process_own(tmp_path, counter):
    Floors(tmp_path).never_below([figure(counter, 10.0)])
    [after] = Floors(tmp_path).never_below([figure(counter, 7.0)])

    assert after.estimate.central == (7.0 if counter.stem in OF_THE_PROCESS else 10.0)


def test_a_counter_that_is_added_to_the_catalogue_is_kept_without_being_listed_anywhere(tmp_path):
    new = replace(q.HOST_ENERGY, stem="something_new")
    Floors(tmp_path).never_below([figure(new, 10.0)])

    assert Floors(tmp_path).never_below([figure(new, 7.0)])[0].estimate.central == 10.0


@pytest.mark.parametrize("gauge", [q.HOST_POWER, q.EMBODIED])
def test_a_gauge_may_fall(tmp_path, gauge):
    Floors(tmp_path).never_below([figure(gauge, 10.0)])

    assert Floors(tmp_path).never_below([figure(gauge, 7.0)])[0].estimate.central == 7.0

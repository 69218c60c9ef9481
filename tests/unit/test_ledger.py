# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from agent.ledger import LONGEST_INTEGRATION_SECONDS, ChannelState, EnergyLedger, Outcome, advance
from agent.readings import Boundary, Channel, CounterReading, Method, PowerReading

PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED, plausible_watts=300.0)
METER = Channel("hwmon", "power1", "host", Boundary.INLET, Method.INTEGRATED, plausible_watts=2000.0)
WRAP = 65_532_610_987


def count(at_seconds, joules, *, wrap=WRAP, epoch="boot", channel=PACKAGE):
    return CounterReading(channel, at_seconds, round(joules * 1e6), wrap, epoch)


def power(at_seconds, watts, *, averaged_over=None, channel=METER):
    return PowerReading(channel, at_seconds, watts, averaged_over, "boot")


def last_step(*readings):
    ledger = EnergyLedger()
    return [ledger.record([reading])[0] for reading in readings][-1]


def outcome(*readings):
    step = last_step(*readings)
    return step.outcome, step.microjoules, step.observed_seconds, step.unobserved_seconds


def test_the_first_reading_is_a_baseline_and_adds_nothing():
    assert outcome(count(5, 60_000)) == (Outcome.FIRST, 0, 0.0, 0.0)


def test_a_counter_is_counted_to_the_microjoule():
    step = last_step(CounterReading(PACKAGE, 0, 7, WRAP), CounterReading(PACKAGE, 10, 1_000_008, WRAP))

    assert (step.outcome, step.microjoules, step.observed_seconds) == (Outcome.COUNTED, 1_000_001, 10)


def test_a_wrap_is_undone():
    step = last_step(CounterReading(PACKAGE, 0, WRAP - 5, WRAP), CounterReading(PACKAGE, 1, 7, WRAP))

    assert (step.outcome, step.microjoules) == (Outcome.WRAPPED, 12)


def test_a_drop_that_no_plausible_power_explains_is_a_gap():
    assert outcome(count(0, 30_000), count(10, 20_000)) == (Outcome.GAP, 0, 0.0, 10)


def test_a_rise_that_no_plausible_power_explains_is_a_gap():
    assert outcome(count(0, 0), count(10, 30_000)) == (Outcome.GAP, 0, 0.0, 10)


@pytest.mark.parametrize("joules", [30_000, 10_000])
def test_time_enough_for_another_wrap_is_a_gap(joules):
    """300 W make 65.5 kJ in 218 s, so that in 1000 s any value has several explanations."""
    assert outcome(count(0, 20_000), count(1000, joules)) == (Outcome.GAP, 0, 0.0, 1000)


def test_a_counter_that_does_not_wrap_is_counted_over_any_time():
    month = 30 * 86400.0

    assert outcome(count(0, 0, wrap=None), count(month, 1e6, wrap=None)) == (Outcome.COUNTED, 10**12, month, 0.0)


def test_a_counter_that_does_not_wrap_and_drops_has_lost_its_past():
    assert outcome(count(0, 100, wrap=None), count(1, 99, wrap=None)) == (Outcome.GAP, 0, 0.0, 1)


@pytest.mark.parametrize(("before", "after"), [(65_600, 65_601), (65_600, 1), (65_500, 65_540)])
def test_a_counter_above_its_own_range_is_not_believed(before, after):
    assert outcome(count(0, before), count(1, after))[:2] == (Outcome.GAP, 0)


def test_another_epoch_is_a_reset_even_if_the_values_would_fit():
    assert outcome(count(0, 100), count(10, 200, epoch="boot#1")) == (Outcome.RESET, 0, 0.0, 10)


def test_after_a_gap_or_reset_counting_goes_on_from_the_new_value():
    step = last_step(count(0, 30_000), count(10, 20_000), count(11, 20_100))

    assert (step.outcome, step.microjoules) == (Outcome.COUNTED, 100_000_000)


def test_a_failed_read_adds_no_energy():
    """One known tool takes a failed read for the value 0: 1 500 J really used become 161 643 J, then 101 500 J more."""
    ledger = EnergyLedger()
    ledger.record([count(0, 100_000, wrap=262_143_328_850)])
    ledger.record([])  # the read failed: no reading, not zero
    (step,) = ledger.record([count(20, 101_500, wrap=262_143_328_850)])

    assert (step.outcome, step.microjoules, step.observed_seconds) == (Outcome.COUNTED, 1_500_000_000, 20)


def test_even_a_source_that_says_zero_for_a_failure_adds_no_energy():
    ledger = EnergyLedger()
    wrap = 262_143_328_850
    steps = [ledger.record([count(*reading, wrap=wrap)])[0] for reading in [(0, 100_000), (10, 0), (20, 101_500)]]

    assert [step.outcome for step in steps] == [Outcome.FIRST, Outcome.GAP, Outcome.GAP]
    assert ledger.accounts[PACKAGE.key].microjoules == 0
    assert ledger.accounts[PACKAGE.key].unobserved_seconds == 20


def test_a_reading_from_before_the_last_one_counts_nothing_twice():
    ledger = EnergyLedger()
    late = count(9, 90)
    steps = [ledger.record([reading])[0] for reading in [count(8, 80), count(10, 100), late, count(11, 110)]]

    assert sum(step.microjoules for step in steps) == 30_000_000
    assert sum(step.observed_seconds + step.unobserved_seconds for step in steps) == 3
    assert steps[2].outcome is Outcome.GAP


def test_power_is_integrated_by_the_trapezoid():
    assert outcome(power(0, 100), power(10, 200)) == (Outcome.INTEGRATED, 1_500_000_000, 10, 0.0)


def test_a_mean_that_covers_the_step_is_taken_as_it_is():
    assert outcome(power(0, 100), power(10, 200, averaged_over=10.0))[:2] == (Outcome.INTEGRATED, 2_000_000_000)


def test_a_mean_over_less_than_the_step_is_a_power_like_any_other():
    assert outcome(power(0, 100), power(10, 200, averaged_over=1.0))[:2] == (Outcome.INTEGRATED, 1_500_000_000)


def test_power_is_not_integrated_over_a_long_silence():
    silence = LONGEST_INTEGRATION_SECONDS + 1

    assert outcome(power(0, 100), power(silence, 100)) == (Outcome.GAP, 0, 0.0, silence)


@pytest.mark.parametrize("watts", [-1.0, 4_294_967.295, float("nan"), float("inf")])
@pytest.mark.parametrize("averaged_over", [None, 10.0])
def test_an_impossible_power_is_a_gap_and_so_is_the_step_after_it(watts, averaged_over):
    steps = EnergyLedger()
    readings = [power(0, 100), power(10, watts, averaged_over=averaged_over), power(20, 100), power(30, 100)]
    outcomes = [steps.record([reading])[0].outcome for reading in readings]

    assert outcomes == [Outcome.FIRST, Outcome.GAP, Outcome.GAP, Outcome.INTEGRATED]


def test_a_model_of_a_large_machine_is_no_glitch():
    modelled = replace(METER, source="model", method=Method.MODELLED, plausible_watts=1000.0)

    assert outcome(power(0, 2800, channel=modelled), power(1, 2800, channel=modelled))[0] is Outcome.INTEGRATED


def test_a_channel_that_changes_from_power_to_counter_starts_anew():
    assert outcome(power(0, 100, channel=PACKAGE), count(1, 100)) == (Outcome.RESET, 0, 0.0, 1)
    assert outcome(count(0, 100), power(1, 100, channel=PACKAGE)) == (Outcome.RESET, 0, 0.0, 1)


def test_advance_changes_nothing_it_was_given():
    state = ChannelState(0.0, "boot", microjoules=10)

    assert advance(state, count(1, 1)) == advance(state, count(1, 1))
    assert state == ChannelState(0.0, "boot", microjoules=10)


def test_the_account_takes_the_channel_of_its_last_reading():
    ledger = EnergyLedger()
    ledger.record([count(0, 0)])
    ledger.record([count(1, 1, channel=replace(PACKAGE, component="host"))])

    assert ledger.accounts[PACKAGE.key].channel.component == "host"

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from agent.ledger import Account, ChannelState, EnergyLedger, Outcome, advance
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


def test_a_counter_may_show_the_end_of_its_range():
    def steps(*microjoules):
        return last_step(*(CounterReading(PACKAGE, at, value, WRAP) for at, value in enumerate(microjoules)))

    assert (steps(WRAP - 5, WRAP).outcome, steps(WRAP - 5, WRAP).microjoules) == (Outcome.COUNTED, 5)
    assert (steps(WRAP, 3).outcome, steps(WRAP, 3).microjoules) == (Outcome.WRAPPED, 3)


@pytest.mark.parametrize(("microjoules", "counted"), [(3_300_000_000, True), (3_300_000_001, False)])
def test_the_highest_plausible_power_may_have_flowed_for_a_second_longer_than_the_clock_says(microjoules, counted):
    """The read may be preempted between its clock and its counter: 300 W for 10 s and one more."""
    step = last_step(CounterReading(PACKAGE, 0, 0, None), CounterReading(PACKAGE, 10, microjoules, None))

    assert step.outcome is (Outcome.COUNTED if counted else Outcome.GAP)


@pytest.mark.parametrize(("microjoules", "counted"), [(300_000_001, True), (300_000_000, False)])
def test_a_value_that_one_more_wrap_explains_as_well_is_a_gap(microjoules, counted):
    """3300 J are plausible in 10 s and one more, and the counter wraps after 3000 J."""
    wrap = 3_000_000_000
    step = last_step(CounterReading(PACKAGE, 0, 0, wrap), CounterReading(PACKAGE, 10, microjoules, wrap))

    assert step.outcome is (Outcome.COUNTED if counted else Outcome.GAP)


def test_a_counter_that_drops_by_a_microjoule_and_does_not_wrap_is_a_gap():
    assert last_step(CounterReading(PACKAGE, 0, 8, None), CounterReading(PACKAGE, 1, 7, None)).outcome is Outcome.GAP


def test_another_boot_is_a_reset_although_its_clock_has_started_anew():
    before, rebooted, after = count(1000, 50), count(20, 7, epoch="later"), count(21, 8, epoch="later")

    assert outcome(before, rebooted) == (Outcome.RESET, 0, 0.0, 0.0)
    assert outcome(before, rebooted, after) == (Outcome.COUNTED, 1_000_000, 1, 0.0)


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


def test_energy_is_in_whole_microjoules():
    assert outcome(power(0, 1), power(1 / 3, 1))[:2] == (Outcome.INTEGRATED, 333_333)


def test_a_mean_that_covers_the_step_is_taken_as_it_is():
    assert outcome(power(0, 100), power(10, 200, averaged_over=10.0))[:2] == (Outcome.INTEGRATED, 2_000_000_000)


def test_a_mean_over_less_than_the_step_is_a_power_like_any_other():
    assert outcome(power(0, 100), power(10, 200, averaged_over=1.0))[:2] == (Outcome.INTEGRATED, 1_500_000_000)


def test_power_is_integrated_over_two_minutes_and_not_over_a_longer_silence():
    assert outcome(power(0, 100), power(120, 100)) == (Outcome.INTEGRATED, 12_000_000_000, 120, 0.0)
    assert outcome(power(0, 100), power(120.5, 100)) == (Outcome.GAP, 0, 0.0, 120.5)


def test_no_power_and_the_highest_plausible_one_are_powers():
    assert outcome(power(0, 0), power(10, 0)) == (Outcome.INTEGRATED, 0, 10, 0.0)
    assert outcome(power(0, 2000), power(10, 2000)) == (Outcome.INTEGRATED, 20_000_000_000, 10, 0.0)
    assert outcome(power(0, 2000), power(10, 2000.5))[0] is Outcome.GAP
    assert outcome(power(0, 0), power(10, -0.5))[0] is Outcome.GAP


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


@pytest.mark.parametrize(
    ("watts", "expected"), [(0, Outcome.INTEGRATED), (-0.5, Outcome.GAP), (float("inf"), Outcome.GAP)]
)
def test_a_model_is_believed_from_nothing_on_as_long_as_it_is_a_power(watts, expected):
    modelled = replace(METER, source="model", method=Method.MODELLED, plausible_watts=-1.0)

    assert outcome(power(0, 0, channel=modelled), power(1, watts, channel=modelled))[0] is expected


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


def test_an_interrupted_power_is_integrated_from_its_next_reading_on():
    ledger = EnergyLedger()
    ledger.record([power(0, 100)])
    ledger.interrupt([METER.key])
    outcomes = [ledger.record([power(at, 100)])[0].outcome for at in (10, 20)]

    assert outcomes == [Outcome.GAP, Outcome.INTEGRATED]


def test_an_interruption_takes_nothing_from_a_counter_nor_from_what_was_never_read():
    ledger = EnergyLedger()
    ledger.record([count(0, 100)])
    before = ledger.accounts[PACKAGE.key].state
    ledger.accounts[METER.key] = Account(METER)  # restored from a history, of another boot
    ledger.interrupt([PACKAGE.key, METER.key, ("hwmon", "power2")])

    assert ledger.accounts[PACKAGE.key].state == before
    assert ledger.accounts[METER.key].state is None
    assert set(ledger.accounts) == {PACKAGE.key, METER.key}

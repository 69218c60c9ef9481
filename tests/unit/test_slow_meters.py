# SPDX-License-Identifier: Apache-2.0
"""A slow meter with fast channels beside it, on synthetic hosts of known power; the long form is a benchmark."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from functools import lru_cache

import pytest
from clocks import START
from synthetic_host import Meter, SyntheticHost, score

from agent.explain.in_words import power_in_words
from agent.explain.power import host_figures
from agent.wholehost.host_step import Basis
from impacts.snapshots import Snapshot

LEARNING = 900


def slow_meter(window=30, delay=8, quantum=2, interval=5):
    return lambda chance: Meter(chance, window, delay, quantum, interval)


def learned(seed=1, meter=None, **options):
    return SyntheticHost(seed, meter or slow_meter(), **options).run(LEARNING)


@lru_cache(maxsize=1)
def judged():
    """A host after a quarter of an hour to learn, an hour with its meter, and twelve minutes without it."""
    host = learned().run(3600)
    host.meter.is_silent = True
    return host.run(720)


def assert_no_second_is_lost_or_counted_twice(host, since=1):
    ends = since
    for second, step in host.steps:
        if second > since:
            assert second - step.seconds == pytest.approx(
                ends, abs=0.6
            )  # slow meters are read up to half a second before the tick
            assert step.microjoules.low >= 0
            ends = second


def joules_by_basis(host, since=0):
    sums = defaultdict(float)
    for second, step in host.steps:
        if second > since:
            sums[step.basis] += step.energy.estimate.central
    return sums


def error_of_energy(host, since):
    true = sum(host.truth[since:])
    return sum(joules_by_basis(host, since).values()) / true - 1


def bases(host, since=0):
    return [step.basis for second, step in host.steps if second > since]


def test_the_energy_of_an_hour_and_the_power_of_its_seconds_are_near_the_truth():
    of_hour = score(judged(), LEARNING, LEARNING + 3600)

    assert of_hour.bases == {"measured"}
    assert abs(of_hour.energy_error) < 0.01
    assert of_hour.power_error < 0.05 < of_hour.held_error / 2
    assert of_hour.covered > 0.95
    assert of_hour.half_width < 0.10


def test_a_silence_of_ten_minutes_costs_little_and_its_bounds_hold():
    silence = score(judged(), LEARNING + 3600 + 100, LEARNING + 3600 + 700)

    assert silence.bases == {"calibrated"}
    assert abs(silence.energy_error) < 0.03
    assert silence.covered > 0.95
    assert silence.half_width < 0.10


def test_bounds_widen_while_the_meter_is_silent():
    host = learned()
    host.meter.is_silent = True
    host.run(60)
    early = score(host, LEARNING + 40, LEARNING + 60).half_width
    host.run(7200)

    assert score(host, host.second - 20, host.second).half_width > early * 1.1


def test_every_second_is_counted_once_and_no_step_is_negative():
    assert_no_second_is_lost_or_counted_twice(judged())


def test_a_slow_meter_is_followed_second_by_second():
    host = learned()

    assert {step.seconds for second, step in host.steps if second > LEARNING - 60} == {1.0}


def test_window_and_delay_of_the_meter_are_found():
    found = re.search(r"shows means of (\d+) s, (\d+) s late", judged().steps[-1][1].power.note)

    assert int(found[1]) == pytest.approx(30, abs=5)
    assert int(found[2]) == pytest.approx(8, abs=2)


@pytest.mark.parametrize("interval", [1, 2])
def test_a_meter_that_is_fast_and_not_late_makes_the_steps_by_itself(interval):
    host = learned(meter=slow_meter(window=1, delay=0, interval=interval))
    measured = [step for second, step in host.steps if second > LEARNING - 100 and step.basis is Basis.MEASURED]

    assert measured
    assert {step.power.formula for step in measured} == {"inlet"}


def test_channels_that_are_as_slow_as_the_meter_give_no_shape():
    host = SyntheticHost(1, slow_meter(window=10, delay=0, interval=20)).run(3000, tick_seconds=20)

    assert {step.power.formula for _, step in host.steps[60:] if step.basis is Basis.MEASURED} == {"inlet"}


def test_without_a_counter_the_load_model_gives_the_shape():
    host = learned(counters=False).run(1800)
    result = score(host, LEARNING, LEARNING + 1800)

    assert result.bases == {"measured"}
    assert abs(result.energy_error) < 0.01
    assert result.power_error < 0.05
    host.meter.is_silent = True
    host.run(200)
    last = host.steps[-1][1]
    assert (last.basis, last.measured_microjoules) == (Basis.CALIBRATED, 0)


def test_the_meter_appears_while_the_agent_runs():
    host = SyntheticHost(2, slow_meter())
    host.has_meter = False
    host.run(300)
    host.has_meter = True
    host.run(1200)

    assert set(bases(host)) == {Basis.PART_MODELLED, Basis.MEASURED}
    assert set(bases(host, since=600)) == {Basis.MEASURED}
    assert_no_second_is_lost_or_counted_twice(host, since=300)
    assert abs(error_of_energy(host, 600)) < 0.02


def test_a_meter_that_disappears_and_comes_back_leaves_no_jump_and_counts_nothing_twice():
    host = learned()
    host.meter.is_silent = True
    host.run(600)
    host.meter.is_silent = False
    host.run(900)

    kinds = bases(host, since=LEARNING)
    assert set(kinds) == {Basis.MEASURED, Basis.CALIBRATED}
    assert kinds.count(Basis.CALIBRATED) == pytest.approx(570, abs=15)
    assert kinds[-1] is Basis.MEASURED
    assert_no_second_is_lost_or_counted_twice(host)
    assert abs(error_of_energy(host, LEARNING)) < 0.015


def test_a_meter_whose_source_is_gone_stays_calibrated():
    host = learned()
    host.has_meter = False
    host.run(600)

    assert set(bases(host, since=LEARNING)) == {Basis.CALIBRATED}
    assert abs(error_of_energy(host, LEARNING)) < 0.03


def test_a_card_is_added_and_learned_beside_what_is_known():
    host = learned()
    host.machine.has_card = True
    host.run(20)
    assert [problem.reason for problem in host.balance.problems] == ["calibration_learns_anew"]
    assert "gpu" in host.balance.problems[0].what
    host.run(1200)

    assert not host.balance.problems
    assert set(bases(host, since=LEARNING + 600)) == {Basis.MEASURED}
    assert_no_second_is_lost_or_counted_twice(host)
    assert abs(error_of_energy(host, LEARNING + 240)) < 0.02
    assert "gpu_coefficient" in host.steps[-1][1].power.formula


def test_a_processor_is_unplugged_and_put_back():
    host = learned()
    host.machine.sockets = 1
    host.run(20)
    assert [problem.reason for problem in host.balance.problems] == ["calibration_learns_anew"]
    host.run(880)
    assert set(bases(host, since=LEARNING + 600)) == {Basis.MEASURED}
    host.machine.sockets = 2
    host.run(600)

    assert not host.balance.problems
    assert_no_second_is_lost_or_counted_twice(host)
    assert abs(error_of_energy(host, LEARNING)) < 0.02


def test_a_restart_goes_on_with_what_was_learned():
    host = learned()
    host.restart(seconds_away=20)
    host.run(600)

    assert set(bases(host, since=LEARNING)) <= {Basis.MEASURED, Basis.CALIBRATED}
    assert_no_second_is_lost_or_counted_twice(host, since=LEARNING)  # counters know the time between, too
    assert abs(error_of_energy(host, LEARNING)) < 0.02


def test_a_restart_without_the_meter_is_calibrated_at_once():
    host = learned()
    host.has_meter = False
    host.restart(seconds_away=5)
    host.run(300)

    assert set(bases(host, since=LEARNING)) == {Basis.CALIBRATED}
    assert abs(error_of_energy(host, LEARNING + 10)) < 0.04


def test_a_time_of_suspension_is_no_time_of_calibrated_power():
    host = learned()
    host.suspend(7200)
    host.run(900)
    first = next(step for second, step in host.steps if second > LEARNING + 7200)

    assert first.basis not in {Basis.MEASURED, Basis.CALIBRATED} or first.seconds < 200
    assert abs(error_of_energy(host, LEARNING + 7200 + 30)) < 0.02
    assert bases(host)[-1] is Basis.MEASURED
    assert_no_second_is_lost_or_counted_twice(host, since=LEARNING + 7200 + 30)


def test_a_meter_below_its_components_teaches_nothing():
    host = SyntheticHost(1, slow_meter())
    host.meter.scale = 0.3
    host.run(LEARNING)

    assert Basis.PART_MODELLED in bases(host, since=300)
    assert {step.power.formula for _, step in host.steps if step.basis is Basis.MEASURED} <= {"inlet"}
    assert Basis.CALIBRATED not in bases(host)


def test_what_another_machine_has_taught_is_given_up_where_it_does_not_fit():
    """The history was copied, and the channels have the same names; that machine's meter showed half."""
    half = SyntheticHost(1, slow_meter(), counters=False)
    half.meter.scale = 0.5
    host = SyntheticHost(3, slow_meter(), counters=False)
    host.restart_with(half.run(LEARNING).balance.calibration_states)
    host.run(2400)

    assert abs(error_of_energy(host, 1200)) < 0.03


def test_the_host_at_idle_is_known_by_the_intercept_and_the_quietest_minute():
    idle = judged().steps[-1][1].idle
    quiet = min(sum(judged().truth[at : at + 60]) / 60 for at in range(0, 4400, 20))

    assert "intercept" in idle.formula
    assert idle.estimate.central == pytest.approx(quiet, rel=0.05)


def test_what_is_printed_is_what_was_computed_and_names_way_coefficients_and_residual():
    power = judged().steps[-1][1].power

    assert power.title == "power of the host, calibrated"
    assert "(central(package_0) + central(package_1)) × cpu_coefficient" in power.formula
    assert power.formula.endswith(" + intercept) × to_meter × accuracy")
    for part in ("has been silent for 7", "of its readings", "standard deviation"):
        assert part in power.note


def test_the_words_of_explain_have_coefficients_residual_and_silence():
    figures = tuple(host_figures(judged().steps[-1][1]))
    at = START + timedelta(hours=1)
    text = " ".join(" ".join(power_in_words(Snapshot(at, figures, (), ()))).split())

    assert "The meter at the inlets is silent" in text
    assert "a watt inside is at the inlets, by component: cpu 1." in text
    assert "W whatever they do" in text
    assert "(standard deviation)" in text
    assert "The meter's return" in text


def test_the_meter_is_named_first_of_what_a_measured_step_is_of():
    step = next(step for second, step in judged().steps if second > LEARNING)

    assert [channel.source for channel in step.channels][:2] == ["ipmi_dcmi", "rapl"]


def test_what_the_energy_rests_on_is_of_few_kinds():
    """Each set of citations is kept for ever in the history."""
    assert len({step.power.estimate.grounds for _, step in judged().steps}) <= 8

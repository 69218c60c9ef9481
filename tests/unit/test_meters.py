# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from agent.ledger import EnergyStep, Outcome
from agent.readings import Boundary, Channel, Method
from agent.wholehost.contradictions import Contradictions
from agent.wholehost.meters import MeterComparison
from agent.wholehost.ways import InletMeter
from impacts.values.estimates import Citation, Estimate

WITHIN_5_PERCENT = Estimate(0.95, 1.0, 1.05, "1", (Citation("test"),))

FIRST, OTHER = (
    Channel(source, "inlet", "host", Boundary.INLET, Method.INTEGRATED, accuracy=WITHIN_5_PERCENT)
    for source in ("ipmi_dcmi", "redfish")
)
EXACTLY = Estimate.exact(1.0, "1", Citation("test"))


def meters(*groups):
    return [InletMeter(tuple(group), Contradictions()) for group in groups]


METERS = meters([FIRST], [OTHER])


def reported(channel, watts, seconds):
    return EnergyStep(channel, round(watts * seconds * 1e6), seconds, 0.0, Outcome.INTEGRATED)


def compare(comparison, first_watts, other_watts, windows, at=0.0):
    """Let both meters report every 10 s for a number of windows; return when that was over."""
    for _ in range(round(windows * 600 / 10) + 1):
        at += 10
        steps = [reported(FIRST, first_watts, 10)]
        if other_watts is not None:
            steps.append(reported(OTHER, other_watts, 10))
        comparison.compare(METERS, steps, at)
    return at


def test_meters_within_each_others_bounds_agree():
    comparison = MeterComparison()
    compare(comparison, 200, 218, 3)

    assert not comparison.problems


def test_a_lasting_disagreement_is_a_problem_with_both_values():
    comparison = MeterComparison()
    compare(comparison, 200, 260, 2)
    [problem] = comparison.problems

    assert (problem.origin, problem.reason) == ("redfish", "meters_disagree")
    assert "260 W" in problem.what
    assert "200 W" in problem.what


def test_one_window_is_not_lasting_and_agreement_ends_it():
    comparison = MeterComparison()
    at = compare(comparison, 200, 260, 1)
    assert not comparison.problems

    at = compare(comparison, 200, 260, 2, at)
    assert comparison.problems
    compare(comparison, 200, 200, 2, at)
    assert not comparison.problems


def test_a_meter_that_hardly_reports_is_not_judged():
    comparison = MeterComparison()
    compare(comparison, 200, None, 3)

    assert not comparison.problems


def test_a_window_is_ten_minutes_and_two_of_them_in_a_row_are_lasting():
    comparison, problems = MeterComparison(), {}
    for at in range(0, 1300, 10):
        comparison.compare(METERS, [reported(FIRST, 200, 10), reported(OTHER, 260, 10)], 5000.0 + at)
        problems[at] = bool(comparison.problems)

    assert [at for at, found in problems.items() if found] == list(range(1200, 1300, 10))


@pytest.mark.parametrize(("watts", "disagree"), [(183, False), (218, False), (140, True), (260, True)])
def test_meters_disagree_above_and_below_where_their_bounds_do_not_meet(watts, disagree):
    comparison = MeterComparison()
    compare(comparison, 200, watts, 3)

    assert bool(comparison.problems) is disagree


@pytest.mark.parametrize(("first", "other"), [(100, 300), (300, 100)])
def test_bounds_that_just_touch_agree(first, other):
    halved_or_half_more = Estimate(0.5, 1.0, 1.5, "1", (Citation("test"),))
    one, two = (replace(channel, accuracy=halved_or_half_more) for channel in (FIRST, OTHER))
    comparison = MeterComparison()
    for at in range(0, 1300, 10):
        comparison.compare(meters([one], [two]), [reported(one, first, 10), reported(two, other, 10)], 5000.0 + at)

    assert not comparison.problems


def test_agreement_starts_the_count_anew():
    comparison = MeterComparison()
    at = compare(comparison, 200, 200, 1)
    at = compare(comparison, 200, 260, 1, at)
    assert not comparison.problems

    compare(comparison, 200, 260, 1, at)
    assert comparison.problems


def run(comparison, compared, steps_of):
    for at in range(0, 1300, 10):
        comparison.compare(compared, steps_of(at % 600), 5000.0 + at)


@pytest.mark.parametrize(("last_seconds", "is_judged"), [(10.0, True), (9.9, False)])
def test_a_meter_that_was_heard_for_half_of_the_window_is_judged_and_for_less_is_not(last_seconds, is_judged):
    comparison = MeterComparison()

    def steps(at):
        seconds = last_seconds if at == 300 else 10.0
        return [reported(FIRST, 200, 10), *([reported(OTHER, 260, seconds)] if 0 < at <= 300 else [])]

    run(comparison, METERS, steps)

    assert bool(comparison.problems) is is_judged


def test_a_first_meter_that_was_not_heard_judges_nobody():
    comparison = MeterComparison()
    run(comparison, METERS, lambda _: [reported(OTHER, 260, 10)])

    assert not comparison.problems


def test_a_meter_that_was_not_heard_leaves_the_next_one_judged():
    third = replace(OTHER, source="psu_input")
    comparison = MeterComparison()
    run(comparison, meters([FIRST], [OTHER], [third]), lambda _: [reported(FIRST, 200, 10), reported(third, 260, 10)])

    assert [problem.origin for problem in comparison.problems] == ["psu_input"]


def test_a_meter_of_two_supplies_is_judged_once_both_were_heard():
    one, two = (replace(OTHER, source="psu_input", name=f"psu-{n}") for n in (1, 2))
    comparison = MeterComparison()
    run(
        comparison,
        meters([FIRST], [one, two]),
        lambda at: [reported(FIRST, 200, 10), reported(one, 90, 10), *hardly(two, at)],
    )

    assert not comparison.problems


def hardly(channel, at):
    return [reported(channel, 90, 10)] if at < 100 else []


def test_meters_that_both_show_nothing_agree():
    one, two = (replace(channel, accuracy=EXACTLY) for channel in (FIRST, OTHER))
    comparison = MeterComparison()
    run(
        comparison,
        meters([one], [two]),
        lambda at: [reported(one, 0, 10), *([reported(two, 0, 10)] if at < 310 else [])],
    )

    assert not comparison.problems

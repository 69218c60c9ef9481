# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

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
METERS = [InletMeter((channel,), Contradictions()) for channel in (FIRST, OTHER)]


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

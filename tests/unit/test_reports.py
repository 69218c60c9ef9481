# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from agent.ledger import EnergyStep, Outcome
from agent.readings import Boundary, Channel, Method
from agent.wholehost.reports import Report, Reports

PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED)
METER = Channel("ipmi_dcmi", "inlet", "host", Boundary.INLET, Method.INTEGRATED)


def counted(channel, joules, seconds):
    return EnergyStep(channel, round(joules * 1e6), seconds, 0.0, Outcome.COUNTED)


def gap(channel, seconds):
    return EnergyStep(channel, 0, 0.0, seconds, Outcome.GAP)


def late(channel, at):
    """Reports at a moment when a host step was made without the channel."""
    reports = Reports([channel])
    reports.take([], at)
    reports.begin_anew()
    return reports


def only(reports, channel):
    [report] = reports.of([channel])
    return report


def test_a_report_is_complete_once_it_is_of_a_time_without_a_gap():
    assert not Report(PACKAGE).is_complete
    assert not Report(PACKAGE, has_gap=True).is_complete
    assert not Report(PACKAGE, 5, 1.0, has_gap=True).is_complete
    assert Report(PACKAGE, 0, 1.0).is_complete


def test_the_power_of_a_report_is_its_mean():
    assert Report(PACKAGE, 50_000_000, 10.0).watts == pytest.approx(5)
    assert Report(PACKAGE).watts == 0


@pytest.mark.parametrize(("interval_seconds", "patience_seconds"), [(1.0, 30.0), (12.0, 30.0), (60.0, 150.0)])
def test_a_channel_is_silent_after_half_a_minute_and_after_two_and_a_half_of_its_own_intervals(
    interval_seconds, patience_seconds
):
    reports = Reports([METER])
    reports.take([counted(METER, 200, interval_seconds)], 1000.0)
    silent = []
    for at in (1000.0 + patience_seconds, 1000.5 + patience_seconds):
        reports.take([], at)
        silent.append(reports.is_silent(METER))

    assert silent == [False, True]


def test_a_channel_that_has_never_reported_is_silent_and_has_no_pace():
    reports = Reports([METER, PACKAGE])
    reports.take([EnergyStep(PACKAGE, 0, 0.0, 0.0, Outcome.FIRST)], 1.0)

    assert reports.is_silent(METER)
    assert not reports.is_silent(PACKAGE)
    assert [reports.has_ever_reported(one) for one in (METER, PACKAGE)] == [False, True]
    assert not reports.has_usual_interval(PACKAGE)


def test_what_a_channel_reports_late_counts_by_what_lies_after_the_last_host_step():
    reports = late(PACKAGE, 10.0)
    reports.take([counted(PACKAGE, 100, 1.0)], 10.5)

    assert (only(reports, PACKAGE).microjoules, only(reports, PACKAGE).observed_seconds) == (50_000_000, 0.5)


def test_the_energy_of_a_part_is_in_whole_microjoules():
    reports = late(PACKAGE, 10.0)
    reports.take([EnergyStep(PACKAGE, 10, 3.0, 0.0, Outcome.COUNTED)], 11.0)

    assert isinstance(only(reports, PACKAGE).microjoules, int)


def test_a_late_step_that_lies_after_the_last_host_step_counts_whole_and_once():
    reports = late(PACKAGE, 10.0)
    reports.take([counted(PACKAGE, 100, 5.0)], 20.0)
    reports.take([counted(PACKAGE, 100, 30.0)], 21.0)

    assert only(reports, PACKAGE).microjoules == 200_000_000


def test_a_late_baseline_counts_nothing():
    reports = late(PACKAGE, 10.0)
    reports.take([EnergyStep(PACKAGE, 0, 0.0, 0.0, Outcome.FIRST)], 11.0)

    assert only(reports, PACKAGE) == Report(PACKAGE)


def test_a_channel_that_was_in_the_host_step_counts_all_that_it_reports_next():
    """Its reads may lie before the ticks: 11 s of them come 10 s after the last."""
    reports = Reports([METER])
    reports.take([counted(METER, 2000, 10.0)], 10.0)
    reports.begin_anew()
    reports.take([counted(METER, 2200, 11.0)], 20.0)

    assert only(reports, METER).microjoules == 2_200_000_000


def test_a_gap_of_any_length_stays_one_until_the_next_host_step():
    reports = Reports([PACKAGE])
    reports.take([gap(PACKAGE, 0.5)], 1.0)
    reports.take([counted(PACKAGE, 90, 1.0)], 2.0)
    assert only(reports, PACKAGE).has_gap

    reports.begin_anew()
    reports.take([counted(PACKAGE, 90, 1.0)], 3.0)
    assert not only(reports, PACKAGE).has_gap


def test_a_gap_that_lies_before_the_last_host_step_is_none_of_the_next():
    reports = late(PACKAGE, 10.0)
    reports.take([gap(PACKAGE, 5.0)], 10.0)

    assert not only(reports, PACKAGE).has_gap


def test_a_report_is_of_the_channel_as_it_is_now():
    """Hardware that is detected anew changes a channel's component or model, not its name."""
    reports = Reports([PACKAGE])
    reports.take([counted(PACKAGE, 90, 1.0)], 1.0)
    reports.take([counted(replace(PACKAGE, component="module"), 90, 1.0)], 2.0)

    assert only(reports, PACKAGE).channel.component == "module"


def test_a_channel_that_was_away_for_several_host_steps_counts_from_the_last_one_on():
    """As of a processor that was unplugged: its counter has all the time, of which the host's steps have had most."""
    reports = Reports([METER, PACKAGE])
    reports.take([counted(PACKAGE, 90, 1.0)], 1000.0)
    reports.begin_anew()
    reports.channels = [METER]
    for at in (1100.0, 1200.0):
        reports.take([], at)
        reports.begin_anew()
    reports.channels = [METER, PACKAGE]
    reports.take([counted(PACKAGE, 90 * 205, 205.0)], 1205.0)

    assert only(reports, PACKAGE).observed_seconds == pytest.approx(5.0)
    assert only(reports, PACKAGE).watts == pytest.approx(90)


def test_a_channel_that_comes_late_counts_from_the_last_host_step_on():
    reports = late(PACKAGE, 1000.0)
    reports.channels = [PACKAGE, METER]
    reports.take([counted(METER, 200 * 60, 60.0)], 1010.0)

    assert only(reports, METER).observed_seconds == pytest.approx(10.0)

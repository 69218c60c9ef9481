# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest
from snapshots import busy_server, exactly, figure

from exporters.prometheus import OPENMETRICS_CONTENT_TYPE, TEXT_CONTENT_TYPE, choose, openmetrics, text
from impacts import quantities as q
from impacts.problems import Problem
from impacts.snapshots import Snapshot


def snapshot(*figures, problems=()):
    return Snapshot(busy_server().taken_at, figures, problems)


def test_a_counter_with_bounds_is_three_metrics():
    energy = figure(q.HOST_ENERGY, "modelled", at=(1.0, 2.0, 4.0))

    lines = text(snapshot(energy)).decode().splitlines()

    assert [line for line in lines if not line.startswith("#")] == [
        'wattprint_host_energy_joules_total{basis="modelled"} 2.0',
        'wattprint_host_energy_lower_bound_joules_total{basis="modelled"} 1.0',
        'wattprint_host_energy_upper_bound_joules_total{basis="modelled"} 4.0',
    ]
    assert "# TYPE wattprint_host_energy_lower_bound_joules_total counter" in lines


def test_bounds_carry_only_their_own_labels():
    power = figure(q.HOST_POWER, "modelled", at=(95.0, 118.0, 140.0))

    assert "\nwattprint_host_power_lower_bound_watts 95.0\n" in text(snapshot(power)).decode()


def test_an_info_is_a_gauge_in_text_and_an_info_in_openmetrics():
    build = snapshot(exactly(q.BUILD, "0.1.0", "3.11.2"))

    assert "# TYPE wattprint_build_info gauge\n" in text(build).decode()
    assert "# TYPE wattprint_build info\n" in openmetrics(build).decode()
    for rendered in (text(build), openmetrics(build)):
        assert b'wattprint_build_info{python="3.11.2",version="0.1.0"} 1.0\n' in rendered


def test_openmetrics_says_the_unit_and_ends_with_eof():
    rendered = openmetrics(snapshot(figure(q.HOST_POWER, "modelled", at=(1.0, 2.0, 3.0)))).decode()

    assert "# UNIT wattprint_host_power_watts watts\n" in rendered
    assert rendered.endswith("# EOF\n")


def test_a_quantity_without_figures_leaves_no_trace():
    assert text(snapshot()) == b""


def test_two_problems_of_one_kind_are_one_series():
    problems = (Problem("rapl", "denied", "this", "do"), Problem("rapl", "denied", "that", "do"))

    rendered = text(snapshot(problems=problems)).decode()

    assert rendered.count('wattprint_problem{origin="rapl",reason="denied"} 1.0') == 1


@pytest.mark.parametrize("render", [text, openmetrics])
def test_a_duplicate_series_is_a_bug_and_not_published(render):
    twice = snapshot(exactly(q.SOURCE_UP, "rapl"), exactly(q.SOURCE_UP, "rapl", value=0.0))

    with pytest.raises(ValueError, match="duplicate series wattprint_source_up"):
        render(twice)


def test_two_figures_whose_bounds_would_share_a_series_are_a_bug():
    two_bases = snapshot(*(figure(q.HOST_POWER, basis, at=(1.0, 2.0, 3.0)) for basis in ("measured", "modelled")))

    with pytest.raises(ValueError, match="duplicate series wattprint_host_power_lower_bound_watts"):
        text(two_bases)


def test_a_figure_that_the_catalogue_does_not_know_is_a_bug():
    unknown = replace(q.SOURCE_UP, stem="made_up")

    with pytest.raises(KeyError):
        text(snapshot(exactly(unknown, "rapl")))


def test_label_values_are_escaped():
    rendered = text(snapshot(exactly(q.SOURCE_UP, 'a"b\\c\nd'))).decode()

    assert r'wattprint_source_up{source="a\"b\\c\nd"} 1.0' in rendered


@pytest.mark.parametrize(
    "accept",
    [
        # Prometheus 2.42, then 3.0
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "application/openmetrics-text",
        'Application/OpenMetrics-Text; Version="1.0.0"',
    ],
)
def test_openmetrics_goes_to_who_asks_for_it(accept):
    assert choose(accept) == (OPENMETRICS_CONTENT_TYPE, openmetrics)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/plain;version=0.0.4;q=1,*/*;q=0.1",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=0.5,text/plain;version=0.0.4;q=0.9",
        "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;q=much",
        ";;;,,q=1",
    ],
)
def test_everyone_else_gets_text(accept):
    assert choose(accept) == (TEXT_CONTENT_TYPE, text)

# SPDX-License-Identifier: Apache-2.0
"""Every figure of every captured machine rests on what went into it, and on nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agent.recording.captured import open_root
from agent.wiring import sample_once
from impacts import quantities as q
from impacts.quantities import CATALOGUE

HOSTS = sorted((Path(__file__).parent.parent / "hosts").iterdir())

# What is no row of a dataset is something that was seen on this host, or written for it.
OBSERVATIONS = (
    "source ",
    "the agent's ",
    "inventory",
    "one per server",
    "the plan of the service life",
)

# Counted or looked up by the agent itself: there is nothing to derive.
OBSERVED = {
    q.CHANNEL_UNOBSERVED,
    q.HOST_UNOBSERVED,
    q.FACTOR,
    q.HOST,
    q.BUILD,
    q.SOURCE_UP,
    q.SOURCE_READ_DURATION,
    q.SOURCE_LAST_READ,
    q.SOURCE_READ_FAILURES,
    q.SAMPLER_TICKS,
    q.SAMPLER_MISSED_TICKS,
}


# A host of which the user has set everything: place, dates, a contract for a part of its energy, the facility's PUE.
SET = {
    "config.yaml": """
location: FR
inventory_file: inventory.yaml
pue: {value: 1.4, low: 1.3, high: 1.6, source: report of the operator, year: 2025}
market_based:
  instruments:
    - {name: solar, kind: ppa, from: 2026-01-01, until: 2028-12-31, share: 0.4, factor_gco2e_per_kwh: 20,
       documentation: annex 2, market: [FR]}
""",
    "inventory.yaml": "server: {acquired: 2026-01-10, first_used: 2024-01-10, service_life_years: 6}\n",
}


@cache
def snapshot(captured, *, is_set=False):
    with TemporaryDirectory() as folder, open_root(captured) as host:
        for name, text in SET.items() if is_set else [("config.yaml", "")]:
            (Path(folder) / name).write_text(text)
        return sample_once(host, Path(folder) / "config.yaml")


def figures(given):
    return [*given.figures, *(figure for statement in given.statements for figure in statement.figures)]


@pytest.fixture(
    params=[(host, is_set) for host in HOSTS for is_set in (False, True)], ids=lambda of: f"{of[0].name}-{of[1]}"
)
def given(request):
    captured, is_set = request.param
    return snapshot(captured, is_set=is_set)


def test_the_grounds_of_a_figure_are_the_leaves_of_its_derivation(given):
    for figure in figures(given):
        if figure.quantity not in OBSERVED:
            assert figure.derivation is not None, figure.quantity.name
            assert set(figure.estimate.grounds) == set(figure.derivation.leaves), figure.quantity.name


def test_the_grounds_of_a_derivation_are_those_of_its_inputs_at_every_step(given):
    for figure in figures(given):
        for step in figure.derivation.all() if figure.derivation else ():
            assert set(step.estimate.grounds) == set(step.leaves), step.title


def test_every_ground_is_a_row_in_factor_info_or_an_observation(given):
    rows = {figure.labels[1:3] for figure in given.figures if figure.quantity is q.FACTOR}
    for figure in figures(given):
        for ground in figure.estimate.grounds:
            if ground.dataset:
                assert (ground.dataset, ground.entry) in rows, (figure.quantity.name, str(ground))
            else:
                is_written_for_this_host = ground.locator.startswith("config, ")
                assert is_written_for_this_host or ground.title.startswith(OBSERVATIONS), (
                    figure.quantity.name,
                    ground.title,
                )


def test_no_row_is_in_factor_info_that_no_figure_rests_on(given):
    used = {(ground.dataset, ground.entry) for figure in figures(given) for ground in figure.estimate.grounds}

    assert {figure.labels[1:3] for figure in given.figures if figure.quantity is q.FACTOR} <= used


def test_every_quantity_of_the_catalogue_is_seen_on_some_machine_or_named_here():
    seen = {figure.quantity for captured in HOSTS for figure in figures(snapshot(captured, is_set=True))}

    assert {quantity.stem for quantity in CATALOGUE if quantity not in seen} <= {
        "problem",  # is made of the problems by the exporter
        "source_read_failures",  # recordings do not fail
        *(quantity.stem for quantity in CATALOGUE if quantity.stem.startswith("taught")),  # takes a meter some hours
    }


def test_a_measured_host_cites_its_meter_and_no_model_that_was_not_used():
    """A power meter that states an accuracy of 98 %: nothing else went into the figure."""
    given = snapshot(HOSTS[0].parent / "acpi-power-meter")
    [power] = given.named(q.HOST_POWER.name)

    assert [ground.title for ground in power.estimate.grounds] == [
        "source acpi_power_meter, channel power_meter: its power, integrated over time",
        "source acpi_power_meter: the meter's own statement, 98.0% in power1_accuracy",
        "the agent's monotonic clock, at the reads",
    ]
    assert (power.estimate.low, power.estimate.high) == pytest.approx((289 * 0.98, 289 * 1.02))
    [scope2] = given.named(q.SCOPE2_LOCATION_BASED.name)
    assert not {row.dataset for row in scope2.estimate.grounds} & {"teads-2021", "boaviztapi-2.5-power"}


def test_the_accuracy_that_makes_the_bounds_is_in_factor_info():
    given = snapshot(HOSTS[0].parent / "intel-2s-cascadelake-dram")

    assert "rapl_intel_package_accuracy" in {figure.labels[0] for figure in given.named(q.FACTOR.name)}

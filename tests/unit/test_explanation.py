# SPDX-License-Identifier: Apache-2.0
"""`wattprint explain` prints the figure that was published, by the rows that it was made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli import main
from agent.explain.explanation import DERIVED
from impacts.quantities import CATALOGUE, Kind

HOSTS = Path(__file__).parents[1] / "hosts"


def explained(capsys, figure, host, *arguments):
    status = main(["explain", figure, "--root", str(HOSTS / host), *arguments])
    return status, capsys.readouterr().out


def test_the_accuracy_of_a_meter_is_shown_as_the_meter_states_it(capsys):
    """The row of the datasets says 0.95 to 1.05; this meter says 98 %."""
    _, text = explained(capsys, "host_power", "acpi-power-meter")

    assert (
        "accuracy = 1 (0.98 to 1.02)\n               source acpi_power_meter: the meter's own statement, 98.0%" in text
    )
    assert "ENERGY STAR" not in text


@pytest.mark.parametrize("quantity", sorted(DERIVED, key=lambda quantity: quantity.stem), ids=lambda one: one.stem)
def test_every_derived_quantity_is_explained_on_some_machine(capsys, tmp_path, quantity):
    (tmp_path / "inventory.yaml").write_text("server: {acquired: 2026-01-10, service_life_years: 6}\n")
    config = tmp_path / "config.yaml"
    config.write_text(
        "location: FR\ninventory_file: inventory.yaml\npue: {value: 1.4, source: report of the operator, year: 2025}\n"
    )
    status, text = explained(capsys, quantity.stem, "intel-2s-cascadelake-dram", "--config", str(config))

    assert status == 0
    assert "formula" in text


def test_what_is_not_derived_is_counted_learned_or_looked_up_by_the_agent_itself():
    assert {quantity.stem for quantity in CATALOGUE if quantity not in DERIVED and quantity.kind is not Kind.INFO} == {
        "channel_unobserved",
        "host_unobserved",
        "problem",
        "source_up",
        "source_read_duration",
        "source_read_failures",
        "source_last_read_timestamp",
        "sampler_ticks",
        "sampler_missed_ticks",
        "taught_power",
        "taught_observation",
        "taught_residual",
        "taught_floor",
    }

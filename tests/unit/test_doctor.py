# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from agent.cli import doctor
from agent.recording.captured import open_root

HOSTS = Path(__file__).parent.parent / "hosts"


def said(machine, tmp_path, capsys, form):
    config = tmp_path / "empty.yaml"
    config.write_text("")
    with open_root(HOSTS / machine) as host:
        assert doctor.execute(argparse.Namespace(config=config, format=form), host) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("machine", "taken"),
    [
        ("acpi-power-meter", {"acpi_power_meter"}),
        ("pmbus-psus", {"psu_input"}),
        ("cray-ex", {"cray", "model"}),
        ("nvidia-grace", {"hwmon", "model"}),
        ("intel-2s-cascadelake-dram", {"rapl", "model"}),
        ("empty-root", set()),
    ],
)
def test_the_tree_says_which_way_the_hosts_energy_is_taken(machine, taken, tmp_path, capsys):
    tree = json.loads(said(machine, tmp_path, capsys, "json"))["tree"]

    assert {line["source"] for line in tree if line["in_host_energy"]} == taken


def test_a_duplicate_is_marked_and_lines_are_indented_by_what_contains_them(tmp_path, capsys):
    lines = said("cray-ex", tmp_path, capsys, "text").splitlines()
    node = next(line for line in lines if "cray node" in line)
    package = next(line for line in lines if "rapl package-0" in line)

    assert node.startswith("* cray node")
    assert package.startswith("    rapl package-0")
    assert package.endswith("the same as cray")

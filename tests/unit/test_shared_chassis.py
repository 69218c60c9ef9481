# SPDX-License-Identifier: Apache-2.0
"""The same machine twice: with its chassis to itself, and as a node of one that it shares, by what its firmware states."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.recording.captured import open_root
from agent.wiring import sample_once

HOSTS = Path(__file__).parents[1] / "hosts"
RACK, MULTI_SYSTEM, BLADE = 23, 25, 28  # SMBIOS chassis types (DSP0134, table 17)


def sampled(tmp_path, name, chassis_type):
    machine = tmp_path / f"{name}-{chassis_type}"
    shutil.copytree(HOSTS / name, machine)
    shutil.rmtree(machine / "first/sys/firmware", ignore_errors=True)  # its tables state a chassis of their own
    dmi = machine / "first/sys/class/dmi/id"
    dmi.mkdir(parents=True, exist_ok=True)
    (dmi / "chassis_type").write_text(f"{chassis_type}\n")
    (tmp_path / "config.yaml").write_text("location: FR\n")
    with open_root(machine) as host:
        return sample_once(host, tmp_path / "config.yaml")


def bases(snapshot):
    return [figure.labels[0] for figure in snapshot.named("wattprint_host_power_watts")]


@pytest.mark.parametrize("chassis_type", [MULTI_SYSTEM, BLADE])
def test_the_supplies_of_a_shared_chassis_are_not_a_nodes_inlet(tmp_path, chassis_type):
    assert bases(sampled(tmp_path, "pmbus-psus", RACK)) == ["measured"]

    node = sampled(tmp_path, "pmbus-psus", chassis_type)
    assert bases(node) == ["part_modelled"]
    [supplies] = [state for state in node.sources if state.source == "psu_input"]
    assert "this node shares with others" in supplies.why_not


def test_a_meter_of_a_node_that_may_be_its_chassis_is_used_and_said(tmp_path):
    of_server, of_node = (sampled(tmp_path, "acpi-power-meter", kind) for kind in (RACK, MULTI_SYSTEM))

    assert bases(of_server) == bases(of_node) == ["measured"]
    assert "perhaps_shared" in {problem.reason for problem in of_node.problems}
    assert "perhaps_shared" not in {problem.reason for problem in of_server.problems}

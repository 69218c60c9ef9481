# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from clocks import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import machine, write

from agent.errors import ReadFailed, SourceAbsent, SourceDenied
from agent.readings import Boundary
from agent.sources import cray

FOLDER = "sys/cray/pm_counters/"


def counters(root, **joules):
    write(root, {f"{FOLDER}{name}": f"{value} J 1709373600000000 us" for name, value in joules.items()})


def outcome(source):
    """Return the values, or why there is none; anything else than a failed read is an error."""
    try:
        return [reading.microjoules for reading in source.read()], ""
    except ReadFailed as failed:
        return [], failed.reason
    finally:
        source.close()


class ScanningClock(HandClock):
    """A clock by whose third look the controller has scanned again: while the counters were being read."""

    def __init__(self, root):
        super().__init__()
        self.root = root
        self.looks = 0

    def monotonic_seconds(self):
        self.looks += 1
        if self.looks == 2:
            write(self.root, {f"{FOLDER}freshness": 2})
            counters(self.root, energy=200, cpu_energy=90)
        return super().monotonic_seconds()


def test_the_node_is_the_platform_and_its_parts_lie_in_it(tmp_path):
    counters(tmp_path, energy=10, cpu_energy=4, cpu0_energy=2, memory_energy=1, accel3_energy=3)

    source = cray.open_source(machine(tmp_path))

    assert {c.name: (c.component, c.within) for c in source.channels} == {
        "node": ("host", None),
        "cpu": ("cpu", "node"),
        "cpu0": ("cpu", "cpu"),
        "memory": ("dram", "node"),
        "accel3": ("gpu", "node"),
    }
    assert {r.channel.name: r.microjoules for r in source.read()}["node"] == 10_000_000
    assert [c.boundary for c in source.channels if c.name == "node"] == [Boundary.PLATFORM]
    source.close()


def test_all_values_are_of_one_scan_when_the_controller_scans_in_between(tmp_path):
    counters(tmp_path, energy=100, cpu_energy=40)
    write(tmp_path, {f"{FOLDER}freshness": 1})
    source = cray.open_source(machine(tmp_path, ScanningClock(tmp_path)))

    assert {r.channel.name: r.microjoules for r in source.read()} == {"node": 200_000_000, "cpu": 90_000_000}


def test_without_freshness_the_counters_are_read_all_the_same(tmp_path):
    counters(tmp_path, energy=7)

    [reading] = cray.open_source(machine(tmp_path)).read()

    assert reading.microjoules == 7_000_000


@pytest.mark.parametrize("said", ["", "-4 J", "12 W", "J", f"{2**64} J", "1 J garbage"])
def test_what_is_no_count_of_joules_is_a_failed_read_that_takes_nothing_from_the_others(tmp_path, said):
    counters(tmp_path, energy=10, cpu_energy=4)
    source = cray.open_source(machine(tmp_path))
    write(tmp_path, {f"{FOLDER}cpu_energy": said})

    with pytest.raises(ReadFailed) as failed:
        source.read()

    assert failed.value.reason == "garbage"
    assert [reading.channel.name for reading in failed.value.readings] == ["node"]


def test_a_folder_without_counters_is_absence(tmp_path):
    write(tmp_path, {f"{FOLDER}version": 2})

    with pytest.raises(SourceAbsent):
        cray.open_source(machine(tmp_path))


@pytest.mark.root
def test_a_folder_that_may_not_be_listed_is_denied_with_a_remedy():
    with TemporaryDirectory() as temporary:
        root = Path(temporary)
        counters(root, energy=7)
        root.chmod(0o755)
        (root / FOLDER).chmod(0)
        os.seteuid(65534)
        try:
            with pytest.raises(SourceDenied) as denial:
                cray.open_source(machine(root))
        finally:
            os.seteuid(0)

    assert "CAP_DAC_READ_SEARCH" in denial.value.remedy


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=st.one_of(st.binary(max_size=80), st.integers(-(2**70), 2**70).map(lambda n: f"{n} J 5 us".encode())))
def test_whatever_a_counter_says_is_joules_or_a_failed_read(tmp_path, said):
    counters(tmp_path, energy=1)
    source = cray.open_source(machine(tmp_path))
    (tmp_path / FOLDER / "energy").write_bytes(said)
    microjoules, reason = outcome(source)

    assert reason in {"", "garbage"}
    assert all(0 <= value < 2**63 * 1_000_000 for value in microjoules)
    assert bool(microjoules) == (reason == "")

# SPDX-License-Identifier: Apache-2.0
"""A running agent on a host with an inlet meter: what the meter teaches is published, and outlives a restart."""

from __future__ import annotations

import pytest
from clocks import HandClock
from trees import processor, set_load, write

from agent.history.file import FILE_NAME, open_for_reading
from agent.history.view import HistoryView
from agent.host import Host
from agent.wholehost.siblings.taught import ANCHOR
from agent.wiring import sampling
from agent.written.config import Config

METER = "sys/class/hwmon/hwmon0"
TICK = 100
PATIENCE_SECONDS = 5.0  # for the meter, which is read in a thread


class Metered:
    """A server at 20 % load that draws 210 W; nothing but its meter and its load can be read."""

    def __init__(self, root):
        processor(root)
        write(root, {f"{METER}/name": "power_meter", f"{METER}/power1_average": 210_000_000})
        inventory = root.parent / "inventory.yaml"
        inventory.write_text("server: {model: PowerEdge R740}\nparts: [{kind: cpu, count: 2, model: Xeon Gold 6226}]\n")
        self.config = Config(inventory_file=inventory)
        self.root, self.clock, self.seconds = root, HandClock(), 0

    def run(self, state, seconds):
        with sampling(Host(self.root, self.clock), self.config, state) as sampler:
            for _ in range(seconds // TICK):
                self.clock.wait(TICK)
                self.seconds += TICK
                set_load(self.root, busy=80 * self.seconds, idle=1000 + 320 * self.seconds)
                sampler.tick(PATIENCE_SECONDS)
            snapshot = sampler.latest
            sampler.write()
        return snapshot


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return Metered(tmp_path_factory.mktemp("metered") / "root")


@pytest.fixture(scope="module")
def snapshots(server):
    """Return what is published after half an hour, two hours later, and after a restart."""
    state = server.root.parent / "state"
    return [server.run(state, seconds) for seconds in (1800, 7200, 2 * TICK)]


def named(snapshot, name):
    return {figure.labels: figure.estimate for figure in snapshot.named(f"wattprint_{name}")}


def test_nothing_is_published_before_there_is_an_hour_of_a_load(snapshots):
    assert not named(snapshots[0], "taught_power_watts")
    assert not named(snapshots[0], "taught_info")


def test_what_the_meter_teaches_is_published_with_its_accuracy(snapshots):
    power = named(snapshots[1], "taught_power_watts")

    assert list(power) == [("0.2",)]
    assert power["0.2",].central == pytest.approx(210)
    assert power["0.2",].low <= 0.95 * 210
    assert power["0.2",].high >= 1.05 * 210
    assert named(snapshots[1], "taught_floor_watts")[()].central == pytest.approx(210)
    assert named(snapshots[1], "taught_observation_seconds")["0.2",].central >= 3600
    assert list(named(snapshots[1], "taught_info")) == [("acpi_power_meter", "2 x Xeon Gold 6226", "", "", "")]


def test_it_outlives_a_restart(snapshots):
    assert named(snapshots[2], "taught_power_watts")["0.2",].central == pytest.approx(210)


def test_it_is_kept_in_the_history(server, snapshots):
    view = HistoryView(open_for_reading(server.root.parent / "state" / FILE_NAME))

    assert "PowerEdge R740" in view.calibration(ANCHOR)[1]
    view.close()

# SPDX-License-Identifier: Apache-2.0
"""The agent beside a slow ACPI meter: what the meter teaches outlives the process, and stands in for the meter."""

from __future__ import annotations

import shutil
from itertools import cycle

import pytest
from clocks import HandClock
from one_package import one_package
from trees import RANGE, set_counter, set_load, write

from agent.history.view import HistoryView
from agent.host import Host
from agent.wiring import sampling
from agent.written.config import Config
from impacts.values.derivations import render

METER = "sys/class/hwmon/hwmon0/device"
TICK_SECONDS = 5
WINDOW_TICKS = 4
POWERS = [50, 50, 150, 90, 90, 90, 210, 60, 60, 120, 180, 180, 50]  # of the package


class Metered:
    """One package, and an inlet of 60 W and 1.2 times the package; the meter shows the mean of the last 20 s."""

    def __init__(self, root):
        self.root = one_package(root)
        self.clock = HandClock()
        self.powers = cycle(POWERS)
        self.inlet = [60 + 1.2 * 50] * WINDOW_TICKS
        self.joules = self.seconds = 0.0
        self.has_meter = True
        self.show()

    def passes(self):
        package = next(self.powers)
        self.clock.wait(TICK_SECONDS)
        self.seconds += TICK_SECONDS
        self.joules += package * TICK_SECONDS
        self.inlet.append(60 + 1.2 * package)
        set_counter(self.root, "intel-rapl:0", round(self.joules * 1e6) % RANGE)
        set_load(self.root, busy=0, idle=1000 + round(self.seconds * 400))
        self.show()

    def show(self):
        if self.has_meter:
            shown = sum(self.inlet[-WINDOW_TICKS:]) / WINDOW_TICKS
            write(self.root, {f"{METER}/name": "power_meter", f"{METER}/power1_average": round(shown * 1e6)})
            write(self.root, {f"{METER}/power1_average_interval": 20_000})

    def loses_its_meter(self):
        self.has_meter = False
        shutil.rmtree(self.root / "sys/class/hwmon")

    def sampling(self, state):
        return sampling(Host(self.root, self.clock), Config(location="FR"), state)


def run(sampler, machine, ticks):
    for _ in range(ticks):
        machine.passes()
        sampler.tick(patience_seconds=2.0 if machine.has_meter else 0.0)


def host_power(sampler):
    [figure] = sampler.latest.named("wattprint_host_power_watts")
    return figure


@pytest.fixture
def taught(tmp_path):
    """A machine whose agent has run beside the meter for some minutes, and its state directory."""
    machine = Metered(tmp_path / "root")
    with machine.sampling(tmp_path / "state") as sampler:
        sampler.tick(patience_seconds=2.0)
        run(sampler, machine, 42)
        sampler.write()
        machine.last_figure = host_power(sampler)
    return machine


def test_between_its_readings_the_package_gives_the_shape(taught):
    figure = taught.last_figure

    assert figure.labels == ("measured",)
    assert figure.estimate.central == pytest.approx(taught.inlet[-1], rel=0.03)
    assert "central(package_0) × cpu_coefficient" in figure.derivation.formula


def test_after_a_restart_without_the_meter_the_power_is_calibrated_from_the_first_step_on(taught, tmp_path):
    taught.loses_its_meter()
    with taught.sampling(tmp_path / "state") as sampler:
        for _ in range(12):
            run(sampler, taught, 1)
            figure = host_power(sampler)

            assert figure.labels == ("calibrated",)
            assert figure.estimate.central == pytest.approx(taught.inlet[-1], rel=0.05)
            assert figure.estimate.low < taught.inlet[-1] < figure.estimate.high


def test_a_damaged_state_is_a_problem_and_the_agent_runs(taught, tmp_path):
    with taught.sampling(tmp_path / "state") as sampler:
        sampler.accounts.history.keep_calibration("acpi_power_meter", "{")
        sampler.accounts.write()
    taught.loses_its_meter()
    with taught.sampling(tmp_path / "state") as sampler:
        run(sampler, taught, 2)
        reasons = {problem.reason for problem in sampler.latest.problems}

        assert "calibration_damaged" in reasons
        assert host_power(sampler).labels == ("part_modelled",)


def test_two_samples_beside_a_history_explain_the_way_the_coefficients_and_the_silence(taught, tmp_path):
    """As `wattprint explain` takes them; it keeps no history of its own."""
    taught.loses_its_meter()
    view = HistoryView.open_read_only(tmp_path / "state")
    assert list(view.calibrations()) == ["acpi_power_meter"]
    with sampling(Host(taught.root, taught.clock), Config(location="FR"), None, learned=view) as sampler:
        sampler.tick()
        run(sampler, taught, 1)
        printed = render(host_power(sampler).derivation)
    view.close()

    for part in (
        "power of the host, calibrated",
        "cpu_coefficient",
        "intercept",
        "shows means of 20 s, 0 s late, and has been silent for 5 s",
    ):
        assert part in printed

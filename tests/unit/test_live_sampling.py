# SPDX-License-Identifier: Apache-2.0
"""The whole agent with a provider of live intensity: it waits for nobody, tells no token, and no counter falls."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest
from grid_server import ANSWERS, TOKEN, Grid, GridServer
from one_package import OnePackage, one_package, ticks
from sites import Provider, told

from agent.accounts.grid_in_use import HOUR
from agent.clock import SystemClock
from agent.host import Host
from agent.wiring import sampling
from agent.written.config import Config
from exporters import prometheus, snapshot_json
from exporters.web.page import landing_page

PATIENCE_SECONDS = 60.0  # much longer than anything here takes, on a busy machine as well
COUNTERS = (
    "scope2_location_based_co2e_grams_total",
    "scope2_market_based_co2e_grams_total",
    "scope3_energy_upstream_co2e_grams_total",
    "use_water_litres_total",
)


@pytest.fixture
def root(tmp_path):
    return one_package(tmp_path / "root")


@pytest.fixture
def config(tmp_path):
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text("server: {form: rack, acquired: 2026-03-01}\nparts: []\n")
    return Config(location="FR", inventory_file=inventory)


@pytest.fixture
def grid(tmp_path):
    server = GridServer()
    yield Grid(server, tmp_path)
    server.stop()


def said(snapshot):
    return "\n".join(
        [prometheus.text(snapshot).decode(), snapshot_json.render(snapshot), landing_page(snapshot, snapshot.taken_at)]
    )


def test_the_loop_goes_on_while_a_provider_stalls(root, config, grid, tmp_path):
    """Real threads and a real socket: the answer that is waited for comes once the loop has ticked, or never."""
    grid.server.stalls = True
    live = replace(config, location="DK", grid=grid.settings(deadline_seconds=PATIENCE_SECONDS))
    with sampling(Host(root, SystemClock()), live, tmp_path / "state") as sampler:
        sampler.tick()
        assert grid.server.asked.wait(PATIENCE_SECONDS)
        wanted, ends = sampler.state.ticks + 40, time.monotonic() + PATIENCE_SECONDS
        sampler.run(0.01, 60.0, lambda: sampler.state.ticks >= wanted or time.monotonic() > ends)
        snapshot = sampler.latest
        grid.server.released.set()

    assert sampler.state.ticks >= wanted
    assert "not_known_yet" in {problem.reason for problem in snapshot.problems}


def test_a_provider_that_answers_is_what_the_figures_rest_on_and_its_token_is_nowhere(
    root, config, grid, caplog, tmp_path
):
    answers = ANSWERS["electricity_maps"]
    grid.clock.utc = SystemClock().utc_now()
    grid.server.document = answers.of(grid.start_of(answers), 100)
    live, state = replace(config, grid=grid.settings(answers)), tmp_path / "state"
    with caplog.at_level(logging.DEBUG), sampling(Host(root, SystemClock()), live, state) as sampler:
        sampler.tick()
        for _ in range(round(PATIENCE_SECONDS / 0.02)):
            sampler.tick()
            if (snapshot := sampler.latest) and "live-electricity-maps" in str(prometheus.text(snapshot)):
                break
            time.sleep(0.02)
        grid.server.status = 401
        sampler.write()
        sampler.tick()
        snapshot = sampler.latest

    assert any(TOKEN in value for headers in grid.server.headers for value in headers.values())  # it was sent
    assert 'dataset="live-electricity-maps",entry="electricity:FR",fit="exact"' in prometheus.text(snapshot).decode()
    written = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert TOKEN.encode() not in written
    assert TOKEN not in said(snapshot)
    assert TOKEN not in caplog.text


def test_two_samples_wait_for_the_first_answer(root, config, grid):
    answers = ANSWERS["electricity_maps"]
    grid.clock.utc = SystemClock().utc_now()
    grid.server.document = answers.of(grid.start_of(answers), 100)
    with sampling(Host(root, SystemClock()), replace(config, grid=grid.settings(answers)), None) as sampler:
        sampler.tick()
        snapshot = sampler.latest

    assert 'dataset="live-electricity-maps"' in prometheus.text(snapshot).decode()


def value(snapshot, name):
    [figure] = snapshot.named(f"wattprint_{name}")
    return figure.estimate


class Site(OnePackage):
    """Half-hour steps of the machine, with a provider that is set by hand."""

    def __init__(self, root, config, state):
        super().__init__(root)
        self.config, self.state, self.provider = config, state, Provider()

    def runs(self, hours):
        """Run a process of the agent for some hours; return its snapshots."""
        snapshots = []
        with self.sampling(self.config, self.state) as sampler:
            sampler.accounts.electricity._live = self.provider  # noqa: SLF001 - in the place of a thread that asks
            sampler.tick()
            for _ in range(2 * hours):
                snapshots += [ticks(sampler, self, 1, 60) for _ in range(30)]
                sampler.write()
            sampler.tick()
            snapshots.append(sampler.latest)
            sampler.write()
        return snapshots


@pytest.mark.slow
def test_no_counter_falls_when_hours_turn_out_cleaner_nor_over_restarts(root, config, tmp_path):
    site = Site(root, config, tmp_path / "state")
    began = site.clock.utc
    snapshots = site.runs(3)
    site.provider.values_known = tuple(told(began + n * HOUR, 5) for n in range(3))  # cleaner by far
    hour = [value(snapshot, COUNTERS[0]).central for snapshot in site.runs(1)]
    later = site.runs(40)
    snapshots += later

    assert hour[28] < hour[29]  # half an hour later the history is written, and then the hours are mended
    assert {*hour[30:]} == {hour[29]}  # nothing is added until what was too much has been used up
    for name in COUNTERS:
        for amounts in zip(*((e.low, e.central, e.high) for e in (value(s, name) for s in snapshots[1:])), strict=True):
            assert list(amounts) == sorted(amounts)
    assert value(later[-1], COUNTERS[0]).central > hour[-1]


def test_an_hour_that_turns_out_dirtier_is_added(root, config, tmp_path):
    site = Site(root, config, tmp_path / "state")
    began = site.clock.utc
    by_year = value(site.runs(2)[-1], COUNTERS[0]).central
    site.provider.values_known = tuple(told(began + n * HOUR, 500) for n in range(2))
    after = value(site.runs(1)[-1], COUNTERS[0]).central

    assert after > 10 * by_year

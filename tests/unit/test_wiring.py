# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from books import shipped
from clocks import HandClock
from trees import machine, processor, set_load, write

from agent.accounts.electricity import ElectricityAccounts
from agent.config_file import config_of
from agent.errors import ConfigError
from agent.grid.settings import grid_settings
from agent.history.writer import History
from agent.host import Host
from agent.place import Place, check_location, place_of
from agent.recording.captured import open_root
from agent.wholehost.load_model import load_model
from agent.wiring import build_facts, sample_twice, sampling
from agent.written.config import Config
from impacts.parts import Inventory, Part, Server

SERVER = Path(__file__).parent.parent / "hosts" / "intel-2s-cascadelake-dram"


def sampled(config):
    with open_root(SERVER) as host, sampling(host, config, None) as sampler:
        return sample_twice(host, sampler)


def power(snapshot):
    [figure] = snapshot.named("wattprint_host_power_watts")
    return figure.estimate


def config_with(tmp_path, inventory, **settings):
    file = tmp_path / "inventory.yaml"
    file.write_text(inventory, encoding="utf-8")
    return Config(inventory_file=file, **settings)


def test_an_inventory_file_without_parts_keeps_what_is_detected(tmp_path):
    config = config_with(tmp_path, "server: {acquired: 2024-03-01, service_life_years: 5}")
    given, plain = sampled(config), sampled(Config())

    assert power(given).central == power(plain).central
    assert given.named("wattprint_host_info")[0].labels == plain.named("wattprint_host_info")[0].labels
    assert "acquired_unknown" not in {problem.reason for problem in given.problems}


def test_parts_of_a_file_take_the_place_of_the_detected_ones_of_their_kind(tmp_path):
    given = sampled(config_with(tmp_path, "parts: [{kind: hdd, count: 0}, {kind: memory, count: 1, capacity_gb: 8}]"))
    plain = sampled(Config())
    name = "wattprint_scope3_embodied_co2e_grams"
    by_component, detected = (
        {figure.labels[0]: figure.estimate.central for figure in snapshot.named(name)} for snapshot in (given, plain)
    )

    assert by_component.keys() == detected.keys() - {"hdd"}
    assert by_component["memory"] < detected["memory"]
    assert by_component["cpu"] == detected["cpu"]


def test_a_guess_that_nobody_confirmed_stays_a_problem(tmp_path):
    given = sampled(config_with(tmp_path, "parts: [{kind: memory, count: 1, capacity_gb: 8, assumed: true}]"))

    assert "memory_assumed" in {problem.reason for problem in given.problems}


def test_cards_whose_power_nothing_reports_widen_the_hosts_bounds_and_are_named(tmp_path):
    parts = "parts: [{kind: cpu, count: 2}, {kind: gpu, count: 8, model: NVIDIA H100 80GB HBM3}]"
    given = sampled(config_with(tmp_path, parts))

    assert power(given).high > 8 * 700
    assert "gpu_modelled" in {problem.reason for problem in given.problems}


def test_a_card_that_has_left_draws_no_power(tmp_path):
    there = sampled(config_with(tmp_path, "parts: [{kind: gpu, count: 8}]"))
    gone = sampled(config_with(tmp_path, "parts: [{kind: gpu, count: 8, retired: 2025-01-01}]"))

    channels = [
        {figure.label_pairs["channel"] for figure in snapshot.named("wattprint_channel_power_watts")}
        for snapshot in (there, gone)
    ]
    assert channels[0] - channels[1] == {"gpu"}


@pytest.mark.parametrize(("location", "meant"), [("UK", "GB"), ("ZZ", "ZW"), ("UK-X", "GB")])
def test_a_place_that_no_dataset_knows_is_an_error_that_names_the_nearest(location, meant):
    with pytest.raises(ConfigError, match=meant):
        check_location(shipped(), location)


@pytest.mark.parametrize("location", ["", "FR", "US-CAL-CISO", "US-NOWHERE"])
def test_a_country_that_is_known_is_enough(location):
    check_location(shipped(), location)


def test_a_date_of_acquisition_in_the_future_is_a_problem(tmp_path):
    given = sampled(config_with(tmp_path, "server: {acquired: 2030-01-01}"))

    assert "acquired_in_future" in {problem.reason for problem in given.problems}


def test_hardware_whose_service_life_is_over_amortises_nothing_and_shows_a_zero(tmp_path):
    given = sampled(config_with(tmp_path, "server: {acquired: 2012-01-01, service_life_years: 4}"))

    assert given.named("wattprint_scope3_embodied_amortised_ratio")[0].estimate.central == 1
    assert given.named("wattprint_scope3_embodied_amortised_co2e_grams_total")[0].estimate.central == 0


def test_a_modelled_host_names_the_default_that_stands_in_for_its_cpu(tmp_path):
    processor(tmp_path)
    write(tmp_path, {"proc/meminfo": "MemTotal: 16000000 kB"})
    host = Host(tmp_path, HandClock())
    with sampling(host, Config(), None) as sampler:
        sampler.tick()
        host.clock.wait(1)
        set_load(tmp_path, busy=100, idle=1300)
        sampler.tick()
        reasons = {problem.reason for problem in sampler.latest.problems}

    assert {"modelled", "tdp_unknown"} <= reasons


def test_a_guests_cpu_is_its_threads_and_not_its_hypervisors_processors(tmp_path):
    processor(tmp_path, cpus=2)
    guest = Inventory(Server(virtual=True), (Part("cpu", 2, model="Intel(R) Xeon(R) Platinum 8280 CPU @ 2.70GHz"),))
    cpu = load_model(machine(tmp_path, inventory=guest)).terms[0]

    assert cpu.full.estimate.central == pytest.approx(2 * 3)


def test_the_factors_are_those_of_the_moment():
    rows = {figure.labels[2] for figure in sampled(Config()).named("wattprint_factor_info")}

    assert "power_delivery" in rows
    assert "cpu_idle_share_without_deep_idle" not in rows


def test_the_grid_factor_follows_the_year():
    with open_root(SERVER) as host:
        built = build_facts(host, Config(location="FR"))
        use, now = ElectricityAccounts(built, None, History.open(None, host.clock)), host.clock.utc_now()

        assert use.grid(now).match.factor.valid_from.year == 2025
        assert use.grid(now - timedelta(days=3 * 365)).match.factor.valid_from.year == 2023
        assert use.grid(now).match.factor.valid_from.year == 2025


def test_the_place_is_what_the_config_says_else_what_the_time_zone_says(tmp_path):
    write(tmp_path, {"usr/share/zoneinfo/zone.tab": "DE\t+5230+01322\tEurope/Berlin", "etc/timezone": "Europe/Berlin"})
    host, book = Host(tmp_path), shipped()

    assert place_of("FR", host, book) == Place("FR")
    assert place_of("", host, book) == Place("DE", inferred=True)
    assert place_of("", Host(tmp_path / "elsewhere"), book) == Place("")
    live = grid_settings({"provider": "energinet", "zone": "DK1"}, "", "config.yaml")
    assert place_of(Config(grid=live).said_location, host, book) == Place("DK-DK1")


def test_a_captured_machine_is_not_read_by_this_machines_config(tmp_path):
    write(tmp_path / "other", {"proc/stat": "cpu 0 0 0 1 0 0 0 0", "etc/wattprint/config.yaml": "location: NO"})

    assert config_of(Host(tmp_path / "other"), None).location == "NO"
    with open_root(SERVER) as host:
        assert config_of(host, None) == Config()

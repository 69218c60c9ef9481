# SPDX-License-Identifier: Apache-2.0
"""The loop on a machine of one package, whose counter and clock are moved by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from histories import rows
from one_package import OnePackage, one_package, ticks
from trees import BOOT, set_counter, write, zone

from agent.errors import HistoryWriteFailed
from agent.written.config import Config

JOULES_PER_KWH = 3.6e6


@pytest.fixture
def root(tmp_path):
    return one_package(tmp_path / "root")


@pytest.fixture
def config(tmp_path):
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text("server: {form: rack, acquired: 2026-03-01, service_life_years: 4}\nparts: []\n")
    return Config(location="FR", inventory_file=inventory)


@pytest.fixture
def machine(root):
    return OnePackage(root)


# 100 W of a package at the inlet, by hand from the rows: 7 % more to deliver them, 29.1 W of board, 0.9711 of supplies.
AT_INLET = (100 * 1.07 + 29.1) / 0.9711


def value(snapshot, name, **labels):
    figures = [figure for figure in snapshot.named(f"wattprint_{name}") if labels.items() <= figure.label_pairs.items()]
    return figures[0].estimate.central if figures else None


def test_the_first_tick_knows_no_power_and_says_nothing_in_its_place(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        snapshot = sampler.latest

    assert value(snapshot, "host_power_watts") is None
    assert value(snapshot, "scope2_location_based_co2e_grams_total") is None


def test_memory_whose_counter_is_none_is_modelled_and_a_problem_names_it(root, machine, tmp_path):
    """Granite Rapids, of which a kernel shows 200 W of idle memory."""
    cpuinfo = root / "proc/cpuinfo"
    cpuinfo.write_text(cpuinfo.read_text().replace("model name", "cpu family\t: 6\nmodel\t\t: 173\nmodel name"))
    write(root, zone("intel-rapl:0:0", "dram", 0))
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text("parts: [{kind: memory, count: 8, capacity_gb: 64, generation: DDR5}]\n")
    with machine.sampling(Config(location="FR", inventory_file=inventory)) as sampler:
        sampler.tick()
        set_counter(root, "intel-rapl:0:0", 2_000_000_000)
        snapshot = ticks(sampler, machine, 10)
        made_of = {(one.component, one.method.value) for one in sampler.state.present.host_step.channels}

    assert {("cpu", "counted"), ("dram", "modelled")} <= made_of
    assert ("dram", "counted") not in made_of
    [said] = [problem for problem in snapshot.problems if problem.reason == "dram_not_counted"]
    assert said.what.startswith("dram-0: ")


def test_power_energy_and_scope_2_follow_from_the_counter(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        snapshot = ticks(sampler, machine, 10)

    energy = value(snapshot, "host_energy_joules_total")
    assert value(snapshot, "channel_energy_joules_total", channel="package-0") == 1000
    assert value(snapshot, "host_power_watts") == pytest.approx(AT_INLET, rel=1e-4)
    assert energy == pytest.approx(10 * AT_INLET, rel=1e-4)
    grid = value(snapshot, "grid_location_based_co2e_grams_per_joule")
    assert value(snapshot, "scope2_location_based_co2e_grams_total") == pytest.approx(energy * grid)
    assert value(snapshot, "host_measured_energy_ratio") == pytest.approx(100 / AT_INLET, rel=1e-4)


def test_bounds_enclose_every_total(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        snapshot = ticks(sampler, machine, 3)

    for figure in snapshot.figures:
        assert figure.estimate.low <= figure.estimate.central <= figure.estimate.high
    [scope2] = snapshot.named("wattprint_scope2_location_based_co2e_grams_total")
    assert scope2.estimate.low < scope2.estimate.central < scope2.estimate.high


def test_the_embodied_share_of_a_day_is_a_day_of_the_service_life(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        first = sampler.latest
        snapshot = ticks(sampler, machine, 1, seconds=86400)

    whole = sum(figure.estimate.central for figure in snapshot.named("wattprint_scope3_embodied_co2e_grams"))
    booked = value(snapshot, "scope3_embodied_amortised_co2e_grams_total")
    assert value(first, "scope3_embodied_amortised_co2e_grams_total") == 0
    assert booked == pytest.approx(whole / (4 * 365.25))


@pytest.mark.slow
def test_amortisation_stops_when_the_whole_is_booked(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        snapshot = ticks(sampler, machine, 10, seconds=365 * 86400)

    whole = sum(figure.estimate.central for figure in snapshot.named("wattprint_scope3_embodied_co2e_grams"))
    assert value(snapshot, "scope3_embodied_amortised_ratio") == 1
    assert value(snapshot, "scope3_embodied_amortised_co2e_grams_total") < whole


AMORTISED = "scope3_embodied_amortised_co2e_grams_total"
DAY = 86400
SERVER = "server: {form: rack, acquired: 2026-03-01, service_life_years: 4}\n"
DRIVE = "kind: hdd, count: 1, capacity_gb: 8000"


def embodied(snapshot, *components):
    """Return the central emissions of some components, or of all."""
    figures = snapshot.named("wattprint_scope3_embodied_co2e_grams")
    return sum(figure.estimate.central for figure in figures if not components or figure.labels[0] in components)


def drive_booked(machine, config, drive, days):
    """Write an inventory with a drive, let days pass, and return the last snapshot; restarts the agent."""
    parts = f"parts: [{{{DRIVE}{drive}}}]\n" if drive is not None else "parts: []\n"
    config.inventory_file.write_text(SERVER + parts)
    with machine.sampling(config, config.inventory_file.with_name("state")) as sampler:
        sampler.tick()
        snapshot = sampler.latest
        if days:
            snapshot = ticks(sampler, machine, days, DAY)
        sampler.write()
    return snapshot


def test_a_part_that_is_retired_is_booked_in_full_once(machine, config):
    """The day is written into the file a week late; the agent is restarted for it, and again."""
    before = drive_booked(machine, config, "", 10)  # until 2026-03-12
    after = drive_booked(machine, config, ", retired: 2026-03-05", 0)
    again = drive_booked(machine, config, ", retired: 2026-03-05", 0)

    left = embodied(after, "hdd") * (1 - 4 / 1461)  # 2026-03-01 to 2026-03-05
    assert value(after, AMORTISED) - value(before, AMORTISED) == pytest.approx(left)
    assert value(again, AMORTISED) == pytest.approx(value(after, AMORTISED))


def test_what_a_part_leaves_is_booked_on_the_day_it_goes(machine, config):
    drive_booked(machine, config, ", retired: 2026-03-08", 0)
    before = drive_booked(machine, config, ", retired: 2026-03-08", 5)  # 2026-03-07 10:00
    after = drive_booked(machine, config, ", retired: 2026-03-08", 1)
    later = drive_booked(machine, config, ", retired: 2026-03-08", 1)

    rest = embodied(after) - embodied(after, "hdd")
    left = embodied(after, "hdd") * (1 - (5 + 10 / 24 + 1) / 1461)  # of 2026-03-01 to 2026-03-07 10:00
    assert value(after, AMORTISED) - value(before, AMORTISED) == pytest.approx(left + rest / 1461, rel=1e-3)
    assert value(later, AMORTISED) - value(after, AMORTISED) == pytest.approx(rest / 1461)
    assert value(after, "scope3_embodied_amortised_ratio") > embodied(after, "hdd") / embodied(after)


def test_what_was_retired_before_the_history_began_is_not_of_its_time(machine, config):
    snapshot = drive_booked(machine, config, ", acquired: 2025-01-01, retired: 2026-03-01", 1)

    rest = embodied(snapshot) - embodied(snapshot, "hdd")
    assert value(snapshot, AMORTISED) == pytest.approx(rest / 1461)


@pytest.mark.slow
def test_a_part_that_comes_later_is_amortised_from_then_on_when_all_else_is_over(machine, config):
    drive_booked(machine, config, None, 0)
    machine.clock.utc += timedelta(days=1500)
    over = drive_booked(machine, config, None, 10)
    after = drive_booked(machine, config, ", acquired: 2030-04-01", 10)

    assert value(over, "scope3_embodied_amortised_ratio") == 1
    assert value(after, "scope3_embodied_amortised_ratio") < 1
    assert value(after, AMORTISED) - value(over, AMORTISED) == pytest.approx(embodied(after, "hdd") * 10 / 1461)


@pytest.mark.slow
def test_a_clock_that_is_set_back_again_and_again_books_no_more_than_the_whole(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        for _ in range(3):
            snapshot = ticks(sampler, machine, 3, seconds=365 * DAY)
            machine.clock.utc -= timedelta(days=3 * 365)

    [figure] = snapshot.named(f"wattprint_{AMORTISED}")
    whole = [component.estimate for component in snapshot.named("wattprint_scope3_embodied_co2e_grams")]
    assert figure.estimate.central == pytest.approx(sum(estimate.central for estimate in whole))
    assert figure.estimate.low == pytest.approx(sum(estimate.low for estimate in whole))
    assert figure.estimate.high == pytest.approx(sum(estimate.high for estimate in whole))


def test_what_passes_before_the_clock_is_set_is_booked_once_it_is(machine, config, tmp_path):
    now = machine.clock.utc
    with machine.sampling(config, tmp_path / "state") as sampler:
        sampler.tick()
        machine.clock.utc = machine.clock.utc.replace(year=1970)
        unset = ticks(sampler, machine, 10, 60)
        machine.clock.utc = now + timedelta(seconds=600)
        sampler.tick()
        after = sampler.latest

    assert value(unset, AMORTISED) == 0
    assert value(after, AMORTISED) == pytest.approx(embodied(after) * 600 / (1461 * DAY))


def test_an_extended_life_slows_the_amortisation_down(machine, config):
    """4 years planned, extended to 8 at the age of 2: half of the rate, 0.5 of the whole over 6 years."""
    machine.clock.utc = machine.clock.utc.replace(year=2028)
    planned = (
        "{form: rack, acquired: 2026-03-01, service_life_years: 8, extended_from_years: 4, extended_on: 2028-03-06}"
    )
    config.inventory_file.write_text(f"server: {planned}\nparts: []\n")
    with machine.sampling(config) as sampler:
        sampler.tick()
        before = ticks(sampler, machine, 3, DAY)  # until 2028-03-05 10:00
        ticks(sampler, machine, 1, DAY)
        on = sampler.latest
        after = ticks(sampler, machine, 3, DAY)

    whole, left_days = embodied(after), 8 * 365.25 - 736  # 2026-03-01 to 2028-03-06 are 736 days
    assert value(before, AMORTISED) == pytest.approx(whole * 3 / 1461)
    booked = value(after, AMORTISED) - value(on, AMORTISED)
    assert booked == pytest.approx(whole * (1 - 736 / 1461) * 3 / left_days)


@pytest.mark.parametrize("years", [-5, 5])
def test_a_wall_clock_that_is_set_changes_nothing_of_what_is_booked(machine, config, years):
    with machine.sampling(config) as sampler:
        sampler.tick()
        before = value(ticks(sampler, machine, 10, 60), "scope3_embodied_amortised_co2e_grams_total")
        machine.clock.utc += timedelta(days=365 * years)
        sampler.tick()
        machine.clock.utc -= timedelta(days=365 * years)
        after = value(ticks(sampler, machine, 10, 60), "scope3_embodied_amortised_co2e_grams_total")

    assert after == pytest.approx(2 * before)


def test_a_date_of_acquisition_that_is_set_later_moves_the_ratio_and_books_nothing(machine, config, tmp_path):
    unknown = replace(config, inventory_file=None)
    state = tmp_path / "state"
    with machine.sampling(unknown, state) as sampler:
        sampler.tick()
        before = ticks(sampler, machine, 10, 60)
        sampler.write()
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        after = sampler.latest

    name = "scope3_embodied_amortised_co2e_grams_total"
    assert value(after, "scope3_embodied_amortised_ratio") > 100 * value(before, "scope3_embodied_amortised_ratio")
    assert value(after, name) == pytest.approx(value(before, name))


def test_power_that_nobody_tells_any_more_is_unknown_and_not_the_last_value(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        set_counter(machine.root, "intel-rapl:0", "garbage")
        (machine.root / "proc/stat").write_text("garbage")
        for _ in range(5):
            machine.clock.wait(1)
            sampler.tick()
            snapshot = sampler.latest

    assert value(snapshot, "host_power_watts") is None
    assert value(snapshot, "channel_power_watts", channel="package-0") is None
    assert value(snapshot, "host_energy_joules_total") == pytest.approx(5 * AT_INLET, rel=1e-4)
    assert "power_unknown" in {problem.reason for problem in snapshot.problems}


def test_no_published_counter_falls_when_the_process_is_killed(machine, config, tmp_path):
    """Nothing is written after the first tick: what the history holds then is what a killed agent leaves."""
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        sampler.write()
        before = ticks(sampler, machine, 50)
    set_counter(machine.root, "intel-rapl:0", 5)
    write(machine.root, {"proc/sys/kernel/random/boot_id": BOOT.replace("1", "3")})
    machine.clock.monotonic = 10.0
    machine.seconds = 0
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        after = ticks(sampler, machine, 1)

    for name in ("host_energy_joules_total", "channel_energy_joules_total", "scope2_location_based_co2e_grams_total"):
        assert value(after, name) == value(before, name) > 0


def test_a_file_of_published_values_that_is_garbage_is_ignored(machine, config, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "published.json").write_text('{"host_energy part_modelled": [3, 2, 1], "x": "y"')
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        snapshot = ticks(sampler, machine, 1)

    assert value(snapshot, "host_energy_joules_total") == pytest.approx(AT_INLET, rel=1e-4)


def test_the_history_states_how_long_nothing_was_known(machine, config, tmp_path):
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()
    write(machine.root, {"proc/sys/kernel/random/boot_id": BOOT.replace("1", "2")})
    machine.passes(300)
    machine.clock.monotonic = 12.0
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()

    history = state / "history.sqlite"
    assert rows(history, "SELECT SUM(observed_seconds) FROM host_hour") == [(pytest.approx(10),)]
    [(unobserved, off)] = rows(history, "SELECT SUM(unobserved_seconds), SUM(off_seconds) FROM host_absence_hour")
    assert (unobserved, off) == (pytest.approx(300), None)  # nobody knows for how much of it the host was off


def test_an_absence_lies_in_the_hours_that_it_was_in(machine, config, tmp_path):
    """Stopped at 10:00:05, booted at 12:29:50, seen again from 12:30:00 on: two and a half hours without a counter."""
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()
    write(machine.root, {"proc/sys/kernel/random/boot_id": BOOT.replace("1", "2")})
    machine.passes(2.5 * 3600 - 5)
    machine.clock.monotonic = 10.0
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 1)
        sampler.write()

    query = "SELECT hour / 3600 % 24, unobserved_seconds, off_seconds FROM host_absence_hour ORDER BY hour"
    assert rows(state / "history.sqlite", query) == [
        (10, pytest.approx(3600 - 5), None),
        (11, pytest.approx(3600), None),
        (12, pytest.approx(1800), None),
    ]


def test_while_the_agent_alone_was_stopped_the_host_was_not_off(machine, config, tmp_path):
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()
    machine.passes(7200)  # too long for the counter
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()

    query = "SELECT SUM(unobserved_seconds), SUM(off_seconds), COUNT(off_seconds) - COUNT(*) FROM host_absence_hour"
    assert rows(state / "history.sqlite", query) == [(pytest.approx(7200), 0, 0)]


def test_totals_go_on_after_a_restart_and_the_counter_tells_what_happened_meanwhile(machine, config, tmp_path):
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()
    machine.passes(20)
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        snapshot = sampler.latest

    assert value(snapshot, "channel_energy_joules_total", channel="package-0") == 2500
    assert value(snapshot, "host_energy_joules_total") == pytest.approx(25 * AT_INLET, rel=1e-4)
    assert value(snapshot, "channel_unobserved_seconds_total", channel="package-0") == 0


def test_after_a_reboot_the_time_away_is_unobserved(machine, config, tmp_path):
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()
    write(machine.root, {"proc/sys/kernel/random/boot_id": BOOT.replace("1", "2")})
    machine.passes(300)
    machine.clock.monotonic = 12.0
    set_counter(machine.root, "intel-rapl:0", 7)
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        snapshot = sampler.latest

    assert value(snapshot, "channel_energy_joules_total", channel="package-0") == 500
    assert value(snapshot, "channel_unobserved_seconds_total", channel="package-0") == pytest.approx(300)


def test_today_begins_at_midnight_utc_and_since_the_start_does_not(machine, config):
    machine.clock.utc = machine.clock.utc.replace(hour=23, minute=59, second=50)
    with machine.sampling(config) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        snapshot = ticks(sampler, machine, 10)

    start, today, ever = snapshot.statements
    energy = [statement.figures[0].estimate.central for statement in (start, today, ever)]
    assert energy[0] == energy[2] == pytest.approx(15 * AT_INLET, rel=1e-4)
    assert energy[1] == pytest.approx(5 * AT_INLET, rel=1e-4)


def test_a_kill_after_the_first_tick_of_a_day_finds_counters_and_hours_of_one_moment(machine, config, tmp_path):
    machine.clock.utc = machine.clock.utc.replace(hour=23, minute=59, second=50)
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 10)  # the last one is tomorrow's first, and a new day is begun with a write
        [(counted,)] = rows(state / "history.sqlite", "SELECT SUM(microjoules) FROM channel WHERE source = 'rapl'")
        [(booked,)] = rows(state / "history.sqlite", "SELECT SUM(microjoules) FROM channel_hour WHERE source = 'rapl'")

    assert counted == booked > 0


def test_what_could_not_be_written_is_a_problem_until_it_is_and_nothing_is_lost(machine, config, tmp_path):
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        working = sampler.accounts.history.write

        def fails(*_):
            raise HistoryWriteFailed("no room")

        sampler.accounts.history.write = fails
        ticks(sampler, machine, 5)
        sampler.write()
        full = ticks(sampler, machine, 1)
        sampler.accounts.history.write = working
        sampler.write()
        mended = ticks(sampler, machine, 1)
        sampler.write()
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        again = sampler.latest

    assert "write_failed" in {problem.reason for problem in full.problems}
    assert "write_failed" not in {problem.reason for problem in mended.problems}
    assert value(again, "host_energy_joules_total") == pytest.approx(7 * AT_INLET, rel=1e-4)
    assert again.statements[2].begins == machine.clock.utc - timedelta(seconds=1)


def test_ticks_that_could_not_be_kept_are_counted_and_never_caught_up(machine, config):
    """The third tick takes 3.5 s of a loop of 1 s."""
    with machine.sampling(config) as sampler:
        seen = []
        read = sampler.sources.read

        def slow_read(_patience=0.0):
            seen.append(machine.clock.monotonic)
            machine.passes(3.5 if len(seen) == 3 else 0.0)
            return read()

        sampler.sources.read = slow_read
        sampler.run(1.0, 60.0, lambda: len(seen) >= 5)

    assert [at - seen[0] for at in seen] == [0, 1, 2, 6, 7]
    assert sampler.state.missed_ticks == 3


def test_the_history_is_written_at_its_interval(machine, config, tmp_path):
    with machine.sampling(config, tmp_path / "state") as sampler:
        sampler.tick()
        sampler.run(1.0, 4.0, lambda: machine.clock.monotonic > 1010)
        written = sampler.state.at

    assert written == machine.clock.utc - timedelta(seconds=1)


def test_totals_of_all_time_cite_the_grids_that_they_were_entered_by_and_not_the_one_of_now(machine, config, tmp_path):
    """A host runs in France, moves to Poland, and runs on."""
    state = tmp_path / "state"
    with machine.sampling(config, state) as sampler:
        sampler.tick()
        ticks(sampler, machine, 5)
        sampler.write()
    with machine.sampling(replace(config, location="PL"), state) as sampler:
        sampler.tick()
        moved = sampler.latest
        here = ticks(sampler, machine, 5)

    def grids(figures):
        [figure] = [one for one in figures if one.quantity.stem == "scope2_location_based_co2e"]
        return {
            ground.entry.split(":")[1] for ground in figure.estimate.grounds if ground.entry.startswith("electricity:")
        }

    assert grids(moved.figures) == {"FR"}
    assert grids(here.figures) == {"FR", "PL"}
    assert grids(here.statements[0].figures) == {"PL"}  # since the agent started
    rows = {figure.labels[2] for figure in here.named("wattprint_factor_info")}
    assert {row.split(":")[1] for row in rows if row.startswith("electricity:")} == {"FR", "PL"}
    fits = {figure.labels[2]: figure.labels[3] for figure in here.named("wattprint_factor_info")}
    assert (fits["electricity:FR:2025"], fits["electricity:PL:2025"]) == ("older_year", "older_year")  # it is 2026


def test_who_asks_while_the_agent_ends_is_given_the_last_tick(machine, config):
    with machine.sampling(config) as sampler:
        sampler.tick()
        ticks(sampler, machine, 10)
        sampler.write()  # what was published is stale after it, and the sources are closed next

    assert value(sampler.latest, "channel_energy_joules_total", channel="package-0") == 1000
    assert [state.source for state in sampler.latest.sources if state.readable]

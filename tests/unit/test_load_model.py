# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from clocks import HandClock
from trees import machine, processor, set_load

from agent.errors import ReadFailed, SourceAbsent
from agent.sources.load_model import busy_and_total_ticks, open_source
from agent.wholehost.channel_power import channel_power
from agent.wholehost.load_model import load_model
from impacts.parts import Inventory, Part, Server

KNOWN = Inventory(
    Server(),
    (
        Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"),  # 125 W each
        Part("memory", 8, capacity_gb=32),
        Part("memory", 4, capacity_gb=16),
        Part("ssd", 2),
        Part("hdd", 3),
    ),
)


def term(model, name):
    return next(term for term in model.terms if term.name == name)


@pytest.mark.parametrize(
    ("load", "watts"),
    [(0.0, 30.0), (0.05, 55.0), (0.1, 80.0), (0.3, 133.75), (0.5, 187.5), (0.75, 221.25), (1.0, 255.0)],
)
def test_cpu_power_follows_the_load_curve_times_all_tdps(tmp_path, load, watts):
    """2 x 125 W times 0.12, 0.32, 0.75, 1.02 at 0, 10, 50, 100 % load, linear in between."""
    processor(tmp_path)

    assert term(load_model(machine(tmp_path, inventory=KNOWN)), "cpu").watts(load) == pytest.approx(watts)


def test_memory_power_is_per_module_and_per_gb_with_a_share_at_idle(tmp_path):
    """12 modules x 3 W + 320 GB x 0.055 W/GB = 53.6 W at full load, 0.7 of it at none."""
    processor(tmp_path)
    memory = term(load_model(machine(tmp_path, inventory=KNOWN)), "memory")

    assert (memory.watts(0), memory.watts(1)) == (pytest.approx(37.52), pytest.approx(53.6))


def test_drives_draw_their_constant_whatever_the_load(tmp_path):
    processor(tmp_path)
    model = load_model(machine(tmp_path, inventory=KNOWN))

    assert [term(model, kind).watts(load) for kind in ("ssd", "hdd") for load in (0, 1)] == [
        16,
        16,
        *2 * [pytest.approx(19.2)],
    ]


def test_parts_that_are_not_known_have_no_term(tmp_path):
    processor(tmp_path)

    assert [term.name for term in load_model(machine(tmp_path)).terms] == ["cpu"]


def test_a_cpu_that_is_not_known_has_a_default_per_logical_cpu_wide_bounds_and_a_problem(tmp_path):
    processor(tmp_path, cpus=16)
    model = load_model(machine(tmp_path, inventory=Inventory(Server(), (Part("cpu", 1, model="Fancy 9000"),))))
    cpu = term(model, "cpu")

    assert cpu.watts(1) == pytest.approx(16 * 3 * 1.02)
    assert cpu.full.estimate.high / cpu.full.estimate.low > 5
    assert [(problem.origin, problem.reason) for problem in model.problems] == [("model", "tdp_unknown")]
    assert "Fancy 9000" in model.problems[0].what


def test_a_product_that_is_not_known_has_the_range_of_its_family_and_a_problem(tmp_path):
    """Ice Lake-SP: 105 to 300 W, most of them 205 W; two of them, times the accuracy of 0.6 to 1.4."""
    processor(tmp_path, cpus=16)
    gold = Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6399 CPU @ 2.00GHz", cores=24)
    model = load_model(machine(tmp_path, inventory=Inventory(Server(), (gold,))))
    full = term(model, "cpu").full.estimate

    assert (full.low, full.central, full.high) == tuple(map(pytest.approx, (2 * 105 * 0.6, 2 * 205, 2 * 300 * 1.4)))
    assert [problem.reason for problem in model.problems] == ["tdp_unknown"]
    assert "Gold 6399" in model.problems[0].what
    assert "the range of its family" in model.problems[0].what


def test_a_known_product_beside_one_of_a_known_family_keeps_its_own_power(tmp_path):
    processor(tmp_path, cpus=16)
    parts = (Part("cpu", 1, model="Xeon Gold 6230"), Part("cpu", 1, model="Xeon Gold 6399"))
    model = load_model(machine(tmp_path, inventory=Inventory(Server(), parts)))

    assert term(model, "cpu").full.estimate.central == pytest.approx(125 + 205)
    assert "6230" not in model.problems[0].what


def test_one_unknown_cpu_beside_a_known_one_makes_both_unknown(tmp_path):
    processor(tmp_path, cpus=8)
    mixed = Inventory(Server(), (Part("cpu", 1, model="Xeon Gold 6230"), Part("cpu", 1, model="Fancy 9000")))

    assert load_model(machine(tmp_path, inventory=mixed)).problems


def test_the_source_reports_the_mean_power_since_its_last_read(tmp_path):
    processor(tmp_path)
    clock = HandClock(100.0)
    source = open_source(machine(tmp_path, clock, KNOWN))
    source.read()
    clock.wait(5)
    set_load(tmp_path, busy=100, idle=1100)  # since the last read: 100 of 200 ticks
    cpu = source.read()[0]

    assert cpu.watts == pytest.approx(187.5)
    assert cpu.averaged_over_seconds == 5


def test_the_first_reading_covers_the_load_since_the_boot(tmp_path):
    processor(tmp_path)
    set_load(tmp_path, busy=900, idle=100)
    source = open_source(machine(tmp_path, inventory=KNOWN))

    assert source.read()[0].averaged_over_seconds is None
    assert source.load == pytest.approx(0.9)


def test_within_one_clock_tick_the_load_stays_what_it_was(tmp_path):
    processor(tmp_path)
    set_load(tmp_path, busy=500, idle=500)
    source = open_source(machine(tmp_path, inventory=KNOWN))

    assert source.read()[0].watts == source.read()[0].watts


def test_idle_iowait_and_stolen_time_are_no_work_and_guest_time_is_counted_once():
    line = b"cpu  10 2 3 100 20 1 4 50 7 8\ncpu0 1 1 1 1 1 1 1 1 1 1\n"

    assert busy_and_total_ticks(line) == (20, 190)


@pytest.mark.parametrize(
    "content", [b"", b"cpu\n", b"cpu 1 2 3\n", b"cpu0 1 2 3 4 5 6 7 8\n", b"cpu a b c d e f g h\n"]
)
def test_a_first_line_that_is_none_is_an_error(content):
    with pytest.raises(ValueError, match=r"first line|invalid literal"):
        busy_and_total_ticks(content)


def test_garbage_is_a_failed_read(tmp_path):
    processor(tmp_path)
    source = open_source(machine(tmp_path))
    (tmp_path / "proc/stat").write_text("nonsense\n")

    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason == "garbage"


def test_without_proc_stat_there_is_no_model(tmp_path):
    with pytest.raises(SourceAbsent):
        open_source(machine(tmp_path))


def test_the_power_of_a_modelled_channel_is_its_full_power_times_the_share_that_was_drawn(tmp_path):
    processor(tmp_path)
    source = open_source(machine(tmp_path, inventory=KNOWN))
    source.close()
    for channel, term in zip(source.channels, source.model.terms, strict=True):
        paper = channel_power(channel, round(term.watts(0.42) * 2e6), 2.0)
        assert paper.estimate.central == pytest.approx(term.watts(0.42))
        assert paper.estimate.high / paper.estimate.central == pytest.approx(channel.accuracy.high)
        assert set(paper.leaves) == set(channel.accuracy.grounds)


def test_the_power_of_all_terms_has_the_bounds_of_each_and_their_grounds(tmp_path):
    """At full load: 255 W of CPU x 0.6, 1, 1.4; 53.6 W of memory x 0.6, 1, 1.4; drives 2 x (2, 8, 20) and 3 x (5.4, 6.4, 9.4)."""
    processor(tmp_path)
    model = load_model(machine(tmp_path, inventory=KNOWN))
    power = model.power(1.0)

    assert (power.low, power.central, power.high) == pytest.approx((205.36, 343.8, 500.24))
    assert set(power.grounds) == set(model.grounds)

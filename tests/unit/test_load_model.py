# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from books import with_power
from clocks import HandClock
from trees import machine, processor, set_load

from agent.errors import ReadFailed, SourceAbsent
from agent.sources.load_model import busy_and_total_ticks, open_source
from agent.wholehost.channel_power import channel_power
from agent.wholehost.load_model import load_model, model_of
from impacts.parts import Inventory, Part, Server

TODAY = date(2026, 11, 25)
LOADS = {"0": 0.04, "0.1": 0.2, "0.2": 0.25, "0.3": 0.3, "0.5": 0.4, "0.7": 0.6, "1": 0.8}
# Every share may be half or twice as much; a Cascade Lake draws a tenth more than its class at all loads but none.
BOOK = with_power(
    **{
        f"cpu_load_curve__{kind}__{load.replace('.', '_point_')}": (of * share / 2, of * share, of * share * 2)
        for kind, of in (
            ("server", 1.0),
            ("server_without_boost", 0.75),
            ("entry", 0.5),
            ("arm", 0.9),
        )
        for load, share in LOADS.items()
    },
    **{f"cpu_load_ratio__Cascade Lake-SP__{load.replace('.', '_point_')}": (1.1, 1.1, 1.1) for load in LOADS},
    board_power__server=(15, 25, 70),
    board_power_per_socket__server=(1, 2, 4),
    board_power__entry=(4, 6, 16),
    board_power_per_socket__entry=(0, 0, 0),
    board_power_per_guest_cpu=(0.1, 0.4, 1.2),
    cpu_idle_without_deep_idle=(1.3, 2, 3.5),
    psu_marginal_efficiency=(0.9, 0.95, 0.98),
    psu_constant_loss=(0.005, 0.01, 0.02),
    psu_active_share=(0.5, 1, 1),
)
GOLD = Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz")  # 125 W each
KNOWN = Inventory(Server(), (GOLD, Part("memory", 8, capacity_gb=32), Part("memory", 4, capacity_gb=16)))


def modelled(*parts, server=None, threads=16):
    return model_of(Inventory(server or Server(), parts), BOOK, TODAY, threads)


def term(model, name):
    return next(term for term in model.terms if term.name == name)


@pytest.mark.parametrize(
    ("load", "watts"), [(0.0, 11), (0.05, 33), (0.1, 55), (0.3, 82.5), (0.6, 137.5), (0.85, 192.5), (1.0, 220)]
)
def test_cpu_power_follows_the_load_curve_of_class_and_family_times_all_tdps(load, watts):
    """2 x 125 W x 1.1 times 0.04, 0.2, 0.3, 0.4, 0.6, 0.8 at 0, 10, 30, 50, 70, 100 % load, linear in between."""
    assert term(modelled(GOLD), "cpu").watts(load) == pytest.approx(watts)


def test_without_boost_the_curve_is_another_one_and_a_cpu_of_which_nothing_shows_it_has_the_first():
    without, of_one = replace(GOLD, boost=False), replace(GOLD, boost=False, count=1)

    assert term(modelled(without), "cpu").watts(0.5) == pytest.approx(250 * 1.1 * 0.75 * 0.4)
    assert term(modelled(replace(GOLD, boost=True)), "cpu").watts(0.5) == pytest.approx(250 * 1.1 * 0.4)
    assert term(modelled(of_one, replace(GOLD, count=1)), "cpu").watts(0.5) == pytest.approx(250 * 1.1 * 0.4)


def test_cores_that_are_never_switched_off_draw_more_while_nothing_runs_and_as_much_under_load():
    """Twice as much."""
    awake, asleep = (term(modelled(replace(GOLD, deep_idle=deep)), "cpu") for deep in (False, True))

    assert awake.watts(0) == pytest.approx(22)
    assert asleep.watts(0) == pytest.approx(11)
    assert awake.watts(0.5) == asleep.watts(0.5)


@pytest.mark.parametrize("model", ["Xeon Gold 6230", "Xeon E-2288G", "AWS Graviton3"])
def test_cores_that_are_never_switched_off_draw_no_less_at_a_low_load_than_while_nothing_runs(model):
    share = term(modelled(Part("cpu", 1, model=model, deep_idle=False)), "cpu").share
    rising = [share.at(number / 20) for number in range(21)]

    for corner in ("low", "central", "high"):
        amounts = [getattr(one, corner) for one in rising]
        assert amounts == sorted(amounts)
    assert rising[0].central > term(modelled(Part("cpu", 1, model=model)), "cpu").share.at(0).central


def test_a_small_server_and_one_of_arm_have_curves_of_their_own():
    """The E-2468 is of a family that has not been measured: half of a server's share. A Graviton3 has Arm's: 0.9 of it."""
    small, arm = (modelled(Part("cpu", 1, model=model)) for model in ("Xeon E-2468", "AWS Graviton3"))

    assert term(small, "cpu").share.at(0.5).central == pytest.approx(0.2)
    assert term(arm, "cpu").share.at(0.5).central == pytest.approx(0.36)


@pytest.mark.parametrize(
    ("model", "watts"),
    [
        ("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz", 6),
        ("AMD Ryzen 7 9700X 8-Core Processor", 6),
        ("Ryzen Threadripper 7980X", 27),
    ],
)
def test_a_cpu_of_an_unknown_family_is_a_small_machines_by_its_brand(model, watts):
    assert term(modelled(Part("cpu", 1, model=model)), "board").watts(0) == watts


def test_a_small_machines_supply_of_unknown_rating_is_a_small_one():
    """300 W and 800 W, of which a hundredth is lost."""
    small, large = (
        modelled(Part("cpu", 1, model=model), Part("psu", 1)) for model in ("Xeon E-2288G", "Xeon Gold 6230")
    )

    assert [term(one, "psu").watts(0) for one in (small, large)] == [3, 8]


def test_a_small_server_has_a_small_board_and_a_larger_one_more_for_each_socket():
    small, large = (term(modelled(part), "board") for part in (Part("cpu", 1, model="Xeon E-2288G"), GOLD))

    assert [small.watts(load) for load in (0, 1)] == [6, 6]
    assert large.watts(1) == 25 + 2 * 2


def test_memory_power_is_by_module_and_rises_with_the_load():
    """By the rows of modules of unknown generation: 0.9 W and 0.025 W/GB idle, 2.4 W and 0.07 W/GB busy."""
    memory = term(model_of(KNOWN, BOOK, TODAY, 16), "memory")

    assert memory.watts(0) == pytest.approx(12 * 0.9 + 320 * 0.025)
    assert memory.watts(1) == pytest.approx(12 * 2.4 + 320 * 0.07)
    assert memory.watts(0) < memory.watts(0.5) < memory.watts(1)


def test_drives_cards_and_controllers_draw_by_what_they_are_whatever_the_load():
    model = modelled(
        GOLD,
        Part("ssd", 2, transport="sata"),
        Part("hdd", 3),
        Part("nic", 1, model="MT27710 Family [ConnectX-4 Lx]"),
        Part("storage_controller", 1, model="MegaRAID SAS-3 3108"),
    )

    assert term(model, "ssd").watts(0) == term(model, "ssd").watts(1) == pytest.approx(2 * 1.8)
    assert term(model, "hdd").watts(0.3) == pytest.approx(3 * 6)
    assert 5 < term(model, "nic").watts(0) < 25
    assert 5 < term(model, "storage_controller").watts(0) < 30


def test_a_card_of_a_known_model_draws_between_its_idle_power_and_its_limit():
    """H100 SXM: a limit of 700 W; eight of them are far from the 15 to 1,000 W each of a card that is not known."""
    known = term(modelled(GOLD, Part("gpu", 8, model="NVIDIA H100 80GB HBM3")), "gpu").full.estimate
    unknown = term(modelled(GOLD, Part("gpu", 8, model="Fancy card")), "gpu").full.estimate

    assert 8 * 30 < known.low < 8 * 100
    assert 8 * 700 <= known.high < 8 * 850
    assert known.high / known.low < unknown.high / unknown.low / 4


def test_a_guest_has_no_drives_no_supplies_and_a_share_of_a_board():
    """8 logical CPUs of 0.4 W; the disk is a file of the host's, whatever its hypervisor says of it."""
    parts = (Part("cpu", 1, model="Xeon Gold 6230"), Part("hdd", 1), Part("ssd", 1, transport="virtio"), Part("nic", 1))
    guest = modelled(*parts, server=Server(virtual=True), threads=8)

    assert {one.name for one in guest.terms} == {"cpu", "board"}
    assert term(guest, "board").watts(1) == pytest.approx(3.2)


def test_a_guest_whose_server_is_described_has_its_share_of_all_of_it():
    """A twentieth of two Gold 6230, twelve modules and two supplies; without a share, its own threads."""
    memory, supplies = Part("memory", 12, capacity_gb=16), Part("psu", 2, rated_watts=1000)
    whole = modelled(GOLD, memory, supplies)
    share = modelled(GOLD, memory, supplies, server=Server(virtual=True, share_of_host=0.05))

    for load in (0, 0.2, 1):
        assert share.power(load).central == pytest.approx(whole.power(load).central / 20)
        assert share.power(load).high == pytest.approx(whole.power(load).high / 20)


def test_a_guest_with_a_share_whose_memory_is_a_guess_is_not_described():
    guess = Part("memory", 1, capacity_gb=24, assumed=True)
    guest = modelled(GOLD, guess, server=Server(virtual=True, share_of_host=0.05), threads=2)

    assert term(guest, "cpu").full.estimate.central == 6


def test_a_virtual_disk_is_no_drive_on_any_machine():
    assert "hdd" not in {one.name for one in modelled(GOLD, Part("hdd", 1, transport="virtio")).terms}


def test_supplies_lose_a_share_of_their_rating_whatever_they_deliver_and_the_host_is_what_goes_into_them():
    """Two of 1000 W: 1 % each; everything over 0.95."""
    with_two = modelled(GOLD, Part("psu", 2, rated_watts=1000))
    without = modelled(GOLD)

    assert term(with_two, "psu").watts(0) == term(with_two, "psu").watts(1) == 20
    assert with_two.power(0.3).central - without.power(0.3).central == pytest.approx(20 / 0.95)
    assert without.power(0.3).central == pytest.approx((82.5 + 29) / 0.95)


def test_the_bounds_take_every_low_and_every_high():
    """At 30 %: 41.25 to 165 W of CPU, 17 to 78 W of board, over 0.98 to 0.9."""
    power = modelled(GOLD).power(0.3)

    assert (power.low, power.high) == pytest.approx(((41.25 + 17) / 0.98, (165 + 78) / 0.9))
    assert set(power.grounds) == set(modelled(GOLD).grounds)


def test_parts_that_are_not_known_have_no_term(tmp_path):
    processor(tmp_path)

    assert [term.name for term in load_model(machine(tmp_path)).terms] == ["cpu", "board"]


def test_a_cpu_that_is_not_known_has_a_default_per_logical_cpu_wide_bounds_and_a_problem():
    model = modelled(Part("cpu", 1, model="Fancy 9000"), threads=16)
    cpu = term(model, "cpu")

    assert cpu.watts(1) == pytest.approx(16 * 3 * 0.8)
    assert cpu.full.estimate.high / cpu.full.estimate.low > 5
    assert [(problem.origin, problem.reason) for problem in model.problems] == [("model", "tdp_unknown")]
    assert "Fancy 9000" in model.problems[0].what


def test_a_product_that_is_not_known_has_the_range_of_its_family_and_a_problem():
    """Ice Lake-SP: 105 to 300 W, most of them 205 W; two of them."""
    model = modelled(Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6399 CPU @ 2.00GHz", cores=24))
    full = term(model, "cpu").full.estimate

    assert (full.low, full.central, full.high) == tuple(map(pytest.approx, (2 * 105, 2 * 205, 2 * 300)))
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

    assert cpu.watts == pytest.approx(source.model.terms[0].watts(0.5))
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
        at_that_load = term.power(0.42)
        assert (paper.estimate.low, paper.estimate.high) == pytest.approx((at_that_load.low, at_that_load.high))
        assert set(paper.leaves) == set(channel.accuracy.grounds)

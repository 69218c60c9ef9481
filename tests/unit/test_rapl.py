# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import socket
from contextlib import chdir
from pathlib import Path

import pytest
from clocks import HandClock
from trees import BOOT, RANGE, machine, processor, set_counter, write, zone

from agent.errors import ReadFailed, SourceAbsent
from agent.readings import Boundary
from agent.sources import rapl


def opened(root, clock=None):
    return rapl.open_source(machine(root, clock))


def by_channel(source):
    return {reading.channel.name: reading.microjoules for reading in source.read()}


def open_files(folder):
    return {fd: path for fd in map(int, os.listdir("/proc/self/fd")) if (path := target(fd)).startswith(str(folder))}


def target(descriptor):
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return ""  # the one that listed the folder


def fail_for_now(folder):
    """Have the open counter answer with an error, as a busy bus does; return what mends it."""
    [descriptor] = open_files(folder)
    saved, unreadable = os.dup(descriptor), os.open(folder, os.O_RDONLY)
    os.dup2(unreadable, descriptor)
    os.close(unreadable)

    def mend():
        os.dup2(saved, descriptor)
        os.close(saved)

    return mend


def within(source):
    return {channel.name: channel.within for channel in source.channels}


def test_channels_are_named_by_what_the_kernel_calls_them_not_by_their_folder(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    write(tmp_path, zone("intel-rapl:1", "psys", 2, 60_293_987_000_000))
    write(tmp_path, zone("intel-rapl:2", "package-1", 3))
    write(tmp_path, zone("intel-rapl:2:0", "dram", 4))

    source = opened(tmp_path)

    assert by_channel(source) == {"package-0": 1, "psys": 2, "package-1": 3, "dram-1": 4}
    assert within(source) == {"package-0": "psys", "psys": None, "package-1": "psys", "dram-1": "psys"}


def test_core_and_uncore_lie_within_their_package_and_dram_outside_it(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    for number, name in enumerate(("core", "uncore", "dram")):
        write(tmp_path, zone(f"intel-rapl:0:{number}", name, 5))

    assert within(opened(tmp_path)) == {
        "package-0": None,
        "core-0": "package-0",
        "uncore-0": "package-0",
        "dram-0": None,
    }


def test_a_tree_that_is_nested_reads_as_a_flat_one(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl/intel-rapl:0", "package-0", 1))
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    write(tmp_path, zone("intel-rapl:0/intel-rapl:0:0", "dram", 7))

    assert by_channel(opened(tmp_path)) == {"package-0": 1, "dram-0": 7}


def test_memory_mapped_twins_are_left_out(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 100))
    write(tmp_path, zone("intel-rapl-mmio:0", "package-0", 101))

    source = opened(tmp_path)

    assert by_channel(source) == {"package-0": 100}
    assert source.notes == ("intel-rapl-mmio:0 left out: it repeats package-0",)


def test_memory_mapped_zones_serve_where_there_is_nothing_else(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl-mmio:0", "package-0", 101))

    assert by_channel(opened(tmp_path)) == {"package-0": 101}


def test_dies_of_an_amd_socket_that_mirror_one_counter_are_counted_once(tmp_path):
    processor(tmp_path, vendor="AuthenticAMD")
    write(tmp_path, zone("intel-rapl:0", "package-0-die-0", 10_360_237_493, 65_532_610_987))
    write(tmp_path, zone("intel-rapl:0:0", "core", 17, 65_532_610_987))
    write(tmp_path, zone("intel-rapl:1", "package-0-die-1", 10_359_908_363, 65_532_610_987))
    write(tmp_path, zone("intel-rapl:2", "package-1-die-0", 2_000_000_000, 65_532_610_987))
    write(tmp_path, zone("intel-rapl:3", "package-1-die-1", 2_000_300_000, 65_532_610_987))

    assert by_channel(opened(tmp_path)) == {"package-0": 10_360_237_493, "package-1": 2_000_000_000}


def test_amd_dies_that_count_for_themselves_are_all_counted(tmp_path):
    processor(tmp_path, vendor="AuthenticAMD")
    write(tmp_path, zone("intel-rapl:0", "package-0-die-0", 10_360_237_493))
    write(tmp_path, zone("intel-rapl:1", "package-0-die-1", 9_000_000_000))

    assert set(by_channel(opened(tmp_path))) == {"package-0-die-0", "package-0-die-1"}


def test_intel_dies_are_real_even_when_their_counters_are_close(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0-die-0", 10_000_000_000))
    write(tmp_path, zone("intel-rapl:1", "package-0-die-1", 10_000_000_001))

    assert set(by_channel(opened(tmp_path))) == {"package-0-die-0", "package-0-die-1"}


def test_two_zones_of_one_name_stay_two_channels(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "psys", 1))
    write(tmp_path, zone("intel-rapl:1", "psys", 2))

    assert by_channel(opened(tmp_path)) == {"psys-zone-0": 1, "psys-zone-1": 2}


def test_a_tree_without_names_as_a_hypervisor_writes_it_has_packages(tmp_path):
    processor(tmp_path)
    files = zone("intel-rapl:0", "", 42)
    del files["sys/class/powercap/intel-rapl:0/name"]
    write(tmp_path, files)

    assert by_channel(opened(tmp_path)) == {"package-0": 42}


def test_readings_carry_the_time_of_each_read_the_range_and_the_boot(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))

    [reading] = opened(tmp_path, HandClock(77.5)).read()

    assert (reading.at_monotonic_seconds, reading.wraps_after_microjoules, reading.epoch) == (77.5, RANGE, BOOT)


@pytest.mark.parametrize("content", ["", "garbage", "-5", "1.5", str(2**64), str(RANGE + 1), "12 34"])
def test_what_is_no_counter_value_is_no_reading_and_takes_nothing_from_the_others(tmp_path, content):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    write(tmp_path, zone("intel-rapl:1", "package-1", 2))
    source = opened(tmp_path)
    set_counter(tmp_path, "intel-rapl:0", content)

    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason == "garbage"
    assert [reading.channel.name for reading in failure.value.readings] == ["package-1"]


def test_a_counter_whose_file_was_replaced_is_read_from_the_new_file(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    source = opened(tmp_path)
    source.read()
    energy = tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj"
    energy.with_suffix(".new").write_text("9\n")
    energy.with_suffix(".new").rename(energy)

    assert by_channel(source) == {"package-0": 9}


def test_a_read_that_fails_for_now_keeps_the_baseline(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    source = opened(tmp_path)
    mend = fail_for_now(tmp_path)

    with pytest.raises(ReadFailed) as failure:
        source.read()
    assert failure.value.reason == "io_error"

    mend()
    set_counter(tmp_path, "intel-rapl:0", 5)
    [reading] = source.read()
    assert (reading.microjoules, reading.epoch) == (5, BOOT)


def test_a_device_that_goes_away_fails_each_time_and_counts_anew_when_it_is_back(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    source = opened(tmp_path)
    source.read()
    (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").unlink()

    reasons = []
    for _ in range(3):
        with pytest.raises(ReadFailed) as failure:
            source.read()
        reasons.append(failure.value.reason)
    assert reasons == ["vanished"] * 3

    set_counter(tmp_path, "intel-rapl:0", 5)
    assert source.read()[0].epoch == f"{BOOT}#1"


def test_a_tree_that_cannot_be_opened_whole_leaves_no_file_open(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    write(tmp_path, zone("intel-rapl:1", "package-1", 1))
    write(tmp_path, {"sys/class/powercap/intel-rapl:1/max_energy_range_uj": "nonsense"})

    with pytest.raises(ReadFailed, match="cannot be read"):
        opened(tmp_path)

    assert not open_files(tmp_path)


def test_mirrored_dies_of_which_one_has_just_wrapped_are_still_mirrored(tmp_path):
    processor(tmp_path, vendor="HygonGenuine")
    write(tmp_path, zone("intel-rapl:0", "package-0-die-0", 65_532_610_900, 65_532_610_987))
    write(tmp_path, zone("intel-rapl:1", "package-0-die-1", 20_000, 65_532_610_987))

    assert set(by_channel(opened(tmp_path))) == {"package-0"}


def test_zones_that_a_container_hides_are_not_taken_for_a_missing_driver(tmp_path):
    processor(tmp_path)
    (tmp_path / "sys/class/powercap").mkdir(parents=True)
    (tmp_path / "sys/class/powercap/intel-rapl:0").symlink_to("../../devices/nowhere")

    with pytest.raises(SourceAbsent, match="hidden"):
        opened(tmp_path)


def test_a_guest_is_told_to_measure_on_its_hypervisor(tmp_path):
    processor(tmp_path, flags="fpu hypervisor")

    with pytest.raises(SourceAbsent) as absence:
        opened(tmp_path)

    assert "hypervisor" in absence.value.remedy


def test_a_server_without_the_driver_is_told_to_load_it(tmp_path):
    processor(tmp_path, vendor="AuthenticAMD")

    with pytest.raises(SourceAbsent) as absence:
        opened(tmp_path)

    assert absence.value.remedy == "sudo modprobe intel_rapl_msr"


def test_closing_gives_back_every_file(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    source = opened(tmp_path)
    assert open_files(tmp_path)

    source.close()

    assert not open_files(tmp_path)


def test_the_channels_state_what_they_are_and_what_is_plausible_of_them(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    write(tmp_path, zone("intel-rapl:0:0", "dram", 1))
    write(tmp_path, zone("intel-rapl:0:1", "core", 1))
    write(tmp_path, zone("intel-rapl:1", "psys", 1))

    assert {(c.name, c.component, c.boundary, c.plausible_watts) for c in opened(tmp_path).channels} == {
        ("package-0", "cpu", Boundary.COMPONENT, 1000.0),
        ("dram-0", "dram", Boundary.COMPONENT, 500.0),
        ("core-0", "cpu", Boundary.COMPONENT, 1000.0),
        ("psys", "host", Boundary.PLATFORM, 10_000.0),
    }


def test_a_core_lies_within_the_package_of_its_own_socket(tmp_path):
    processor(tmp_path)
    for number in (0, 1):
        write(tmp_path, zone(f"intel-rapl:{number}", f"package-{number}", 1))
        write(tmp_path, zone(f"intel-rapl:{number}:0", "core", 1))

    assert within(opened(tmp_path)) == {
        "package-0": None,
        "core-0": "package-0",
        "package-1": None,
        "core-1": "package-1",
    }


def test_a_core_of_which_the_package_is_not_counted_lies_within_nothing(tmp_path):
    processor(tmp_path)
    write(tmp_path, {"sys/class/powercap/intel-rapl:0/name": "package-0"})
    write(tmp_path, zone("intel-rapl:0:0", "core", 1))

    assert within(opened(tmp_path)) == {"core": None}


def test_a_counter_may_show_the_end_of_its_range(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", RANGE))

    assert by_channel(opened(tmp_path)) == {"package-0": RANGE}


@pytest.mark.parametrize(("wraps_after", "is_a_range"), [(1, True), (2**63 - 1, True), (0, False), (2**63, False)])
def test_a_range_is_more_than_nothing_and_less_than_any_counter_could_be_wide(tmp_path, wraps_after, is_a_range):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1, wraps_after))
    if is_a_range:
        assert by_channel(opened(tmp_path)) == {"package-0": 1}
        return

    with pytest.raises(ReadFailed, match="no counter's range"):
        opened(tmp_path)


def test_a_folder_that_is_no_zone_is_passed_over(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    write(tmp_path, zone("intel-rapl:x", "package-1", 2))

    assert by_channel(opened(tmp_path)) == {"package-0": 1}


def test_a_device_that_goes_away_twice_is_a_third_counter(tmp_path):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    source = opened(tmp_path)
    for value in (5, 7):
        source.read()
        (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").unlink()
        with pytest.raises(ReadFailed):
            source.read()
        set_counter(tmp_path, "intel-rapl:0", value)

    assert [(reading.microjoules, reading.epoch) for reading in source.read()] == [(7, f"{BOOT}#2")]


def test_a_file_whose_device_has_gone_is_vanished_too(tmp_path):
    """Opening a socket's name fails with ENXIO, as opening a device without a driver does."""
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    source = opened(tmp_path)
    source.read()
    energy = tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj"
    energy.unlink()
    with socket.socket(socket.AF_UNIX) as listener, chdir(energy.parent):
        listener.bind(energy.name)
        with pytest.raises(ReadFailed) as failure:
            source.read()

    assert failure.value.reason == "vanished"


def with_model(root, number, family=6):
    cpuinfo = root / "proc/cpuinfo"
    numbers = f"cpu family\t: {family}\nmodel\t\t: {number}\nmodel name"
    cpuinfo.write_text(cpuinfo.read_text().replace("model name", numbers))


UNIT_61, UNIT_15 = (
    262_143_328_850,
    65_712_999_613,
)  # microjoules: 2^32 units of 61 and of 15.3 µJ, as kernels state them


def with_memory(root, model, dram_range, vendor="GenuineIntel", family=6):
    """A socket whose package counts in units of 61 µJ, beside memory with 1,000 J on its counter."""
    processor(root, vendor=vendor)
    with_model(root, model, family)
    write(root, zone("intel-rapl:0", "package-0", 5, UNIT_61))
    write(root, zone("intel-rapl:0:0", "dram", 1_000_000_000, dram_range))
    return opened(root)


@pytest.mark.parametrize("model", [143, 207])
def test_memory_of_sapphire_and_emerald_rapids_is_corrected_where_the_kernel_takes_the_fixed_unit(tmp_path, model):
    source = with_memory(tmp_path, model, UNIT_15)
    [dram] = [reading for reading in source.read() if reading.channel.name == "dram-0"]

    assert dram.microjoules == 3_989_215_686  # 1,000 J × 262143328850 ÷ 65712999613
    assert dram.wraps_after_microjoules == UNIT_61
    assert [problem.reason for problem in source.problems] == ["dram_unit_corrected"]
    assert "multiplied by 3.99" in source.problems[0].what


@pytest.mark.parametrize("model", [63, 79, 85, 86, 87, 106, 108, 133])
def test_memory_that_the_processor_counts_in_the_fixed_unit_is_corrected_where_the_kernel_takes_the_packages(
    tmp_path, model
):
    source = with_memory(tmp_path, model, UNIT_61)
    [dram] = [reading for reading in source.read() if reading.channel.name == "dram-0"]

    assert dram.microjoules == 250_675_841  # 1,000 J × 65712999613 ÷ 262143328850
    assert dram.wraps_after_microjoules == UNIT_15
    assert "multiplied by 0.251" in source.problems[0].what


@pytest.mark.parametrize(
    ("model", "dram_range", "vendor", "family"),
    [
        (143, UNIT_61, "GenuineIntel", 6),  # a kernel that has it right
        (85, UNIT_15, "GenuineIntel", 6),
        (94, UNIT_61, "GenuineIntel", 6),  # a desktop
        (143, UNIT_15, "GenuineIntel", 19),
        (143, UNIT_15, "AuthenticAMD", 6),
    ],
)
def test_memory_whose_unit_is_right_is_left_as_it_is(tmp_path, model, dram_range, vendor, family):
    source = with_memory(tmp_path, model, dram_range, vendor, family)

    assert by_channel(source) == {"package-0": 5, "dram-0": 1_000_000_000}
    assert source.problems == ()


def test_a_correction_is_of_another_epoch_and_stands_in_the_grounds(tmp_path):
    source = with_memory(tmp_path, 143, UNIT_15)
    package, dram = source.read()

    assert (package.epoch, dram.epoch) == (BOOT, f"{BOOT} corrected")
    assert any("wrong energy unit" in ground.title for ground in dram.channel.accuracy.grounds)
    assert not any("wrong energy unit" in ground.title for ground in package.channel.accuracy.grounds)


@pytest.mark.parametrize("model", [173, 174])
def test_what_granite_rapids_shows_of_memory_is_not_counted_and_a_problem_names_it(tmp_path, model):
    source = with_memory(tmp_path, model, UNIT_61)

    assert by_channel(source) == {"package-0": 5}
    assert [problem.reason for problem in source.problems] == ["dram_not_counted"]
    assert source.problems[0].what.startswith("dram-0: ")


def accuracies(source):
    return {c.name: (c.accuracy.low, c.accuracy.central, c.accuracy.high) for c in source.channels}


def test_the_accuracy_of_intels_counters_is_of_their_domain(tmp_path):
    processor(tmp_path)
    with_model(tmp_path, 85)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1, UNIT_61))
    write(tmp_path, zone("intel-rapl:0:0", "dram", 1, UNIT_15))
    write(tmp_path, zone("intel-rapl:0:1", "core", 1, UNIT_61))
    write(tmp_path, zone("intel-rapl:1", "psys", 1))

    assert accuracies(opened(tmp_path)) == {
        "package-0": (0.95, 1, 1.05),
        "dram-0": (0.8, 1, 1.2),
        "core-0": (0.95, 1, 1.05),
        "psys": (0.9, 1, 1.1),
    }


@pytest.mark.parametrize(
    ("vendor", "model", "row"),
    [
        ("GenuineIntel", 45, "rapl_intel_estimated_accuracy"),  # Sandy Bridge-EP
        ("GenuineIntel", 62, "rapl_intel_estimated_accuracy"),  # Ivy Bridge-EP
        ("GenuineIntel", 63, "rapl_intel_package_accuracy"),  # Haswell-EP, the first that measures
        ("AuthenticAMD", 49, "rapl_amd_accuracy"),
        ("HygonGenuine", 0, "rapl_amd_accuracy"),
        ("CentaurHauls", 0, "rapl_accuracy"),
    ],
)
def test_a_processor_that_estimates_has_wider_bounds_than_one_that_measures(tmp_path, vendor, model, row):
    processor(tmp_path, vendor=vendor)
    with_model(tmp_path, model)
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))
    [accuracy] = [channel.accuracy for channel in opened(tmp_path).channels]

    assert [ground.entry for ground in accuracy.grounds] == [row]
    assert (accuracy.low, accuracy.high) == ((0.95, 1.05) if "package" in row else (0.8, 1.2))


def test_zones_are_read_where_nothing_is_known_of_the_processor(tmp_path):
    processor(tmp_path)
    (tmp_path / "proc/cpuinfo").unlink()
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))

    assert by_channel(opened(tmp_path)) == {"package-0": 1}


def test_a_server_of_intel_without_the_driver_is_advised_to_load_it(tmp_path):
    processor(tmp_path)

    with pytest.raises(SourceAbsent) as absence:
        opened(tmp_path)

    assert absence.value.remedy == "sudo modprobe intel_rapl_msr"


def test_another_processor_has_no_such_counters_and_no_driver_to_load(tmp_path):
    processor(tmp_path, vendor="ARM")

    with pytest.raises(SourceAbsent, match="has no RAPL counters") as absence:
        opened(tmp_path)

    assert absence.value.remedy == ""


@pytest.mark.parametrize(
    ("shown", "apart", "are_mirrored"),
    [
        (10_000_000_000, 10_000_000, True),  # a thousandth
        (10_000_000_000, 10_000_001, False),
        (1_000_000_000, 5_000_000, True),  # or 5 J
        (1_000_000_000, 5_000_001, False),
    ],
)
def test_dies_mirror_one_counter_within_a_thousandth_or_five_joules(tmp_path, shown, apart, are_mirrored):
    processor(tmp_path, vendor="AuthenticAMD")
    write(tmp_path, zone("intel-rapl:0", "package-0-die-0", shown))
    write(tmp_path, zone("intel-rapl:1", "package-0-die-1", shown - apart))
    source = opened(tmp_path)

    assert set(by_channel(source)) == ({"package-0"} if are_mirrored else {"package-0-die-0", "package-0-die-1"})
    assert len(source.notes) == are_mirrored


def test_dies_of_a_processor_are_compared_in_whatever_order_the_kernel_lists_them(tmp_path):
    processor(tmp_path, vendor="AuthenticAMD")
    for number, name in enumerate(("package-0-die-0", "package-1-die-0", "package-0-die-1", "package-1-die-1")):
        write(tmp_path, zone(f"intel-rapl:{number}", name, 10_000_000_000 * (1 + number % 2)))

    assert by_channel(opened(tmp_path)) == {"package-0": 10_000_000_000, "package-1": 20_000_000_000}


def test_a_core_of_amd_is_left_out_and_noted_beside_what_else_is(tmp_path):
    processor(tmp_path, vendor="AuthenticAMD")
    write(tmp_path, zone("intel-rapl:0", "package-0-die-0", 10_000_000_000))
    write(tmp_path, zone("intel-rapl:0:0", "core", 17))
    write(tmp_path, zone("intel-rapl:1", "package-0-die-1", 10_000_000_000))
    write(tmp_path, zone("intel-rapl-mmio:0", "package-0-die-0", 10_000_000_000))
    source = opened(tmp_path)

    assert by_channel(source) == {"package-0": 10_000_000_000}
    assert [note.partition(" left out")[0] for note in source.notes] == [
        "intel-rapl-mmio:0",
        "package-0: 1 more dies",
        "core zones",
    ]


def test_a_processor_of_amd_with_one_package_has_nothing_to_note(tmp_path):
    processor(tmp_path, vendor="AuthenticAMD")
    write(tmp_path, zone("intel-rapl:0", "package-0", 1))

    assert opened(tmp_path).notes == ()

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest
import smbios_tables as smbios
import spd_files
from smbios_tables import Module

from agent.host import Host
from agent.inventory import dmi
from agent.inventory.memory import detect_memory
from impacts.parts import Part

MEMINFO = "MemTotal: {} kB\nMemFree: 1 kB\nMemAvailable: 1 kB\nBuffers: 1 kB\nCached: 1 kB\nActive: 1 kB\nInactive: 1 kB\nShmem: 1 kB\nSlab: 1 kB\n"


def firmware(*modules: tuple[int, int], technology: int = 3) -> dmi.Smbios:
    table = smbios.Table()
    for size_mib, kind in modules:
        table.memory_module("slot", size_mib, kind, technology=technology)
    return dmi.Smbios(dmi.parse(table.finished()))


def host_with(tmp_path, mem_total_kib: int) -> Host:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(MEMINFO.format(mem_total_kib))
    return Host(tmp_path)


def modules(*filled: Module) -> dmi.Smbios:
    table = smbios.Table()
    for module in filled:
        table.module("slot", module)
    return dmi.Smbios(dmi.parse(table.finished()))


def detected(tmp_path, *filled: Module) -> tuple[Part, ...]:
    return detect_memory(Host(tmp_path), modules(*filled))[0]


def test_equal_modules_are_one_part_and_empty_slots_none(tmp_path):
    usual = Part("memory", 2, part_number="M393A4K40CB2-CVF", capacity_gb=16.0, generation="DDR4", speed_mts=2933)
    found = detect_memory(
        Host(tmp_path), firmware((16384, smbios.DDR4), (0, smbios.DDR4), (16384, smbios.DDR4), (8192, smbios.DDR4))
    )

    assert found == ((usual, replace(usual, count=1, capacity_gb=8.0)), ())


def test_modules_of_another_part_number_or_speed_are_another_part(tmp_path):
    usual = Module(16384, smbios.DDR4)
    found = detected(
        tmp_path, usual, replace(usual, part_number="HMA84GR7"), replace(usual, configured_mts=2400), usual
    )

    assert [(part.count, part.part_number, part.speed_mts) for part in found] == [
        (2, "M393A4K40CB2-CVF", 2933),
        (1, "HMA84GR7", 2933),
        (1, "M393A4K40CB2-CVF", 2400),
    ]


@pytest.mark.parametrize(
    ("rated", "configured", "speed"),
    [
        (3200, 2933, 2933),
        (3200, 0, 3200),
        (0, 0, None),
        (4800, 70_000, 70_000),
        (70_000, 0, 70_000),
        (65_535, 65_535, 65_535),
        (4800, 2_000_000, 4800),  # no module does that
    ],
)
def test_the_speed_is_the_configured_one_else_the_highest(tmp_path, rated, configured, speed):
    (part,) = detected(tmp_path, Module(16384, smbios.DDR5, rated_mts=rated, configured_mts=configured))

    assert part.speed_mts == speed


@pytest.mark.parametrize(
    "placeholder",
    [
        "NO DIMM",
        "Not Specified",
        "0x0000",
        "NOT AVAILABLE   ",
        "Unknown",
        "[Empty]",
        "Array1_PartNumber0",
        "A1_PartNum0",
        "ModulePartNumber00",
        "................",
        "  ",
        "OEM_Define4",
        "TBD by ODM",
    ],
)
def test_a_part_number_that_nobody_filled_in_is_none(tmp_path, placeholder):
    (part,) = detected(tmp_path, Module(16384, smbios.DDR4, placeholder))

    assert part.part_number is None


@pytest.mark.parametrize("number", ["HMA84GR7CJR4N-XN  ", "36ASF2G72PZ-2G1A2   ", "840756-091", "M393A4K40BB0-CPB\x00"])
def test_a_part_number_is_what_is_printed_without_its_padding(tmp_path, number):
    (part,) = detected(tmp_path, Module(16384, smbios.DDR4, number.rstrip("\0")))

    assert part.part_number == number.rstrip("\0 ")


@pytest.mark.parametrize(
    ("kind", "generation"),
    [(0x18, "DDR3"), (0x1E, "LPDDR4"), (0x22, "DDR5"), (0x23, "LPDDR5"), (0x21, "HBM2"), (0x24, "HBM3"), (0x01, None)],
)
def test_the_generation_is_the_standards_number(tmp_path, kind, generation):
    (part,) = detected(tmp_path, Module(16384, kind))

    assert part.generation == generation


def test_a_module_of_unknown_size_is_a_module(tmp_path):
    unknown = dmi.Structure(17, bytes(0x0C) + b"\xff\xff" + bytes(20))
    (part,), _ = detect_memory(Host(tmp_path), dmi.Smbios((unknown,)))

    assert part == Part("memory", 1, capacity_gb=None)


def test_a_size_of_32_gb_before_the_extended_field_was_there_is_a_size(tmp_path):
    old = dmi.Structure(17, bytes(0x0C) + b"\xff\x7f" + bytes(0x0D))
    (part,), _ = detect_memory(Host(tmp_path), dmi.Smbios((old,)))

    assert part.capacity_gb == 32767 / 1024


@pytest.mark.parametrize(
    ("made", "years"),
    [
        ({"A": [2021, 2021], "B": [2022]}, {("A", 2021): 2, ("B", 2022): 1}),
        ({"A": [2021, 2023], "B": [2022]}, {("A", 2021): 1, ("A", 2023): 1, ("B", 2022): 1}),
        ({"A": [2021], "B": [2022]}, {("A", None): 2, ("B", 2022): 1}),  # one of A does not report it
        ({"x": [2021] * 3}, {("A", 2021): 2, ("B", 2021): 1}),  # other numbers, but all agree
        ({"x": [2021, 2021, 2022]}, {("A", None): 2, ("B", None): 1}),
        ({}, {("A", None): 2, ("B", None): 1}),
    ],
)
def test_the_year_is_stated_where_it_is_known_whose_it_is(tmp_path, made, years):
    for index, (number, year) in enumerate(
        (number, year) for number, years_made in made.items() for year in years_made
    ):
        spd_files.write_ddr4(tmp_path, f"0-005{index}", number, year)
    a, b = Module(16384, smbios.DDR4, "A"), Module(16384, smbios.DDR4, "B")

    assert {(part.part_number, part.year): part.count for part in detected(tmp_path, a, b, a)} == years


def test_two_kinds_of_module_with_one_number_get_no_year_of_their_number(tmp_path):
    for index, year in enumerate((2021, 2022)):
        spd_files.write_ddr4(tmp_path, f"0-005{index}", "A", year)
    found = detected(tmp_path, Module(16384, smbios.DDR4, "A"), Module(8192, smbios.DDR4, "A"))

    assert [part.year for part in found] == [None, None]


@pytest.mark.parametrize("size_mib", [32767, 32768, 65536, 131072])
def test_a_size_that_does_not_fit_is_taken_from_the_extended_field(tmp_path, size_mib):
    (part,), _ = detect_memory(Host(tmp_path), firmware((size_mib, smbios.DDR5)))

    assert part.capacity_gb == size_mib / 1024
    assert part.generation == "DDR5"


def test_a_size_in_kib_is_a_size_in_kib(tmp_path):
    size = (0x8000 | 16384).to_bytes(2, "little")
    module = dmi.Structure(17, bytes(0x0C) + size + bytes(20))
    (part,), _ = detect_memory(Host(tmp_path), dmi.Smbios((module,)))

    assert part == Part("memory", 1, capacity_gb=16 / 1024)


def test_flash_is_no_memory(tmp_path):
    flash = 0x09
    (part,), _ = detect_memory(Host(tmp_path), firmware((16, flash), (8192, smbios.DDR4)))

    assert (part.count, part.capacity_gb) == (1, 8.0)


def test_persistent_modules_are_left_out_with_a_problem(tmp_path):
    optane = dmi.Smbios(
        firmware((32768, smbios.DDR4)).structures + firmware((131072, smbios.DDR4), technology=0x07).structures
    )
    (part,), (problem,) = detect_memory(Host(tmp_path), optane)

    assert part.capacity_gb == 32.0
    assert problem.reason == "persistent_memory"


@pytest.mark.parametrize(
    ("mem_total_kib", "count", "capacity_gb"),
    [
        (394_868_992, 12, 32.0),  # 384 GB
        (16_233_472, 1, 16.0),
        (24_684_092, 1, 24.0),
        (1_056_386_048, 32, 32.0),  # 1 TB
        (40_500_000, 2, 20.0),
        (460_000, 1, 2.0),
    ],
)
def test_without_firmware_the_total_is_split_into_assumed_modules(tmp_path, mem_total_kib, count, capacity_gb):
    denied = dmi.Smbios((), "DMI is readable by root only", "run as root")
    parts, (problem,) = detect_memory(host_with(tmp_path, mem_total_kib), denied)

    assert parts == (Part("memory", count, capacity_gb=capacity_gb, assumed=True),)
    assert problem.reason == "memory_assumed"
    assert "readable by root only" in problem.what
    assert problem.remedy == "run as root"


@pytest.mark.parametrize("meminfo", [None, "", "MemTotal:\n", "nonsense"])
def test_without_any_source_nothing_is_said(tmp_path, meminfo):
    if meminfo is not None:
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/meminfo").write_text(meminfo)

    assert detect_memory(Host(tmp_path), dmi.Smbios()) == ((), ())

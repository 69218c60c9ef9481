# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import smbios_tables as smbios

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


def test_equal_modules_are_one_part_and_empty_slots_none(tmp_path):
    found = detect_memory(
        Host(tmp_path), firmware((16384, smbios.DDR4), (0, smbios.DDR4), (16384, smbios.DDR4), (8192, smbios.DDR4))
    )

    assert found == (
        (
            Part("memory", 2, capacity_gb=16.0, generation="DDR4"),
            Part("memory", 1, capacity_gb=8.0, generation="DDR4"),
        ),
        (),
    )


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

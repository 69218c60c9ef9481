# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest
import smbios_tables as smbios

from agent.host import Host
from agent.inventory import dmi
from agent.inventory.cpu import detect_cpus, has_hypervisor_flag, read_processors
from impacts.parts import Part

XEON = "Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz"
NO_FIRMWARE = dmi.Smbios((), "DMI is readable by root only", "run as root")


def processors(tmp_path, text: str):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(text)
    return read_processors(Host(tmp_path))


def x86(*packages: int, flags: str = "fpu ht") -> str:
    return "".join(
        f"processor\t: {number}\nmodel name\t: {XEON}\nphysical id\t: {package}\ncpu cores\t: 12\nflags\t\t: {flags}\n\n"
        for number, package in enumerate(packages)
    )


def arm(count: int) -> str:
    return "".join(f"processor\t: {number}\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n" for number in range(count))


def sockets(filled: int, *, empty: int = 0, cores: int = 12) -> dmi.Smbios:
    table = smbios.Table()
    for number in range(filled + empty):
        table.processor("CPU", "Ampere(R)", "Ampere(R) Altra(R) Processor", cores=cores, populated=number < filled)
    return dmi.Smbios(dmi.parse(table.finished()))


def test_packages_are_counted_not_processors(tmp_path):
    seen = processors(tmp_path, x86(0, 1, 0, 1))

    assert detect_cpus(seen, NO_FIRMWARE, virtual=False) == ((Part("cpu", 2, model=XEON, cores=12),), ())


def test_the_firmware_counts_cores_that_are_switched_off(tmp_path):
    seen = processors(tmp_path, x86(0, 1))
    (part,), problems = detect_cpus(seen, sockets(2, cores=300), virtual=False)

    assert (part.count, part.cores, problems) == (2, 300, ())


def test_a_package_that_is_offline_was_manufactured_all_the_same(tmp_path):
    (part,), (problem,) = detect_cpus(processors(tmp_path, x86(0)), sockets(2), virtual=False)

    assert part.count == 2
    assert problem.reason == "cpu_assumed"


def test_an_empty_socket_holds_no_cpu(tmp_path):
    (part,), problems = detect_cpus(processors(tmp_path, x86(0)), sockets(1, empty=1), virtual=False)

    assert (part.count, problems) == (1, ())


def test_a_guests_firmware_is_not_asked_for_sockets(tmp_path):
    (part,), problems = detect_cpus(processors(tmp_path, x86(0)), sockets(2), virtual=True)

    assert (part.count, problems) == (1, ())


def test_a_guest_is_known_by_its_flag_and_not_by_part_of_a_word(tmp_path):
    assert not has_hypervisor_flag(processors(tmp_path, x86(0, flags="fpu nohypervisor")))
    (tmp_path / "proc/cpuinfo").write_text(x86(0, flags="fpu hypervisor lahf_lm"))
    assert has_hypervisor_flag(read_processors(Host(tmp_path)))


def test_arm_sockets_and_models_come_from_the_firmware(tmp_path):
    seen = processors(tmp_path, arm(160))

    assert detect_cpus(seen, sockets(2, cores=80), virtual=False) == (
        (Part("cpu", 2, model="Ampere(R) Altra(R) Processor", cores=80),),
        (),
    )


def test_arm_without_firmware_is_one_package_of_known_cores_with_a_problem(tmp_path):
    (part,), (problem,) = detect_cpus(processors(tmp_path, arm(80)), NO_FIRMWARE, virtual=False)

    assert part == Part("cpu", 1, model="Neoverse-N1", cores=80)
    assert (problem.reason, problem.remedy) == ("cpu_assumed", "run as root")


def test_without_cpuinfo_the_firmware_reports_the_cpus(tmp_path):
    assert read_processors(Host(tmp_path)) == ()
    (part,), _ = detect_cpus((), sockets(1), virtual=False)

    assert part.count == 1


def test_nothing_to_read_is_no_part():
    assert detect_cpus((), NO_FIRMWARE, virtual=False) == ((), ())


@pytest.mark.parametrize(("firmware", "cores"), [(1, 12), (12, 12), (16, 16)])
def test_the_larger_number_of_cores_is_taken(tmp_path, firmware, cores):
    (part,), _ = detect_cpus(processors(tmp_path, x86(0)), sockets(1, cores=firmware), virtual=False)

    assert part.cores == cores


def test_a_socket_whose_name_nobody_filled_in_is_named_by_its_cores(tmp_path):
    table = smbios.Table()
    table.processor("CPU", "x", "Not Specified", cores=80)
    found = dmi.Smbios(dmi.parse(table.finished()))

    assert detect_cpus(processors(tmp_path, arm(80)), found, virtual=False)[0] == (
        Part("cpu", 1, model="Neoverse-N1", cores=80),
    )


@pytest.mark.parametrize(("kind", "count"), [(0x03, 1), (0x02, 1), (0x05, 0), (0x06, 0)])
def test_a_signal_or_video_processor_is_no_cpu(kind, count):
    table = smbios.Table()
    table.processor("CPU", "x", "x", cores=8)
    (cpu, _) = dmi.parse(table.finished())
    other = replace(cpu, formatted=cpu.formatted[:5] + bytes([kind]) + cpu.formatted[6:])

    assert len(detect_cpus((), dmi.Smbios((other,)), virtual=False)[0]) == count


@pytest.mark.parametrize(("wide", "cores"), [(b"", 255), (b"\x20\x01", 288), (b"\0\0", None), (b"\xff\xff", None)])
def test_more_cores_than_a_byte_holds_stand_in_the_wide_field(wide, cores):
    formatted = bytearray(0x2A)
    formatted[0x18], formatted[0x23] = 0x41, 0xFF
    socket = dmi.Structure(dmi.PROCESSOR, bytes(formatted) + wide)

    assert detect_cpus((), dmi.Smbios((socket,)), virtual=False)[0] == (Part("cpu", 1, cores=cores),)


def test_garbage_is_no_processor(tmp_path):
    assert processors(tmp_path, "\x00\xff: :\n\n::::\n\nprocessor") == ({"processor": ""},)

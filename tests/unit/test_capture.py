# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import smbios_tables as smbios
import spd_files

from agent.cli import capture as command
from agent.errors import ConfigError
from agent.host import Host
from agent.inventory import dmi
from agent.inventory.detection import detect
from agent.recording.capture import capture
from agent.recording.captured import open_root, read_recording

if TYPE_CHECKING:
    from pathlib import Path

SERIAL = "SN7XKQ2"
UUID = bytes.fromhex("4c4c4544003358108051b9c04f4e4d32")
BOOT_ID = "0d5ab6b5-3a55-4bd7-9f0c-2b1a3e1f7c11"
COUNTER = "sys/class/powercap/intel-rapl:0/energy_uj"


class StepClock:
    """A clock whose wait changes the machine as time does."""

    def __init__(self, changes) -> None:
        self._seconds = 5000.0
        self._changes = changes

    def monotonic_seconds(self) -> float:
        return self._seconds

    def utc_now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def wait(self, seconds: float) -> None:
        self._seconds += seconds + 0.25
        self._changes()


def put(root: Path, path: str, content: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def firmware() -> bytes:
    table = smbios.Table(serial=SERIAL, uuid=UUID)
    table.bios("Vendor")
    table.system("Dell Inc.", "PowerEdge R740")
    table.board("Dell Inc.", "0H28RR")
    table.chassis("Dell Inc.", smbios.RACK)
    table.processor("CPU1", "Intel", "Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", cores=12)
    table.memory_array(2)
    table.memory_module("A1", 65536, smbios.DDR4)
    table.power_supply(750)
    table.add(11, b"\x01", f"OEM string {SERIAL}")
    table.add(209, UUID, SERIAL)
    return table.finished()


@pytest.fixture
def machine(tmp_path) -> Host:
    """A machine with everything planted that must not be recorded, and symbolic links as sysfs has them."""
    root = tmp_path / "machine"
    put(root, "sys/firmware/dmi/tables/DMI", firmware())
    put(root, "sys/class/dmi/id/sys_vendor", "Dell Inc.\n")
    for name in ("product_serial", "product_uuid", "board_serial", "chassis_asset_tag"):
        put(root, f"sys/class/dmi/id/{name}", f"{SERIAL}\n")
    cpuinfo = (
        "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz\nphysical id\t: 0\ncpu cores\t: 12\n\n"
    )
    put(root, "proc/cpuinfo", cpuinfo + f"Serial\t\t: {SERIAL}\nserial number: {SERIAL}\n")
    put(root, "proc/stat", "cpu  1 0 1 10 0 0 0 0 0 0\n")
    put(root, "proc/sys/kernel/random/boot_id", f"{BOOT_ID}\n")
    for path in ("proc/sys/kernel/hostname", "etc/machine-id", "etc/hostname", "sys/class/net/eth0/address"):
        put(root, path, f"{SERIAL}\n")
    real = root / "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0"
    put(real, "name", "package-0\n")
    put(real, "energy_uj", "1000\n")
    put(real, "max_energy_range_uj", "262143328850\n")
    (root / "sys/class/powercap").mkdir(parents=True)
    (root / "sys/class/powercap/intel-rapl:0").symlink_to(real)
    spd = spd_files.ddr4("M393A4K40CB2-CVF", 2021).replace(spd_files.SERIAL, UUID[:4])
    put(root, "sys/devices/pci0000:00/i2c-0/0-0050/eeprom", spd)
    (root / "sys/bus/i2c/drivers/ee1004").mkdir(parents=True)
    (root / "sys/bus/i2c/drivers/ee1004/0-0050").symlink_to(root / "sys/devices/pci0000:00/i2c-0/0-0050")
    drive = root / "sys/devices/pci0000:00/nvme0n1"
    for path, text in (
        ("size", "1875385008\n"),
        ("wwid", SERIAL),
        ("device/model", "Fast\n"),
        ("device/serial", SERIAL),
    ):
        put(drive, path, text)
    (root / "sys/block").mkdir(parents=True)
    (root / "sys/block/nvme0n1").symlink_to(drive)
    return Host(root, StepClock(lambda: put(root, COUNTER, "2000\n")))


def recorded(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_nothing_that_identifies_the_machine_is_recorded(machine, tmp_path):
    capture(machine, tmp_path / "capture", 5)
    files = recorded(tmp_path / "capture")

    planted = (SERIAL.encode(), BOOT_ID.encode(), UUID, UUID[:4])
    assert any(planted[0] in path.read_bytes() for path in machine.root.rglob("DMI"))  # it was there to be found
    for path, content in files.items():
        assert not any(secret in content for secret in planted), path
    assert files["first/proc/sys/kernel/random/boot_id"] == b"00000000-0000-0000-0000-000000000001\n"


def test_the_firmwares_table_still_shows_what_the_machine_is(machine, tmp_path):
    capture(machine, tmp_path / "capture", 5)
    structures = dmi.parse((tmp_path / "capture/first/sys/firmware/dmi/tables/DMI").read_bytes())

    assert [structure.kind for structure in structures] == [0, 1, 2, 3, 4, 16, 17, 39, 127]
    with open_root(tmp_path / "capture") as host:
        assert detect(host)[0] == detect(machine)[0]


def test_what_firmware_adds_behind_the_standard_is_cut(machine, tmp_path):
    table = smbios.Table()
    table.add(1, bytes([1, 2, 0, 3]) + UUID + bytes([6, 0, 0]) + SERIAL.encode(), "Dell Inc.", "PowerEdge R740", "x")
    put(machine.root, "sys/firmware/dmi/tables/DMI", table.finished())
    capture(machine, tmp_path / "capture", 5)
    content = recorded(tmp_path / "capture")["first/sys/firmware/dmi/tables/DMI"]

    assert SERIAL.encode() not in content
    assert dmi.parse(content)[0].text(0x05) == "PowerEdge R740"


def test_only_what_changed_is_in_the_second_moment(machine, tmp_path):
    capture(machine, tmp_path / "capture", 5)
    files = recorded(tmp_path / "capture")

    assert {path for path in files if path.startswith("second/")} == {f"second/{COUNTER}"}
    assert files[f"first/{COUNTER}"] == b"1000\n"
    assert files[f"second/{COUNTER}"] == b"2000\n"


def test_the_time_between_is_the_time_that_passed_and_not_the_one_asked_for(machine, tmp_path):
    capture(machine, tmp_path / "capture", 5)
    recording = read_recording(tmp_path / "capture")

    assert recording.monotonic_seconds == 5000.0
    assert recording.seconds_between == 5.25
    assert recording.description == "recorded: Dell Inc. PowerEdge R740, 1 x Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz"


def test_a_recording_is_plain_files(machine, tmp_path):
    capture(machine, tmp_path / "capture", 5)

    assert not any(path.is_symlink() for path in (tmp_path / "capture").rglob("*"))


def test_a_recording_can_be_recorded_again(machine, tmp_path):
    capture(machine, tmp_path / "once", 5)
    with open_root(tmp_path / "once") as host:
        capture(host, tmp_path / "twice", 1)

    assert recorded(tmp_path / "twice") == recorded(tmp_path / "once")


def test_a_damaged_table_is_left_out_and_named(machine, tmp_path):
    put(machine.root, "sys/firmware/dmi/tables/DMI", b"\xff\x01" + SERIAL.encode())
    _, (unread,) = capture(machine, tmp_path / "capture", 5)

    assert "damaged" in unread.why
    assert "first/sys/firmware/dmi/tables/DMI" not in recorded(tmp_path / "capture")


def test_a_name_that_toml_would_trip_over_is_recorded_whole(machine, tmp_path):
    put(machine.root, "proc/cpuinfo", 'processor : 0\nmodel name : a "\\b" \x7f\x1bc\nphysical id : 0\n')
    capture(machine, tmp_path / "capture", 5)

    assert 'a "\\b"   c' in read_recording(tmp_path / "capture").description


def test_a_directory_with_something_in_it_is_left_alone(machine, tmp_path):
    put(tmp_path, "capture/notes.txt", "mine")

    with pytest.raises(ConfigError, match="is not empty; name a new directory"):
        capture(machine, tmp_path / "capture", 5)
    assert recorded(tmp_path / "capture") == {"notes.txt": b"mine"}


def test_an_empty_directory_is_used(machine, tmp_path):
    (tmp_path / "capture").mkdir()
    capture(machine, tmp_path / "capture", 5)

    assert (tmp_path / "capture/capture.toml").exists()


@pytest.mark.parametrize("directory", ["none/capture", "machine/proc/stat"])
def test_a_place_that_cannot_be_written_is_named_in_one_line(machine, tmp_path, directory):
    with pytest.raises(ConfigError, match="name a new directory"):
        capture(machine, tmp_path / directory, 5)


def test_nothing_half_written_stays_behind(machine, tmp_path):
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        capture(Host(machine.root, StepClock(interrupt)), tmp_path / "capture", 5)

    assert sorted(tmp_path.iterdir()) == before


def test_the_command_says_what_is_recorded_and_what_is_not(machine, tmp_path, capsys):
    put(machine.root, "sys/firmware/dmi/tables/DMI", b"\xff")
    arguments = argparse.Namespace(directory=tmp_path / "capture", seconds=5.0)

    assert command.execute(arguments, machine) == 0
    printed = capsys.readouterr().out
    assert "not recorded: /sys/firmware/dmi/tables/DMI: " in printed
    assert "1 could not be read" in printed


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "5s", "3601"])
def test_a_time_that_is_none_is_refused(seconds, capsys):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    with pytest.raises(SystemExit):
        parser.parse_args(["DIR", "--seconds", seconds])
    assert "is no number of seconds between 0 and 3600" in capsys.readouterr().err


def test_paths_to_one_drive_stay_recognisable_without_its_name(machine, tmp_path):
    for name, wwid in (("sda", f"naa.{SERIAL}1"), ("sdb", f"naa.{SERIAL}1"), ("sdc", f"naa.{SERIAL}2")):
        put(machine.root, f"sys/block/{name}/size", "4688430768\n")
        put(machine.root, f"sys/block/{name}/device/wwid", f"{wwid}\n")
        put(machine.root, f"sys/block/{name}/device/model", "ST2400MM0129\n")
    capture(machine, tmp_path / "capture", 5)
    files = recorded(tmp_path / "capture")

    names = [files[f"first/sys/block/{name}/device/wwid"] for name in ("sda", "sdb", "sdc")]
    assert names[0] == names[1] != names[2]
    assert not any(SERIAL.encode() in content for content in files.values())
    with open_root(tmp_path / "capture") as host:
        assert detect(host)[0] == detect(machine)[0]
        assert sum(part.count for part in detect(host)[0].of_kind("ssd") if part.model == "ST2400MM0129") == 2


def test_of_the_list_of_pci_names_only_those_in_use_are_recorded(machine, tmp_path):
    for name, text in (("class", "0x020000"), ("vendor", "0x15b3"), ("device", "0x101d")):
        put(machine.root, f"sys/bus/pci/devices/0000:29:00.0/{name}", f"{text}\n")
    put(machine.root, "usr/share/misc/pci.ids", "1000  Other\n\t0001  Else\n15b3  Mellanox\n\t101d  ConnectX-6 Dx\n")
    capture(machine, tmp_path / "capture", 5)

    short = recorded(tmp_path / "capture")["first/usr/share/misc/pci.ids"]
    assert short == b"15b3  Mellanox\n\t101d  ConnectX-6 Dx\n"


def test_of_nvidias_file_only_the_model_is_recorded(machine, tmp_path):
    at = "proc/driver/nvidia/gpus/0000:1b:00.0/information"
    put(machine.root, at, f"Model: \t\t NVIDIA H100 80GB HBM3\nGPU UUID: \t GPU-{SERIAL}\n")
    capture(machine, tmp_path / "capture", 5)

    assert recorded(tmp_path / "capture")[f"first/{at}"] == b"Model: \t\t NVIDIA H100 80GB HBM3\n"

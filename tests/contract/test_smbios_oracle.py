# SPDX-License-Identifier: Apache-2.0
"""dmidecode reads the same SMBIOS tables: same memory modules, CPUs, power supplies, system and chassis.

Tables: what real Linux shows of QEMU's and SeaBIOS' (data/smbios, made by its capture.sh), of the recorded hosts, and
of servers too large for either (smbios_servers.py).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import smbios_servers
import smbios_tables

from agent.host import Host
from agent.inventory import dmi, server
from agent.inventory.cpu import detect_cpus
from agent.inventory.memory import detect_memory
from agent.inventory.psus import detect_psus

pytestmark = pytest.mark.dmidecode

TESTS = Path(__file__).parent.parent
FOLDERS = {
    **{path.parent.name: path.parent for path in TESTS.glob("contract/data/smbios/*/DMI")},
    **{path.parents[5].name: path.parent for path in TESTS.glob("hosts/*/first/sys/firmware/dmi/tables/DMI")},
}
TABLE_AT = 32  # where a dump of dmidecode has the table
STRUCTURE = re.compile(r"^Handle (0x\w+), DMI type (\d+), \d+ bytes\n.*\n((?:\t.*\n)*)", re.MULTILINE)
FIELD = re.compile(r"^\t(\S.*?):(?: (.*))?$", re.MULTILINE)
UNITS_GB = {"kB": 1 / 1024**2, "MB": 1 / 1024, "GB": 1, "TB": 1024}
NOT_FILLED_IN = {"Not Specified", "0x0000", "NO DIMM", "removed", ""}
CHASSIS = {"Other": 0x01, "Main Server Chassis": 0x11, "Notebook": 0x0A, "Rack Mount Chassis": 0x17}
CHASSIS |= {"Multi-system": 0x19, "Blade": 0x1C}


def table_of(name: str) -> tuple[bytes, bytes]:
    """Return an entry point and its table."""
    if name in FOLDERS:
        return (FOLDERS[name] / "smbios_entry_point").read_bytes(), (FOLDERS[name] / "DMI").read_bytes()
    table = smbios_servers.SERVERS[name]().finished()
    return smbios_tables.entry_point(table), table


def dump(entry_point: bytes, table: bytes) -> bytes:
    """Return what `dmidecode --from-dump` reads: the entry point, pointed at the table behind it, and the table."""
    moved = bytearray(entry_point.ljust(TABLE_AT, b"\0"))
    if entry_point.startswith(b"_SM3_"):
        moved[0x10:0x18] = TABLE_AT.to_bytes(8, "little")
        make_sum_zero(moved, slice(0, moved[6]), 5)
    else:
        moved[0x18:0x1C] = TABLE_AT.to_bytes(4, "little")
        make_sum_zero(moved, slice(0x10, 0x1F), 0x15)
        make_sum_zero(moved, slice(0, moved[5]), 4)
    return bytes(moved) + table


def make_sum_zero(entry_point: bytearray, covered: slice, checksum_at: int) -> None:
    entry_point[checksum_at] = 0
    entry_point[checksum_at] = -sum(entry_point[covered]) % 256


class Oracle:
    """What dmidecode says of a table."""

    def __init__(self, name: str, folder: Path) -> None:
        file = folder / "dump"
        file.write_bytes(dump(*table_of(name)))
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        command = [shutil.which("dmidecode", path=path), "--from-dump", str(file)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Invalid" not in printed
        assert "broken" not in printed
        self._structures = [(int(kind), dict(FIELD.findall(fields))) for _, kind, fields in STRUCTURE.findall(printed)]

    def of_kind(self, kind: int) -> list[dict[str, str]]:
        return [fields for number, fields in self._structures if number == kind]


def quantity(text: str, unit: str) -> float | None:
    number, _, its_unit = text.partition(" ")
    return float(number) if its_unit == unit else None


def filled_in(text: str | None) -> str | None:
    return None if text is None or text.strip() in NOT_FILLED_IN else text.strip()


def size_gb(text: str) -> float:
    number, unit = text.split()
    return int(number) * UNITS_GB[unit]


def module(fields: dict[str, str]) -> tuple[object, ...]:
    speeds = [quantity(fields.get(name, ""), "MT/s") for name in ("Configured Memory Speed", "Speed")]
    kind = fields["Type"] if re.fullmatch(r"(LP)?DDR\d?|HBM\d?", fields["Type"]) else None
    return size_gb(fields["Size"]), kind, next(filter(None, speeds), None), filled_in(fields.get("Part Number"))


@pytest.fixture(params=sorted([*FOLDERS, *smbios_servers.SERVERS]))
def name(request) -> str:
    return request.param


@pytest.fixture
def oracle(name, tmp_path) -> Oracle:
    return Oracle(name, tmp_path)


@pytest.fixture
def ours(name) -> dmi.Smbios:
    return dmi.Smbios(dmi.parse(table_of(name)[1]))


@pytest.fixture
def nowhere(tmp_path) -> Host:
    return Host(tmp_path / "nowhere")


def test_there_are_tables_of_real_machines_and_of_large_ones():
    assert len([name for name in FOLDERS if FOLDERS[name].parent.name == "smbios"]) >= 6
    assert {"intel-2s-cascadelake-dram", "amd-2s-epyc-mirrored-dies"} <= set(FOLDERS)
    assert {"two_socket_rack", "four_socket_rack", "blade", "altra", "twin_node"} <= set(smbios_servers.SERVERS)


def test_the_memory_modules_are_the_same(oracle, ours, nowhere):
    parts, _ = detect_memory(nowhere, ours)
    found = Counter()
    for part in parts:
        found[part.capacity_gb, part.generation, part.speed_mts, part.part_number] += part.count

    filled = [fields for fields in oracle.of_kind(17) if fields["Size"] != "No Module Installed"]
    assert filled
    assert found == Counter(map(module, filled))


def test_the_cpus_are_the_same(oracle, ours):
    parts, _ = detect_cpus((), ours, virtual=False)
    found = Counter()
    for part in parts:
        found[part.model, part.cores] += part.count

    filled = [fields for fields in oracle.of_kind(4) if fields["Status"].startswith("Populated")]
    assert filled
    assert found == Counter(
        (filled_in(fields["Version"]), int(fields["Core Count"]) if "Core Count" in fields else None)
        for fields in filled
    )


def test_the_power_supplies_are_the_same(oracle, ours, nowhere):
    parts, _ = detect_psus(nowhere, ours, "rack")
    found = Counter()
    for part in parts:
        if not part.assumed:
            found[part.model, part.rated_watts] += part.count

    assert found == Counter(
        (filled_in(fields["Model Part Number"]), quantity(fields["Max Power Capacity"], "W"))
        for fields in oracle.of_kind(39)
        if fields["Status"].startswith("Present")
    )


def test_the_system_and_its_chassis_are_the_same(oracle, ours, nowhere):
    machine = server.detect_server(nowhere, ours, hypervisor_flag=False)
    (system,) = oracle.of_kind(1)

    assert (machine.manufacturer, machine.model) == (
        filled_in(system["Manufacturer"]),
        filled_in(system["Product Name"]),
    )
    assert server.chassis_type(nowhere, ours) == CHASSIS[oracle.of_kind(3)[0]["Type"]]


def test_every_structure_is_found(oracle, ours):
    assert Counter(structure.kind for structure in ours.structures) == Counter(kind for kind, _ in oracle._structures)  # noqa: SLF001

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import compose_hosts
import jsonschema
import pytest
import smbios_tables as smbios

from agent.cli import inventory as command
from agent.host import Host
from agent.inventory.detection import detect
from agent.inventory.file import read_inventory
from agent.recording.captured import open_root
from impacts.parts import Inventory, Part, Server

HOSTS = compose_hosts.HOSTS
MACHINES = sorted(path.parent.name for path in HOSTS.glob("*/capture.toml"))
OUTPUT_SCHEMA = json.loads((HOSTS.parents[1] / "docs/inventory-output.schema.json").read_text())


def detected(machine: str):
    with open_root(HOSTS / machine) as host:
        return detect(host)


def printed(machine: str, form: str, capsys) -> str:
    with open_root(HOSTS / machine) as host:
        assert command.execute(argparse.Namespace(format=form), host) == 0
    return capsys.readouterr().out


def test_a_rack_server_is_known_without_an_assumption():
    inventory, problems = detected("intel-2s-cascadelake-dram")

    assert inventory == Inventory(
        Server(manufacturer="Dell Inc.", model="PowerEdge R740", form="rack"),
        (
            Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", cores=12),
            Part("memory", 12, part_number="M393A4K40CB2-CVF", capacity_gb=32.0, generation="DDR4", speed_mts=2933),
            Part("ssd", 2, model="INTEL SSDSC2KG96", capacity_gb=960.0, transport="sata"),
            Part("hdd", 4, model="ST14000NM001G-2K", capacity_gb=14000.0, transport="sata"),
            Part("psu", 2, model="0PJMDN", rated_watts=750),
        ),
    )
    assert problems == ()


def test_modules_above_32_gb_are_known():
    inventory, problems = detected("intel-2s-sapphirerapids-psys")

    assert [(part.count, part.capacity_gb, part.generation) for part in inventory.of_kind("memory")] == [
        (16, 64.0, "DDR5")
    ]
    assert inventory.of_kind("ssd") == (
        Part("ssd", 4, model="Dell Ent NVMe v2 AGN MU U.2 3.2TB", capacity_gb=3200.0, transport="nvme"),
    )
    assert problems == ()


def test_firmware_without_power_supplies_is_a_problem():
    inventory, problems = detected("amd-2s-epyc-mirrored-dies")

    assert inventory.of_kind("psu") == (Part("psu", 2, assumed=True),)
    assert {problem.reason for problem in problems} == {"psu_assumed", "drives_behind_array"}


def test_a_laptop_has_one_power_supply():
    assert detected("intel-laptop-psys-mmio")[0].of_kind("psu") == (Part("psu", 1, assumed=True),)


def test_a_guest_has_no_case_and_no_power_supply_and_says_why():
    inventory, problems = detected("kvm-guest-amd-epyc")

    assert inventory.server.virtual
    assert inventory.server.form is None
    assert inventory.of_kind("psu") == ()
    assert "virtual_machine" in {problem.reason for problem in problems}


def test_an_empty_root_is_unknown_and_not_empty():
    inventory, (problem,) = detected("empty-root")

    assert inventory == Inventory(Server(), None)
    assert problem.reason == "parts_unknown"


def test_cpus_without_memory_are_unknown_parts(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor : 0\nmodel name : x\n")
    inventory, (problem,) = detect(Host(tmp_path))

    assert inventory.parts is None
    assert "memory" in problem.what
    assert "CPU" not in problem.what


@pytest.mark.root
def test_an_ordinary_user_gets_assumptions_with_the_remedy(tmp_path):
    root = copied(tmp_path, "intel-2s-cascadelake-dram")
    table = root / "sys/firmware/dmi/tables/DMI"
    table.chmod(0o400)
    tmp_path.chmod(0o755)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(65534)
            inventory, problems = detect(Host(root))
            found = [inventory.server.form, *(f"{problem.reason}: {problem.remedy}" for problem in problems)]
            os.write(write, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        form, *problems = json.load(pipe)

    assert form == "rack"  # everyone may read /sys/class/dmi/id
    assert [problem.partition(":")[0] for problem in problems] == ["memory_assumed", "psu_assumed"]
    assert all("run as root" in problem for problem in problems)


def copied(tmp_path: Path, machine: str) -> Path:
    root = tmp_path / "root"
    for source in (HOSTS / machine / "first").rglob("*"):
        if source.is_file():
            target = root / source.relative_to(HOSTS / machine / "first")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    for ancestor in tmp_path.parents:
        if ancestor.is_relative_to("/tmp") and ancestor != Path("/tmp"):  # noqa: S108
            ancestor.chmod(0o755)
    return root


@pytest.mark.parametrize(
    ("chassis", "form", "psus"),
    [
        (smbios.RACK, "rack", 2),
        (smbios.BLADE, "blade", 0),
        (smbios.TOWER, "tower", 1),
        (smbios.NOTEBOOK, "laptop", 1),
        (smbios.MAIN_SERVER, None, 2),
    ],
)
def test_the_form_is_that_of_the_chassis(tmp_path, chassis, form, psus):
    inventory, _ = detect(machine_of(tmp_path, lambda table: table.chassis("x", chassis)))

    assert inventory.server.form == form
    assert sum(part.count for part in inventory.of_kind("psu")) == psus


def test_a_bay_without_a_power_supply_holds_none(tmp_path):
    def fill(table: smbios.Table) -> None:
        table.power_supply(1100)
        table.power_supply(1100, present=False)

    inventory, problems = detect(machine_of(tmp_path, fill))

    assert inventory.of_kind("psu") == (Part("psu", 1, model="0PJMDN", rated_watts=1100),)
    assert problems == ()


def test_a_rating_that_the_firmware_does_not_know_is_unknown(tmp_path):
    inventory, _ = detect(machine_of(tmp_path, lambda table: table.power_supply(0x8000)))

    assert inventory.of_kind("psu")[0].rated_watts is None


def test_firmware_that_says_it_is_virtual_is_believed(tmp_path):
    assert detect(machine_of(tmp_path, lambda table: table.bios("x", virtual=True)))[0].server.virtual


@pytest.mark.parametrize("maker", ["QEMU", "VMware, Inc.", "Xen", "innotek GmbH"])
def test_a_hypervisors_name_makes_a_guest(tmp_path, maker):
    assert detect(machine_of(tmp_path, lambda table: table.system(maker, "x")))[0].server.virtual


def test_what_nobody_filled_in_is_unknown(tmp_path):
    inventory, _ = detect(machine_of(tmp_path, lambda table: table.system("To Be Filled By O.E.M.", "Default string")))

    assert (inventory.server.manufacturer, inventory.server.model) == (None, None)


def test_a_gpu_server_is_known_part_by_part():
    inventory, problems = detected("intel-2s-hgx-h100")

    assert inventory == Inventory(
        Server(manufacturer="Supermicro", model="SYS-821GE-TNHR", form="rack"),
        (
            Part("cpu", 2, model="Intel(R) Xeon(R) Platinum 8462Y+", cores=32),
            Part("memory", 32, part_number="M321R8GA0BB0-CQKZJ", capacity_gb=64.0, generation="DDR5", speed_mts=4800),
            Part("ssd", 16, model="SAMSUNG MZQL27T6HBLA-00A07", capacity_gb=7680.0, transport="nvme"),
            Part("hdd", 8, model="ST2400MM0129", capacity_gb=2400.0, transport="sas"),
            Part("ssd", 1, model="MR9560-8i", capacity_gb=960.0, assumed=True),
            Part("psu", 6, model="PWS-3K06G-2R", rated_watts=3000),
            Part("gpu", 8, model="NVIDIA H100 80GB HBM3"),
            Part("nic", 8, model="Mellanox MT2910 Family [ConnectX-7]"),
            Part("nic", 1, model="Mellanox MT2892 Family [ConnectX-6 Dx]"),
            Part("storage_controller", 1, model="Broadcom Fusion-MPT 12GSAS/PCIe Secure SAS38xx"),
            Part("storage_controller", 1, model="Broadcom MegaRAID 12GSAS/PCIe Secure SAS39xx"),
        ),
    )
    assert [problem.reason for problem in problems] == ["drives_behind_array"]


def machine_of(root: Path, fill) -> Host:
    table = smbios.Table()
    fill(table)
    table.processor("CPU1", "x", "A processor", cores=8)
    table.memory_module("A1", 16384, smbios.DDR4)
    for path, content in (("sys/firmware/dmi/tables/DMI", table.finished()), ("sys/block/loop0/size", b"0\n")):
        (root / path).parent.mkdir(parents=True)
        (root / path).write_bytes(content)
    return Host(root)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_yaml_is_an_inventory_file_that_reads_back_equal(machine, capsys, tmp_path):
    file = tmp_path / "inventory.yaml"
    file.write_text(printed(machine, "yaml", capsys))

    assert read_inventory(file) == detected(machine)[0]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_json_keeps_to_its_published_schema(machine, capsys):
    document = json.loads(printed(machine, "json", capsys))

    jsonschema.Draft7Validator(OUTPUT_SCHEMA).validate(document)
    assert (document["parts"] is None) == (machine == "empty-root")


def rows_on_a_screen(lines: list[str], columns: int = 80) -> int:
    return sum(max(1, -(-len(line) // columns)) for line in lines)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_text_fits_one_screen_and_ends_with_the_remedies(machine, capsys):
    lines = printed(machine, "text", capsys).splitlines()
    problems = detected(machine)[1]

    assert rows_on_a_screen(lines) <= 24
    assert all(f"  -> {problem.remedy}" in lines for problem in problems)


def test_the_text_marks_what_is_assumed(capsys):
    lines = printed("amd-2s-epyc-mirrored-dies", "text", capsys).splitlines()

    assert [line for line in lines if line.endswith("(assumed)")] == [
        "  hdd       1 x 8000 GB MR9361-8i  (assumed)",
        "  psu       2 x rating unknown  (assumed)",
    ]


@pytest.mark.parametrize(
    ("part", "row"),
    [
        (Part("gpu", 8), "  gpu    8 x model unknown"),
        (Part("ssd", 1, transport="nvme", model="Fast"), "  ssd    1 x nvme Fast, size unknown"),
        (Part("ssd", 1, capacity_gb=960, year=2021), "  ssd    1 x 960 GB of 2021, model unknown"),
        (Part("psu", 2, model="PWS-3K06G"), "  psu    2 x PWS-3K06G, rating unknown"),
    ],
)
def test_the_text_marks_what_is_unknown_of_a_part(part, row):
    assert command.text(Inventory(Server(), (part,)), ()).splitlines()[2] == row


def test_the_text_says_of_which_drives_the_year_is_unknown(capsys):
    lines = printed("intel-2s-cascadelake-dram", "text", capsys).splitlines()

    assert lines[-1] == "  (nothing here states the year of manufacture of: ssd, hdd)"

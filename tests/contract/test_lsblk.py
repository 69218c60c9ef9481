# SPDX-License-Identifier: Apache-2.0
"""lsblk of util-linux reads the same trees: every drive, its size, whether it rotates, its model and transport agree.

What lsblk calls a disk and the inventory does not list has its reason in a table here.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from shutil import copytree

import pytest

from agent.host import Host
from agent.inventory.block_devices import read_block_devices
from agent.inventory.drives import each_drive_once

HOSTS = Path(__file__).parent.parent / "hosts"
MACHINES = sorted(path.parents[2].name for path in HOSTS.glob("*/first/sys/block"))
COLUMNS = "NAME,TYPE,SIZE,ROTA,MODEL,TRAN,RM"

# Disks of lsblk that are none of this machine's drives.
NO_DRIVES = {
    "intel-2s-hgx-h100": {"sdr"},  # the management processor's medium
    "intel-2s-cascadelake-dram": {"sr0"},  # a DVD drive
    "intel-laptop-psys-mmio": {"sda"},  # a USB stick
}
# Disks of lsblk that are another path to a drive, or another namespace of it.
SAME_DRIVES = {"intel-2s-hgx-h100": {*(f"sd{letter}" for letter in "ijklmnop"), "nvme15n2"}}


def lacks_sysroot() -> str:
    """Return why lsblk cannot be asked; empty where it can."""
    try:
        help_text = subprocess.run(["lsblk", "--help"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return "needs lsblk of util-linux"
    return "" if "--sysroot" in help_text else "needs an lsblk that knows --sysroot"


WHY_NOT = lacks_sysroot()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture
def lsblk(tmp_path):
    """Give what lsblk says of a machine. It wants device numbers, which recordings do without."""

    def ask(machine: str) -> dict[str, dict]:
        copytree(HOSTS / machine / "first/sys", tmp_path / "sys")
        by_number = tmp_path / "sys/dev/block"
        by_number.mkdir(parents=True)
        for number, folder in enumerate(sorted((tmp_path / "sys/block").iterdir())):
            (folder / "dev").write_text(f"240:{number}\n")
            (by_number / f"240:{number}").symlink_to(f"../../block/{folder.name}")
        command = ["lsblk", "--sysroot", tmp_path, "--json", "--bytes", "--output", COLUMNS]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        listed = json.loads(output)["blockdevices"] if output.strip() else []
        return {device["name"]: device for device in listed if device["type"] == "disk"}

    return ask


def built_in(machine: str):
    return read_block_devices(Host(HOSTS / machine / "first"))


@pytest.mark.parametrize("machine", MACHINES)
def test_lsblk_knows_the_same_drives(machine, lsblk):
    theirs = {name: disk for name, disk in lsblk(machine).items() if not re.match(r"zram|dm-", name)}
    ours = {device.name: device for device in built_in(machine)}

    assert set(theirs) - NO_DRIVES.get(machine, set()) == set(ours)
    for name, device in ours.items():
        assert int(theirs[name]["size"]) == device.capacity_bytes
        assert theirs[name]["rota"] in {device.rotational, str(int(device.rotational))}
        assert theirs[name]["model"] == device.model
        assert theirs[name]["tran"] in {device.transport, None}  # lsblk needs links that a recording has not


@pytest.mark.parametrize("machine", MACHINES)
def test_each_of_lsblks_disks_is_in_one_drive(machine, lsblk):
    disks = {name for name in lsblk(machine) if not re.match(r"zram|dm-", name)} - NO_DRIVES.get(machine, set())
    drives = each_drive_once(built_in(machine))

    assert {drive.name for drive in drives} == disks - SAME_DRIVES.get(machine, set())


def test_the_big_server_has_24_drives_and_a_volume():
    drives = each_drive_once(built_in("intel-2s-hgx-h100"))

    assert len(drives) == 25
    assert sum(drive.capacity_bytes for drive in drives) == 512 * (
        16 * 15_002_931_888 + 8 * 4_688_430_768 + 1_874_329_600
    )

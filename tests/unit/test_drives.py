# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.host import Host
from agent.inventory.drives import detect_drives
from impacts.parts import Part

GB = 1_953_125  # sectors of 512 bytes


def add(root, name: str, sectors: int, **attributes: str) -> None:
    written = {"size": str(sectors), "removable": "0", "queue/rotational": "0"}
    written |= {key.replace("__", "/"): value for key, value in attributes.items()}
    for path, value in written.items():
        target = root / "sys/block" / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(value + "\n")


def test_equal_drives_are_one_part(tmp_path):
    for name in ("nvme0n1", "nvme1n1"):
        add(tmp_path, name, 960 * GB, device__model="Fast", device__transport="pcie")
    add(tmp_path, "sda", 14000 * GB, device__model="Big", queue__rotational="1")

    assert detect_drives(Host(tmp_path)) == (
        (Part("ssd", 2, model="Fast", capacity_gb=960.0), Part("hdd", 1, model="Big", capacity_gb=14000.0)),
        (),
    )


@pytest.mark.parametrize(
    "name", ["loop0", "ram1", "zram0", "dm-3", "md127", "sr0", "nbd2", "zd16", "fd0", "rbd0", "drbd1", "mmcblk0boot0"]
)
def test_what_is_no_drive_is_none(tmp_path, name):
    add(tmp_path, name, GB, device__model="x")

    assert detect_drives(Host(tmp_path)) == ((), ())


@pytest.mark.parametrize(
    "attributes",
    [
        {"removable": "1", "device__type": "0"},
        {"hidden": "1", "device__type": "0"},
        {"size": "0", "device__type": "0"},
        {"size": "many", "device__type": "0"},
        {"device__transport": "tcp"},
        {"device__transport": "rdma"},
        {},  # no device behind it
    ],
)
def test_what_is_not_built_in_is_left_out(tmp_path, attributes):
    add(tmp_path, "sda", GB, **attributes)

    assert detect_drives(Host(tmp_path)) == ((), ())


@pytest.mark.parametrize("lender", ["rport-1:0-2/target1:0:2", "session1/target2:0:0"])
def test_a_drive_behind_a_network_is_another_machines(tmp_path, lender):
    real = tmp_path / f"sys/devices/pci0000:00/host1/{lender}/block"
    (tmp_path / "sys/block").mkdir(parents=True)
    real.mkdir(parents=True)
    add(real, "sda", GB, device__model="LUN")
    (tmp_path / "sys/block/sda").symlink_to(real / "sys/block/sda")

    assert detect_drives(Host(tmp_path)) == ((), ())


@pytest.mark.parametrize(
    ("sectors", "capacity_gb"),
    [
        (1875385008, 960.0),
        (27344764928, 14000.0),
        (15002931888, 7680.0),
        (3750748848, 1920.0),
        (937703088, 480.0),
        (30005842608, 15360.0),
        (15693664, 8.0),
    ],
)
def test_capacities_are_those_that_drives_are_sold_with(tmp_path, sectors, capacity_gb):
    add(tmp_path, "sda", sectors, device__type="0")
    (part,), _ = detect_drives(Host(tmp_path))

    assert part.capacity_gb == capacity_gb


@pytest.mark.parametrize("model", ["PERC H740P Mini", "LOGICAL VOLUME", "MR9361-8i", "Virtual Disk", "Adaptec RAID 5"])
def test_a_volume_of_an_array_is_a_problem(tmp_path, model):
    add(tmp_path, "sda", 960 * GB, device__model=model)
    (part,), (problem,) = detect_drives(Host(tmp_path))

    assert part.model == model
    assert problem.reason == "drives_behind_array"


@pytest.mark.parametrize(
    "model", ["INTEL SSDSC2KG96", "MZ7LH960HAJR0D3", "SAMSUNG MZVLB512HAJQ-000L7", "ST14000NM001G-2K"]
)
def test_a_drive_of_its_own_is_no_volume(tmp_path, model):
    add(tmp_path, "sda", 960 * GB, device__model=model)

    assert detect_drives(Host(tmp_path))[1] == ()


def test_without_sys_block_the_drives_are_unknown(tmp_path):
    parts, (problem,) = detect_drives(Host(tmp_path))

    assert (parts, problem.reason) == ((), "drives_unknown")


def test_a_machine_without_drives_has_none(tmp_path):
    (tmp_path / "sys/block").mkdir(parents=True)

    assert detect_drives(Host(tmp_path)) == ((), ())

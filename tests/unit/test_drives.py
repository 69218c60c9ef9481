# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.host import Host
from agent.inventory.block_devices import BlockDevice
from agent.inventory.drives import detect_drives, each_drive_once
from impacts.parts import Part

GB = 1_953_125  # sectors of 512 bytes


def sas(number: int, *, channel: int = 0) -> dict[str, str]:
    """Attributes of a SCSI disk at the host `number` of one of the drivers below."""
    return {f"device__scsi_disk__{number}:{channel}:0:0__cache_type": "write through", "device__vendor": "SEAGATE"}


def scsi_host(root, number: int, driver: str) -> None:
    target = root / f"sys/class/scsi_host/host{number}/proc_name"
    target.parent.mkdir(parents=True)
    target.write_text(driver + "\n")


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
        (
            Part("ssd", 2, model="Fast", capacity_gb=960.0, transport="nvme"),
            Part("hdd", 1, model="Big", capacity_gb=14000.0),
        ),
        (),
    )


@pytest.mark.parametrize(
    "name",
    [
        *("loop0", "ram1", "zram0", "dm-3", "md127", "sr0", "nbd2", "zd16", "fd0", "rbd0", "drbd1", "mmcblk0boot0"),
        *("pmem0", "mtdblock3", "bcache0", "nvme0c0n1"),
    ],
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
        {"device__nvme3__transport": "fc"},  # joined by the kernel's own multipath
        {"device__model": "Amazon Elastic Block Store"},
        {"device__type": "SD"},  # a card in a reader
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

    assert (part.model, part.assumed) == (model, True)
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


def test_a_drive_with_two_paths_is_one(tmp_path):
    for name in ("sda", "sdb"):
        add(tmp_path, name, 2400 * GB, device__model="ST2400MM0129", device__wwid="naa.1")
    add(tmp_path, "sdc", 2400 * GB, device__model="ST2400MM0129", device__wwid="naa.2")
    (part,), _ = detect_drives(Host(tmp_path))

    assert part.count == 2


def test_drives_that_share_an_identifier_and_differ_otherwise_are_two(tmp_path):
    add(tmp_path, "sda", 960 * GB, device__model="Cheap", device__wwid="t10.0")
    add(tmp_path, "sdb", 480 * GB, device__model="Cheap", device__wwid="t10.0")

    assert sum(part.count for part in detect_drives(Host(tmp_path))[0]) == 2


def test_namespaces_add_up_to_their_drive(tmp_path):
    for namespace in (1, 2, 3):
        add(tmp_path, f"nvme0n{namespace}", 1280 * GB, device__model="Fast", wwid=f"eui.{namespace}")
    add(tmp_path, "nvme1n1", 3840 * GB, device__model="Fast", wwid="eui.9")
    (part,), _ = detect_drives(Host(tmp_path))

    assert part == Part("ssd", 2, model="Fast", capacity_gb=3840.0, transport="nvme")


def test_a_drive_without_namespaces_is_one_of_unknown_size(tmp_path):
    (tmp_path / "sys/block").mkdir(parents=True)
    for name, transport in (("nvme0", "pcie"), ("nvme1", "tcp")):
        controller = tmp_path / "sys/class/nvme" / name
        controller.mkdir(parents=True)
        (controller / "transport").write_text(transport)
        (controller / "model").write_text("Fast\n")

    assert detect_drives(Host(tmp_path))[0] == (Part("ssd", 1, model="Fast", transport="nvme"),)


@pytest.mark.parametrize(
    ("name", "driver", "attributes", "transport"),
    [
        ("sda", "mpt3sas", {}, "sas"),
        ("sda", "mpt3sas", {"device__vendor": "ATA"}, "sata"),
        ("sda", "mpt3sas", {"device__vendor": "NVMe"}, "nvme"),
        ("sda", "ahci", {"device__vendor": "ATA"}, "sata"),
        ("sda", "usb-storage", {}, "usb"),
        ("sda", "virtio_scsi", {}, "virtio"),
        ("sda", "storvsc", {}, None),
        ("vda", "", {}, "virtio"),
        ("nvme0n1", "", {}, "nvme"),
    ],
)
def test_the_transport_is_that_of_the_drive_itself(tmp_path, name, driver, attributes, transport):
    scsi_host(tmp_path, 7, driver)
    add(tmp_path, name, 960 * GB, **{**sas(7), **attributes})
    (part,), _ = detect_drives(Host(tmp_path))

    assert part.transport == transport


@pytest.mark.parametrize(
    ("way", "transport"),
    [
        ("0000:8b:00.0/host0/port-0:0/expander-0:0/port-0:0:3/end_device-0:0:3/target0:0:3/0:0:3:0", "sas"),
        ("0000:00:14.0/usb2/2-1/2-1:1.0/host9/target9:0:0/9:0:0:0", "usb"),
        ("0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0", "virtio"),
    ],
)
def test_the_transport_follows_from_the_way_to_the_drive(tmp_path, way, transport):
    real = tmp_path / "sys/devices/pci0000:00" / way
    (tmp_path / "sys/block").mkdir(parents=True)
    add(real, "sda", GB, device__model="Disk")
    (tmp_path / "sys/block/sda").symlink_to(real / "sys/block/sda")
    (part,), _ = detect_drives(Host(tmp_path))

    assert part.transport == transport


def test_an_emmc_states_its_model_and_year_and_no_other_drive_does(tmp_path):
    add(tmp_path, "mmcblk0", 31 * GB, device__type="MMC", device__name="DG4032", device__date="03/2019")
    add(tmp_path, "sda", 960 * GB, device__type="0", device__model="Disk", device__date="03/2019")
    parts, _ = detect_drives(Host(tmp_path))

    assert {(part.model, part.year) for part in parts} == {("Disk", None), ("DG4032", 2019)}


def test_a_drive_goes_by_its_first_path_or_namespace():
    paths = [BlockDevice(name, GB, rotational=True, wwid="naa.1") for name in ("sda", "sdb")]
    namespaces = [BlockDevice(f"nvme0n{n}", n * GB, rotational=False, wwid=f"eui.{n}") for n in (1, 2)]

    assert [(drive.name, drive.capacity_bytes) for drive in each_drive_once([*namespaces, *paths])] == [
        ("nvme0n1", 3 * GB),
        ("sda", GB),
    ]

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from trees import write

from agent.host import Host
from agent.inventory.cards import detect_cards, wanted_names
from agent.inventory.pci import read_cards
from agent.inventory.pci_names import excerpt, product, short_vendor
from impacts.parts import Part

PCI_IDS = """\
# a comment
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t740f  Aldebaran/MI200 [Instinct MI210]
10de  NVIDIA Corporation
\t2330  GH100 [H100 SXM5 80GB]
15b3  Mellanox Technologies
\t101d  MT2892 Family [ConnectX-6 Dx]
\t\t15b3 0016  a card, which is no device
C 02  Network controller
\t00  Ethernet controller
"""


def put(root, address: str, class_code: str, numbers: str = "15b3:101d", **files: str) -> None:
    vendor, device = numbers.split(":")
    at = f"sys/bus/pci/devices/{address}"
    written = {"class": f"0x{class_code}00", "vendor": f"0x{vendor}", "device": f"0x{device}", **files}
    write(root, {f"{at}/{name.replace('__', '/')}": value for name, value in written.items()})


def cards(root, *, virtual: bool = False) -> tuple[Part, ...]:
    host = Host(root)
    return detect_cards(host, read_cards(host), virtual=virtual)[0]


def test_a_card_with_two_ports_and_virtual_functions_is_one(tmp_path):
    put(tmp_path, "0000:29:00.0", "0200")
    put(tmp_path, "0000:29:00.1", "0200")
    put(tmp_path, "0000:29:00.2", "0200", "15b3:101e", physfn__class="0x020000")
    put(tmp_path, "0000:29:01.0", "0200", "15b3:101e", physfn__class="0x020000")

    assert cards(tmp_path) == (Part("nic", 1, model="15b3:101d"),)


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("0000:00:1f.6", {}),  # on the root bus
        ("0000:05:00.0", {"label": "Onboard LAN1"}),
        ("0000:05:00.0", {"acpi_index": "2"}),
    ],
)
def test_what_is_soldered_on_is_no_card(tmp_path, address, more):
    put(tmp_path, address, "0200", **more)

    assert cards(tmp_path) == ()


@pytest.mark.parametrize(
    ("class_code", "numbers", "kind"),
    [
        ("0200", "14e4:16d7", "nic"),
        ("0207", "15b3:1021", "nic"),
        ("0208", "8086:24f0", "nic"),
        ("0104", "1000:10e2", "storage_controller"),
        ("0104", "8086:28c0", None),  # volume management in the processor
        ("0107", "1000:00e6", "storage_controller"),
        ("0c04", "1077:2261", "storage_controller"),
        ("0106", "1b4b:9230", None),  # a SATA chip, as boards have it
        ("0108", "144d:a80a", None),  # a drive, which /sys/block shows
        ("0302", "10de:2330", "gpu"),
        ("0300", "10de:2204", "gpu"),
        ("0380", "1002:740f", "gpu"),
        ("0380", "8086:0bd5", "gpu"),
        ("1200", "1da3:1020", "gpu"),
        ("1200", "1002:74a0", None),  # MI300A: its accelerator is in the processor
        ("0300", "1a03:2000", None),  # a management processor's console
        ("0300", "102b:0538", None),
        ("0300", "1002:515e", None),
        ("0680", "10de:22a3", None),  # a switch between cards
        ("0604", "1000:c030", None),
    ],
)
def test_the_class_makes_the_kind(tmp_path, class_code, numbers, kind):
    put(tmp_path, "0000:17:00.0", class_code, numbers)

    assert [part.kind for part in cards(tmp_path)] == ([kind] if kind else [])


def test_a_sata_chip_in_a_slot_is_a_card(tmp_path):
    put(tmp_path, "0000:17:00.0", "0106", "1b4b:9230")
    write(tmp_path, {"sys/bus/pci/slots/4/address": "0000:17:00"})

    assert [part.kind for part in cards(tmp_path)] == ["storage_controller"]


def test_graphics_in_the_processor_are_no_card(tmp_path):
    put(tmp_path, "0000:c5:00.0", "0300", "1002:164e")
    put(tmp_path, "0000:c5:00.2", "1080", "1022:1649")

    assert cards(tmp_path) == ()


def test_a_card_for_network_and_storage_is_one_card(tmp_path):
    put(tmp_path, "0000:17:00.0", "0200", "1077:8070")
    put(tmp_path, "0000:17:00.2", "0c04", "1077:8090")

    assert [(part.kind, part.count) for part in cards(tmp_path)] == [("nic", 1)]


def test_modules_that_the_firmware_labels_are_cards_when_they_are_nvidias(tmp_path):
    put(tmp_path, "0000:1b:00.0", "0302", "10de:2330", label="GPU SXM 1")

    assert [part.kind for part in cards(tmp_path)] == ["gpu"]


def test_of_a_guests_devices_only_accelerators_are_hardware(tmp_path):
    put(tmp_path, "0000:00:03.0", "0200", "1af4:1041")
    put(tmp_path, "0000:01:00.0", "0200", "1af4:1041")
    put(tmp_path, "0000:01:01.0", "0107", "1000:0054")
    put(tmp_path, "0000:00:02.0", "0300", "1234:1111")
    put(tmp_path, "0000:00:05.0", "0302", "10de:20b5")

    assert [part.kind for part in cards(tmp_path, virtual=True)] == ["gpu"]


def test_a_driver_names_its_card_before_the_lists_do(tmp_path):
    put(tmp_path, "0000:1b:00.0", "0302", "10de:2330")
    put(
        tmp_path,
        "0000:43:00.0",
        "0380",
        "1002:740f",
        product_name="AMD Instinct MI210",
        mem_info_vram_total="68702699520",
    )
    information = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 302\nGPU UUID: \t GPU-00000000"
    write(
        tmp_path, {"proc/driver/nvidia/gpus/0000:1b:00.0/information": information, "usr/share/misc/pci.ids": PCI_IDS}
    )

    assert cards(tmp_path) == (
        Part("gpu", 1, model="NVIDIA H100 80GB HBM3"),
        Part("gpu", 1, model="AMD Instinct MI210", capacity_gb=64.0),
    )


@pytest.mark.parametrize("place", ["usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"])
def test_the_distributions_list_names_what_no_driver_does(tmp_path, place):
    put(tmp_path, "0000:1b:00.0", "0302", "10de:2330")
    put(tmp_path, "0000:29:00.0", "0200")
    write(tmp_path, {place: PCI_IDS})

    assert [part.model for part in cards(tmp_path)] == [
        "NVIDIA H100 SXM5 80GB",
        "Mellanox MT2892 Family [ConnectX-6 Dx]",
    ]


def test_without_a_name_the_numbers_are_the_model_and_that_is_a_problem(tmp_path):
    put(tmp_path, "0000:1b:00.0", "0302", "10de:2330")
    host = Host(tmp_path)
    (part,), (problem,) = detect_cards(host, read_cards(host), virtual=False)

    assert part.model == "10de:2330"
    assert problem.reason == "cards_unnamed"
    assert "10de:2330" in problem.what
    assert "pci.ids" in problem.remedy


def test_a_card_that_its_driver_names_needs_no_list(tmp_path):
    put(tmp_path, "0000:1b:00.0", "0302", "10de:2330")
    write(tmp_path, {"proc/driver/nvidia/gpus/0000:1b:00.0/information": "Model: \t\t NVIDIA H100 80GB HBM3"})
    host = Host(tmp_path)

    assert detect_cards(host, read_cards(host), virtual=False)[1] == ()


def test_a_machine_without_pci_has_no_cards(tmp_path):
    assert cards(tmp_path) == ()


def test_an_excerpt_of_the_list_names_the_same(tmp_path):
    put(tmp_path, "0000:1b:00.0", "0302", "10de:2330")
    put(tmp_path, "0000:29:00.0", "0200")
    wanted = wanted_names(read_cards(Host(tmp_path)))
    short = excerpt(PCI_IDS.encode(), wanted)

    assert short == (
        b"10de  NVIDIA Corporation\n\t2330  GH100 [H100 SXM5 80GB]\n"
        b"15b3  Mellanox Technologies\n\t101d  MT2892 Family [ConnectX-6 Dx]\n"
    )
    assert excerpt(short, wanted) == short


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Advanced Micro Devices, Inc. [AMD/ATI]", "AMD"),
        ("Broadcom / LSI", "Broadcom"),
        ("NVIDIA Corporation", "NVIDIA"),
        ("Broadcom Inc. and subsidiaries", "Broadcom"),
    ],
)
def test_vendors_are_called_what_people_call_them(name, short):
    assert short_vendor(name) == short


def test_a_chip_without_another_name_keeps_its_own():
    assert product("Gaudi2") == "Gaudi2"

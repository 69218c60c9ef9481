# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import smbios_tables as smbios
from trees import write

from agent.host import Host
from agent.inventory import dmi
from agent.inventory.server import chassis_type, detect_server, guest_problems, is_node
from impacts.parts import Server

MAIN, EXPANSION, SUB_CHASSIS, ENCLOSURE, ATCA = 0x11, 0x12, 0x13, 0x1D, 0x1B


def firmware(*chassis: int, product: str = "x", board: int = smbios.MOTHERBOARD, maker: str = "x") -> dmi.Smbios:
    table = smbios.Table()
    table.system(maker, product)
    table.board(maker, "x", board)
    for kind in chassis:
        table.chassis(maker, kind)
    return dmi.Smbios(dmi.parse(table.finished()))


def detected(root, found: dmi.Smbios, *, hypervisor_flag: bool = False) -> Server:
    return detect_server(Host(root), found, hypervisor_flag=hypervisor_flag)


@pytest.mark.parametrize(
    ("chassis", "form"),
    [
        ([smbios.RACK], "rack"),
        ([smbios.TOWER], "tower"),
        ([smbios.BLADE], "blade"),
        ([ATCA], "blade"),
        ([smbios.MULTI_SYSTEM], "blade"),
        ([ENCLOSURE, smbios.BLADE], "blade"),
        ([smbios.RACK, smbios.BLADE], "blade"),  # the enclosure is reported, too
        ([smbios.PERIPHERAL, EXPANSION, smbios.RACK], "rack"),
        ([smbios.RACK, smbios.TOWER], "rack"),  # the machine's own comes first
        ([SUB_CHASSIS], None),
        ([MAIN], None),
        ([smbios.NOTEBOOK], "laptop"),
        ([0x1F], "laptop"),  # convertible
        ([0x03], "desktop"),
        ([0x0D], "all_in_one"),
        ([0x23], "mini_pc"),
        ([0x22], "embedded"),
        ([0x01], None),
        ([], None),
    ],
)
def test_the_form_is_that_of_the_machines_own_chassis(tmp_path, chassis, form):
    assert detected(tmp_path, firmware(*chassis)).form == form


@pytest.mark.parametrize(
    ("case", "product", "form"),
    [
        (0x03, "ProLiant ML30 Gen10", "tower"),  # a server in a desktop's case
        (smbios.TOWER, "PowerEdge T440", "tower"),
        (smbios.TOWER, "OptiPlex 7080 Tower", "desktop"),
        (smbios.TOWER, "Precision 5860 Tower", "workstation"),
        (smbios.TOWER, "ThinkStation P620", "workstation"),
        (smbios.RACK, "Precision 3930 Rack", "workstation"),
        (0x10, "Macmini8,1", "mini_pc"),
        (smbios.TOWER, "X11SSH-F", "tower"),
    ],
)
def test_a_case_of_servers_and_of_personal_computers_is_known_by_the_models_name(tmp_path, case, product, form):
    assert detected(tmp_path, firmware(case, product=product)).form == form


def test_a_board_that_is_a_server_blade_makes_a_blade(tmp_path):
    assert detected(tmp_path, firmware(MAIN, board=smbios.SERVER_BLADE)).form == "blade"


@pytest.mark.parametrize(
    "product",
    [
        "PowerEdge C6320",
        "PowerEdge C6525",
        "S2600TP",
        "QuantaPlex T41S-2U",
        "ThinkSystem SD530",
        "SYS-6029BT-HNC0R",
        "SYS-2028TP-HC1R",
        "AS -2124BT-HTR",
        "SYS-F618R2-RT+",
        "SYS-221BT-HNC8R",
    ],
)
def test_a_node_whose_firmware_names_the_whole_chassis_is_known_by_its_name(tmp_path, product):
    found = firmware(smbios.RACK, product=product)

    assert detected(tmp_path, found).form == "blade"
    assert is_node(Host(tmp_path), found)


@pytest.mark.parametrize(
    "product",
    [
        "PowerEdge C4140",
        "PowerEdge R6525",
        "S2600WTT",
        "SYS-6029U-TR4",
        "SYS-420GP-TNR",
        "AS -1014S-WTRT",
        "ThinkSystem SR650",
        "ProLiant DL380 Gen10",
        "D51B-2U (dual 10G LoM)",
    ],
)
def test_a_server_of_its_own_is_no_node(tmp_path, product):
    found = firmware(smbios.RACK, product=product)

    assert detected(tmp_path, found).form == "rack"
    assert not is_node(Host(tmp_path), found)


@pytest.mark.parametrize(("text", "kind"), [("23", 23), ("", 2), ("rack", 2), ("9" * 5000, 2), ("-1", 2)])
def test_without_the_table_the_kernel_reports_the_chassis(tmp_path, text, kind):
    write(tmp_path, {"sys/class/dmi/id/chassis_type": text})

    assert chassis_type(Host(tmp_path), dmi.Smbios()) == kind


@pytest.mark.parametrize(
    ("maker", "product"),
    [
        ("Amazon EC2", "c7g.xlarge"),
        ("Google", "Google Compute Engine"),
        ("Microsoft Corporation", "Virtual Machine"),
        ("Hetzner", "vServer"),
        ("Nutanix", "AHV"),
        ("OpenStack Foundation", "OpenStack Nova"),
        ("Red Hat", "OpenStack Compute"),
        ("Red Hat", "KVM"),
        ("VMware, Inc.", "VMware20,1"),
        ("QEMU", "KVM Virtual Machine"),
        ("Xen", "HVM domU"),
    ],
)
def test_a_guest_is_known_by_its_name_and_has_no_form(tmp_path, maker, product):
    server = detected(tmp_path, firmware(smbios.RACK, maker=maker, product=product))

    assert (server.virtual, server.form) == (True, None)


@pytest.mark.parametrize(
    ("maker", "product"),
    [
        ("Amazon EC2", "c7g.metal"),
        ("Microsoft Corporation", "C2080"),
        ("Google", "Izumi"),
        ("Nutanix", "NX-3060-G7"),
        ("Hetzner", "Server Auction"),
        ("Xenon Systems", "R1"),
    ],
)
def test_a_physical_machine_of_a_maker_of_guests_is_physical(tmp_path, maker, product):
    assert not detected(tmp_path, firmware(smbios.RACK, maker=maker, product=product)).virtual


def test_the_first_guest_of_xen_runs_on_its_own_hardware(tmp_path):
    write(tmp_path, {"proc/xen/capabilities": "control_d"})

    assert not detected(tmp_path, firmware(smbios.RACK), hypervisor_flag=True).virtual


def test_any_other_guest_of_xen_is_a_guest(tmp_path):
    write(tmp_path, {"proc/xen/capabilities": ""})

    assert detected(tmp_path, firmware(smbios.RACK), hypervisor_flag=True).virtual


def test_names_that_nobody_filled_in_are_unknown(tmp_path):
    server = detected(tmp_path, firmware(smbios.RACK, maker="...............", product="System Product Name"))

    assert (server.manufacturer, server.model) == (None, None)


def test_a_guest_has_no_hardware_of_its_own_until_its_share_is_given():
    (problem,) = guest_problems(Server(virtual=True))

    assert "no hardware of its own" in problem.what
    assert "share_of_host" in problem.remedy
    assert guest_problems(Server(virtual=True, share_of_host=0.05)) == ()
    assert guest_problems(Server()) == ()

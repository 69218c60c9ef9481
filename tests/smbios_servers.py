# SPDX-License-Identifier: Apache-2.0
"""SMBIOS tables of large servers: what DMTF DSP0134 has their firmware say, with the quirks that are seen in the field.

usage: smbios_servers.py NAME DIRECTORY   writes a file for each structure, fit for QEMU's `-smbios file=`
"""

from __future__ import annotations

import sys
from pathlib import Path

import smbios_tables as smbios
from smbios_tables import Module, Supply, Table

EMPTY = Module(0, 0x02)
RDIMM_64 = Module(65536, smbios.DDR5, "M321R8GA0BB0-CQKZJ", rated_mts=4800, configured_mts=4800)
RDIMM_32 = Module(32768, smbios.DDR4, "HMA84GR7CJR4N-XN  ", rated_mts=3200, configured_mts=2933)


def two_socket_rack() -> Table:
    """32 DIMMs of two makers in 2 sockets, and 2 power supplies."""
    table = Table()
    table.bios("Dell Inc.")
    table.system("Dell Inc.", "PowerEdge R760")
    table.board("Dell Inc.", "0VRV9X")
    table.chassis("Dell Inc.", smbios.RACK)
    for number in (1, 2):
        table.processor(f"CPU{number}", "Intel", "Intel(R) Xeon(R) Platinum 8480+", cores=56)
    table.memory_array(32)
    other = Module(65536, smbios.DDR5, "MTC40F2046S1RC48BA1", rated_mts=4800, configured_mts=4400)
    for slot in range(32):
        table.module(f"A{slot + 1}", RDIMM_64 if slot < 24 else other)
    for number in (1, 2):
        table.supply(
            Supply(1400, kind=smbios.SWITCHING, bay=f"Bay {number}", model="0CYHHJA01", serial=f"CN0000{number}")
        )
    return table


def four_socket_rack() -> Table:
    """4 sockets of 288 cores, one of them empty; 48 slots of which 36 are filled; 4 power supplies, one bay empty."""
    table = Table()
    table.bios("Lenovo")
    table.system("Lenovo", "ThinkSystem SR950 V3")
    table.board("Lenovo", "SB27A12345")
    table.chassis("Lenovo", smbios.RACK)
    for number in range(4):
        table.processor(
            f"Socket {number}", "Intel(R) Corporation", "INTEL(R) XEON(R) 6980E", cores=288, populated=number < 3
        )
    table.memory_array(48)
    for slot in range(48):
        table.module(f"DIMM {slot + 1}", RDIMM_64 if slot < 36 else EMPTY)
    for number in range(4):
        table.supply(
            Supply(2600, number != 3, smbios.SWITCHING, f"PSU{number + 1}", "ACBE", "SP57A02023", f"A1{number}")
        )
    return table


def blade() -> Table:
    """A blade, whose power supplies are the enclosure's."""
    table = Table()
    table.bios("HPE")
    table.system("HPE", "ProLiant BL460c Gen10")
    table.board("HPE", "ProLiant BL460c Gen10", smbios.SERVER_BLADE)
    table.chassis("HPE", smbios.BLADE)
    for number in (1, 2):
        table.processor(f"Proc {number}", "Intel(R) Corporation", "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", cores=16)
    table.memory_array(16)
    for slot in range(16):
        table.module(f"PROC {slot // 8 + 1} DIMM {slot % 8 + 1}", RDIMM_32 if slot % 2 else EMPTY)
    return table


def altra() -> Table:
    """Two Arm sockets of 128 cores; the firmware's names for a module that is not there stand in empty slots."""
    table = Table()
    table.bios("Ampere(R)")
    table.system("GIGABYTE", "R272-P30-JG")
    table.board("GIGABYTE", "MP32-AR0-00")
    table.chassis("GIGABYTE", smbios.MAIN_SERVER)
    for number in (1, 2):
        table.processor(
            f"CPU {number}", "Ampere(R)", "Ampere(R) Altra(R) Max Processor", cores=128, family=smbios.ARM_V8
        )
    table.memory_array(32)
    for slot in range(32):
        table.module(f"DIMM {slot}", RDIMM_32 if slot % 4 == 0 else EMPTY)
    table.supply(Supply(1600, model="PWS-1K62A-1R", maker="SUPERMICRO", serial="P1", kind=smbios.SWITCHING))
    table.supply(Supply(0x8000, model="PWS-1K62A-1R", maker="SUPERMICRO", serial="P2", kind=smbios.SWITCHING))
    return table


def soldered() -> Table:
    """A superchip: memory in packages beside the CPU, faster than 16 bits can say, and stacked memory."""
    table = Table()
    table.bios("NVIDIA")
    table.system("NVIDIA", "P3880")
    table.board("NVIDIA", "P3880")
    table.chassis("NVIDIA", smbios.RACK)
    table.processor("CPU 0", "NVIDIA", "Grace A02", cores=72, family=smbios.ARM_V8)
    table.memory_array(3)
    lpddr = Module(491520, smbios.LPDDR5, "Not Specified", rated_mts=8533, configured_mts=8532, form=0x0B)
    table.module("LP5x_0", lpddr)
    table.module("HBM_0", Module(24576, smbios.HBM2, "0x0000", rated_mts=70_000, configured_mts=70_000, form=0x10))
    table.module("HBM_1", Module(24576, smbios.HBM2, "NO DIMM", rated_mts=70_000, configured_mts=0, form=0x10))
    return table


def twin_node() -> Table:
    """A node of a chassis that holds several systems: it shows the power supplies that all of them share."""
    table = Table()
    table.bios("HPE")
    table.system("HPE", "ProLiant XL450 Gen10")
    table.board("HPE", "ProLiant XL450 Gen10")
    table.processor("Proc 1", "Intel(R) Corporation", "Intel(R) Xeon(R) Silver 4108 CPU @ 1.80GHz", cores=8)
    table.memory_array(2)
    table.module("PROC 1 DIMM 1", Module(16384, smbios.DDR4, "840756-091", rated_mts=2666, configured_mts=2400))
    table.module("PROC 1 DIMM 2", EMPTY)
    for number in range(3):
        table.supply(Supply(800, bay=" ", maker="HPE", model="865414-B21", serial=f"5W{number}"))
    table.supply(Supply(0x8000, bay=" ", maker="HPE", model="                ", serial="                "))
    table.chassis("HPE", smbios.MULTI_SYSTEM)
    table.chassis("HPE", smbios.MULTI_SYSTEM)
    return table


SERVERS = {made.__name__: made for made in (two_socket_rack, four_socket_rack, blade, altra, soldered, twin_node)}


if __name__ == "__main__":
    for index, structure in enumerate(SERVERS[sys.argv[1]]().structures):
        (Path(sys.argv[2]) / f"{index:03}").write_bytes(structure)

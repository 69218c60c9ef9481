# SPDX-License-Identifier: Apache-2.0
"""What fills a GPU server: the drives, cards and controllers that compose_hosts.py puts into one of its machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import smbios_tables as smbios

if TYPE_CHECKING:
    from compose_hosts import Composed, Cpu

GPUS = ("1b", "43", "52", "61", "9d", "c3", "d1", "df")
INFINIBAND = ("18", "40", "4f", "5e", "9a", "c0", "ce", "dc")
NVME_DRIVES = 16
SAS_DRIVES = 8
NVME_SECTORS = 15_002_931_888  # 7.68 TB
SAS_SECTORS = 4_688_430_768  # 2.4 TB
NVME_MODEL = "SAMSUNG MZQL27T6HBLA-00A07"

PCI_IDS = """\
# names of the devices in this machine
1000  Broadcom / LSI
\t00e6  Fusion-MPT 12GSAS/PCIe Secure SAS38xx
\t10e2  MegaRAID 12GSAS/PCIe Secure SAS39xx
10de  NVIDIA Corporation
\t2330  GH100[H100 SXM5 80GB]
15b3  Mellanox Technologies
\t101d  MT2892 Family [ConnectX-6 Dx]
\t1021  MT2910 Family [ConnectX-7]"""


def firmware(cpu: Cpu, vendor: str, product: str) -> smbios.Table:
    """Return the table of two sockets, 32 modules in 32 slots and six power supplies."""
    table = smbios.Table()
    table.bios("American Megatrends International, LLC.")
    table.system(vendor, product)
    table.board(vendor, "X13DEG-OAD")
    table.chassis(vendor, smbios.RACK)
    for socket in ("CPU1", "CPU2"):
        table.processor(socket, "Intel(R) Corporation", cpu.name, cores=cpu.cores)
    table.memory_array(32)
    module = smbios.Module(65536, smbios.DDR5, "M321R8GA0BB0-CQKZJ", 4800, 4800)
    for slot in range(32):
        table.module(f"P{slot // 16 + 1}-DIMM{slot % 16}", module)
    for bay in range(6):
        table.supply(smbios.Supply(3000, bay=f"PWS{bay + 1}", model="PWS-3K06G-2R"))
    return table


def fill_drive_bays(machine: Composed) -> None:
    """Add 16 NVMe drives, one of them in two namespaces, and 8 SAS drives behind an expander, each by two paths."""
    nvme = {"model": NVME_MODEL, "device__transport": "pcie"}
    for number in range(NVME_DRIVES - 1):
        machine.drive(f"nvme{number}n1", NVME_SECTORS, wwid=f"drive-{number + 1}", **nvme)
    for namespace in (1, 2):
        machine.drive(f"nvme15n{namespace}", NVME_SECTORS // 2, wwid=f"drive-15-{namespace}", **nvme)
    machine.put("sys/class/scsi_host/host0/proc_name", "mpt3sas")
    for path in range(2):
        for number in range(SAS_DRIVES):
            address = f"0:0:{path * 10 + number}:0"
            name = f"sd{chr(ord('a') + path * SAS_DRIVES + number)}"
            sas = {"device__vendor": "SEAGATE", "device__wwid": f"drive-sas-{number}", "device__type": "0"}
            sas[f"device__scsi_disk__{address}__cache_type"] = "write through"
            machine.drive(name, SAS_SECTORS, model="ST2400MM0129", rotational=True, **sas)
    for number in range(SAS_DRIVES):
        machine.drive(f"dm-{number}", SAS_SECTORS, rotational=True)


def fill_with_what_is_no_drive(machine: Composed) -> None:
    """Add the volume that a RAID controller shows in place of its drives, and the management processor's medium."""
    machine.put("sys/class/scsi_host/host1/proc_name", "megaraid_sas")
    volume = {"device__vendor": "BROADCOM", "device__type": "0", "device__wwid": "drive-volume"}
    volume["device__scsi_disk__1:2:0:0__cache_type"] = "write back"
    machine.drive("sdq", 1_874_329_600, model="MR9560-8i", **volume)
    medium = {"device__vendor": "AMI", "device__type": "0", "removable": "1"}
    machine.drive("sdr", 0, model="Virtual HDisk0", rotational=True, **medium)
    machine.drive("loop0", 0)


def fill_slots(machine: Composed) -> None:
    """Add 8 SXM cards, 9 network cards, an HBA, a RAID controller, and what of the board looks like cards."""
    machine.put("usr/share/misc/pci.ids", PCI_IDS)
    for bus in GPUS:
        machine.pci(f"{bus}:00.0", "030200", "10de:2330", "nvidia")
        information = "Model: \t\t NVIDIA H100 80GB HBM3"
        machine.put(f"proc/driver/nvidia/gpus/0000:{bus}:00.0/information", information)
    for bus in INFINIBAND:
        machine.pci(f"{bus}:00.0", "020700", "15b3:1021", "mlx5_core")
    for port in range(2):
        machine.pci(f"29:00.{port}", "020000", "15b3:101d", "mlx5_core")
    for number in range(2, 6):
        machine.pci(f"29:00.{number}", "020000", "15b3:101e", "mlx5_core", physfn__class="0x020000")
    machine.pci("8b:00.0", "010700", "1000:00e6", "mpt3sas")
    machine.pci("8c:00.0", "010400", "1000:10e2", "megaraid_sas")
    for number in range(NVME_DRIVES):
        machine.pci(f"{0xE0 + number:02x}:00.0", "010802", "144d:a80a", "nvme")
    fill_board(machine)


def fill_board(machine: Composed) -> None:
    """Add what is soldered on or in the processors: bridges, switches, SATA, console, network, volume management."""
    machine.pci("00:00.0", "060000", "8086:09a2", "")
    machine.pci("00:17.0", "010601", "8086:1bd2", "ahci")
    machine.pci("03:00.0", "030000", "1a03:2000", "ast")
    for port in range(2):
        machine.pci(f"05:00.{port}", "020000", "8086:1563", "ixgbe", label=f"Onboard LAN{port + 1}")
    for number in range(7, 11):
        machine.pci(f"{number:02x}:00.0", "068000", "10de:22a3", "nvidia-nvswitch")
    machine.pci("6a:00.5", "010400", "8086:28c0", "vmd")
    machine.pci("6a:01.0", "088000", "8086:0b25", "idxd")

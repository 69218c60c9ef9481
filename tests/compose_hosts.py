# SPDX-License-Identifier: Apache-2.0
"""Composes the captured machines that nobody has recorded, from the layouts of the kernel and the vendors' data sheets.

`python tests/compose_hosts.py` writes them under tests/hosts/; a contract test checks that what is there is what
this writes. Each machine is a dictionary of files at the first moment and one of those that change.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import compose_gpu_server
import smbios_tables as smbios

HOSTS = Path(__file__).parent / "hosts"
POWERCAP = "sys/class/powercap/"

INTEL_FLAGS = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss ht tm pbe syscall nx pdpe1gb rdtscp lm constant_tsc art arch_perfmon pebs bts rep_good nopl xtopology nonstop_tsc cpuid aperfmperf pni pclmulqdq dtes64 monitor ds_cpl vmx est tm2 ssse3 sdbg fma cx16 xtpr pdcm sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand lahf_lm abm avx2"
AMD_FLAGS = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx mmxext fxsr_opt pdpe1gb rdtscp lm constant_tsc rep_good nopl nonstop_tsc cpuid extd_apicid amd_dcm aperfmperf rapl pni pclmulqdq monitor ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c rdrand lahf_lm cmp_legacy svm abm sse4a avx2"


@dataclass(frozen=True)
class Cpu:
    """A CPU model as cpuinfo shows it."""

    name: str
    vendor: str
    family: int
    model: int
    stepping: int
    mhz: int
    cache_kb: int
    cores: int
    sockets: int
    flags: str


@dataclass
class Composed:
    """A machine in the making."""

    description: str
    seconds_between: float
    monotonic_seconds: float
    first: dict[str, bytes] = field(default_factory=dict)
    second: dict[str, bytes] = field(default_factory=dict)

    def put(self, path: str, content: str | bytes) -> None:
        self.first[path] = content if isinstance(content, bytes) else f"{content}\n".encode()

    def change(self, path: str, content: str) -> None:
        self.second[path] = f"{content}\n".encode()

    def zone(self, folder: str, name: str, microjoules: tuple[int, int], range_microjoules: int) -> None:
        """Add a powercap zone with its counter at both moments. The class folder is flat, sub-zones and all."""
        at = f"{POWERCAP}{folder}/"
        self.put(at + "name", name)
        self.put(at + "enabled", "1" if name.startswith("package") else "0")
        self.put(at + "max_energy_range_uj", str(range_microjoules))
        self.put(at + "energy_uj", str(microjoules[0]))
        self.change(at + "energy_uj", str(microjoules[1]))

    def chip(self, number: int, name: str, files: dict[str, str], *, folder: str = "", **later: str) -> None:
        """Add a hwmon chip; `later` are the attributes that change. Old drivers keep theirs in its `device/`."""
        at = f"sys/class/hwmon/hwmon{number}/"
        self.put(f"{at}{folder}name", name)
        for attribute, value in files.items():
            self.put(at + (attribute if "/" in attribute else folder + attribute), value)
        for attribute, value in later.items():
            self.change(f"{at}{folder}{attribute}", value)

    def arm_cpus(self, threads: int, part: str, *, busy: float, uptime_seconds: int) -> None:
        """Add /proc/cpuinfo of Arm processors, which name no model, and /proc/stat."""
        block = (
            "processor\t: {}\nBogoMIPS\t: 2000.00\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics\n"
            f"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {part}\nCPU revision\t: 0"
        )
        self.put("proc/cpuinfo", "\n\n".join(block.format(number) for number in range(threads)) + "\n")
        self.load(threads, busy, uptime_seconds)

    def limits(self, folder: str, watts: int, *, peak_watts: int) -> None:
        """Add the power limits of an Intel package."""
        for number, (name, limit) in enumerate((("long_term", watts), ("short_term", peak_watts))):
            at = f"{POWERCAP}{folder}/constraint_{number}_"
            self.put(at + "name", name)
            self.put(at + "max_power_uw", str(watts * 1_000_000))
            self.put(at + "power_limit_uw", str(limit * 1_000_000))

    def cpus(self, cpu: Cpu, *, busy: float, uptime_seconds: int) -> None:
        """Add /proc/cpuinfo and /proc/stat, `busy` of the time between the moments in use."""
        threads = cpu.cores * 2 * cpu.sockets
        self.put("proc/cpuinfo", "\n\n".join(processor(cpu, number) for number in range(threads)) + "\n")
        self.load(threads, busy, uptime_seconds)

    def load(self, threads: int, busy: float, uptime_seconds: int) -> None:
        """Add /proc/stat, `busy` of the time between the moments in use."""
        ticks = round(self.seconds_between * 100)
        booted = uptime_seconds * 100
        self.put("proc/stat", stat(threads, booted // 5, booted - booted // 5))
        used = round(ticks * busy)
        self.change("proc/stat", stat(threads, booted // 5 + used, booted - booted // 5 + ticks - used))

    def memory(self, total_kib: int) -> None:
        self.put("proc/meminfo", meminfo(total_kib))

    def drive(self, name: str, sectors: int, *, model: str = "", rotational: bool = False, **more: str) -> None:
        """Add a block device; `more` are further attributes, dots in their names' paths written as __."""
        at = f"sys/block/{name}/"
        self.put(at + "size", str(sectors))
        self.put(at + "removable", more.pop("removable", "0"))
        self.put(at + "hidden", more.pop("hidden", "0"))
        self.put(at + "queue/rotational", "1" if rotational else "0")
        if model:
            self.put(at + "device/model", model)
        for attribute, value in more.items():
            self.put(at + attribute.replace("__", "/"), value)

    def pci(self, address: str, class_code: str, numbers: str, driver: str, **more: str) -> None:
        """Add a PCI function of domain 0; `numbers` are vendor:device, `more` is as for a drive."""
        vendor, device = numbers.split(":")
        at = f"sys/bus/pci/devices/0000:{address}/"
        self.put(at + "class", f"0x{class_code}")
        self.put(at + "vendor", f"0x{vendor}")
        self.put(at + "device", f"0x{device}")
        uevent = f"DRIVER={driver}\n" if driver else ""
        uevent += f"PCI_CLASS={class_code.lstrip('0').upper()}\nPCI_ID={numbers.upper()}\nPCI_SLOT_NAME=0000:{address}"
        self.put(at + "uevent", uevent)
        for attribute, value in more.items():
            self.put(at + attribute.replace("__", "/"), value)

    def firmware(self, table: smbios.Table, vendor: str, product: str, chassis: int) -> None:
        encoded = table.finished()
        self.put("sys/firmware/dmi/tables/DMI", encoded)
        self.put("sys/firmware/dmi/tables/smbios_entry_point", smbios.entry_point(encoded))
        for name, value in (("sys_vendor", vendor), ("product_name", product), ("chassis_type", str(chassis))):
            self.put(f"sys/class/dmi/id/{name}", value)

    def write(self, directory: Path) -> None:
        for moment in ("first", "second"):
            shutil.rmtree(directory / moment, ignore_errors=True)
        (directory / "first").mkdir(parents=True)
        for path, content in self.files().items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def files(self) -> dict[str, bytes]:
        """Return every file of the recording."""
        record = (
            f'description = "{self.description}"\n'
            "taken = 2026-03-02T10:00:00Z\n"
            f"monotonic_seconds = {self.monotonic_seconds}\n"
            f"seconds_between = {self.seconds_between}\n"
            'agent = "0.1.0"\n'
        )
        first = {f"first/{path}": content for path, content in self.first.items()}
        second = {f"second/{path}": content for path, content in self.second.items()}
        return {"capture.toml": record.encode(), **first, **second}


def processor(cpu: Cpu, number: int) -> str:
    """Return one processor's block of /proc/cpuinfo: cores of the first threads first, as the kernel numbers them."""
    core_of_all = number % (cpu.cores * cpu.sockets)
    socket, core = core_of_all % cpu.sockets, core_of_all // cpu.sockets
    apic = socket * 64 + core * 2 + number // (cpu.cores * cpu.sockets)
    lines = {
        "processor\t": number,
        "vendor_id\t": cpu.vendor,
        "cpu family\t": cpu.family,
        "model\t\t": cpu.model,
        "model name\t": cpu.name,
        "stepping\t": cpu.stepping,
        "cpu MHz\t\t": f"{cpu.mhz}.000",
        "cache size\t": f"{cpu.cache_kb} KB",
        "physical id\t": socket,
        "siblings\t": cpu.cores * 2,
        "core id\t\t": core,
        "cpu cores\t": cpu.cores,
        "apicid\t\t": apic,
        "initial apicid\t": apic,
        "fpu\t\t": "yes",
        "fpu_exception\t": "yes",
        "cpuid level\t": 22 if cpu.vendor == "GenuineIntel" else 13,
        "wp\t\t": "yes",
        "flags\t\t": cpu.flags,
        "bugs\t\t": "spectre_v1 spectre_v2 spec_store_bypass",
        "bogomips\t": f"{2 * cpu.mhz}.00",
        "clflush size\t": 64,
        "cache_alignment\t": 64,
        "address sizes\t": "46 bits physical, 48 bits virtual",
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items()) + "\npower management:"


def stat(threads: int, busy_ticks: int, idle_ticks: int) -> str:
    """Return /proc/stat with the same load on every processor."""

    def line(name: str, times: int) -> str:
        system = busy_ticks // 8
        fields = (busy_ticks - system, 0, system, idle_ticks, 0, 0, 0, 0, 0, 0)
        return f"{name} " + " ".join(str(times * value) for value in fields)

    lines = [line("cpu ", threads), *(line(f"cpu{number}", 1) for number in range(threads))]
    return "\n".join(
        [*lines, "intr 1", "ctxt 1", "btime 1772000000", "processes 1", "procs_running 1", "procs_blocked 0"]
    )


def meminfo(total_kib: int) -> str:
    """Return the lines of /proc/meminfo that its readers look for."""
    shares = {
        "MemTotal": 1.0,
        "MemFree": 0.4,
        "MemAvailable": 0.7,
        "Buffers": 0.01,
        "Cached": 0.28,
        "SwapCached": 0.0,
        "Active": 0.3,
        "Inactive": 0.2,
        "SwapTotal": 0.0,
        "SwapFree": 0.0,
        "Shmem": 0.01,
        "Slab": 0.03,
        "SReclaimable": 0.02,
        "SUnreclaim": 0.01,
    }
    return "\n".join(f"{name + ':':<15} {int(total_kib * share):>9} kB" for name, share in shares.items())


def cascade_lake() -> Composed:
    machine = Composed(
        "composed: two-socket Intel Cascade Lake rack server with DRAM channels; dram-0 wraps", 5.0, 912345.678
    )
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (187634217895, 188110217895), 262143328850)  # 95.2 W
    machine.zone("intel-rapl:0:0", "dram", (65672999613, 51500000), 65712999613)  # 18.3 W across the wrap
    machine.zone("intel-rapl:1", "package-1", (91834407226, 92277907226), 262143328850)  # 88.7 W
    machine.zone("intel-rapl:1:0", "dram", (40113007811, 40197507811), 65712999613)  # 16.9 W
    for folder in ("intel-rapl:0", "intel-rapl:1"):
        machine.limits(folder, 125, peak_watts=150)
    cpu = Cpu("Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", "GenuineIntel", 6, 85, 7, 2700, 19712, 12, 2, INTEL_FLAGS)
    machine.cpus(cpu, busy=0.35, uptime_seconds=912345)
    machine.memory(394_868_992)
    table = dell(cpu, "PowerEdge R740", [32768] * 12 + [0] * 12, smbios.DDR4, watts=750)
    machine.firmware(table, "Dell Inc.", "PowerEdge R740", smbios.RACK)
    for name in ("sda", "sdb"):
        machine.drive(name, 1875385008, model="INTEL SSDSC2KG96", device__vendor="ATA")
    for name in ("sdc", "sdd", "sde", "sdf"):
        machine.drive(name, 27344764928, model="ST14000NM001G-2K", rotational=True, device__vendor="ATA")
    machine.drive("sr0", 2097151, model="DVD-ROM DU90N", rotational=True, removable="1")
    machine.drive("dm-0", 1873281024)
    machine.drive("loop0", 0)
    return machine


def sapphire_rapids() -> Composed:
    machine = Composed(
        "composed: two-socket Intel Sapphire Rapids rack server; psys is intel-rapl:1, package-1 is intel-rapl:2",
        5.0,
        77001.25,
    )
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (23118224609, 23593224609), 262143328850)  # 95.0 W
    machine.zone("intel-rapl:0:0", "dram", (8120348876, 8210348876), 262143328850)  # 18.0 W
    machine.zone("intel-rapl:1", "psys", (19231000000, 20781000000), 60293987000000)  # 310 W in steps of 1 J
    machine.zone("intel-rapl:2", "package-1", (201884033203, 202343033203), 262143328850)  # 91.8 W
    machine.zone("intel-rapl:2:0", "dram", (7955078125, 8041078125), 262143328850)  # 17.2 W
    for folder in ("intel-rapl:0", "intel-rapl:2"):
        machine.limits(folder, 185, peak_watts=222)
    cpu = Cpu("Intel(R) Xeon(R) Gold 6426Y", "GenuineIntel", 6, 143, 8, 2500, 38400, 16, 2, INTEL_FLAGS)
    machine.cpus(cpu, busy=0.22, uptime_seconds=77001)
    machine.memory(1_056_386_048)
    table = dell(cpu, "PowerEdge R760", [65536] * 16 + [0] * 16, smbios.DDR5, watts=1400)
    machine.firmware(table, "Dell Inc.", "PowerEdge R760", smbios.RACK)
    for name in ("nvme0n1", "nvme1n1", "nvme2n1", "nvme3n1"):
        machine.drive(name, 6251233968, model="Dell Ent NVMe v2 AGN MU U.2 3.2TB", device__transport="pcie")
    machine.drive(
        "nvme0c0n1", 6251233968, model="Dell Ent NVMe v2 AGN MU U.2 3.2TB", device__transport="pcie", hidden="1"
    )
    return machine


def mirrored_dies() -> Composed:
    machine = Composed(
        "composed: two-socket AMD EPYC (Zen 1) server; the four dies of a socket show one counter, read microseconds apart",
        8.0,
        240600.5,
    )
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    sockets = ((10359908363, 760_000_000), (48211045532, 704_000_000))  # 95 W and 88 W
    later_by = (329130, 214080, 109160, 0)  # microjoules between the reads of one counter
    for socket, (before, used) in enumerate(sockets):
        for die, later in enumerate(later_by):
            folder = f"intel-rapl:{socket * 4 + die}"
            values = (before + later, before + used + later // 2)
            machine.zone(folder, f"package-{socket}-die-{die}", values, 65532610987)
            core = 1_201_000_000 + die * 77_000_000
            machine.zone(f"{folder}:0", "core", (core, core + 6_400_000), 65532610987)
    cpu = Cpu("AMD EPYC 7351 16-Core Processor", "AuthenticAMD", 23, 1, 2, 2400, 512, 16, 2, AMD_FLAGS)
    machine.cpus(cpu, busy=0.28, uptime_seconds=240600)
    machine.memory(263_921_664)
    vendor, product = "Supermicro", "AS -2023US-TR4"
    table = smbios.Table()
    table.bios("American Megatrends Inc.")
    table.system(vendor, product)
    table.board(vendor, "H11DSU-iN")
    table.chassis(vendor, smbios.MAIN_SERVER)
    for socket in ("CPU1", "CPU2"):
        table.processor(socket, "Advanced Micro Devices, Inc.", cpu.name, cores=cpu.cores)
    table.memory_array(32)
    for slot in range(32):
        table.memory_module(f"P1-DIMM{slot}", 16384 if slot % 2 == 0 else 0, smbios.DDR4)
    machine.firmware(table, vendor, product, smbios.MAIN_SERVER)
    machine.drive("sda", 15623782400, model="MR9361-8i", rotational=True)
    machine.drive("sdb", 123731968, model="SuperMicro SSD")
    machine.drive("md127", 123600000)
    return machine


def laptop() -> Composed:
    machine = Composed("composed: Intel laptop with psys, and package-0 repeated by intel-rapl-mmio", 5.0, 5123.4)
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.put(POWERCAP + "intel-rapl-mmio/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (61034179687, 61096179687), 262143328850)  # 12.4 W
    machine.zone("intel-rapl:0:0", "core", (28018066406, 28058566406), 262143328850)  # 8.1 W
    machine.zone("intel-rapl:0:1", "uncore", (3011230468, 3015730468), 262143328850)  # 0.9 W
    machine.zone("intel-rapl:0:2", "dram", (5222045898, 5228045898), 262143328850)  # 1.2 W
    machine.zone("intel-rapl:1", "psys", (109130859375, 109235859375), 262143328850)  # 21 W
    machine.zone("intel-rapl-mmio:0", "package-0", (61034204101, 61096212345), 262143328850)
    machine.limits("intel-rapl:0", 15, peak_watts=44)
    cpu = Cpu("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "GenuineIntel", 6, 142, 10, 1900, 8192, 4, 1, INTEL_FLAGS)
    machine.cpus(cpu, busy=0.4, uptime_seconds=5123)
    machine.memory(16_233_472)
    vendor, product = "LENOVO", "20L8S00000"
    table = smbios.Table()
    table.bios(vendor)
    table.system(vendor, product)
    table.board(vendor, product)
    table.chassis(vendor, smbios.NOTEBOOK)
    table.processor("U3E1", "Intel(R) Corporation", cpu.name, cores=cpu.cores)
    table.memory_array(2)
    for slot in ("ChannelA-DIMM0", "ChannelB-DIMM0"):
        table.memory_module(slot, 8192, smbios.DDR4)
    machine.firmware(table, vendor, product, smbios.NOTEBOOK)
    machine.drive("nvme0n1", 1000215216, model="SAMSUNG MZVLB512HAJQ-000L7", device__transport="pcie")
    machine.drive("sda", 60063744, model="Ultra Fit", removable="1")
    return machine


def dell(cpu: Cpu, product: str, modules_mib: list[int], generation: int, *, watts: int) -> smbios.Table:
    """Return the table of a two-socket Dell rack server with two power supplies; a slot of 0 MiB is empty."""
    table = smbios.Table()
    table.bios("Dell Inc.")
    table.system("Dell Inc.", product)
    table.board("Dell Inc.", "0H28RR")
    table.chassis("Dell Inc.", smbios.RACK)
    for socket in ("CPU1", "CPU2"):
        table.processor(socket, "Intel", cpu.name, cores=cpu.cores)
    table.memory_array(len(modules_mib))
    for slot, module_mib in enumerate(modules_mib):
        table.memory_module(f"A{slot + 1}", module_mib, generation)
    for _ in range(2):
        table.power_supply(watts)
    return table


def empty_root() -> Composed:
    machine = Composed("composed: an empty root, where nothing can be read", 5.0, 1000.0)
    machine.first[".gitkeep"] = b""
    return machine


def acpi_power_meter() -> Composed:
    machine = Composed(
        "composed: two-socket Intel rack server with an ACPI power meter as kernel 6.1 shows it, beside RAPL",
        5.0,
        66120.5,
    )
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (97634217895, 98049217895), 262143328850)  # 83 W
    machine.zone("intel-rapl:0:0", "dram", (33572999613, 33642999613), 65712999613)  # 14 W
    machine.zone("intel-rapl:1", "package-1", (91834407226, 92229407226), 262143328850)  # 79 W
    machine.zone("intel-rapl:1:0", "dram", (40113007811, 40178007811), 65712999613)  # 13 W
    meter = {
        "power1_average": "287000000",
        "power1_average_interval": "1000",
        "power1_accuracy": "98.0%",
        "power1_is_battery": "0",
        "power1_oem_info": "",
    }
    machine.chip(0, "power_meter", meter, folder="device/", power1_average="291000000")
    machine.chip(1, "coretemp", {"temp1_input": "41000", "temp1_label": "Package id 0"})
    cpu = Cpu("Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz", "GenuineIntel", 6, 85, 7, 2200, 16896, 12, 2, INTEL_FLAGS)
    machine.cpus(cpu, busy=0.3, uptime_seconds=66120)
    machine.memory(197_434_496)
    table = dell(cpu, "PowerEdge R640", [16384] * 12 + [0] * 12, smbios.DDR4, watts=750)
    machine.firmware(table, "Dell Inc.", "PowerEdge R640", smbios.RACK)
    machine.drive("sda", 1875385008, model="INTEL SSDSC2KG96")
    return machine


def pmbus_psus() -> Composed:
    machine = Composed(
        "composed: two-socket AMD server whose two power supplies tell input and output, with a voltage regulator",
        5.0,
        31200.75,
    )
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (11359908363, 12009908363), 65532610987)  # 130 W
    machine.zone("intel-rapl:1", "package-1", (28211045532, 28826045532), 65532610987)  # 123 W
    draws = (("212000000", "215000000", "196000000"), ("208000000", "210500000", "192000000"))
    for number, (first, second, output) in enumerate(draws, start=2):
        files = {"power1_label": "pin", "power1_input": first, "power2_label": "pout1", "power2_input": output}
        machine.chip(number, "dps920ab", files, power1_input=second)
    machine.chip(4, "pmbus", {"power1_label": "pin", "power1_input": "61000000"})
    cpu = Cpu("AMD EPYC 7302 16-Core Processor", "AuthenticAMD", 23, 49, 0, 3000, 512, 16, 2, AMD_FLAGS)
    machine.cpus(cpu, busy=0.5, uptime_seconds=31200)
    machine.memory(263_921_664)
    machine.drive("nvme0n1", 6251233968, model="SAMSUNG MZWLJ3T8HBLS-00007", device__transport="pcie")
    return machine


def nvidia_grace() -> Composed:
    machine = Composed(
        "composed: NVIDIA Grace superchip, two sockets, ACPI meters of module, Grace, CPU and SysIO each", 5.0, 5120.25
    )
    watts = {"Module": (221, 229), "Grace": (168, 174), "CPU": (121, 126), "SysIO": (34, 35)}
    meters = [(socket, name) for socket in (0, 1) for name in watts]
    for number, (socket, name) in enumerate(meters):
        first, second = (watt - 3 * socket for watt in watts[name])
        files = {
            "power1_average": f"{first}000000",
            "power1_average_interval": "50",
            "power1_accuracy": "100.0%",
            "power1_is_battery": "0",
            "power1_oem_info": f"{name} Power Socket {socket}",
        }
        machine.chip(number, "power_meter", files, folder="device/", power1_average=f"{second}000000")
    machine.arm_cpus(144, "0xd4f", busy=0.6, uptime_seconds=5120)
    machine.memory(489_684_992)
    machine.drive("nvme0n1", 3750748848, model="SAMSUNG MZQL21T9HCJR-00A07", device__transport="pcie")
    return machine


def ampere_altra() -> Composed:
    machine = Composed(
        "composed: Ampere Altra server, one socket: power of its cores and of the rest of it", 5.0, 8850.5
    )
    files = {
        "power1_label": "CPU power",
        "power1_input": "74250000",
        "power2_label": "IO power",
        "power2_input": "31500000",
        "temp1_input": "52000",
        "temp1_label": "SoC Temperature",
    }
    machine.chip(0, "apm_xgene", files, power1_input="77125000", power2_input="31750000")
    machine.chip(1, "nvme", {"temp1_input": "38850", "temp1_label": "Composite"})
    machine.arm_cpus(80, "0xd0c", busy=0.4, uptime_seconds=8850)
    machine.memory(263_526_784)
    machine.drive("nvme0n1", 1875385008, model="Micron_7300_MTFDHBE960TDF", device__transport="pcie")
    return machine


def amdgpu_server() -> Composed:
    machine = Composed("composed: AMD server with two Instinct cards, one of which tells its power now", 5.0, 17340.0)
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (41359908363, 42149908363), 65532610987)  # 158 W
    cards = (
        ("0000:43:00.0", "power1_average", "187000000", "193000000"),
        ("0000:c3:00.0", "power1_input", "42000000", "41000000"),
    )
    for number, (address, attribute, first, second) in enumerate(cards, start=3):
        files = {
            "power1_label": "PPT",
            attribute: first,
            "power1_cap": "300000000",
            "device/uevent": f"DRIVER=amdgpu\nPCI_CLASS=38000\nPCI_ID=1002:740F\nPCI_SLOT_NAME={address}",
        }
        machine.chip(number, "amdgpu", files, **{attribute: second})
        machine.pci(
            address.removeprefix("0000:"),
            "038000",
            "1002:740f",
            "amdgpu",
            product_name="AMD Instinct MI210",
            mem_info_vram_total="68702699520",
        )
    cpu = Cpu("AMD EPYC 7763 64-Core Processor", "AuthenticAMD", 25, 1, 1, 2450, 512, 64, 1, AMD_FLAGS)
    machine.cpus(cpu, busy=0.25, uptime_seconds=17340)
    machine.memory(527_843_328)
    machine.drive("nvme0n1", 7501476528, model="SAMSUNG MZQL23T8HCLS-00A07", device__transport="pcie")
    return machine


def cray_ex() -> Composed:
    machine = Composed(
        "composed: HPE Cray EX node, one AMD CPU and four accelerators, with pm_counters beside RAPL", 5.0, 90210.5
    )
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (31359908363, 32009908363), 65532610987)  # 130 W
    joules = {"": (512345678, 7450), "cpu_": (81234567, 655), "memory_": (30234567, 250)}  # 1490, 131 and 50 W
    joules |= {f"accel{card}_": (98765432 + card, 1400 + 5 * card) for card in range(4)}  # 280 W and a little more
    for name, (before, used) in joules.items():
        path = f"sys/cray/pm_counters/{name}energy"
        machine.put(path, f"{before} J 1709373600000000 us")
        machine.change(path, f"{before + used} J 1709373605000000 us")
    machine.put("sys/cray/pm_counters/freshness", "902105")
    machine.change("sys/cray/pm_counters/freshness", "902155")
    cpu = Cpu("AMD EPYC 7A53 64-Core Processor", "AuthenticAMD", 25, 48, 1, 2000, 512, 64, 1, AMD_FLAGS)
    machine.cpus(cpu, busy=0.2, uptime_seconds=90210)
    machine.memory(527_843_328)
    return machine


def hgx_server() -> Composed:
    machine = Composed(
        "composed: two-socket Intel server with 8 NVIDIA H100 SXM, 24 drives, 32 modules, 9 network cards, HBA and RAID",
        5.0,
        402_310.5,
    )
    machine.put(POWERCAP + "intel-rapl/enabled", "1")
    machine.zone("intel-rapl:0", "package-0", (97634217895, 98684217895), 262143328850)  # 210 W
    machine.zone("intel-rapl:1", "package-1", (91834407226, 92819407226), 262143328850)  # 197 W
    meter = {
        "power1_average": "5610000000",
        "power1_average_interval": "1000",
        "power1_accuracy": "98.0%",
        "power1_is_battery": "0",
        "power1_oem_info": "",
    }
    machine.chip(0, "power_meter", meter, power1_average="5740000000")
    cpu = Cpu("Intel(R) Xeon(R) Platinum 8462Y+", "GenuineIntel", 6, 143, 8, 2800, 61440, 32, 2, INTEL_FLAGS)
    machine.cpus(cpu, busy=0.3, uptime_seconds=402_310)
    machine.memory(2_113_000_000)
    vendor, product = "Supermicro", "SYS-821GE-TNHR"
    machine.firmware(compose_gpu_server.firmware(cpu, vendor, product), vendor, product, smbios.RACK)
    compose_gpu_server.fill_drive_bays(machine)
    compose_gpu_server.fill_with_what_is_no_drive(machine)
    compose_gpu_server.fill_slots(machine)
    return machine


COMPOSED = {
    "intel-2s-hgx-h100": hgx_server,
    "acpi-power-meter": acpi_power_meter,
    "pmbus-psus": pmbus_psus,
    "nvidia-grace": nvidia_grace,
    "ampere-altra": ampere_altra,
    "amdgpu-server": amdgpu_server,
    "cray-ex": cray_ex,
    "intel-2s-cascadelake-dram": cascade_lake,
    "intel-2s-sapphirerapids-psys": sapphire_rapids,
    "amd-2s-epyc-mirrored-dies": mirrored_dies,
    "intel-laptop-psys-mmio": laptop,
    "empty-root": empty_root,
}

if __name__ == "__main__":
    for name, compose in COMPOSED.items():
        compose().write(HOSTS / name)

# SPDX-License-Identifier: Apache-2.0
"""Writes SMBIOS tables, byte by byte after DMTF DSP0134 and without the agent's own encoder, for captured machines and tests."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import count

DDR4, LPDDR5, DDR5, HBM2 = 0x1A, 0x23, 0x22, 0x21
RACK, MAIN_SERVER, NOTEBOOK, BLADE, TOWER, MULTI_SYSTEM, PERIPHERAL = 0x17, 0x11, 0x0A, 0x1C, 0x07, 0x19, 0x15
MOTHERBOARD, SERVER_BLADE = 0x0A, 0x03
XEON, ARM_V8 = 0x00B3, 0x0101
_FAMILY_IS_ELSEWHERE = 0xFE
SWITCHING, BATTERY, REGULATOR = 4, 5, 8


@dataclass(frozen=True)
class Module:
    """What fills a memory slot; a size of 0 leaves it empty."""

    size_mib: int
    kind: int
    part_number: str = "M393A4K40CB2-CVF"
    rated_mts: int = 3200
    configured_mts: int = 2933
    technology: int = 3  # DRAM
    form: int = 9  # DIMM


@dataclass(frozen=True)
class Supply:
    """What fills a power supply's bay."""

    watts: int
    present: bool = True
    kind: int = REGULATOR
    bay: str = "PSU bay"
    maker: str = "DELTA"
    model: str = "0PJMDN"
    serial: str = ""  # the table's own where empty


class Table:
    """A table in the making; handles are given in order."""

    def __init__(self, *, serial: str = "removed", uuid: bytes = bytes(16)) -> None:
        self._serial = serial
        self._uuid = uuid
        self._handles = count(0x1000)
        self.structures: list[bytes] = []

    def add(self, kind: int, body: bytes, *strings: str) -> None:
        """Append a structure: its formatted area after the header, then its strings."""
        header = struct.pack("<BBH", kind, 4 + len(body), next(self._handles))
        assert all(strings), "an empty string ends the structure"
        texts = b"".join(string.encode() + b"\0" for string in strings) or b"\0"
        self.structures.append(header + body + texts + b"\0")

    def finished(self) -> bytes:
        """Return the table with its end mark."""
        self.add(127, b"")
        return b"".join(self.structures)

    def bios(self, vendor: str, *, virtual: bool = False) -> None:
        extension = bytes([0x03, 0x1C if virtual else 0x0C])
        self.add(
            0,
            struct.pack("<BBHBBQ", 1, 2, 0, 3, 0xFF, 0x08) + extension + b"\xff\xff\xff\xff",
            vendor,
            "1.0.0",
            "01/01/2020",
        )

    def system(self, manufacturer: str, product: str) -> None:
        self.add(1, bytes([1, 2, 0, 3]) + self._uuid + bytes([6, 0, 0]), manufacturer, product, self._serial)

    def board(self, manufacturer: str, product: str, kind: int = MOTHERBOARD) -> None:
        self.add(2, bytes([1, 2, 0, 3, 3, 0x09, 3, 0, 0, kind]), manufacturer, product, self._serial)

    def chassis(self, manufacturer: str, kind: int) -> None:
        lock = 0x80
        body = struct.pack("<BBBBBBBBBIBBBB", 1, kind | lock, 0, 2, 2, 3, 3, 3, 2, 0, 2, 2, 0, 0)
        self.add(3, body, manufacturer, self._serial)

    def processor(  # noqa: PLR0913 -- as many as the structure has
        self,
        socket: str,
        manufacturer: str,
        version: str,
        *,
        cores: int,
        populated: bool = True,
        family: int = XEON,
    ) -> None:
        status = 0x41 if populated else 0x00
        short_cores = min(cores, 0xFF)
        body = struct.pack(
            "<BBBBQBBHHHBBHHHBBBBBBHH",
            *(1, 3, min(family, _FAMILY_IS_ELSEWHERE), 2, 0, 3, 0x92, 0, 4000, 2700, status, 0x36),
            *(0xFFFF, 0xFFFF, 0xFFFF, 4, 4, 4, short_cores, short_cores, min(cores * 2, 0xFF), 0xFC, family),
        )
        self.add(4, body + struct.pack("<HHH", cores, cores, cores * 2), socket, manufacturer, version, self._serial)

    def memory_array(self, slots: int) -> None:
        self.add(16, struct.pack("<BBBIHHQ", 3, 3, 6, 0x80000000, 0xFFFE, slots, 2**42))

    def memory_module(self, locator: str, size_mib: int, kind: int, *, technology: int = 3) -> None:
        """Append a slot with a usual module; size 0 leaves it empty."""
        self.module(locator, Module(size_mib, kind, technology=technology))

    def module(self, locator: str, module: Module) -> None:
        """Append a slot and what fills it. Speeds above 65,534 MT/s go where SMBIOS 3.3 puts them."""
        short = min(module.size_mib, 0x7FFF)
        extended = module.size_mib if short == 0x7FFF else 0
        size_and_kind = (0x1000, 0xFFFE, 72, 64, short, module.form, 0, 1, 2, module.kind, 0x2080)
        speeds = (module.rated_mts, module.configured_mts)
        shorts = [min(speed, 0xFFFF) for speed in speeds]
        body = struct.pack("<HHHHHBBBBBH", *size_and_kind)
        body += struct.pack("<HBBBBBIHHHH", shorts[0], 3, 4, 4, 5, 2, extended, shorts[1], 1200, 1200, 1200)
        body += bytes([module.technology]) + bytes(27)
        if 0xFFFF in shorts:
            body += bytes(0x54 - 4 - len(body)) + struct.pack("<II", *speeds)
        strings = (locator, "bank", "Samsung", self._serial, module.part_number)
        self.add(17, body, *(strings if module.size_mib else strings[:2]))

    def power_supply(self, watts: int, *, present: bool = True) -> None:
        self.supply(Supply(watts, present))

    def supply(self, supply: Supply) -> None:
        """Append a power supply's bay and what fills it."""
        characteristics = supply.kind << 10 | 0x01A0 | (0x02 if supply.present else 0x00)
        body = struct.pack(
            "<BBBBBBBBHHHHH", 1, 1, 2, 3, 4, 4, 5, 0, supply.watts, characteristics, 0xFFFF, 0xFFFF, 0xFFFF
        )
        self.add(39, body, supply.bay, "PWR SPLY", supply.maker, supply.serial or self._serial, supply.model)


def entry_point(table: bytes) -> bytes:
    """Return the SMBIOS 3 entry point for a table that follows it at offset 32, as in a dump of dmidecode."""
    unsummed = b"_SM3_\0" + struct.pack("<BBBBBBIQ", 24, 3, 3, 0, 1, 0, len(table), 32)
    checksum = -sum(unsummed) % 256
    return unsummed[:5] + bytes([checksum]) + unsummed[6:]

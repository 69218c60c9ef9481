# SPDX-License-Identifier: Apache-2.0
"""Writes SMBIOS tables, byte by byte after DMTF DSP0134 and without the agent's own encoder, for captured machines and tests."""

from __future__ import annotations

import struct
from itertools import count

DDR4, DDR5 = 0x1A, 0x22
RACK, MAIN_SERVER, NOTEBOOK, BLADE, TOWER = 0x17, 0x11, 0x0A, 0x1C, 0x07


class Table:
    """A table in the making; handles are given in order."""

    def __init__(self, *, serial: str = "removed", uuid: bytes = bytes(16)) -> None:
        self._serial = serial
        self._uuid = uuid
        self._bytes = b""
        self._handles = count(0x1000)

    def add(self, kind: int, body: bytes, *strings: str) -> None:
        """Append a structure: its formatted area after the header, then its strings."""
        header = struct.pack("<BBH", kind, 4 + len(body), next(self._handles))
        texts = b"".join(string.encode() + b"\0" for string in strings) or b"\0"
        self._bytes += header + body + texts + b"\0"

    def finished(self) -> bytes:
        """Return the table with its end mark."""
        self.add(127, b"")
        return self._bytes

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

    def board(self, manufacturer: str, product: str) -> None:
        self.add(2, bytes([1, 2, 0, 3, 3, 0x09, 3, 0, 0, 0x0A]), manufacturer, product, self._serial)

    def chassis(self, manufacturer: str, kind: int) -> None:
        lock = 0x80
        body = struct.pack("<BBBBBBBBBIBBBB", 1, kind | lock, 0, 2, 2, 3, 3, 3, 2, 0, 2, 2, 0, 0)
        self.add(3, body, manufacturer, self._serial)

    def processor(
        self,
        socket: str,
        manufacturer: str,
        version: str,
        *,
        cores: int,
        populated: bool = True,
    ) -> None:
        status = 0x41 if populated else 0x00
        short_cores = min(cores, 0xFF)
        body = struct.pack(
            "<BBBBQBBHHHBBHHHBBBBBBHH",
            *(1, 3, 0xB3, 2, 0, 3, 0x92, 0, 4000, 2700, status, 0x36, 0xFFFF, 0xFFFF, 0xFFFF, 4, 4, 4),
            *(short_cores, short_cores, min(cores * 2, 0xFF), 0xFC, 0xB3),
        )
        self.add(4, body + struct.pack("<HHH", cores, cores, cores * 2), socket, manufacturer, version, self._serial)

    def memory_array(self, slots: int) -> None:
        self.add(16, struct.pack("<BBBIHHQ", 3, 3, 6, 0x80000000, 0xFFFE, slots, 2**42))

    def memory_module(self, locator: str, size_mib: int, kind: int, *, technology: int = 3) -> None:
        """Append a slot; size 0 leaves it empty."""
        short = min(size_mib, 0x7FFF)
        extended = size_mib if short == 0x7FFF else 0
        size_and_kind = struct.pack("<HHHHHBBBBBH", 0x1000, 0xFFFE, 72, 64, short, 9, 0, 1, 2, kind, 0x2080)
        speed_to_voltage = struct.pack("<HBBBBBIHHHH", 3200, 3, 4, 4, 5, 2, extended, 2933, 1200, 1200, 1200)
        strings = (locator, "bank", "Samsung", self._serial, "M393A4K40CB2-CVF") if size_mib else (locator, "bank")
        self.add(17, size_and_kind + speed_to_voltage + bytes([technology]) + bytes(27), *strings)

    def power_supply(self, watts: int, *, present: bool = True) -> None:
        characteristics = 0x21A0 | (0x02 if present else 0x00)
        body = struct.pack("<BBBBBBBBHHHHH", 1, 1, 2, 3, 4, 4, 5, 0, watts, characteristics, 0xFFFF, 0xFFFF, 0xFFFF)
        self.add(39, body, "PSU bay", "PWR SPLY", "DELTA", self._serial, "0PJMDN")


def entry_point(table: bytes) -> bytes:
    """Return the SMBIOS 3 entry point for a table that follows it at offset 32, as in a dump of dmidecode."""
    unsummed = b"_SM3_\0" + struct.pack("<BBBBBBIQ", 24, 3, 3, 0, 1, 0, len(table), 32)
    checksum = -sum(unsummed) % 256
    return unsummed[:5] + bytes([checksum]) + unsummed[6:]

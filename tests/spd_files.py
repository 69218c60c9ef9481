# SPDX-License-Identifier: Apache-2.0
"""Writes SPD EEPROMs of memory modules where the kernel's drivers show them, after JEDEC 21-C annex L and JESD400-5."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SERIAL = b"\xde\xad\xbe\xef"


def ddr4(part_number: str, year: int, week: int = 7) -> bytes:
    content = bytearray(512)
    content[2] = 0x0C
    content[323:325] = _bcd(year % 100, week)
    content[325:329] = SERIAL
    content[329:349] = part_number.encode().ljust(20)
    content[350:352] = b"\x80\xce"
    return bytes(content)


def ddr5(part_number: str, year: int, week: int = 7) -> bytes:
    content = bytearray(1024)
    content[2] = 0x12
    content[515:517] = _bcd(year % 100, week)
    content[517:521] = SERIAL
    content[521:551] = part_number.encode().ljust(30)
    return bytes(content)


def write(root: Path, driver: str, device: str, content: bytes) -> Path:
    path = root / f"sys/bus/i2c/drivers/{driver}/{device}/eeprom"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def write_ddr4(root: Path, device: str, part_number: str, year: int) -> Path:
    return write(root, "ee1004", device, ddr4(part_number, year))


def _bcd(*numbers: int) -> bytes:
    return bytes(number // 10 << 4 | number % 10 for number in numbers)

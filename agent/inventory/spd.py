# SPDX-License-Identifier: Apache-2.0
"""When a memory module was made: its own SPD EEPROM, where the kernel has bound a driver to it.

Bytes: JEDEC Standard 21-C, annex L (DDR4); JESD400-5 (DDR5). Drivers: ee1004 and
https://docs.kernel.org/hwmon/spd5118.html, both readable by everyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from agent.inventory import dmi

if TYPE_CHECKING:
    from pathlib import Path

    from agent.host import Host

READS = ("sys/bus/i2c/drivers/ee1004/*/eeprom", "sys/bus/i2c/drivers/spd5118/*/eeprom")

_KIND_AT = 2


class _Layout(NamedTuple):
    year_at: int  # the week follows; both in binary-coded decimals
    serial: slice
    part_number: slice  # the last that is read


_LAYOUTS = {
    0x0C: _Layout(323, slice(325, 329), slice(329, 349)),  # DDR4
    0x12: _Layout(515, slice(517, 521), slice(521, 551)),  # DDR5
}
_FIRST_YEAR = 2012  # no DDR4 is older
_WEEKS = 53


@dataclass(frozen=True, slots=True)
class Eeprom:
    """What a module reports of itself."""

    part_number: str | None
    year: int | None


def read_eeproms(host: Host) -> tuple[Eeprom, ...]:
    """Return what each memory module whose EEPROM can be read reports of itself."""
    paths = sorted(path for glob in READS for path in host.root.glob(glob))
    this_year = host.clock.utc_now().year
    return tuple(eeprom for path in paths if (eeprom := _read(path, this_year)))


def _read(path: Path, this_year: int) -> Eeprom | None:
    """Read no more than the few bytes that matter: the bus is slow, and others use it."""
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(_KIND_AT)
            layout = _LAYOUTS.get(int.from_bytes(file.read(1), "little"))
            if layout is None:
                return None
            file.seek(layout.year_at)
            made = file.read(layout.part_number.stop - layout.year_at)
    except OSError:
        return None
    number = made[layout.part_number.start - layout.year_at :].decode("ascii", errors="replace")
    return Eeprom(dmi.named(number.strip(" \0")), _year(made[:2], this_year))


def _year(year_and_week: bytes, this_year: int) -> int | None:
    """Return the year of manufacture, or None where none was written or it is impossible."""
    digits = year_and_week.hex()
    if not (digits.isdecimal() and len(digits) == len("yyww") and 1 <= int(digits[2:]) <= _WEEKS):
        return None
    year = 2000 + int(digits[:2])
    return year if _FIRST_YEAR <= year <= this_year else None


def without_serial(content: bytes) -> bytes:
    """Return the bytes of an EEPROM that are read here, its serial number blanked; none of an unknown kind of EEPROM."""
    layout = _LAYOUTS.get(int.from_bytes(content[_KIND_AT : _KIND_AT + 1], "little"))
    if layout is None:
        return b""
    kept = bytearray(content[: layout.part_number.stop])
    kept[layout.serial] = bytes(len(kept[layout.serial]))
    return bytes(kept)

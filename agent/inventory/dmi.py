# SPDX-License-Identifier: Apache-2.0
"""SMBIOS tables as the kernel hands them out: bytes in, structures out, and back.

Layout: DMTF DSP0134, System Management BIOS Reference Specification, section 6.1.
https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-firmware-dmi-tables
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import ReadFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent.host import Host

TABLE = "/sys/firmware/dmi/tables/DMI"
READS = (TABLE.lstrip("/"),)

BIOS, SYSTEM, BOARD, CHASSIS, PROCESSOR, MEMORY_ARRAY, MEMORY_DEVICE, POWER_SUPPLY = 0, 1, 2, 3, 4, 16, 17, 39
END_OF_TABLE = 127

_HEADER_BYTES = 4
_TERMINATOR = b"\0\0"

# What firmware holds in a field that nobody filled in, or that has no value; a recording holds `removed`.
_PLACEHOLDER = re.compile(
    r"""[\W_]* | (0x)?0+ | (0x)?f+ | x+ | 0?123456789\d*
    | n/?a | none | null | unknown | undefined | unspecified | invalid | \[?empty\]? | other | removed
    | default\ string | chassis\ manufacture[rd]? | system\ (manufacturer|product\ name|name)
    | not\ (applicable|available|defined|installed|present|provided|specified)
    | no\ (dimm|module(\ installed)?) | to\ be\ filled.* | tb[ad]\ by\ .* | o\.?e\.?m\.?([ _]?define(\ ?\d+)?)?
    | (\w+[ _])?(module)?part[ _]?num(ber)?[ _]?\d*""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure: its type number, the formatted area with its header, and its strings, numbered from 1."""

    kind: int
    formatted: bytes
    strings: tuple[bytes, ...] = ()

    def number(self, offset: int, width_bytes: int = 1) -> int | None:
        """Return the little-endian number at `offset`, or None where this version of the table has no such field."""
        end = offset + width_bytes
        return int.from_bytes(self.formatted[offset:end], "little") if end <= len(self.formatted) else None

    def text(self, offset: int) -> str | None:
        """Return the string that the field at `offset` points to, printable and trimmed; None if there is none."""
        index = self.number(offset) or 0
        if not 1 <= index <= len(self.strings):
            return None
        decoded = self.strings[index - 1].decode("utf-8", errors="replace")
        return "".join(character for character in decoded if character.isprintable()).strip() or None

    def name(self, offset: int) -> str | None:
        """Return the string that the field at `offset` points to, unless it is a placeholder."""
        return named(self.text(offset))


def named(text: str | None) -> str | None:
    """Return a text of the firmware, or None for a placeholder."""
    return None if text is None or _PLACEHOLDER.fullmatch(text) else text


@dataclass(frozen=True, slots=True)
class Smbios:
    """The machine's structures; where there are none to read, why not and what mends it."""

    structures: tuple[Structure, ...] = ()
    why_not: str = ""
    remedy: str = ""

    def of_kind(self, kind: int) -> tuple[Structure, ...]:
        """Return the structures of one type."""
        return tuple(structure for structure in self.structures if structure.kind == kind)


def read_smbios(host: Host) -> Smbios:
    """Return the machine's SMBIOS structures. A table that cannot be read is a reason, never an exception."""
    in_file = "name the parts in an inventory file"
    try:
        return Smbios(parse(host.path(TABLE).read_bytes()))
    except PermissionError:
        return Smbios((), f"{TABLE} is readable by root only", "run as root, or grant CAP_DAC_READ_SEARCH")
    except (FileNotFoundError, NotADirectoryError):
        return Smbios((), f"this kernel has no {TABLE}", in_file)
    except OSError as error:
        return Smbios((), f"{TABLE} cannot be read ({error.strerror})", in_file)
    except ReadFailed as error:
        # Before the damage may lie half of the modules: part of a list must not pass for all of it.
        return Smbios((), error.what, f"update the firmware, or {in_file}")


def parse(table: bytes) -> tuple[Structure, ...]:
    """Return the structures of a table, up to its end mark or its last byte.

    Raises:
        ReadFailed: the bytes are no such table.
    """
    return tuple(_structures(table))


def _structures(table: bytes) -> Iterator[Structure]:
    used_bytes = len(table.rstrip(b"\0"))  # some firmware leaves out the end mark and fills up with zeros
    at = 0
    while at < used_bytes:
        length = table[at + 1] if at + 1 < len(table) else 0
        strings_at = at + length
        end = table.find(_TERMINATOR, strings_at)
        if length < _HEADER_BYTES or end < 0:
            raise ReadFailed(f"{TABLE} is damaged at byte {at}", reason="smbios_damaged")
        structure = Structure(table[at], table[at:strings_at], _split(table[strings_at:end]))
        yield structure
        if structure.kind == END_OF_TABLE:
            return
        at = end + len(_TERMINATOR)


def _split(strings: bytes) -> tuple[bytes, ...]:
    return tuple(strings.split(b"\0")) if strings else ()


def encode(structures: Iterable[Structure]) -> bytes:
    """Return the table of these structures: what `parse` reads back."""
    return b"".join(
        structure.formatted + (b"\0".join(structure.strings) + b"\0" if structure.strings else b"\0") + b"\0"
        for structure in structures
    )

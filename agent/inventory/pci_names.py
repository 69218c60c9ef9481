# SPDX-License-Identifier: Apache-2.0
"""Names of PCI devices from the distribution's pci.ids, where it is installed.

Format: https://pci-ids.ucw.cz/ and the head of the file itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agent.host import Host

_FILES = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")
READS = tuple(path.lstrip("/") for path in _FILES)

_LINE = re.compile(r"(\t?)([0-9a-f]{4})  (.+)")
_BRACKETED = re.compile(r"\[(.+)\]$")

Id = tuple[str, str]  # vendor and device, four hexadecimal digits each


def read_names(host: Host, wanted: Iterable[Id]) -> dict[Id, tuple[str, str]]:
    """Return the names of vendor and device for each wanted id that a pci.ids of the host knows."""
    ids = frozenset(wanted)
    for path in _FILES if ids else ():
        try:
            with host.path(path).open(encoding="utf-8", errors="replace") as lines:
                return {id_: names for id_, names, _ in _found(lines, ids)}
        except OSError:
            continue
    return {}


def excerpt(content: bytes, wanted: Iterable[Id]) -> bytes:
    """Return the lines of a pci.ids that name the wanted devices."""
    found = _found(content.decode("utf-8", errors="replace").splitlines(), frozenset(wanted))
    lines = dict.fromkeys(line for _, _, pair in found for line in pair)
    return "".join(f"{line}\n" for line in lines).encode()


def _found(lines: Iterable[str], wanted: frozenset[Id]) -> Iterator[tuple[Id, tuple[str, str], tuple[str, str]]]:
    """Yield the id, the names of vendor and device, and their two lines."""
    vendor, vendor_name, vendor_line = "", "", ""
    for line in lines:
        if line.startswith("C "):  # classes follow
            return
        match = _LINE.match(line)
        if match is None:
            continue
        indent, number, name = match[1], match[2], match[3].strip()
        if not indent:
            vendor, vendor_name, vendor_line = number, name, line.rstrip()
        elif (vendor, number) in wanted:
            yield (vendor, number), (vendor_name, name), (vendor_line, line.rstrip())


def short_vendor(name: str) -> str:
    """Return what people call the vendor: `Advanced Micro Devices, Inc. [AMD/ATI]` is AMD."""
    bracketed = _BRACKETED.search(name)
    return re.split(r"[/, ]", bracketed[1] if bracketed else name, maxsplit=1)[0]


def product(name: str) -> str:
    """Return the name a chip is sold by, which stands in brackets after its own, `GH100 [H100 SXM5 80GB]`."""
    bracketed = _BRACKETED.search(name)
    return bracketed[1] if bracketed else name

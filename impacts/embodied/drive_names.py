# SPDX-License-Identifier: Apache-2.0
"""What an SSD's name and capacity state of it: its capacity where nothing else does, and the work it was made for.

Makers sell one amount of flash in three sizes. A client's drive has nearly all of it (1000 GB), one for many reads a little
less (960 GB), one for reads and writes a quarter less (800 GB), kept back for wear.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impacts.parts import Part

# As words: `3.84TB`, `960GB`. As codes within a part number: Samsung MZ7L33T8, MZQL21T9, MZVL2512; Micron MTFDDAK960TDS,
# MTFDKCC3T8TFR; Kioxia KCD61LUL3T84, KPM5XVUG960G; Intel and Solidigm SSDSC2KB960G8, SSDPE2KX040T8; Seagate XS7680SE70004.
_WORDS = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s?(TB|GB|T|G)\b", re.IGNORECASE)
_TERA_CODE = re.compile(r"(?<=[A-Z0-9])(?P<whole>[1-9])T(?P<tenths>\d\d?)(?!\d)")
_CODES = (
    re.compile(r"\bSSD\w{2}2\w{2}(?P<gb>\d{3})G\d"),
    re.compile(r"\bSSD\w{2,3}2?\w{2}(?P<tenths>\d{3})T[\dZ]"),
    re.compile(r"(?<![A-Z])MTFD\w{3}(?P<gb>\d{3})T"),
    re.compile(r"\bK(?:PM|XG|CD|CM|XD)\w*?(?P<gb>\d{3,4})G"),
    re.compile(r"\bXS(?P<gb>\d{3,5})[A-Z]{2}\d+"),
    re.compile(r"\bMZ[\dA-Z]{2}[A-Z\d]{1,2}?(?P<gb>120|128|240|250|256|480|500|512|960)"),
)
_KNOWN_GB = (
    *(
        100,
        120,
        128,
        150,
        200,
        240,
        250,
        256,
        300,
        375,
        400,
        480,
        500,
        512,
        750,
        800,
        960,
        1000,
        1024,
        1600,
        1900,
        1920,
    ),
    *(
        2000,
        2048,
        3200,
        3800,
        3840,
        4000,
        4096,
        6400,
        7600,
        7680,
        8000,
        12800,
        15300,
        15360,
        16000,
        30700,
        30720,
        61440,
    ),
)
_PRINTED_SHORT = {1900: 1920, 3800: 3840, 7600: 7680, 15300: 15360, 30700: 30720}  # 3T8 is 3.84 TB
_WORK = {
    "mixed_use": frozenset({100, 200, 300, 400, 750, 800, 1600, 3200, 6400, 12800}),
    "read_intensive": frozenset({120, 150, 240, 480, 960, 1920, 3840, 7680, 15360, 30720, 61440}),
    "client": frozenset({128, 250, 256, 500, 512, 1000, 1024, 2000, 2048, 4096}),
}


def capacity_in_name(model: str | None) -> float | None:
    """Return the capacity, GB, that a model's name states for certain; None where it states none that is sold."""
    for gb in _candidates(model or ""):
        if gb in _KNOWN_GB:
            return float(_PRINTED_SHORT.get(gb, gb))
    return None


def _candidates(model: str) -> Iterator[int]:
    for number, unit in _WORDS.findall(model):
        yield round(float(number) * (1000 if unit[0] in "Tt" else 1))
    for code in _TERA_CODE.finditer(model):
        yield round(float(f"{code['whole']}.{code['tenths']}") * 1000)
    for pattern in _CODES:
        found = pattern.search(model)
        if found is not None:
            groups = found.groupdict()
            yield int(groups["gb"]) if "gb" in groups else int(groups["tenths"]) * 100


def ssd_class(part: Part, *, client: bool) -> str:
    """Return client, read_intensive or mixed_use by the size that is sold for it; `client` in a computer that is no server.

    An unknown size is `unknown`.
    """
    if client:
        return "client"
    gb = part.capacity_gb or capacity_in_name(part.model)
    return next((work for work, sizes in _WORK.items() if gb in sizes), "unknown")

# SPDX-License-Identifier: Apache-2.0
"""CPU names: from what the kernel and SMBIOS print to what the manufacturer calls the product, and its TDP."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from impacts.factors import FactorMissing

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.values.estimates import Estimate

# What is printed around the product's name and says nothing about which product it is.
_NOISE = re.compile(
    r"""\((?:r|tm|c)\)|[®™©]
      | (?:\b0\s*@|[@,])?\s*\b[\d.]+\s*[GM]Hz  # the base clock; first-generation E5s print a lone 0 before it
      | \b(?:\d+|dual|quad|six|eight|twelve|sixteen)-core\b
      | \bwith\s.*graphics\b
      | \b\d+[a-z]{2}\s+gen\b
      | \b(?:genuineintel|authenticamd|intel|amd|ampere|cpu|processor)\b(?!-)
    """,
    re.IGNORECASE | re.VERBOSE,
)

# What firmware spells otherwise than the manufacturer: `E7- 4870`, `E3-1240 V2` and `E5-2660V2`, `Opteron 2376HE`.
_SPELLINGS = (
    (re.compile(r"\b(E7-) (?=\d)"), r"\1"),
    (re.compile(r"(\d{4}L?) ?V(?=[2-6]$)", re.IGNORECASE), r"\1 v"),
    (re.compile(r"(\bOpteron \d{4})(?=[EHS]E$)"), r"\1 "),
)


def normalise(model: str) -> str:
    """Return the product's name without vendor, marks and clock.

    >>> normalise("Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz")
    'Xeon Gold 6226'
    >>> normalise("AMD EPYC 7742 64-Core Processor")
    'EPYC 7742'
    """
    name = " ".join(_NOISE.sub(" ", model).split())
    for spelling, by in _SPELLINGS:
        name = spelling.sub(by, name)
    return name


def tdp_watts(book: FactorBook, model: str) -> Estimate | None:
    """Return the thermal design power of exactly this product, or None: another model number never matches."""
    try:
        return book.find(f"cpu_tdp:{normalise(model)}", "power", on=date.max).factor.value
    except FactorMissing:
        return None

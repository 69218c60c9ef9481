# SPDX-License-Identifier: Apache-2.0
"""Storage controllers by their names: RAID, host bus adapters for SAS, Fibre Channel, SATA; classes of data/part-power."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from impacts.part_power.rows import of_class

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.values.estimates import Estimate

# The first that is found in the name counts: a RAID controller is named as SAS, too.
_CLASSES = tuple(
    (re.compile(names, re.IGNORECASE), kind)
    for names, kind in (
        (r"\bBOSS\b|NS204", "boot"),
        (r"88SE\d{4}|ASM\d{4}", "sata"),
        (r"Fib(?:re|er) Channel|\bFC\b|Emulex|\bLPe\d|QLE2|ISP2[5-8]", "fc"),
        (r"RAID|\bPERC\b|Smart (?:Array|Storage)|SmartRAID|Adaptec Series [78]", "raid"),
        (r"SAS|\bHBA\b|Fusion-MPT", "sas"),
        (r"SATA|AHCI", "sata"),
    )
)


def controller_power(book: FactorBook, model: str | None) -> Estimate:
    """Return the power of one storage controller without its drives, W; one whose name states no kind may be any."""
    kind = next((kind for names, kind in _CLASSES if names.search(model or "")), None)
    return of_class(book, "storage_controller_power", kind)

# SPDX-License-Identifier: Apache-2.0
"""Memory modules by generation and capacity: their power with nothing to do and at full bandwidth, by data/part-power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impacts.part_power.rows import of_class
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.parts import Part
    from impacts.values.derivations import Derivation

_INVENTORY = Citation("inventory")


@dataclass(frozen=True, slots=True)
class ModulePower:
    """What one module draws: with nothing to do, and at full bandwidth; W."""

    idle: Derivation
    busy: Derivation


def module_power(book: FactorBook, part: Part) -> ModulePower | None:
    """Return the power of one module of this part; None where its capacity is not known."""
    if not part.capacity_gb:
        return None
    return ModulePower(
        _power(book, "idle", part.generation, part.capacity_gb), _power(book, "busy", part.generation, part.capacity_gb)
    )


def _power(book: FactorBook, state: str, generation: str | None, capacity_gb: float) -> Derivation:
    inputs = {
        "base": of_class(book, f"memory_{state}_base", generation),
        "capacity": Estimate.exact(capacity_gb, "GB", _INVENTORY),
        "per_gb": of_class(book, f"memory_{state}_per_gb", generation),
    }
    return work_out(f"power of a memory module, {state}", "base + capacity × per_gb", inputs)

# SPDX-License-Identifier: Apache-2.0
"""Accelerator cards in the profile `boavizta`: the parametric model of ADEME's study as BoaviztAPI 2.5.0 has it.

A card is so much casing, heatsink, board and silicon; the silicon is what is started on the wafer for one good die.
"""

from __future__ import annotations

from math import ceil, exp, pi, sqrt
from typing import TYPE_CHECKING

from impacts.product_names import product_name
from impacts.values.derivations import work_out
from impacts.values.estimates import Estimate, merge_grounds

if TYPE_CHECKING:
    from impacts.embodied.boavizta_constants import Constants
    from impacts.factor_book import FactorBook
    from impacts.parts import Part
    from impacts.values.derivations import Derivation

WAFER_DIAMETER_MM = 300
SAW_LINE_MM = 0.2
DEFECTS_PER_MM2 = 0.001
LARGEST_DIE_MM2 = 858  # what one exposure prints: more silicon than that is several dies

_FORMULA = (
    "count × (casing_mass × card_casing + heatsink_mass × card_heatsink + board_area × card_board"
    " + die_area × card_die + memory_area × card_memory + mass × card_mass)"
)
_MATERIALS = ("card_casing", "card_heatsink", "card_board", "card_die", "card_memory", "card_mass")
_NOTE = (
    "die_area and memory_area are those on the wafer for one good die: 300 mm wafers, saw lines of 0.2 mm, "
    "0.1 defects/cm2 and a yield of exp(−√defects); memory takes 15.5 mm2/GB"
)


def gpu_derivation(part: Part, count: Estimate, constants: Constants) -> Derivation:
    """Return the manufacture, transport and end of life of cards; a card that is not known is the program's default."""
    name = product_name(part.model or "")

    def of_card(attribute: str, value: float | None = None, unit: str = "") -> Estimate:
        return constants.known(value, unit, f"card_{attribute}:{name}", f"card_{attribute}")

    memory_area = of_card("memory", part.capacity_gb, "GB/unit") * constants.attribute("card_memory_area_per_gb")
    inputs = {
        "count": count,
        **{attribute: of_card(attribute) for attribute in ("casing_mass", "heatsink_mass", "board_area", "mass")},
        "die_area": area_on_wafer(of_card("die_area", part.die_area_mm2, "mm2/unit")),
        "memory_area": area_on_wafer(memory_area, of_card("memory_dies")),
        **{material: constants.factor(material) for material in _MATERIALS},
    }
    return work_out(f"gpu: {part.model or 'unnamed'}", _FORMULA, inputs, _NOTE)


def known_card(part: Part, book: FactorBook) -> bool:
    """Return whether the inventory states the card's silicon or a dataset has it."""
    said = part.die_area_mm2 is not None and part.capacity_gb is not None
    return said or bool(book.criteria(f"card_die_area:{product_name(part.model or '')}"))


def area_on_wafer(dies_area: Estimate, dies: Estimate | None = None) -> Estimate:
    """Return the area of wafer that is started for so much silicon, in so many dies or as few as can be printed."""
    total_mm2 = dies_area.central
    count = max(dies.central if dies else 1, ceil(total_mm2 / LARGEST_DIE_MM2))
    started_mm2 = count * _mm2_for_a_good_die(total_mm2 / count)
    grounds = merge_grounds(dies_area.grounds, dies.grounds if dies else ())
    return Estimate.exact(started_mm2, dies_area.unit, *grounds)


def _mm2_for_a_good_die(die_mm2: float) -> float:
    """Return the wafer's area over its good dies: less the incomplete ones at the edge, with the yield after Seeds."""
    sawn_mm2 = (sqrt(die_mm2) + SAW_LINE_MM) ** 2
    wafer_mm2 = pi * WAFER_DIAMETER_MM**2 / 4
    dies = wafer_mm2 / sawn_mm2 - pi * WAFER_DIAMETER_MM / sqrt(2 * sawn_mm2)
    return wafer_mm2 / (dies * exp(-sqrt(sawn_mm2 * DEFECTS_PER_MM2)))

# SPDX-License-Identifier: Apache-2.0
"""Bottom-up: a server's manufacture as the sum of its parts, each part its material times a cited constant.

The formulas are those of BoaviztAPI 2.5, whose constants are of Umweltbundesamt TEXTE 94/2021:
count × (die area × per area + per piece) for CPU, memory and SSD; a constant for a drive, board and case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from impacts.derivations import Derivation, Input
from impacts.estimates import Citation, Estimate, merge_grounds
from impacts.units import readable_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from impacts.factors import FactorBook
    from impacts.parts import Part

INVENTORY = Citation("inventory")
ONE = Estimate.exact(1, "unit", Citation("one per server"))


@dataclass(frozen=True, slots=True)
class Group:
    """Equal parts, and how many there are: a range where that is not known."""

    part: Part
    count: Estimate


@dataclass(frozen=True, slots=True)
class Constants:
    """The factors of one criterion, and the attributes that stand in for unknown ones."""

    book: FactorBook
    criterion: str
    with_bounds: bool  # take the factors' own bounds; False: their central values only
    capacity_default: str  # prefix of the subjects that stand in for a capacity that is not known

    def factor(self, subject: str) -> Estimate:
        """Return the impact per unit of a material or piece."""
        value = self.book.find(subject, self.criterion, on=date.max).factor.value
        return value if self.with_bounds else Estimate.exact(value.central, value.unit, *value.grounds)

    def known(self, value: float | None, unit: str, subject: str) -> Estimate:
        """Return what the inventory says, else the default with its bounds."""
        return Estimate.exact(value, unit, INVENTORY) if value is not None else attribute(self.book, subject)

    def capacity(self, part: Part) -> Estimate:
        """Return the capacity of one piece."""
        return self.known(part.capacity_gb, "GB/unit", f"{self.capacity_default}{part.kind}_capacity")


def attribute(book: FactorBook, subject: str) -> Estimate:
    """Return a default attribute of parts or servers."""
    return book.find(subject, "attribute", on=date.max).factor.value


def part_derivation(group: Group, constants: Constants) -> Derivation:
    """Return the manufacture of a group of equal parts; its kind must be in `PARTS`."""
    return PARTS[group.part.kind](group, constants)


def fixed_derivation(subject: str, constants: Constants) -> Derivation:
    """Return what a server has once: its board, its assembly, its rack case."""
    inputs = {"count": ONE, subject: constants.factor(subject)}
    return _derivation(subject, f"count × {subject}", ONE * inputs[subject], inputs)


def blade_derivation(constants: Constants) -> Derivation:
    """Return a blade and its share of the chassis."""
    inputs = _blade_inputs(constants)
    result = ONE * _blade(inputs)
    return _derivation("case_blade", f"count × ({_BLADE})", result, {"count": ONE, **inputs})


def unknown_case_derivation(constants: Constants) -> Derivation:
    """Return the case of a server whose form is not known: a rack's, between the lowest and the highest of both."""
    rack, inputs = constants.factor("case_rack"), _blade_inputs(constants)
    blade = _blade(inputs)
    low, high = min(rack.low, blade.low), max(rack.high, blade.high)
    either = Estimate(low, rack.central, high, rack.unit, merge_grounds(rack.grounds, blade.grounds))
    return _derivation(
        "case of unknown form",
        f"count × either(case_rack, {_BLADE})",
        ONE * either,
        {"count": ONE, "case_rack": rack, **inputs},
        note="either(…): low takes the lower of the two, high the higher, central the first",
    )


_BLADE = "case_blade + chassis_16_slots ÷ chassis_slots"


def _blade_inputs(constants: Constants) -> dict[str, Estimate]:
    names = ("case_blade", "chassis_16_slots")
    return {name: constants.factor(name) for name in names} | {
        "chassis_slots": attribute(constants.book, "chassis_slots")
    }


def _blade(inputs: dict[str, Estimate]) -> Estimate:
    return inputs["case_blade"] + inputs["chassis_16_slots"] / inputs["chassis_slots"]


def _cpu(group: Group, constants: Constants) -> Derivation:
    die_area = constants.known(group.part.die_area_mm2, "mm2/unit", "cpu_die_area")
    die, base = constants.factor("cpu_die"), constants.factor("cpu_base")
    return _derivation(
        f"cpu: {group.part.model or 'unnamed'}",
        "count × (die_area × cpu_die + cpu_base)",
        group.count * (die_area * die + base),
        {"count": group.count, "die_area": die_area, "cpu_die": die, "cpu_base": base},
    )


def _chips(group: Group, constants: Constants) -> Derivation:
    """Memory and SSDs: the dies' area follows from capacity and density."""
    kind = group.part.kind
    capacity = constants.capacity(group.part)
    density = constants.known(group.part.density_gb_per_cm2, "GB/cm2", f"{kind}_density")
    die, base = constants.factor(f"{kind}_die"), constants.factor(f"{kind}_base")
    return _derivation(
        f"{kind}: {group.part.model or group.part.generation or 'unnamed'}",
        f"count × (capacity ÷ density × {kind}_die + {kind}_base)",
        group.count * (capacity / density * die + base),
        {"count": group.count, "capacity": capacity, "density": density, f"{kind}_die": die, f"{kind}_base": base},
    )


def _hdd(group: Group, constants: Constants) -> Derivation:
    hdd = constants.factor("hdd")
    return _derivation(
        f"hdd: {group.part.model or 'unnamed'}", "count × hdd", group.count * hdd, {"count": group.count, "hdd": hdd}
    )


def _psu(group: Group, constants: Constants) -> Derivation:
    mass, psu = constants.known(group.part.mass_kg, "kg/unit", "psu_mass"), constants.factor("psu")
    return _derivation(
        f"psu: {group.part.model or 'unnamed'}",
        "count × mass × psu",
        group.count * mass * psu,
        {"count": group.count, "mass": mass, "psu": psu},
    )


PARTS: dict[str, Callable[[Group, Constants], Derivation]] = {
    "cpu": _cpu,
    "memory": _chips,
    "ssd": _chips,
    "hdd": _hdd,
    "psu": _psu,
}


def _derivation(title: str, formula: str, result: Estimate, inputs: dict[str, Estimate], note: str = "") -> Derivation:
    named = tuple(Input(name, _readable(value)) for name, value in inputs.items())
    return Derivation(title, formula, named, _readable(result), note)


def _readable(estimate: Estimate) -> Estimate:
    return estimate.in_unit(readable_unit(estimate.unit))

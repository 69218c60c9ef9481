# SPDX-License-Identifier: Apache-2.0
"""The embodied impact of a server, cradle to gate: the manufacturer's figure, else bottom-up from its parts.

Transport, use and end of life are not included. Two profiles: `boavizta` computes what BoaviztAPI 2.5 computes,
`default` also carries the bounds of the constants and takes the manufacturer's figure where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.bottom_up import (
    INVENTORY,
    PARTS,
    Constants,
    Group,
    attribute,
    blade_derivation,
    fixed_derivation,
    part_derivation,
    unknown_case_derivation,
)
from impacts.components import Component, EmbodiedImpact
from impacts.derivations import Derivation, Input
from impacts.embodied_problems import inventory_problems, missing_factor
from impacts.estimates import Citation, Estimate, total
from impacts.factors import FactorMissing
from impacts.parts import KINDS, Part
from impacts.units import base_unit, readable_unit

if TYPE_CHECKING:
    from impacts.factors import FactorBook
    from impacts.parts import Inventory, ManufacturerFootprint

CRITERIA = ("gwp", "adpe", "pe")
PROFILES = ("default", "boavizta")


def embodied(inventory: Inventory, profile: str, book: FactorBook) -> EmbodiedImpact:
    """Return the embodied impact of a server under one of the `PROFILES`."""
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is not one of {', '.join(PROFILES)}")
    criteria: dict[str, tuple[Component, ...]] = {}
    problems = list(inventory_problems(inventory, profile))
    footprint = inventory.server.footprint if profile == "default" else None
    # An archetype comes with the capacities of its own parts.
    capacity_default = "archetype_" if profile == "boavizta" or inventory.parts is None else ""
    for criterion in CRITERIA:
        if criterion == "gwp" and footprint is not None:
            criteria[criterion] = (_manufacturers(footprint, book),)
            continue
        constants = Constants(book, criterion, with_bounds=profile == "default", capacity_default=capacity_default)
        try:
            criteria[criterion] = _bottom_up(inventory, constants)
        except FactorMissing as missing:
            problems.append(missing_factor(criterion, missing))
    return EmbodiedImpact(profile, criteria, tuple(problems))


def _manufacturers(footprint: ManufacturerFootprint, book: FactorBook) -> Component:
    published = footprint.manufacturing_kgco2e
    accuracy = attribute(book, "footprint_accuracy")
    low = published * accuracy.low if footprint.low_kgco2e is None else footprint.low_kgco2e
    high = published * accuracy.high if footprint.high_kgco2e is None else footprint.high_kgco2e
    own = (Citation(footprint.source, locator="inventory: footprint"),)
    has_bounds = footprint.low_kgco2e is not None and footprint.high_kgco2e is not None
    kilograms = Estimate(low, published, high, "kgCO2e", own if has_bounds else (*own, *accuracy.grounds))
    derivation = Derivation(
        "server, by its manufacturer", "published_footprint", (Input("published_footprint", kilograms),), kilograms
    )
    return Component("server", 1, kilograms.in_unit(base_unit("kgCO2e")[0]), "manufacturer", (derivation,))


def _bottom_up(inventory: Inventory, constants: Constants) -> tuple[Component, ...]:
    """Return the parts that have a formula, in the order of their kinds, then what every server has once."""
    method = "archetype" if inventory.parts is None else "bottom_up"
    groups = _groups(inventory, constants.book)
    by_kind = {kind: [group for group in groups if group.part.kind == kind] for kind in KINDS if kind in PARTS}
    components = [
        _component(kind, of_kind, [part_derivation(group, constants) for group in of_kind], method)
        for kind, of_kind in by_kind.items()
        if of_kind
    ]
    fixed = {
        "board": fixed_derivation("board", constants),
        "case": _case(inventory.server.form, constants),
        "assembly": fixed_derivation("assembly", constants),
    }
    return (*components, *(_component(name, [], [derivation], method) for name, derivation in fixed.items()))


def _groups(inventory: Inventory, book: FactorBook) -> list[Group]:
    if inventory.parts is not None:
        return [Group(part, Estimate.exact(part.count, "unit", INVENTORY)) for part in inventory.parts if part.count]
    return [_archetype_group(kind, book) for kind in ("cpu", "memory", "ssd", "psu")]


def _archetype_group(kind: str, book: FactorBook) -> Group:
    count = attribute(book, f"archetype_{kind}_count")
    return Group(Part(kind, round(count.central), model="of an unknown server"), count)


def _case(form: str | None, constants: Constants) -> Derivation:
    if form == "blade":
        return blade_derivation(constants)
    return fixed_derivation("case_rack", constants) if form == "rack" else unknown_case_derivation(constants)


def _component(name: str, groups: list[Group], derivations: list[Derivation], method: str) -> Component:
    whole = total(derivation.result for derivation in derivations)
    count = sum(group.part.count for group in groups) if groups else 1
    return Component(name, count, whole.in_unit(base_unit(whole.unit)[0]), method, tuple(derivations))


def in_readable_unit(estimate: Estimate) -> Estimate:
    """Return an impact in the unit that people read: kgCO2e, kgSbe, MJ."""
    return estimate.in_unit(readable_unit(estimate.unit))

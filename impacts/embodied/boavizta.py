# SPDX-License-Identifier: Apache-2.0
"""The profile `boavizta`: what BoaviztAPI 2.5.0 answers for a server's manufacture, with its formulas and defaults.

Its constants are of Umweltbundesamt TEXTE 94/2021; they carry no bounds, only the default attributes do. Where it would
look a part up by name it needs tables of its own, which are not here: docs/embodied-boavizta.md lists what differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.embodied.boavizta_constants import Constants
from impacts.embodied.boavizta_gpu import gpu_derivation, known_card
from impacts.embodied.components import INVENTORY, ONE, Component
from impacts.parts import KINDS, Inventory, Part
from impacts.problems import Problem
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impacts.factor_book import FactorBook

ARCHETYPE_KINDS = ("cpu", "memory", "ssd", "psu")
FORMS_KNOWN = ("rack", "blade")


def boavizta_components(inventory: Inventory, book: FactorBook, criterion: str) -> tuple[Component, ...]:
    """Return the parts that have a formula, in the order of their kinds, then what every server has once.

    Raises:
        FactorMissing: the datasets cannot compute the criterion.
    """
    constants = Constants(book, criterion)
    method = "archetype" if inventory.parts is None else "bottom_up"
    groups = _groups(inventory, constants)
    components = [
        _component(kind, of_kind, [_FORMULAS[kind](part, count, constants) for part, count in of_kind], method)
        for kind in KINDS
        if kind in _FORMULAS and (of_kind := [group for group in groups if group[0].kind == kind])
    ]
    once = {
        "board": _fixed("board", constants),
        "case": _case(inventory.server.form, constants),
        "assembly": _fixed("assembly", constants),
    }
    return (*components, *(_component(name, [], [derivation], method) for name, derivation in once.items()))


def _groups(inventory: Inventory, constants: Constants) -> list[tuple[Part, Estimate]]:
    """Return equal parts and how many there are: a range where nothing is known of the server."""
    if inventory.parts is not None:
        return [(part, Estimate.exact(part.count, "unit", INVENTORY)) for part in inventory.parts if part.count]
    counts = {kind: constants.attribute(f"archetype_{kind}_count") for kind in ARCHETYPE_KINDS}
    return [(Part(kind, round(count.central), model="of an unknown server"), count) for kind, count in counts.items()]


def _component(name: str, groups: list[tuple[Part, Estimate]], derivations: list[Derivation], method: str) -> Component:
    parts = tuple(part for part, _ in groups)
    count = sum(part.count for part in parts) if parts else 1
    return Component(name, count, method, tuple(derivations), parts)


def _cpu(part: Part, count: Estimate, constants: Constants) -> Derivation:
    inputs = {
        "count": count,
        "die_area": constants.known(part.die_area_mm2, "mm2/unit", "cpu_die_area"),
        "cpu_die": constants.factor("cpu_die"),
        "cpu_base": constants.factor("cpu_base"),
    }
    return work_out(_title(part), "count × (die_area × cpu_die + cpu_base)", inputs)


def _chips(part: Part, count: Estimate, constants: Constants) -> Derivation:
    """Memory and SSDs: the dies' area follows from capacity and density."""
    kind = part.kind
    inputs = {
        "count": count,
        "capacity": constants.known(part.capacity_gb, "GB/unit", f"archetype_{kind}_capacity"),
        "density": constants.known(part.density_gb_per_cm2, "GB/cm2", f"{kind}_density"),
        f"{kind}_die": constants.factor(f"{kind}_die"),
        f"{kind}_base": constants.factor(f"{kind}_base"),
    }
    return work_out(_title(part), f"count × (capacity ÷ density × {kind}_die + {kind}_base)", inputs)


def _hdd(part: Part, count: Estimate, constants: Constants) -> Derivation:
    return work_out(_title(part), "count × hdd", {"count": count, "hdd": constants.factor("hdd")})


def _psu(part: Part, count: Estimate, constants: Constants) -> Derivation:
    mass = constants.known(part.mass_kg, "kg/unit", "psu_mass")
    return work_out(_title(part), "count × mass × psu", {"count": count, "mass": mass, "psu": constants.factor("psu")})


_FORMULAS: dict[str, Callable[[Part, Estimate, Constants], Derivation]] = {
    "cpu": _cpu,
    "memory": _chips,
    "ssd": _chips,
    "hdd": _hdd,
    "psu": _psu,
    "gpu": gpu_derivation,
}


def _title(part: Part) -> str:
    return f"{part.kind}: {part.model or part.generation or 'unnamed'}"


def _fixed(subject: str, constants: Constants) -> Derivation:
    return work_out(subject, f"count × {subject}", {"count": ONE, subject: constants.factor(subject)})


_BLADE = "case_blade + chassis_16_slots ÷ chassis_slots"


def _case(form: str | None, constants: Constants) -> Derivation:
    """Return a rack's case, a blade with its share of the chassis, or for any other form something of both."""
    if form == "rack":
        return _fixed("case_rack", constants)
    inputs = {"count": ONE} | {name: constants.factor(name) for name in ("case_blade", "chassis_16_slots")}
    inputs["chassis_slots"] = constants.attribute("chassis_slots")
    if form == "blade":
        return work_out("case_blade", f"count × ({_BLADE})", inputs)
    inputs["case_rack"] = constants.factor("case_rack")
    return work_out("case of unknown form", f"count × either(case_rack, {_BLADE})", inputs)


_ORIGIN = "embodied"

# (kind, attribute) -> what stands in for it
_DEFAULTS = {
    ("cpu", "die_area_mm2"): "523 mm2, between 41.2 and 3640",
    ("memory", "capacity_gb"): "32 GB a module",
    ("memory", "density_gb_per_cm2"): "1.244 GB/cm2, between 0.625 and 2.375",
    ("ssd", "capacity_gb"): "1000 GB a drive",
    ("ssd", "density_gb_per_cm2"): "54.88 GB/cm2, between 16.4 and 128",
    ("psu", "mass_kg"): "2.99 kg, between 1 and 5",
}


def boavizta_problems(inventory: Inventory, book: FactorBook) -> Iterator[Problem]:
    """Return what BoaviztAPI would take from a default, has no figure of, or does not look at."""
    parts = tuple(part for part in inventory.parts or () if part.count)
    if inventory.server.footprint is not None or any(part.footprint is not None for part in parts):
        what = "footprints in the inventory are not used: this profile computes what BoaviztAPI computes"
        yield Problem(_ORIGIN, "footprint_ignored", what, "take the default profile")
    if inventory.parts is None:
        what = "the parts are not known: BoaviztAPI's server of two CPUs, 256 GB and an SSD stands in"
        yield Problem(_ORIGIN, "archetype", what, "list the parts in an inventory file (`wattprint inventory`)")
    yield from _default_problems(parts)
    yield from _gpu_problems(parts, book)
    yield from _left_out(parts)
    if inventory.server.form not in FORMS_KNOWN:
        what = "BoaviztAPI knows rack and blade alone: a rack's case stands in, with the bounds of both"
        yield Problem(_ORIGIN, "form_unknown", what, "set `form` in the inventory file to rack or blade if it is one")


def _default_problems(parts: tuple[Part, ...]) -> Iterator[Problem]:
    for (kind, name), what in _DEFAULTS.items():
        named = [part for part in parts if part.kind == kind and getattr(part, name) is None]
        if named:
            reason = f"{kind}_{name.partition('_')[0]}_unknown"
            what_for = f"`{name}` of {_names(kind, named)} is not given: BoaviztAPI's default stands in, {what}"
            yield Problem(_ORIGIN, reason, what_for, f"set `{name}` in the inventory file")


def _gpu_problems(parts: tuple[Part, ...], book: FactorBook) -> Iterator[Problem]:
    unknown = [part for part in parts if part.kind == "gpu" and not known_card(part, book)]
    if unknown:
        what = (
            f"nothing is known of {_names('gpu', unknown)}: BoaviztAPI's default card stands in, an H100 without memory"
        )
        yield Problem(_ORIGIN, "gpu_unknown", what, "set `die_area_mm2` and `capacity_gb` in the inventory file")


def _left_out(parts: tuple[Part, ...]) -> Iterator[Problem]:
    kinds = dict.fromkeys(part.kind for part in parts if part.kind not in _FORMULAS)
    if kinds:
        what = f"BoaviztAPI has no figure of these parts, which are left out: {', '.join(kinds)}"
        yield Problem(_ORIGIN, "parts_left_out", what, "take the default profile")


def _names(kind: str, parts: list[Part]) -> str:
    models = dict.fromkeys(part.model for part in parts if part.model)
    return f"the {kind} {', '.join(models)}" if models else f"the {kind} parts"

# SPDX-License-Identifier: Apache-2.0
"""Part models of the default profile: a part's manufacture from what is known of it, each constant with its evidence.

What a maker or a study publishes for a piece goes before the sum of its materials. docs/embodied.md gives the reasons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from impacts.cpus.families import resolve
from impacts.cpus.names import normalise
from impacts.embodied.components import INVENTORY
from impacts.embodied.drive_names import capacity_in_name, ssd_class
from impacts.factors import FactorMissing
from impacts.product_names import product_name
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from impacts.cpus.families import CpuFamily
    from impacts.factor_book import FactorBook
    from impacts.parts import ManufacturerFootprint, Part


@dataclass(frozen=True, slots=True)
class Modelled:
    """The manufacture of a group of equal parts, and by which way of the precedence it was found."""

    derivation: Derivation
    method: str  # manufacturer, part_lca or bottom_up


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the models of one criterion look things up."""

    book: FactorBook
    criterion: str
    year: int | None = None  # when the server was made, if known: for parts whose own year is not
    client: bool = False  # a computer that is no server: its parts of unknown kind are smaller

    def factor(self, *subjects: str) -> Estimate:
        """Return the impact per unit of the first subject that the datasets have."""
        return _first(self.book, self.criterion, subjects)

    def attribute(self, *subjects: str) -> Estimate:
        """Return the first default attribute that the datasets have."""
        return _first(self.book, "attribute", subjects)

    def said(self, value: float | None, unit: str, *subjects: str) -> Estimate:
        """Return what the inventory says, else the default attribute."""
        return Estimate.exact(value, unit, INVENTORY) if value is not None else self.attribute(*subjects)

    def of_year(self, subject: str, year: int | None) -> Estimate | None:
        """Return an attribute of parts made in a year; None where the year is not known."""
        year = year or self.year
        return None if year is None else self.book.find(subject, "attribute", on=date(year, 7, 1)).factor.value

    def made_in(self, year: int | None, *subjects: str) -> Estimate:
        """Return the impact per unit of the first subject known, as made in a year; the row of any year where none is known."""
        for subject in subjects:
            if self.book.criteria(f"{subject}:of_year") and year is not None:
                return self.book.find(f"{subject}:of_year", self.criterion, on=date(year, 7, 1)).factor.value
            if self.book.criteria(subject) and year is None:
                return self.factor(subject)
        return self.factor(*subjects)


def model(part: Part, count: Estimate, evidence: Evidence) -> Modelled:
    """Return the manufacture of `count` parts, by the best of what is published of them.

    Raises:
        FactorMissing: the datasets have no factor for the criterion.
    """
    if part.footprint is not None and evidence.criterion == "gwp":
        return Modelled(_manufacturers(part, count, part.footprint, evidence), "manufacturer")
    published = _published(part, count, evidence)
    if published is not None:
        return Modelled(published, "part_lca")
    return Modelled(_MODELS[part.kind](part, count, evidence), "bottom_up")


def manufacturers_figure(title: str, footprint: ManufacturerFootprint, book: FactorBook) -> Derivation:
    """Return the cradle-to-gate figure that a manufacturer states, in gCO2e, with its bounds or the assumed ones."""
    accuracy = _first(book, "attribute", ("footprint_accuracy",))
    central = footprint.manufacturing_kgco2e
    low = central * accuracy.low if footprint.low_kgco2e is None else footprint.low_kgco2e
    high = central * accuracy.high if footprint.high_kgco2e is None else footprint.high_kgco2e
    stated = footprint.low_kgco2e is not None and footprint.high_kgco2e is not None
    own = (Citation(footprint.source, locator="inventory: footprint"),)
    figure = Estimate(low, central, high, "kgCO2e", own if stated else (*own, *accuracy.grounds)).in_unit("gCO2e")
    if footprint.boundary == "cradle_to_gate":
        return work_out(title, "published_footprint", {"published_footprint": figure})
    later = manufacture_and_later(book)
    formula = "all_but_use ÷ manufacture_and_later"
    return work_out(title, formula, {"all_but_use": figure, "manufacture_and_later": later})


def manufacture_and_later(book: FactorBook) -> Derivation:
    """Return manufacture, transport and end of life over manufacture alone."""
    later = _first(book, "attribute", ("later_stages",))
    return work_out("all stages but use over manufacture", "1 + later_stages", {"later_stages": later})


def cpu_family(part: Part, book: FactorBook) -> CpuFamily | None:
    """Return the family of a CPU; None where its name belongs to none for certain."""
    return resolve(part.model, part.cores, book) if part.model else None


def _manufacturers(part: Part, count: Estimate, footprint: ManufacturerFootprint, evidence: Evidence) -> Derivation:
    each = manufacturers_figure(f"{_title(part)}, one piece by its manufacturer", footprint, evidence.book)
    pieces = replace(count, unit="1")  # the footprint is of one
    return work_out(_title(part), "count × published_footprint", {"count": pieces, "published_footprint": each})


def _published(part: Part, count: Estimate, evidence: Evidence) -> Derivation | None:
    """Return what a study or the maker publishes for this very model of card or drive."""
    prefix = {"gpu": "gpu_card", "ssd": "drive_footprint", "hdd": "drive_footprint"}.get(part.kind)
    if prefix is None or part.model is None:
        return None
    try:
        each = evidence.factor(f"{prefix}:{product_name(_without_variant(part.model))}")
    except FactorMissing:
        return None
    if prefix == "gpu_card":
        return work_out(_title(part), "count × card", {"count": count, "card": each})
    # The sheets of drives count transport and end of life in.
    inputs: dict[str, Estimate | Derivation] = {
        "count": count,
        "all_but_use": each,
        "accuracy": evidence.attribute("footprint_accuracy"),
        "manufacture_and_later": manufacture_and_later(evidence.book),
    }
    return work_out(_title(part), "count × (all_but_use ⊗ accuracy ⊘ manufacture_and_later)", inputs)


# What Seagate's SATA drives print behind their model number, as in ST8000AS0003-2HH188.
_SEAGATE_VARIANT = re.compile(r"\b(ST\d{3,5}[A-Z]{2}\w{3,4})-\w{6}$")


def _without_variant(model_name: str) -> str:
    """Return a drive's name without the variant that its firmware adds."""
    return _SEAGATE_VARIANT.sub(r"\1", model_name)


def _cpu(part: Part, count: Estimate, evidence: Evidence) -> Derivation:
    package = evidence.factor("cpu_package")
    family = cpu_family(part, evidence.book) if part.die_area_mm2 is None else None
    if family is None:
        inputs = {
            "count": count,
            "dies_area": evidence.said(part.die_area_mm2, "mm2/unit", _of_class("cpu_dies_area", evidence)),
            "logic_die": evidence.factor("logic_die"),
            "package": package,
        }
        return work_out(_title(part), "count × (dies_area ⊗ logic_die ⊕ package)", inputs)
    inputs = {"count": count}
    terms = []
    for number, die in enumerate(family.dies, start=1):
        inputs |= {
            f"dies_{number}": die.count,
            f"area_{number}": die.area,
            f"logic_{number}": evidence.factor(f"logic_die:{die.node}", "logic_die"),
        }
        terms.append(f"dies_{number} × area_{number} × logic_{number}")
    note = f"{family.name}: " + ", ".join(f"{n} = {die.name}, {die.node}" for n, die in enumerate(family.dies, start=1))
    return work_out(
        _title(part), f"count × (({' + '.join(terms)}) ⊕ package)", inputs | {"package": package}, note=note
    )


def _memory(part: Part, count: Estimate, evidence: Evidence) -> Derivation:
    inputs = {
        "count": count,
        "capacity": evidence.said(part.capacity_gb, "GB/unit", "memory_module_capacity"),
        "density": _dram_density(part, evidence),
        "dram_die": evidence.factor("dram_die"),
        "module": evidence.factor("memory_module"),
    }
    return work_out(_title(part), "count × (capacity ⊘ density ⊗ dram_die ⊕ module)", inputs)


def _dram_density(part: Part, evidence: Evidence) -> Estimate:
    """Return bits per area: as said, else of the generation and the year, as far as either is known."""
    if part.density_gb_per_cm2 is not None:
        return Estimate.exact(part.density_gb_per_cm2, "GB/cm2", INVENTORY)
    generation = evidence.attribute(f"dram_density:{part.generation or ''}", "dram_density")
    of_year = evidence.of_year("dram_density_of_year", _year(part))
    return generation if of_year is None else _overlap(generation, of_year)


def _year(part: Part) -> int | None:
    """Return when a part was made; None where nothing of its own dates it."""
    return part.year or (part.acquired.year if part.acquired else None)


def _overlap(one: Estimate, other: Estimate) -> Estimate:
    """Return the narrower of two ranges of the same thing that hold at once; `one` where they have nothing in common."""
    low, high = max(one.low, other.low), min(one.high, other.high)
    if low > high:
        return one
    central = min(max(other.central, low), high)
    return Estimate(low, central, high, one.unit, tuple(dict.fromkeys((*one.grounds, *other.grounds))))


def _ssd(part: Part, count: Estimate, evidence: Evidence) -> Derivation:
    """Return a drive by its flash: a gigabyte's by class and year for greenhouse gases, else by the area of the dies.

    Drives of one kind in a server come from one maker and one year: what is wrong of one is wrong of all of them.
    """
    drive_class = ssd_class(part, client=evidence.client)
    inputs = {
        "count": count,
        "capacity": _ssd_capacity(part, evidence),
        "spare": evidence.attribute(f"flash_over_capacity:{drive_class}", "flash_over_capacity"),
        "rest": evidence.factor(f"ssd_rest:{drive_class}", "ssd_rest"),
    }
    if evidence.criterion == "gwp" and part.density_gb_per_cm2 is None:
        year = _year(part) or evidence.year
        inputs["flash"] = evidence.made_in(year, f"flash:{drive_class}", "flash")
        return work_out(_title(part), "count × (capacity ⊗ spare ⊗ flash ⊕ rest)", inputs)
    inputs["density"] = (
        Estimate.exact(part.density_gb_per_cm2, "GB/cm2", INVENTORY)
        if part.density_gb_per_cm2 is not None
        else evidence.of_year("nand_density_of_year", _year(part)) or evidence.attribute("nand_density")
    )
    inputs["nand_die"] = evidence.factor("nand_die")
    return work_out(_title(part), "count × (capacity ⊗ spare ⊘ density ⊗ nand_die ⊕ rest)", inputs)


def _ssd_capacity(part: Part, evidence: Evidence) -> Estimate:
    """Return a drive's capacity: as said, else as its name has it, else what drives of its kind have."""
    if part.capacity_gb is not None:
        return Estimate.exact(part.capacity_gb, "GB/unit", INVENTORY)
    named = capacity_in_name(part.model)
    if named is not None:
        return Estimate.exact(named, "GB/unit", Citation("inventory", locator=f"model: {part.model}"))
    if evidence.client or part.transport == "sata":
        return evidence.attribute("drive_capacity:ssd:client" if evidence.client else "drive_capacity:ssd:sata")
    return evidence.of_year("drive_capacity_of_year", _year(part)) or evidence.attribute("drive_capacity:ssd")


def _of_class(subject: str, evidence: Evidence) -> str:
    """Return the default of computers that are no servers, or of servers."""
    return f"{subject}:client" if evidence.client else subject


def _psu(part: Part, count: Estimate, evidence: Evidence) -> Derivation:
    if part.mass_kg is not None:
        mass = Estimate.exact(part.mass_kg, "kg/unit", INVENTORY)
        inputs = {"count": count, "mass": mass, "psu": evidence.factor("psu_mass")}
        return work_out(_title(part), "count × mass × psu", inputs)
    inputs = {
        "count": count,
        "least": evidence.attribute("psu_mass_least"),
        "rating": evidence.said(part.rated_watts, "W/unit", "psu_rating"),
        "per_watt": evidence.attribute("psu_mass_per_watt"),
        "psu": evidence.factor("psu_mass"),
    }
    return work_out(_title(part), "count × ((least ⊕ rating ⊗ per_watt) ⊗ psu)", inputs)


def _gpu(part: Part, count: Estimate, evidence: Evidence) -> Derivation:
    name = known_chip(part.model, evidence.book)
    inputs = {
        "count": count,
        "dies_area": evidence.said(part.die_area_mm2, "mm2/unit", f"gpu_dies_area:{name}", _area_by_memory(part)),
        "gpu_die": evidence.factor("gpu_die"),
        "capacity": evidence.said(
            part.capacity_gb, "GB/unit", f"gpu_capacity:{name}:hbm", f"gpu_capacity:{name}:gddr", "gpu_capacity"
        ),
        "memory": evidence.factor(_gpu_memory(name, part, evidence)),
        "rest": evidence.factor("gpu_rest"),
    }
    return work_out(_title(part), "count × (dies_area ⊗ gpu_die ⊕ capacity ⊗ memory ⊕ rest)", inputs)


def is_known_card(part: Part, book: FactorBook) -> bool:
    """Return whether a card is assessed, or its maker or the inventory states its dies and memory."""
    if part.die_area_mm2 is not None and part.capacity_gb is not None:
        return True
    subjects = (f"gpu_card:{product_name(part.model or '')}", f"gpu_dies_area:{known_chip(part.model, book)}")
    return any(book.criteria(subject) for subject in subjects)


# Modules that sit on a carrier board: NVIDIA's SXM and HGX, and the accelerator modules of the Open Compute Project (OAM).
_MODULE = re.compile(
    r"SXM|HGX|HBM3|\bOAM\b|\bMI2[05]0X?\b|\bMI3\d\d?X\b|\b[BH]200\b|\bB[13]00\b|\bH20\b|Gaudi ?\d|\bHL[- ][23]\d\d\w?\b"
)
_NO_MODULE = re.compile(r"PCIe|NVL\b|HL[- ]338", re.IGNORECASE)
FEWEST_MODULES = 4  # on one carrier board


def is_module(part: Part) -> bool:
    """Return whether an accelerator is a module of a carrier board by its name, no card in a slot."""
    name = part.model or ""
    return bool(_MODULE.search(name)) and not _NO_MODULE.search(name)


def known_chip(model: str | None, book: FactorBook) -> str:
    """Return the name under which a card's dies are known: its own, or without what makers add for form and memory.

    `Instinct MI300X OAM` is an `Instinct MI300X`. Where no dataset has any of it the whole name is returned.
    """
    words = product_name(model or "").split()
    names = [" ".join(words[:length]) for length in range(len(words), 0, -1)]
    return next((name for name in names if book.criteria(f"gpu_dies_area:{name}")), " ".join(words))


# From how much memory on, in GB, which class of dies: more memory stands for no smaller dies.
_AREA_CLASSES = ((200, "over_200_gb"), (100, "over_100_gb"), (64, "over_64_gb"), (30, "over_30_gb"), (0, "small"))
_STACKED_FROM_GB = 64  # nearly all cards with as much have stacked memory


def _area_by_memory(part: Part) -> str:
    if part.capacity_gb is None:
        return "gpu_dies_area"
    return next(f"gpu_dies_area:{name}" for over, name in _AREA_CLASSES if part.capacity_gb >= over)


def _gpu_memory(name: str, part: Part, evidence: Evidence) -> str:
    for technology in ("hbm", "gddr"):
        if evidence.book.criteria(f"gpu_capacity:{name}:{technology}"):
            return f"gpu_memory:{technology}"
    stacked = part.capacity_gb is not None and part.capacity_gb >= _STACKED_FROM_GB
    return "gpu_memory:hbm" if stacked else "gpu_memory"


def _piece(subject: str) -> Callable[[Part, Estimate, Evidence], Derivation]:
    """Return the model of parts that are like one another: a constant apiece."""

    def model_of_piece(part: Part, count: Estimate, evidence: Evidence) -> Derivation:
        return work_out(_title(part), f"count × {subject}", {"count": count, subject: evidence.factor(subject)})

    return model_of_piece


_MODELS: dict[str, Callable[[Part, Estimate, Evidence], Derivation]] = {
    "cpu": _cpu,
    "memory": _memory,
    "ssd": _ssd,
    "hdd": _piece("hdd_drive"),
    "psu": _psu,
    "gpu": _gpu,
    "nic": _piece("nic_card"),
    "storage_controller": _piece("storage_controller_card"),
}


def _title(part: Part) -> str:
    return f"{part.kind}: {normalise(part.model) if part.model else part.generation or 'unnamed'}"


def _first(book: FactorBook, criterion: str, subjects: Sequence[str]) -> Estimate:
    """Return the first subject's value; the last one's absence is an error."""
    for subject in subjects[:-1]:
        try:
            return book.find(subject, criterion, on=date.max).factor.value
        except FactorMissing:
            continue
    return book.find(subjects[-1], criterion, on=date.max).factor.value

# SPDX-License-Identifier: Apache-2.0
"""CPU families: which dies, how many of them and how large, are in the CPU of a name, by families.toml.

A name that the table does not know for certain has no family: another model is never taken in its place.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from impacts.cpus.names import normalise
from impacts.factors import FactorMissing
from impacts.values.estimates import Citation, Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impacts.factor_book import FactorBook

_EITHER = "|"
_TIMES = " x "

# Brands of desktops and portables, which small servers are built with, too.
_OF_DESKTOPS = re.compile(r"(Core|Celeron|Pentium|Atom|Athlon|Ryzen)\b(?! Threadripper)")

# Arm's own names of cores, which a kernel shows in place of the product, and makers of Arm servers.
_OF_ARM = re.compile(r"(Neoverse|Cortex|Graviton|Altra|ThunderX|Kunpeng|A64FX|Grace)\b")

TABLE = "cpu-families"  # as what its rows are cited


@dataclass(frozen=True, slots=True)
class Die:
    """One kind of die in a package; where nobody has published which of several it is, the name lists them."""

    name: str
    node: str  # 7nm, as carbon per area is looked up
    area: Estimate  # of one die, mm2/unit
    count: Estimate  # in one package, 1


@dataclass(frozen=True, slots=True)
class CpuFamily:
    """What is known of all CPUs of one design and number of dies."""

    name: str
    launched_year: int
    dies: tuple[Die, ...]


@dataclass(frozen=True, slots=True)
class PowerFamily:
    """CPUs of one design, whatever their number of dies, and the class of machine that they are made for."""

    name: str
    machine_class: str  # server, entry (one socket for a desktop's die) or arm


@dataclass(frozen=True, slots=True)
class _Variant:
    """One row of the table."""

    family: str
    machine_class: str
    launched_year: int
    names: re.Pattern[str]
    cores: range | None  # None: any number, also an unknown one
    dies: Mapping[str, int | list[int]]  # empty: not known
    source: Citation

    def fits(self, name: str, cores: int | None) -> bool:
        return (self.cores is None or cores in self.cores) and self.names.fullmatch(name) is not None


def resolve(model: str, cores: int | None, book: FactorBook) -> CpuFamily | None:
    """Return the family of a CPU by its name as printed and the cores of its package; None if it or its dies are not known.

    The name that a guest sees may have a family, but its cores are not those of the die: pass None for them.
    """
    variant = _find(model, cores)
    if variant is None or not variant.dies:
        return None
    dies = tuple(_die(name, count, variant, book) for name, count in variant.dies.items())
    return CpuFamily(variant.family, variant.launched_year, dies)


def power_family(model: str, cores: int | None) -> PowerFamily | None:
    """Return the family of a CPU, where its cores are not known by its name alone; None if it is not certain."""
    name = normalise(model)
    by_name = (variant for variant in _variants() if variant.names.fullmatch(name))
    variant = _find(model, cores) or next(by_name, None)
    return None if variant is None else PowerFamily(variant.family, variant.machine_class)


def machine_class(model: str, cores: int | None) -> str | None:
    """Return the class of machine that a CPU is made for: that of its family, else by the brand; None if it shows neither."""
    family = power_family(model, cores)
    if family is not None:
        return family.machine_class
    name = normalise(model)
    if _OF_ARM.match(name):
        return "arm"
    return "entry" if _OF_DESKTOPS.match(name) else None


def family_tdp_watts(book: FactorBook, model: str, cores: int | None) -> Estimate | None:
    """Return the range of the thermal design powers of the CPU's family; None if either is not known."""
    family = power_family(model, cores)
    if family is None:
        return None
    try:
        return book.find(f"cpu_tdp_of_family:{family.name}", "power", on=date.max).factor.value
    except FactorMissing:
        return None


def _find(model: str, cores: int | None) -> _Variant | None:
    name = normalise(model)
    return next((variant for variant in _variants() if variant.fits(name, cores)), None)


def _die(name: str, count: int | list[int], variant: _Variant, book: FactorBook) -> Die:
    choices = name.split(_EITHER)
    areas = [_area(choice, book) for choice in choices]
    low, central, high = count if isinstance(count, list) else (count, count, count)
    return Die(
        name=" or ".join(choices),
        node=_nodes()[_without_times(choices[0])],
        area=Estimate(
            min(area.low for area in areas),
            areas[0].central,
            max(area.high for area in areas),
            areas[0].unit,
            merge_grounds(*(area.grounds for area in areas)),
        ),
        count=Estimate(low, central, high, "1", (variant.source,)),
    )


def _area(choice: str, book: FactorBook) -> Estimate:
    """Return the area of `A`, or of all four in `4 x A`."""
    area = book.find(f"cpu_die_area:{_without_times(choice)}", "attribute", on=date.max).factor.value
    times, found, _ = choice.partition(_TIMES)
    return area.scaled(int(times)) if found else area


def _without_times(choice: str) -> str:
    return choice.rpartition(_TIMES)[2]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources.files("impacts.cpus") / "families.toml").read_text(encoding="utf-8"))


@cache
def _nodes() -> dict[str, str]:
    return {name: die["node"] for name, die in _table()["dies"].items()}


@cache
def _variants() -> tuple[_Variant, ...]:
    return tuple(_variant(family, row) for family in _table()["family"] for row in family["variants"])


def _variant(family: dict[str, Any], row: dict[str, Any]) -> _Variant:
    cores = row.get("cores")
    return _Variant(
        family=family["name"],
        machine_class=family.get("class", "server"),
        launched_year=family["launched"],
        names=re.compile(row["names"] if "names" in row else family["names"], re.IGNORECASE),
        cores=range(cores[0], cores[1] + 1) if cores else None,
        dies=row["dies"],
        source=Citation(family["source"], TABLE, f"cpu_family:{family['name']}"),
    )

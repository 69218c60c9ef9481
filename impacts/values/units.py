# SPDX-License-Identifier: Apache-2.0
"""Units: what people and publishers print, converted once into the base units used inside.

Base units are the joule, the watt, the second and the gram. A unit is a name (`kgCO2e`) or a quotient of
two names (`gCO2e/kWh`); each name has one scale.
"""

from functools import cache

# Name -> (base name, how many of the base it is). Names that are their own base count things or stay as
# the datasheets print them (GB, mm2, cm2, kg of material).
_SCALES: dict[str, tuple[str, float]] = {
    "1": ("1", 1.0),
    "gCO2e": ("gCO2e", 1.0),
    "kgCO2e": ("gCO2e", 1e3),
    "tCO2e": ("gCO2e", 1e6),
    "lbCO2e": ("gCO2e", 453.59237),
    "gSbe": ("gSbe", 1.0),
    "kgSbe": ("gSbe", 1e3),
    "J": ("J", 1.0),
    "MJ": ("J", 1e6),
    "Wh": ("J", 3.6e3),
    "kWh": ("J", 3.6e6),
    "MWh": ("J", 3.6e9),
    "W": ("W", 1.0),
    "s": ("s", 1.0),
    "year": ("s", 365.25 * 86400),
    "GB": ("GB", 1.0),
    "mm2": ("mm2", 1.0),
    "cm2": ("cm2", 1.0),
    "L": ("L", 1.0),
    "kg": ("kg", 1.0),
    "unit": ("unit", 1.0),
}

# What people read in place of a base unit. Electricity is read in kWh, which its callers ask for themselves.
_READABLE = {"gCO2e": "kgCO2e", "gSbe": "kgSbe", "J": "MJ"}

SECONDS_PER_YEAR = _SCALES["year"][1]
JOULES_PER_KWH = _SCALES["kWh"][1]
JOULES_PER_MICROJOULE = 1e-6


class UnknownUnit(ValueError):
    """A unit's name is not in the table."""


@cache
def base_unit(unit: str) -> tuple[str, float]:
    """Return the base unit of `unit` and the factor that converts a value into it.

    >>> base_unit("kgCO2e/mm2")
    ('gCO2e/mm2', 1000.0)
    """
    numerator, _, denominator = unit.partition("/")
    name, scale = _scale(numerator, unit)
    if not denominator:
        return name, scale
    per_name, per_scale = _scale(denominator, unit)
    return f"{name}/{per_name}", scale / per_scale


def convert(value: float, unit: str, into: str) -> float:
    """Convert `value` from `unit` into another unit of the same kind; raise `UnknownUnit` if they differ in kind."""
    base, scale = base_unit(unit)
    wanted_base, wanted_scale = base_unit(into)
    if base != wanted_base:
        raise UnknownUnit(f"{unit} is measured in {base}, {into} in {wanted_base}")
    return value * scale / wanted_scale


def readable_unit(unit: str) -> str:
    """Return the unit that people read of what is kept in the base unit: `kgCO2e/mm2`, but `gCO2e/kWh`."""
    numerator, line, denominator = unit.partition("/")
    if denominator and _scale(denominator, unit)[0] == "J":
        return f"{numerator}/kWh"
    return f"{_READABLE.get(numerator, numerator)}{line}{denominator}"


@cache
def product_unit(left: str, right: str) -> str:
    """Return the unit of a product: `gCO2e/J` times `J` is `gCO2e`.

    Raises:
        UnknownUnit: if the product would need more than one name above and one below the line.
    """
    above = [name for unit in (left, right) for name in (unit.partition("/")[0],) if name != "1"]
    below = [name for unit in (left, right) for name in (unit.partition("/")[2],) if name]
    for name in list(below):
        if name in above:
            above.remove(name)
            below.remove(name)
    if (above, below) == (["J"], ["s"]):
        return "W"
    if above == ["W", "s"]:
        return "J"
    if len(above) > 1 or len(below) > 1:
        raise UnknownUnit(f"{left} times {right} is no unit in use here")
    return "/".join([*(above or ["1"]), *below])


@cache
def quotient_unit(left: str, right: str) -> str:
    """Return the unit of a quotient: `GB` over `GB/cm2` is `cm2`."""
    numerator, _, denominator = right.partition("/")
    inverse = f"{denominator or '1'}/{numerator}" if numerator != "1" else denominator or "1"
    return product_unit(left, inverse)


def _scale(name: str, unit: str) -> tuple[str, float]:
    try:
        return _SCALES[name]
    except KeyError:
        raise UnknownUnit(f"unknown unit {name!r} in {unit!r}; known: {', '.join(_SCALES)}") from None

# SPDX-License-Identifier: Apache-2.0
"""Derivations: how a figure came about, computed and printed by one formula, so that a reader can redo it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from impacts.values.estimates import merge_grounds
from impacts.values.formulas import MEANINGS, evaluate, unit_of, with_numbers
from impacts.values.units import base_unit, readable_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impacts.values.estimates import Citation, Estimate

RESULT = "result"  # the name by which `work_out` is given the unit that people read a result in

_CORNERS = ("low", "central", "high")
_AS_EVER: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Input:
    """A named number of a formula, with what it rests on or the derivation that it comes from."""

    name: str  # as in the formula: lower case, digits, underscores
    estimate: Estimate  # in the unit that was computed with
    derivation: Derivation | None = None  # how it came about; None: its grounds say where to look it up
    unit: str = ""  # that people read it in; empty: as it is

    @property
    def value(self) -> Estimate:
        """The number in the unit that people read."""
        return self.estimate.in_unit(self.unit) if self.unit else self.estimate


@dataclass(frozen=True, slots=True)
class Derivation:
    """One formula, what went into it and what came out. Made by `work_out` alone, so that number and formula agree."""

    title: str
    formula: str  # see impacts/values/formulas.py
    inputs: tuple[Input, ...]
    estimate: Estimate  # in the unit that was computed with; its grounds are those of all inputs
    note: str = ""
    unit: str = ""  # that people read it in: what the formula comes to in the units of its inputs; empty: as it is

    @property
    def result(self) -> Estimate:
        """The result in the unit that people read."""
        return self.estimate.in_unit(self.unit) if self.unit else self.estimate

    @property
    def leaves(self) -> tuple[Citation, ...]:
        """What it rests on in the end: the grounds of each input that is not derived itself."""
        return merge_grounds(
            *(item.derivation.leaves if item.derivation else item.estimate.grounds for item in self.inputs)
        )

    def all(self) -> Iterator[Derivation]:
        """Yield this derivation, then those of its inputs, in the order of the formula."""
        yield self
        for item in self.inputs:
            if item.derivation is not None:
                yield from item.derivation.all()

    def worked(self, corner: str) -> str:
        """Return the formula with the numbers of one corner (low, central, high) in place of the names."""
        values = {item.name: item.value for item in self.inputs}
        return with_numbers(self.formula, corner, lambda name, taken: _number(getattr(values[name], taken)))


def work_out(
    title: str,
    formula: str,
    inputs: Mapping[str, Estimate | Derivation],
    note: str = "",
    units: Mapping[str, str] = _AS_EVER,
) -> Derivation:
    """Return the derivation whose result is its formula worked out on the inputs: what is printed is what was computed.

    `units` are those that people read an input in; else grams are read in kilograms, joules in MJ and what is per joule
    per kWh. The result is read in the unit that the formula comes to with them: kWh × gCO2e/kWh is gCO2e. Whoever names
    the unit of the `RESULT` has it checked.

    Raises:
        ValueError: the formula is none, does not use each of the inputs, or comes to another unit.
    """
    named = tuple(
        Input(name, value.estimate, value, units.get(name, value.unit))
        if isinstance(value, Derivation)
        else Input(name, value, unit=units.get(name) or readable_unit(value.unit))
        for name, value in inputs.items()
    )
    estimate = evaluate(formula, {item.name: item.estimate for item in named})
    unit = unit_of(formula, tuple((item.name, item.unit or item.estimate.unit) for item in named))
    if units.get(RESULT, unit) != unit or base_unit(unit)[0] != base_unit(estimate.unit)[0]:
        wanted = units.get(RESULT, estimate.unit)
        raise ValueError(f"{formula!r} comes to {unit} in the units that people read its inputs in, not to {wanted}")
    return Derivation(title, formula, named, estimate, note, unit)


def render(derivation: Derivation) -> str:
    """Return the derivation as text: the formula, its three corners worked out, and where each input comes from."""
    result = derivation.result
    unit = f" {result.unit}" if result.unit != "1" else ""
    lines = [derivation.title, f"  formula   {derivation.formula}"]
    lines += [
        f"  {corner:<9} {derivation.worked(corner)} = {_number(getattr(result, corner))}{unit}" for corner in _CORNERS
    ]
    lines += [f"  {name:<9} {meaning}" for name, meaning in MEANINGS.items() if _is_in(name, derivation.formula)]
    if derivation.note:
        lines.append(f"  note      {derivation.note}")
    return "\n".join([*lines, "  where", *_input_lines(derivation.inputs)])


def _is_in(function_or_sign: str, formula: str) -> bool:
    return (f"{function_or_sign}(" if function_or_sign.isalpha() else function_or_sign) in formula


def spread(estimate: Estimate) -> str:
    """Return `value unit (low to high)`, or `value unit` where the bounds are the value itself."""
    unit = f" {estimate.unit}" if estimate.unit != "1" else ""
    if estimate.low == estimate.high:
        return f"{_number(estimate.central)}{unit}"
    return f"{_number(estimate.central)}{unit} ({_number(estimate.low)} to {_number(estimate.high)})"


def _input_lines(inputs: tuple[Input, ...]) -> list[str]:
    width = max((len(item.name) for item in inputs), default=0)
    below = f"    {'':<{width}}   "
    return [
        line
        for item in inputs
        for line in (f"    {item.name:<{width}} = {spread(item.value)}", *(below + origin for origin in _origins(item)))
    ]


def _origins(item: Input) -> list[str]:
    """Return where a number comes from, a line each."""
    if item.derivation is not None:
        return [f"derived below: {item.derivation.title}"]
    return list(map(str, item.estimate.grounds))


def _number(value: float) -> str:
    """Return six significant figures: more than any input has, and enough to redo four."""
    return f"{value:.6g}"

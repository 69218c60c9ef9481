# SPDX-License-Identifier: Apache-2.0
"""Derivations: how a figure came about, computed and printed by one formula, so that a reader can redo it by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from impacts.values.estimates import Estimate, merge_grounds
from impacts.values.units import readable_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impacts.values.estimates import Citation

RESULT = "result"  # the name by which `work_out` is given the unit that people read a result in

_CORNERS = ("low", "central", "high")
_OPPOSITE = {"low": "high", "central": "central", "high": "low"}
_TOKEN = re.compile(r"[a-z][a-z0-9_]*|\S")
_NAME = re.compile(r"(?P<divisor>÷ )?(?P<name>[a-z][a-z0-9_]*)")
_AS_EVER: Mapping[str, str] = MappingProxyType({})

# A parsed formula: the name of an input, or an operation on two parsed formulas.
_Tree = str | tuple[str, "_Tree", "_Tree"]


@dataclass(frozen=True, slots=True)
class Input:
    """A named number of a formula, with what it rests on or the derivation that it comes from."""

    name: str  # as in the formula: lower case, digits, underscores
    estimate: Estimate  # in the unit that was computed with
    derivation: Derivation | None = None  # how it came about; None: its grounds say where to look it up
    unit: str = ""  # that people read it in; empty: the usual one

    @property
    def value(self) -> Estimate:
        """The number in the unit that people read."""
        return _shown(self.estimate, self.unit)


@dataclass(frozen=True, slots=True)
class Derivation:
    """One formula, what went into it and what came out. Made by `work_out` alone, so that number and formula agree."""

    title: str
    formula: str  # the inputs' names and + × ÷ ( ); a name right after ÷ gives its high value to the low result
    inputs: tuple[Input, ...]
    estimate: Estimate  # in the unit that was computed with; its grounds are those of all inputs
    note: str = ""
    unit: str = ""  # that people read it in; empty: the usual one

    @property
    def result(self) -> Estimate:
        """The result in the unit that people read."""
        return _shown(self.estimate, self.unit)

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

        def number(found: re.Match[str]) -> str:
            if found["name"] not in values:
                return found[0]
            taken = _OPPOSITE[corner] if found["divisor"] else corner
            return f"{found['divisor'] or ''}{_number(getattr(values[found['name']], taken))}"

        return _NAME.sub(number, self.formula)


def work_out(
    title: str,
    formula: str,
    inputs: Mapping[str, Estimate | Derivation],
    note: str = "",
    units: Mapping[str, str] = _AS_EVER,
) -> Derivation:
    """Return the derivation whose result is its formula worked out on the inputs: what is printed is what was computed.

    `units` are those that people read an input in, or the `RESULT`; else grams are read in kilograms, joules in MJ and
    what is per joule per kWh.

    Raises:
        ValueError: the formula is not made of the inputs' names and + × ÷ ( ).
    """
    named = tuple(
        Input(name, value.estimate, value, units.get(name, value.unit))
        if isinstance(value, Derivation)
        else Input(name, value, unit=units.get(name, ""))
        for name, value in inputs.items()
    )
    values = {item.name: item.estimate for item in named}
    return Derivation(title, formula, named, _value(_parsed(formula), values), note, units.get(RESULT, ""))


@lru_cache(maxsize=1024)
def _parsed(formula: str) -> _Tree:
    tree, rest = _sum(_TOKEN.findall(formula))
    if rest:
        raise ValueError(f"{formula!r} is no formula from {rest[0]!r} on")
    return tree


def _sum(tokens: list[str]) -> tuple[_Tree, list[str]]:
    """Return the sum that the tokens begin with, and the tokens after it."""
    tree, tokens = _product(tokens)
    while tokens[:1] == ["+"]:
        term, tokens = _product(tokens[1:])
        tree = ("+", tree, term)
    return tree, tokens


def _product(tokens: list[str]) -> tuple[_Tree, list[str]]:
    tree, tokens = _operand(tokens)
    while tokens[:1] in (["×"], ["÷"]):
        operand, rest = _operand(tokens[1:])
        tree, tokens = (tokens[0], tree, operand), rest
    return tree, tokens


def _operand(tokens: list[str]) -> tuple[_Tree, list[str]]:
    if tokens[:1] == ["("]:
        tree, tokens = _sum(tokens[1:])
        if tokens[:1] != [")"]:
            raise ValueError(f"a bracket is not closed before {' '.join(tokens) or 'the end'}")
        return tree, tokens[1:]
    if not tokens or not tokens[0][0].isalpha():
        raise ValueError(f"{' '.join(tokens) or 'nothing'} stands where an input should")
    return tokens[0], tokens[1:]


def _value(tree: _Tree, inputs: Mapping[str, Estimate]) -> Estimate:
    if isinstance(tree, str):
        if tree not in inputs:
            raise ValueError(f"{tree} stands where an input should")
        return inputs[tree]
    operation, left, right = tree
    if operation == "+":
        return _value(left, inputs) + _value(right, inputs)
    if operation == "×":
        return _value(left, inputs) * _value(right, inputs)
    return _value(left, inputs) / _value(right, inputs)


def _shown(estimate: Estimate, unit: str) -> Estimate:
    return estimate.in_unit(unit or readable_unit(estimate.unit))


def render(derivation: Derivation) -> str:
    """Return the derivation as text: the formula, its three corners worked out, and where each input comes from."""
    result = derivation.result
    unit = f" {result.unit}" if result.unit != "1" else ""
    lines = [derivation.title, f"  formula   {derivation.formula}"]
    lines += [
        f"  {corner:<9} {derivation.worked(corner)} = {_number(getattr(result, corner))}{unit}" for corner in _CORNERS
    ]
    if derivation.note:
        lines.append(f"  note      {derivation.note}")
    return "\n".join([*lines, "  where", *_input_lines(derivation.inputs)])


def spread(estimate: Estimate) -> str:
    """Return `value unit (low to high)`, or `value unit` where the bounds are the value itself."""
    unit = f" {estimate.unit}" if estimate.unit != "1" else ""
    if estimate.low == estimate.high:
        return f"{_number(estimate.central)}{unit}"
    return f"{_number(estimate.central)}{unit} ({_number(estimate.low)} to {_number(estimate.high)})"


def _input_lines(inputs: tuple[Input, ...]) -> list[str]:
    width = max((len(item.name) for item in inputs), default=0)
    return [f"    {item.name:<{width}} = {spread(item.value)}\n    {'':<{width}}   {_origin(item)}" for item in inputs]


def _origin(item: Input) -> str:
    if item.derivation is not None:
        return f"derived below: {item.derivation.title}"
    return "; ".join(map(str, item.estimate.grounds))


def _number(value: float) -> str:
    """Return six significant figures: more than any input has, and enough to redo four."""
    return f"{value:.6g}"

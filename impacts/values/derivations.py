# SPDX-License-Identifier: Apache-2.0
"""Derivations: how a figure came about, printed so that a reader can redo it with pencil and paper."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impacts.values.estimates import total
from impacts.values.units import readable_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impacts.values.estimates import Estimate

_CORNERS = ("low", "central", "high")
_OPPOSITE = {"low": "high", "central": "central", "high": "low"}
_TOKEN = re.compile(r"[a-z][a-z0-9_]*|\S")
_NAME = re.compile(r"(?P<divisor>÷ )?(?P<name>[a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Input:
    """A named number of a formula, in the unit that the formula is written in."""

    name: str  # as in the formula: lower case, digits, underscores
    value: Estimate


@dataclass(frozen=True, slots=True)
class Derivation:
    """One formula, what went into it and what came out, in units for people."""

    title: str
    formula: str  # the inputs' names and + × ÷ ( ); a name right after ÷ gives its high value to the low result
    inputs: tuple[Input, ...]
    result: Estimate
    note: str = ""

    def worked(self, corner: str) -> str:
        """Return the formula with the numbers of one corner (low, central, high) in place of the names."""
        values = {item.name: item.value for item in self.inputs}

        def number(found: re.Match[str]) -> str:
            if found["name"] not in values:
                return found[0]
            taken = _OPPOSITE[corner] if found["divisor"] else corner
            return f"{found['divisor'] or ''}{_number(getattr(values[found['name']], taken))}"

        return _NAME.sub(number, self.formula)


def work_out(title: str, formula: str, inputs: Mapping[str, Estimate], note: str = "") -> Derivation:
    """Return the derivation whose result is its formula worked out on the inputs: what is printed is what was computed.

    Raises:
        ValueError: the formula is not made of the inputs' names and + × ÷ ( ).
    """
    result, rest = _sum(_TOKEN.findall(formula), inputs)
    if rest:
        raise ValueError(f"{formula!r} is no formula from {rest[0]!r} on")
    named = tuple(Input(name, _readable(value)) for name, value in inputs.items())
    return Derivation(title, formula, named, _readable(result), note)


def _sum(tokens: list[str], inputs: Mapping[str, Estimate]) -> tuple[Estimate, list[str]]:
    """Return the value of the sum that the tokens begin with, and the tokens after it."""
    value, tokens = _product(tokens, inputs)
    terms = [value]
    while tokens[:1] == ["+"]:
        value, tokens = _product(tokens[1:], inputs)
        terms.append(value)
    return total(terms), tokens


def _product(tokens: list[str], inputs: Mapping[str, Estimate]) -> tuple[Estimate, list[str]]:
    value, tokens = _operand(tokens, inputs)
    while tokens[:1] in (["×"], ["÷"]):
        operand, rest = _operand(tokens[1:], inputs)
        value = value * operand if tokens[0] == "×" else value / operand
        tokens = rest
    return value, tokens


def _operand(tokens: list[str], inputs: Mapping[str, Estimate]) -> tuple[Estimate, list[str]]:
    if tokens[:1] == ["("]:
        value, tokens = _sum(tokens[1:], inputs)
        return value, tokens[1:]
    if not tokens or tokens[0] not in inputs:
        raise ValueError(f"{' '.join(tokens) or 'nothing'} stands where an input should")
    return inputs[tokens[0]], tokens[1:]


def _readable(estimate: Estimate) -> Estimate:
    return estimate.in_unit(readable_unit(estimate.unit))


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
    return [
        f"    {item.name:<{width}} = {spread(item.value)}\n    {'':<{width}}   {'; '.join(map(str, item.value.grounds))}"
        for item in inputs
    ]


def _number(value: float) -> str:
    """Return six significant figures: more than any input has, and enough to redo four."""
    return f"{value:.6g}"

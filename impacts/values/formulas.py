# SPDX-License-Identifier: Apache-2.0
"""Formulas: a text that is both printed and computed by, so that the two cannot differ.

A formula is made of the inputs' names (lower case, digits, underscores), numbers, + − × ÷ and brackets, and of

- `min(a, b)`: the smaller of the two, corner by corner;
- `either(a, b)`: bounds that hold whichever of the two it is;
- `both(a, b)`: the bounds of both hold, so the narrower do;
- `central(a)`: the central value of an input, without its bounds;
- ⊕ ⊗ ⊘: + × ÷ of numbers whose errors have nothing to do with each other. They seldom go the same way, so how far the
  result reaches from its central value is the root of the sum of squares of how far each does: in the unit for ⊕, as
  logarithms of the ratio for ⊗ and ⊘. Where each holds nine in ten, so does the result.

What follows − ÷ or ⊘ is a number or one input, nothing that would have to be worked out first: its high value makes the
low result, and so it has to be printed.
"""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from math import exp, hypot, inf, log
from typing import TYPE_CHECKING

from impacts.values.estimates import Estimate
from impacts.values.units import product_unit, quotient_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What a function does with bounds, for whoever redoes it. `min` is understood, and `central` is printed worked out.
MEANINGS = {
    "either": "low takes the lower of the two, high the higher, central the first",
    "both": "low takes the higher of the two, high the lower, central the first",
    "⊕": "a sum of independent numbers: it reaches from its central value by the root of the sum of their reaches squared",
    "⊗": "a product of independent numbers: the same with the logarithms of the ratios to the central values",
    "⊘": "a quotient of independent numbers: as ⊗, the bounds of the divisor exchanged",
}

_TOKEN = re.compile(r"[a-z][a-z0-9_]*|\d+(?:\.\d+)?|\S")
_PRINTED = re.compile(r"(?P<sign>[−÷⊘]\s*)?(?:central\((?P<of>\w+)\)|(?P<name>[a-z][a-z0-9_]*))")
_OPPOSITE = {"low": "high", "central": "central", "high": "low"}

# A parsed formula: an input's name, a number, the central value of an input, or an operation on two parsed formulas.
_Tree = str | float | tuple[str, str] | tuple[str, "_Tree", "_Tree"]


def evaluate(formula: str, inputs: Mapping[str, Estimate]) -> Estimate:
    """Return what a formula comes to; its grounds are those of all inputs.

    Raises:
        ValueError: the formula is none, is of other inputs, or combines units that do not go together.
    """
    tree, names = _parsed(formula)
    if names != inputs.keys():
        wrong = ", ".join(sorted(names ^ inputs.keys()))
        raise ValueError(f"{formula!r} is not of the inputs that are given: {wrong}")
    return _value(tree, inputs)


@lru_cache(maxsize=1024)
def unit_of(formula: str, units: tuple[tuple[str, str], ...]) -> str:
    """Return the unit that a formula comes to, the names of its inputs being given with their units."""
    return _unit(_parsed(formula)[0], dict(units))


def with_numbers(formula: str, corner: str, number: Callable[[str, str], str]) -> str:
    """Return a formula with numbers in place of the names: `number` gives that of an input's name and corner."""
    names = _parsed(formula)[1]

    def replacement(found: re.Match[str]) -> str:
        name, sign = found["name"], found["sign"] or ""
        if found["of"]:
            return f"{sign}{number(found['of'], 'central')}"
        if name not in names:
            return found[0]
        return f"{sign}{number(name, _OPPOSITE[corner] if sign else corner)}"

    return _PRINTED.sub(replacement, formula)


@lru_cache(maxsize=1024)
def _parsed(formula: str) -> tuple[_Tree, frozenset[str]]:
    """Return the formula as a tree, and the names in it."""
    tree, rest = _sum(_TOKEN.findall(formula))
    if rest:
        raise ValueError(f"{formula!r} is no formula from {rest[0]!r} on")
    return tree, frozenset(_names(tree))


def _names(tree: _Tree) -> set[str]:
    if isinstance(tree, str):
        return {tree}
    return set().union(*map(_names, tree[1:])) if isinstance(tree, tuple) else set()


def _sum(tokens: list[str]) -> tuple[_Tree, list[str]]:
    """Return the sum or difference that the tokens begin with, and the tokens after it."""
    tree, tokens = _product(tokens)
    while tokens[:1] in (["+"], ["−"], ["⊕"]):
        term, rest = _single(tokens[1:]) if tokens[0] == "−" else _product(tokens[1:])
        tree, tokens = (tokens[0], tree, term), rest
    return tree, tokens


def _product(tokens: list[str]) -> tuple[_Tree, list[str]]:
    tree, tokens = _operand(tokens)
    while tokens[:1] in (["×"], ["÷"], ["⊗"], ["⊘"]):
        operand, rest = _operand(tokens[1:]) if tokens[0] in "×⊗" else _single(tokens[1:])
        tree, tokens = (tokens[0], tree, operand), rest
    return tree, tokens


def _single(tokens: list[str]) -> tuple[_Tree, list[str]]:
    """Return a number or one input, as it follows − ÷ or ⊘."""
    tree, rest = _operand(tokens)
    if isinstance(tree, tuple) and tree[0] != "central":
        raise ValueError(f"{' '.join(tokens)} follows − ÷ or ⊘ and would be printed by the wrong corner: name it")
    return tree, rest


def _operand(tokens: list[str]) -> tuple[_Tree, list[str]]:
    if tokens[:1] == ["("]:
        tree, rest = _sum(tokens[1:])
        return tree, _after(")", rest)
    if not tokens or not tokens[0][0].isalnum():
        raise ValueError(f"{' '.join(tokens) or 'nothing'} stands where an input should")
    if tokens[1:2] == ["("]:
        return _function(tokens[0], tokens[2:])
    return (tokens[0] if tokens[0][0].isalpha() else float(tokens[0])), tokens[1:]


def _function(name: str, tokens: list[str]) -> tuple[_Tree, list[str]]:
    """Return a function of what the tokens begin with."""
    first, rest = _sum(tokens)
    if name == "central" and isinstance(first, str):
        return (name, first), _after(")", rest)
    if name not in _FUNCTIONS:
        raise ValueError(f"{name} is no function of {' '.join(tokens)}")
    second, rest = _sum(_after(",", rest))
    return (name, first, second), _after(")", rest)


def _after(sign: str, tokens: list[str]) -> list[str]:
    if tokens[:1] != [sign]:
        raise ValueError(f"{sign!r} is missing before {' '.join(tokens) or 'the end'}")
    return tokens[1:]


def _value(tree: _Tree, inputs: Mapping[str, Estimate]) -> Estimate:
    if isinstance(tree, str):
        return inputs[tree]
    if isinstance(tree, float):
        raise ValueError(f"{tree:g} is combined with no input")  # noqa: TRY004 - its type is right
    if len(tree) == 2:  # noqa: PLR2004 -- the central value of an input
        value = inputs[tree[1]]
        return Estimate.exact(value.central, value.unit, *value.grounds)
    operation, left, right = tree
    # A number has no grounds of its own: it takes those of what it is combined with.
    if isinstance(left, float):
        other = _value(right, inputs)
        return _OPERATIONS[operation](Estimate.exact(left, "1", *other.grounds), other)
    first = _value(left, inputs)
    if isinstance(right, float):
        return _OPERATIONS[operation](first, Estimate.exact(right, "1", *first.grounds))
    return _OPERATIONS[operation](first, _value(right, inputs))


def _unit(tree: _Tree, units: Mapping[str, str]) -> str:
    if isinstance(tree, str):
        return units[tree]
    if isinstance(tree, float):
        return "1"
    first, *others = (_unit(each, units) for each in tree[1:])
    if tree[0] in "×⊗":
        return product_unit(first, *others)
    if tree[0] in "÷⊘":
        return quotient_unit(first, *others)
    if any(other != first for other in others):
        raise ValueError(f"{first} and {others[0]} do not go together")
    return first


def _less(one: Estimate, other: Estimate) -> Estimate:
    return _like(one + other, one.low - other.high, one.central - other.central, one.high - other.low)


def _smaller(one: Estimate, other: Estimate) -> Estimate:
    low, central, high = min(one.low, other.low), min(one.central, other.central), min(one.high, other.high)
    return _like(one + other, low, central, high)


def _either(one: Estimate, other: Estimate) -> Estimate:
    return _like(one + other, min(one.low, other.low), one.central, max(one.high, other.high))


def _both(one: Estimate, other: Estimate) -> Estimate:
    low, high = max(one.low, other.low), min(one.high, other.high)
    return _like(one + other, low, min(max(low, one.central), high), high)  # a sum's last digit may lie outside


def _sum_apart(one: Estimate, other: Estimate) -> Estimate:
    central = one.central + other.central
    below = hypot(one.central - one.low, other.central - other.low)
    above = hypot(one.high - one.central, other.high - other.central)
    return _like(one + other, max(0.0, central - below), central, central + above)


def _product_apart(one: Estimate, other: Estimate) -> Estimate:
    return _reached_apart(one * other, (one.low, one.central, one.high), (other.low, other.central, other.high))


def _quotient_apart(one: Estimate, other: Estimate) -> Estimate:
    inverse = (1 / other.high, 1 / other.central, 1 / other.low)
    return _reached_apart(one / other, (one.low, one.central, one.high), inverse)


def _reached_apart(corners: Estimate, *factors: tuple[float, float, float]) -> Estimate:
    """Return a product with reaches that add up as squares of logarithms; its corners where a central value is zero."""
    if any(central <= 0 for _, central, _ in factors):
        return corners
    below = hypot(*(log(central / low) if low else inf for low, central, _ in factors))
    above = hypot(*(log(high / central) for _, central, high in factors))
    return _like(corners, corners.central * exp(-below), corners.central, corners.central * exp(above))


def _like(together: Estimate, low: float, central: float, high: float) -> Estimate:
    """Return other values with the unit and the grounds of two that could be added up."""
    return Estimate(low, central, high, together.unit, together.grounds)


_FUNCTIONS: dict[str, Callable[[Estimate, Estimate], Estimate]] = {"min": _smaller, "either": _either, "both": _both}
_OPERATIONS: dict[str, Callable[[Estimate, Estimate], Estimate]] = {
    "+": operator.add,
    "−": _less,
    "×": operator.mul,
    "÷": operator.truediv,
    "⊕": _sum_apart,
    "⊗": _product_apart,
    "⊘": _quotient_apart,
    **_FUNCTIONS,
}

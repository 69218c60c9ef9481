# SPDX-License-Identifier: Apache-2.0
"""The host's power in plain words: by which way it is known, what of it is measured, and what would make it better."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from impacts import quantities as q

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from impacts.figures import Figure
    from impacts.problems import Problem
    from impacts.snapshots import Snapshot
    from impacts.values.derivations import Derivation

_WAYS = {
    "measured": "A meter at the power supplies' inlets shows it.",
    "calibrated": "The meter at the inlets is silent: counters of the components stand in for it, by what it has taught.",
    "part_modelled": "Counters show a part of it, and a model states the rest.",
    "modelled": "Nothing measures it: it is modelled from the parts and the CPUs' load.",
    "siblings": "Nothing measures it here: it is modelled by what meters of machines of the same kind have taught.",
}
_BETTER = {
    "measured": "A meter of better accuracy: the bounds are those of this one.",
    "calibrated": "The meter's return: `wattprint doctor` shows what keeps it from being read.",
    "part_modelled": "A meter at the inlets (IPMI, Redfish, PMBus), even for some hours: it teaches what the counters leave out, "
    "and the agent keeps that. `wattprint doctor` shows what this machine has.",
    "siblings": "A meter or a counter of its own: `wattprint doctor` shows what this machine has.",
    "modelled": "A counter (RAPL) or a meter at the inlets: `wattprint doctor` shows what this machine has, and what keeps it "
    "from being read. A fleet with some meters teaches the others: `wattprint power --learn`.",
}
_FROM = "power of "
_MODELLED = "_modelled"
_COEFFICIENT = "_coefficient"
# Of the inventory's problems, those that move the power: others are of dates of acquisition, say.
_OF_PARTS = frozenset(
    {
        "memory_assumed",
        "psu_assumed",
        "cpu_assumed",
        "drives_unknown",
        "drives_behind_array",
        "cards_unnamed",
        "parts_unknown",
        "virtual_machine",
    }
)
_WIDTH = 100
_INDENT = " " * 17


def power_in_words(snapshot: Snapshot) -> list[str]:
    """Return the lines on the host's power now; none where it is not known."""
    figure = next((one for one in snapshot.figures if one.quantity is q.HOST_POWER), None)
    if figure is None or figure.derivation is None:
        return []
    kind = figure.method if figure.method in _WAYS else figure.labels[0]
    remedies = () if kind == "measured" else _remedies(snapshot.problems)
    return [
        *_wrapped("How it is known  ", _WAYS[kind]),
        *(line for part in _parts(figure, figure.derivation) for line in _wrapped(_INDENT, part)),
        *_wrapped("Better by        ", _BETTER[kind]),
        *(line for remedy in remedies for line in _wrapped(_INDENT, remedy)),
    ]


def _wrapped(begins: str, text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent=begins, subsequent_indent=_INDENT)


def _parts(figure: Figure, derivation: Derivation) -> Iterator[str]:
    """Yield what the channels show, W; modelled ones beside those that are measured."""
    channels = [
        (item.name, item.derivation.title.removeprefix(_FROM), item.estimate.central)
        for item in derivation.inputs
        if item.derivation is not None and item.derivation.title.startswith(_FROM)
    ]
    for title, modelled in (("measured", False), ("modelled", True)):
        named = [
            f"{channel} {watts:.3g} W" for name, channel, watts in channels if name.endswith(_MODELLED) is modelled
        ]
        if named:
            yield f"{title}: {', '.join(named)}"
    yield from _taught(derivation)
    power = figure.estimate
    yield f"in all: {power.central:.4g} W at the inlets, between {power.low:.4g} and {power.high:.4g} W"


def _taught(derivation: Derivation) -> Iterator[str]:
    """Yield what a slow meter has taught of the channels, if the power is worked out by it."""
    coefficients = [
        f"{item.name.removesuffix(_COEFFICIENT)} {item.estimate.central:.3g}"
        for item in derivation.inputs
        if item.name.endswith(_COEFFICIENT)
    ]
    intercept = next((item.estimate.central for item in derivation.inputs if item.name == "intercept"), None)
    if intercept is not None:
        of_components = f"a watt inside is at the inlets, by component: {', '.join(coefficients)}; " * bool(
            coefficients
        )
        yield f"the meter gives the energy, the channels its shape: {of_components}{intercept:.4g} W whatever they do"
        yield derivation.note


def _remedies(problems: Iterable[Problem]) -> Iterator[str]:
    for problem in problems:
        if problem.origin == "model" or problem.reason in _OF_PARTS:
            yield f"{problem.what}: {problem.remedy}"

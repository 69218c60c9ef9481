# SPDX-License-Identifier: Apache-2.0
"""wattprint embodied: what the manufacture of this server's parts emitted and used up."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli import DONE
from agent.cli.options import add_format
from agent.cli.tables import aligned, problem_lines
from agent.inventory import detect
from agent.inventory.file import read_inventory
from impacts.datasets import load_book
from impacts.embodied import CRITERIA, PROFILES, embodied, in_readable_unit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.host import Host
    from impacts.components import Component, EmbodiedImpact
    from impacts.estimates import Estimate
    from impacts.problems import Problem

HELP = "say what the manufacture of this server emitted: by component, with bounds and sources"

_NAMES = {
    "gwp": "greenhouse gases",
    "adpe": "abiotic depletion of elements",
    "pe": "primary energy",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--inventory", type=Path, metavar="F", help="inventory file (default: the parts that are detected here)"
    )
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default=PROFILES[0],
        help="default: best estimate, with the bounds of its constants; boavizta: what BoaviztAPI 2.5 computes",
    )
    add_format(parser, "text", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print the embodied impact of the inventory file or of this machine."""
    inventory, detected = (read_inventory(arguments.inventory), ()) if arguments.inventory else detect(host)
    impact = embodied(inventory, arguments.profile, load_book())
    problems = (*detected, *impact.problems)
    if arguments.format == "json":
        print(json.dumps(_document(impact, problems), indent=2))
    else:
        print("\n".join(_text(impact, problems)))
    return DONE


def _document(impact: EmbodiedImpact, problems: tuple[Problem, ...]) -> dict[str, Any]:
    criteria = {criterion: _criterion(impact, criterion) for criterion in CRITERIA if impact.components(criterion)}
    return {"profile": impact.profile, "criteria": criteria, "problems": [asdict(problem) for problem in problems]}


def _criterion(impact: EmbodiedImpact, criterion: str) -> dict[str, Any]:
    whole = impact.total(criterion)
    assert whole is not None  # noqa: S101 - there are components
    components = [_component(component) for component in impact.components(criterion)]
    return {"unit": in_readable_unit(whole).unit, **_bounds(whole), "components": components}


def _component(component: Component) -> dict[str, Any]:
    return {
        "component": component.name,
        "count": component.count,
        **_bounds(component.estimate),
        "method": component.method,
        "grounds": [str(citation) for citation in component.grounds],
    }


def _bounds(estimate: Estimate) -> dict[str, float]:
    readable = in_readable_unit(estimate)
    return {"low": readable.low, "central": readable.central, "high": readable.high}


def _text(impact: EmbodiedImpact, problems: tuple[Problem, ...]) -> Iterator[str]:
    yield f"Manufacture of this server, cradle to gate (profile {impact.profile}); transport and end of life are not included."
    for criterion in CRITERIA:
        if impact.components(criterion):
            yield from _table(impact, criterion)
    yield from problem_lines(problems)


def _table(impact: EmbodiedImpact, criterion: str) -> Iterator[str]:
    whole = impact.total(criterion)
    assert whole is not None  # noqa: S101 - there are components
    yield f"\n{_NAMES[criterion].capitalize()}, {in_readable_unit(whole).unit}"
    rows = [("", "count", "low", "central", "high", "method")]
    rows += [
        (component.name, str(component.count), *_cells(component.estimate), component.method)
        for component in impact.components(criterion)
    ]
    rows.append(("total", "", *_cells(whole), ""))
    yield from aligned(rows, right=frozenset({1, 2, 3, 4}))


def _cells(estimate: Estimate) -> tuple[str, str, str]:
    """Return three significant figures of each."""
    low, central, high = (f"{float(f'{value:.3g}'):,.10g}" for value in _bounds(estimate).values())
    return low, central, high

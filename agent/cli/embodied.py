# SPDX-License-Identifier: Apache-2.0
"""wattprint embodied: what the manufacture of this server's parts emitted and used up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli import DONE
from agent.cli.options import add_config, add_format
from agent.cli.tables import aligned, problem_lines
from agent.config_file import config_of
from agent.inventory.file import read_inventory
from agent.inventory.merge import still_assumed
from agent.wiring import build_machine
from impacts.datasets import load_book
from impacts.embodied.profiles import CRITERIA, PROFILES, embodied, in_readable_unit, transport_and_end_of_life
from impacts.lifetime.acquisition import in_time, time_problems
from impacts.lifetime.amortisation import service_life

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.host import Host
    from impacts.embodied.components import Component, EmbodiedImpact
    from impacts.lifetime.acquisition import InTime
    from impacts.parts import Inventory
    from impacts.problems import Problem
    from impacts.values.derivations import Derivation
    from impacts.values.estimates import Estimate

HELP = "print what the manufacture of this server emitted: by component, with bounds and sources"

_NAMES = {
    "gwp": "greenhouse gases",
    "adpe": "abiotic depletion of elements",
    "pe": "primary energy",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--inventory",
        type=Path,
        metavar="F",
        help="inventory file, read alone (default: what is detected here, and the inventory file of the config)",
    )
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default=PROFILES[0],
        help="default: by what manufacturers and studies publish, with bounds; boavizta: what BoaviztAPI 2.5 computes",
    )
    add_config(parser)
    add_format(parser, "text", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print the embodied impact of the inventory file or of this machine."""
    inventory, found = _inventory(arguments, host)
    book, now = load_book(), host.clock.utc_now()
    impact = embodied(inventory, arguments.profile, book)
    life = service_life(inventory.server, book)
    result = _Result(
        impact,
        transport_and_end_of_life(impact, book),
        in_time(impact, inventory, life, now),
        (*found, *impact.problems, *time_problems(inventory, life, now.date())),
    )
    print(json.dumps(_document(result), indent=2) if arguments.format == "json" else "\n".join(_text(result)))
    return DONE


@dataclass(frozen=True, slots=True)
class _Result:
    """What there is to print."""

    impact: EmbodiedImpact
    later: Derivation | None  # transport and end of life
    time: InTime
    problems: tuple[Problem, ...]


def _inventory(arguments: argparse.Namespace, host: Host) -> tuple[Inventory, tuple[Problem, ...]]:
    if arguments.inventory:
        inventory = read_inventory(arguments.inventory)
        return inventory, tuple(still_assumed(part) for part in inventory.parts or () if part.assumed)
    machine, problems = build_machine(host, config_of(host, arguments.config))
    return machine.inventory, problems


def _document(result: _Result) -> dict[str, Any]:
    impact = result.impact
    criteria = {criterion: _criterion(impact, criterion) for criterion in CRITERIA if impact.components(criterion)}
    if "gwp" in criteria:
        criteria["gwp"] |= _beside(result)
    return {
        "profile": impact.profile,
        "criteria": criteria,
        "problems": [asdict(problem) for problem in result.problems],
    }


def _beside(result: _Result) -> dict[str, Any]:
    """Return what is stated beside the manufacture: later stages, years of acquisition, amortisation."""
    time, years = result.time, result.time.years
    return {
        "transport_and_end_of_life": None if result.later is None else _bounds(result.later.result),
        "booked": [{"year": year, **_bounds(acquired.estimate)} for year, acquired in time.by_year.items()],
        "amortised": None if time.amortised is None else _bounds(time.amortised),
        "yearly": None if time.yearly is None else {**_bounds(time.yearly), "years": years.in_unit("year").central},
    }


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


def _text(result: _Result) -> Iterator[str]:
    impact = result.impact
    yield f"Manufacture of this server, cradle to gate (profile {impact.profile})."
    for criterion in CRITERIA:
        if impact.components(criterion):
            yield from _table(impact, criterion)
    if impact.components("gwp"):
        yield from _beside_lines(result)
    yield from problem_lines(result.problems)


def _beside_lines(result: _Result) -> Iterator[str]:
    time, years = result.time, result.time.years.in_unit("year").central
    yield "\nBeside it, kgCO2e"
    rows = [("", "low", "central", "high", "")]
    if result.later is not None:
        rows.append(("transport, end of life", *_cells(result.later.result), "stages of their own, in no total above"))
    for year, acquired in time.by_year.items():
        when = f"booked in {year}" if year else "booked, year unknown"
        rows.append((when, *_cells(acquired.estimate), "in full when acquired (GHG Protocol, category 2)"))
    if time.amortised is not None:
        rows.append(("amortised by today", *_cells(time.amortised), "former users' time included"))
    if time.yearly is not None:
        rows.append(("a year of use", *_cells(time.yearly), f"over {years:.3g} years"))
    yield from aligned(rows, right=frozenset({1, 2, 3}))


def _table(impact: EmbodiedImpact, criterion: str) -> Iterator[str]:
    whole = impact.total(criterion)
    assert whole is not None  # noqa: S101 - there are components
    yield f"\n{_NAMES[criterion].capitalize()}, {in_readable_unit(whole).unit}"
    rows = [("", "count", "low", "central", "high", "method")]
    rows += [
        (_name(component), str(component.count), *_cells(component.estimate), component.method)
        for component in impact.components(criterion)
    ]
    rows.append(("total", "", *_cells(whole), ""))
    yield from aligned(rows, right=frozenset({1, 2, 3, 4}))


def _name(component: Component) -> str:
    """Return the component's name, and how many of its parts have left the server since."""
    left = sum(part.count for part in component.parts if part is not None and part.retired is not None)
    return f"{component.name} ({left} retired)" if left else component.name


def _cells(estimate: Estimate) -> tuple[str, str, str]:
    """Return three significant figures of each."""
    low, central, high = (f"{float(f'{value:.3g}'):,.10g}" for value in _bounds(estimate).values())
    return low, central, high

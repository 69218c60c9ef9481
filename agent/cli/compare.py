# SPDX-License-Identifier: Apache-2.0
"""wattprint compare: keep a machine, or replace it: the manufacture of the new one against what it saves in use."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.answers.comparison import Comparison, Question, compare
from agent.answers.running_machine import Given
from agent.cli import DONE
from agent.cli.options import add_format, load_of, number_of
from agent.cli.tables import aligned, problem_lines
from impacts.lifetime.replacement import Verdict, emissions_per_year, energy_per_year
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.answers.running_machine import RunningMachine
    from agent.host import Host
    from impacts.lifetime.replacement import BreakEven, Difference, Replacement

HELP = "keep a machine or replace it: the manufacture of a new one against what it saves in use, with bounds"

_KILOGRAMS = "kgCO2e"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    for name, what in (("keep", "the machine that is there"), ("replace", "the machine that would come")):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="F", help=f"inventory file of {what}")
    parser.add_argument(
        "--load", type=load_of, metavar="L", help="average CPU load, 0.3 or 30%% (default: that of common servers)"
    )
    parser.add_argument(
        "--replace-load",
        type=load_of,
        metavar="L",
        help="average CPU load of the new machine (default: the load of the old one)",
    )
    for name, what in (("keep", "one old machine"), ("replace", "the new machine")):
        parser.add_argument(
            f"--{name}-watts",
            type=_watts,
            metavar="W",
            help=f"mean power of {what} at the inlet, in place of the model: 240, or with bounds LOW:MEAN:HIGH",
        )
    parser.add_argument(
        "--replaces", type=_count, default=1, metavar="N", help="how many machines such as the old one it replaces (1)"
    )
    parser.add_argument(
        "--country", default="", metavar="C", help="country or grid zone, FR (default: the world's average)"
    )
    add_format(parser, "text", "json")


def _watts(text: str) -> tuple[float, ...]:
    watts = tuple(number_of(piece) for piece in text.split(":"))
    if len(watts) not in {1, 3} or min(watts) <= 0 or list(watts) != sorted(watts):
        raise argparse.ArgumentTypeError(f"{text!r} is no power; write 240, or 220:240:270 for its bounds")
    return watts


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of machines; write 1 or more")
    return int(text)


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print the comparison of two inventory files."""
    question = Question(
        Given("keep", arguments.keep, arguments.load, arguments.keep_watts),
        Given("replace", arguments.replace, arguments.replace_load, arguments.replace_watts),
        arguments.replaces,
        arguments.country.upper(),
    )
    comparison = compare(question, host.clock.utc_now().date())
    if arguments.format == "json":
        print(json.dumps(_document(comparison), indent=2))
    else:
        print("\n".join(_text(comparison)))
    return DONE


def _document(comparison: Comparison) -> dict[str, Any]:
    outcome = comparison.outcome
    return {
        "replaces": comparison.question.replaces,
        "service_life_years": outcome.service_life_years,
        "electricity": _electricity(comparison),
        "keep": _use(comparison, comparison.keep, outcome.keep),
        "replace": {
            **_use(comparison, comparison.replace, outcome.replace),
            "embodied": _grounded(outcome.manufacture.in_unit(_KILOGRAMS)),
        },
        "saving_per_year": _bounds(outcome.saving_per_year.in_unit(_KILOGRAMS)),
        "break_even_years": asdict(outcome.break_even),
        "over_service_life": {
            "keep": _bounds(outcome.keep_over_life.in_unit(_KILOGRAMS)),
            "replace": _bounds(outcome.replace_over_life.in_unit(_KILOGRAMS)),
            "difference": _bounds(outcome.difference_over_life.in_unit(_KILOGRAMS)),
        },
        "verdict": outcome.verdict.value,
        "problems": [asdict(problem) for problem in comparison.problems],
    }


def _electricity(comparison: Comparison) -> dict[str, Any]:
    factor = comparison.grid.factor
    intensity = factor.value.in_unit("gCO2e/kWh")
    return {"region": factor.region, "year": factor.valid_from.year, "fit": comparison.grid.fit, **_grounded(intensity)}


def _use(comparison: Comparison, machine: RunningMachine, power: Estimate) -> dict[str, Any]:
    load = _load_of(comparison, machine)
    return {
        "method": "modelled" if machine.model else "given",
        "load": None if load is None else _bounds(load),
        "power": _grounded(power),
        "energy_per_year": _bounds(energy_per_year(power).in_unit("kWh")),
        "emissions_per_year": _bounds(emissions_per_year(power, comparison.outcome.intensity).in_unit(_KILOGRAMS)),
    }


def _load_of(comparison: Comparison, machine: RunningMachine) -> Estimate | None:
    """Return the load that a modelled machine is taken to run at."""
    if machine.model is None:
        return None
    if machine.own_load is None:
        return comparison.load
    return Estimate.exact(machine.own_load, "1", Citation("given on the command line"))


def _bounds(quantity: Estimate | Difference) -> dict[str, Any]:
    return {"unit": quantity.unit, "low": quantity.low, "central": quantity.central, "high": quantity.high}


def _grounded(estimate: Estimate) -> dict[str, Any]:
    return {**_bounds(estimate), "grounds": [str(citation) for citation in estimate.grounds]}


def _text(comparison: Comparison) -> Iterator[str]:
    outcome = comparison.outcome
    yield f"Keep or replace: which emits less over the new machine's {outcome.service_life_years:g} years of service?\n"
    yield from (f"  {line}" for line in aligned(list(_what(comparison))))
    yield ""
    yield from aligned(list(_rows(comparison)), right=frozenset({2, 3, 4}))
    yield f"\n{_break_even(outcome.break_even)}\n{_verdict(outcome)}"
    yield "The manufacture of what is there already is in neither sum: it has been emitted, whatever is chosen."
    yield from problem_lines(comparison.problems)


def _what(comparison: Comparison) -> Iterator[tuple[str, str]]:
    question, factor = comparison.question, comparison.grid.factor
    count = f", {question.replaces} machines" if question.replaces > 1 else ""
    yield "keep", f"{question.keep.path}{count}, {_how(comparison, comparison.keep)}"
    yield "replace", f"{question.replace.path}, {_how(comparison, comparison.replace)}"
    low, central, high = _cells(factor.value.in_unit("gCO2e/kWh"))
    yield "grid", f"{factor.region} {factor.valid_from.year}: {central} gCO2e/kWh ({low} to {high}), for all the years"


def _how(comparison: Comparison, machine: RunningMachine) -> str:
    load = _load_of(comparison, machine)
    if load is None:
        return "power as given"
    bounds = f" ({load.low:.0%} to {load.high:.0%})" if load.low < load.high else ""
    return f"power modelled at {load.central:.0%} CPU load{bounds}"


def _rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    outcome = comparison.outcome
    yield "", "", "low", "central", "high"
    for name, power in (("keep", outcome.keep), ("replace", outcome.replace)):
        yield name, "power, W", *_cells(power)
        yield "", "energy, kWh a year", *_cells(energy_per_year(power).in_unit("kWh"))
        yield "", "emissions, kgCO2e a year", *_cells(emissions_per_year(power, outcome.intensity).in_unit(_KILOGRAMS))
    yield "", "manufacture, kgCO2e, once", *_cells(outcome.manufacture.in_unit(_KILOGRAMS))
    yield "saving", "in use, kgCO2e a year", *_cells(outcome.saving_per_year.in_unit(_KILOGRAMS))
    whole = f"over {outcome.service_life_years:g} years, kgCO2e"
    yield "keep", whole, *_cells(outcome.keep_over_life.in_unit(_KILOGRAMS))
    yield "replace", whole, *_cells(outcome.replace_over_life.in_unit(_KILOGRAMS))


def _break_even(years: BreakEven) -> str:
    if years.low is None:
        return "Break-even: none. The new machine saves nothing in use, whatever the bounds allow."
    earliest = _rounded(years.low, 2)
    if years.central is None:
        return f"Break-even: none on the central values; at the earliest after {earliest} years."
    latest = "never" if years.high is None else _rounded(years.high, 2)
    return f"Break-even: after {_rounded(years.central, 2)} years; at the earliest {earliest}, at the latest {latest}."


def _verdict(outcome: Replacement) -> str:
    difference = outcome.difference_over_life.in_unit(_KILOGRAMS)
    low, central, high = (_rounded(abs(value)) for value in (difference.low, difference.central, difference.high))
    if outcome.verdict is Verdict.KEEP_LOWER:
        return f"Verdict: keeping emits less, by {central} kgCO2e, at least {high}, at most {low}."
    if outcome.verdict is Verdict.REPLACE_LOWER:
        return f"Verdict: replacing emits less, by {central} kgCO2e, at least {low}, at most {high}."
    lower = "replacing" if difference.central > 0 else "keeping"
    return (
        f"Verdict: it cannot be said. Central values: {lower} emits less by {central} kgCO2e. "
        f"Bounds: from keeping less by {low} to replacing less by {high}."
    )


def _cells(quantity: Estimate | Difference) -> tuple[str, str, str]:
    return _rounded(quantity.low), _rounded(quantity.central), _rounded(quantity.high)


def _rounded(value: float, figures: int = 3) -> str:
    """Return so many significant figures."""
    return f"{float(f'{value:.{figures}g}'):,.10g}"

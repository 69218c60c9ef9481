# SPDX-License-Identifier: Apache-2.0
"""wattprint power: what a machine would draw at its inlet by its parts, at each load."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent.answers.power_by_load import PowerByLoad, power_by_load
from agent.answers.running_machine import Listed
from agent.answers.sibling_factors import Spreads, sibling_factors, sibling_problems
from agent.answers.sibling_histories import siblings_of_histories
from agent.answers.sibling_metrics import siblings_of_metrics
from agent.cli import DONE
from agent.cli.curve import curve
from agent.cli.options import add_config, add_format, load_of
from agent.cli.tables import aligned, problem_lines
from agent.config_file import config_of
from agent.errors import ConfigError, WattprintError
from agent.inventory.file import read_inventory
from agent.inventory.merge import still_assumed
from agent.wholehost.load_model import logical_cpus
from agent.wiring import build_machine
from agent.written.factor_book import book_of
from agent.written.sibling_power import write_rows
from impacts.configurations import LOADS
from impacts.datasets import load_book

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.host import Host
    from impacts.factor_book import FactorBook
    from impacts.problems import Problem

HELP = "print what a machine would draw at its inlet by its parts, at each CPU load, with bounds and sources"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--inventory", type=Path, metavar="F", help="inventory file of the machine (default: this machine, as detected)"
    )
    parser.add_argument(
        "--load",
        type=_loads,
        default=LOADS,
        metavar="L,L",
        help="CPU loads, 0.3 or 30%% (default: " + ",".join(f"{load:g}" for load in LOADS) + ")",
    )
    parser.add_argument(
        "--learn", action="store_true", help="print a factor file of what the inlet meters of a fleet have taught"
    )
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--prometheus", metavar="URL", help="with --learn: the API that has the metrics of the fleet")
    origin.add_argument(
        "--history", type=Path, nargs="+", metavar="F", help="with --learn: histories of agents, or their directories"
    )
    add_config(parser)
    add_format(parser, "text", "json")


def _loads(text: str) -> tuple[float, ...]:
    """Return the loads of a list with commas, each once."""
    return tuple(dict.fromkeys(load_of(piece.strip()) for piece in text.split(",")))


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print the power of the inventory file's machine or of this one; or what a fleet's meters have taught."""
    if arguments.learn or arguments.prometheus or arguments.history:
        return _learn(arguments, host)
    listed, book, problems = _listed(arguments, host)
    found = power_by_load(listed, arguments.load, book, host.clock.utc_now().date())
    found = replace(found, problems=(*problems, *found.problems))
    if arguments.format == "json":
        print(json.dumps(_document(found), indent=2))
    else:
        print("\n".join(_text(found, listed.where)))
    return DONE


def _learn(arguments: argparse.Namespace, host: Host) -> int:
    """Print the factor file; what is wrong goes to standard error, beside it."""
    if not arguments.learn:
        raise ConfigError("--prometheus and --history go with --learn")
    if arguments.prometheus:
        siblings, problems = siblings_of_metrics(host, arguments.prometheus)
    elif arguments.history:
        siblings, problems = siblings_of_histories(arguments.history)
    else:
        raise ConfigError("--learn needs to know from what: --prometheus URL, or --history FILE")
    for problem in (*problems, *sibling_problems(siblings)):
        print(problem, file=sys.stderr)
    if not siblings:
        raise WattprintError("no inlet meter has taught anything there; docs/siblings.md says what it takes")
    today = host.clock.utc_now().date()
    learned_from = f"inlet meters of siblings, learned by wattprint from {_origin(arguments)} on {today}"
    factors = sibling_factors(siblings, Spreads.of(load_book(), today), learned_from)
    print(write_rows(factor.row() for factor in factors), end="")
    return DONE


def _origin(arguments: argparse.Namespace) -> str:
    return "histories" if arguments.history else urlsplit(arguments.prometheus).hostname or "a Prometheus API"


def _listed(arguments: argparse.Namespace, host: Host) -> tuple[Listed, FactorBook, tuple[Problem, ...]]:
    """Return the machine that is asked about, the factors that apply to it, and the problems of its inventory."""
    if arguments.inventory:
        inventory = read_inventory(arguments.inventory)
        problems = tuple(still_assumed(part) for part in inventory.parts or () if part.assumed)
        book, unread = book_of(host, config_of(host, arguments.config))
        return Listed(inventory, str(arguments.inventory)), book, (*problems, *unread)
    machine, problems = build_machine(host, config_of(host, arguments.config))
    return Listed(machine.inventory, f"the machine at {arguments.root}", logical_cpus(host)), machine.book, problems


def _document(found: PowerByLoad) -> dict[str, Any]:
    return {
        "unit": "W",
        "loads": [
            {
                "load": load,
                "low": power.low,
                "central": power.central,
                "high": power.high,
                "grounds": [str(citation) for citation in power.grounds],
            }
            for load, power in found.points
        ],
        "problems": [asdict(problem) for problem in found.problems],
    }


def _text(found: PowerByLoad, machine: str) -> Iterator[str]:
    how = "as the inlet meters of its siblings have taught" if found.by_siblings else "by its parts"
    yield f"What {machine} would draw at its inlet, {how}.\n"
    rows = [("load", "low", "central", "high", "W")]
    rows += [
        (f"{load:.4g}", _rounded(power.low), _rounded(power.central), _rounded(power.high), "")
        for load, power in found.points
    ]
    yield from aligned(rows, right=frozenset({0, 1, 2, 3}))
    if len(found.points) > 1:
        yield ""
        yield from curve([(load, (power.low, power.central, power.high)) for load, power in found.points])
    yield from problem_lines(found.problems)


def _rounded(watts: float) -> str:
    """Return three significant figures."""
    return f"{float(f'{watts:.3g}'):,.10g}"

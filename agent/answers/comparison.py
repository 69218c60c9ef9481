# SPDX-License-Identifier: Apache-2.0
"""What `wattprint compare` compares: two machines of inventory files, in use at a load and on a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.answers.running_machine import Given, RunningMachine, running_machine
from agent.errors import ConfigError, WattprintError
from agent.inventory.file import read_inventory
from agent.place import check_location
from impacts.datasets import load_book
from impacts.electricity.grid import grid_factor, grid_problems
from impacts.embodied.profiles import embodied
from impacts.lifetime.amortisation import service_life
from impacts.lifetime.replacement import Choices, Replacement
from impacts.problems import Problem
from impacts.values.estimates import Citation, Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from impacts.factor_book import FactorBook
    from impacts.factors import FactorMatch
    from impacts.parts import Inventory, Server

_ORIGIN = "compare"
_MEASURES = {
    "keep": "its mean over some weeks at the inlet, by this agent or its BMC",
    "replace": "that of a machine on trial, or of its manufacturer's calculator, with bounds as LOW:MEAN:HIGH",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    keep: Given
    replace: Given
    replaces: int = 1  # how many machines such as the one to keep the new one replaces
    country: str = ""  # or grid zone; empty: not given


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer, what it rests on, and its problems."""

    question: Question
    keep: RunningMachine
    replace: RunningMachine
    load: Estimate  # that both have in common, unless one has its own
    grid: FactorMatch
    outcome: Replacement
    problems: tuple[Problem, ...]


def compare(question: Question, on: date) -> Comparison:
    """Return the comparison at the factors of a day.

    Raises:
        ConfigError: an inventory file cannot be used, or no dataset knows the country.
        WattprintError: the manufacture of the new machine cannot be computed.
    """
    book = load_book()
    check_location(book, question.country, "--country")
    old, new = (_inventory(given, on) for given in (question.keep, question.replace))
    keep = running_machine(question.keep, old, book, on)
    come = running_machine(question.replace, new, book, on)
    load = _load(question.keep, book, on)
    impact = embodied(new, "default", book)
    manufacture = impact.total("gwp")
    if manufacture is None:
        raise WattprintError(f"{question.replace.path}: its manufacture cannot be computed: {impact.problems[0]}")
    grid = grid_factor(book, question.country, on)
    central, *corners = _choices((keep, come), question.replaces, load)
    years = service_life(new.server, book).central
    outcome = Replacement(central, corners, grid.factor.value, manufacture, years)
    problems = (
        *keep.problems,
        *come.problems,
        *_power_problems(question, keep, come),
        *_grid_problems(grid, question.country, on),
        *_life_problems(new.server, years),
        *impact.problems,
    )
    return Comparison(question, keep, come, load, grid, outcome, problems)


def _inventory(given: Given, on: date) -> Inventory:
    inventory = read_inventory(given.path).serving_on(on)
    if inventory.server.virtual:
        raise ConfigError(f"{given.path}: is of a virtual machine; compare the physical servers that it runs on")
    return inventory


def _load(keep: Given, book: FactorBook, on: date) -> Estimate:
    if keep.load is not None:
        return Estimate.exact(keep.load, "1", Citation("given with --load"))
    return book.find("server_load", "power", on=on).factor.value


def _choices(machines: tuple[RunningMachine, RunningMachine], replaces: int, load: Estimate) -> list[Choices]:
    """Return both powers at each value of the load, the central one first.

    Between its bends a machine's power is a straight line, so that the bounds lie at a bend or at an end of the loads.
    """
    keep, come = machines
    bends = {bend for machine in machines for bend in machine.bends if load.low < bend < load.high}
    loads = dict.fromkeys([load.central, load.low, load.high, *sorted(bends)])
    return [Choices(_at(keep, load, at).scaled(replaces), _at(come, load, at)) for at in loads]


def _at(machine: RunningMachine, load: Estimate, at: float) -> Estimate:
    """Return the power at one value of the load, on whose grounds it rests, too."""
    power = machine.power(at)
    return replace(power, grounds=merge_grounds(power.grounds, load.grounds))


def _power_problems(question: Question, keep: RunningMachine, come: RunningMachine) -> Iterator[Problem]:
    modelled = [given.name for given, machine in ((question.keep, keep), (question.replace, come)) if machine.model]
    if modelled:
        what = f"the power of the machine to {' and of the one to '.join(modelled)} is modelled, with wide bounds"
        remedy = "; ".join(f"--{name}-watts: {_MEASURES[name]}" for name in modelled)
        yield Problem(_ORIGIN, "power_modelled", what, remedy)
    if question.keep.load is None and (keep.model or (come.model and come.own_load is None)):
        what = "the average CPU load is not known: that of common servers stands in, with wide bounds"
        yield Problem(_ORIGIN, "load_assumed", what, "give it with --load, as 0.3 or 30%")
    if come.model and come.own_load is None:
        what = "the load of the old machine stands in for that of the new one; on a faster machine the same work is less load"
        yield Problem(_ORIGIN, "replace_load_assumed", what, "give the load that you expect with --replace-load")


def _grid_problems(grid: FactorMatch, country: str, on: date) -> Iterator[Problem]:
    for problem in grid_problems(grid, country, on):
        is_of_place = problem.reason in {"location_unknown", "grid_unknown"}
        remedy = "give the country (FR) or grid zone (US-CAL-CISO) with --country"
        yield replace(problem, remedy=remedy) if is_of_place else problem


def _life_problems(server: Server, years: float) -> Iterator[Problem]:
    if server.service_life_years is None:
        what = f"the service life of the new machine is not known: {years:g} years stand in"
        yield Problem(_ORIGIN, "service_life_assumed", what, "set `service_life_years` under `server` in its file")
    if server.first_used is not None:
        what = "the new machine has been used before: its manufacture is counted in full, as if it were made for this"
        yield Problem(_ORIGIN, "bought_used", what, "read the break-even as an upper bound; docs/keep-or-replace.md")

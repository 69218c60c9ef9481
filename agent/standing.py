# SPDX-License-Identifier: Apache-2.0
"""What stands for as long as the agent runs: the machine, its embodied impact, the grid, and the factors in use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from agent.wholehost.balance import Overheads
from agent.wholehost.load_model import LoadModel, load_model
from impacts.amortisation import service_life
from impacts.electricity import grid_factor, grid_problems
from impacts.embodied import EmbodiedImpact, embodied
from impacts.estimates import Citation, Estimate, merge_grounds
from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.machine import Machine
    from impacts.factors import FactorMatch

PROFILE = "default"


@dataclass(frozen=True)
class Standing:
    """The constant part of an evaluation."""

    machine: Machine
    embodied: EmbodiedImpact
    grid: FactorMatch
    overheads: Overheads
    model: LoadModel
    service_life: Estimate  # years
    problems: tuple[Problem, ...]

    @cached_property
    def counted_grounds(self) -> tuple[Citation, ...]:
        """What host energy rests on where counters tell a part of it."""
        return merge_grounds(self.overheads.rest.grounds, self.overheads.psu_efficiency.grounds, self.model.grounds)

    @cached_property
    def model_grounds(self) -> tuple[Citation, ...]:
        """What host energy rests on where nothing is counted."""
        return merge_grounds(self.model.grounds, self.overheads.rest.grounds)

    @cached_property
    def embodied_grounds(self) -> tuple[Citation, ...]:
        """What the embodied emissions rest on."""
        return merge_grounds(*(component.grounds for component in self.embodied.components("gwp")))

    @cached_property
    def embodied_emissions(self) -> Estimate | None:
        """The embodied emissions of the whole host; None if they cannot be computed."""
        return self.embodied.total("gwp")

    @property
    def factors_in_use(self) -> tuple[FactorMatch, ...]:
        """The grid's factor, and every other dataset row behind the figures."""
        impacts = (c.grounds for components in self.embodied.criteria.values() for c in components)
        rows = merge_grounds(self.counted_grounds, *impacts, self.service_life.grounds)
        return (self.grid, *(self.machine.book.cited(row) for row in rows if row.dataset))


def standing(machine: Machine, location: str, problems: tuple[Problem, ...]) -> Standing:
    """Work out what stands; `location` is the country or grid zone, empty where it is not said."""
    on = machine.host.clock.utc_now().date()
    impact = embodied(machine.inventory, PROFILE, machine.book)
    grid = grid_factor(machine.book, location, on)
    rest = machine.book.find("rest_of_host", "power", on=on).factor.value
    psu_efficiency = machine.book.find("psu_efficiency", "power", on=on).factor.value
    return Standing(
        machine=machine,
        embodied=impact,
        grid=grid,
        overheads=Overheads(rest, psu_efficiency),
        model=load_model(machine),
        service_life=service_life(machine.inventory.server, machine.book),
        problems=(*problems, *grid_problems(grid, location, on), *impact.problems, *_life_problems(machine)),
    )


def _life_problems(machine: Machine) -> list[Problem]:
    """Say what the amortisation has to assume."""
    server = machine.inventory.server
    problems = []
    if server.acquired is None:
        problems.append(
            Problem(
                "inventory",
                "acquired_unknown",
                "the date of acquisition is not known: the service life is taken to begin with the agent's history",
                "set server.acquired in the inventory file",
            )
        )
    if server.service_life_years is None:
        problems.append(
            Problem(
                "inventory",
                "service_life_assumed",
                "the service life is not known: 4 years are assumed for the amortisation",
                "set server.service_life_years in the inventory file",
            )
        )
    return problems

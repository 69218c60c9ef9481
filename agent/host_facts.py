# SPDX-License-Identifier: Apache-2.0
"""What holds while the hardware stays the same: the machine, its place, its embodied impact, and its models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from agent.place import UNDATED
from agent.wholehost.load_model import LoadModel, load_model
from agent.wholehost.ways import Overheads
from impacts.embodied.profiles import embodied
from impacts.lifetime.acquisition import lots, pieces, time_problems
from impacts.lifetime.amortisation import Lot, service_life

if TYPE_CHECKING:
    from datetime import date

    from agent.machine import Machine
    from agent.place import DatedPlaces, Place
    from impacts.embodied.components import EmbodiedImpact
    from impacts.facility import Pue
    from impacts.market_based.instruments import Instrument
    from impacts.parts import Inventory
    from impacts.problems import Problem
    from impacts.values.estimates import Estimate

PROFILE = "default"


@dataclass(frozen=True)
class HostFacts:
    """What is worked out once, when the agent starts and when the hardware has changed."""

    machine: Machine
    serving: Inventory  # without the parts that have left
    place: Place  # the last one that is set
    instruments: tuple[Instrument, ...]  # of the market-based figure
    embodied: EmbodiedImpact
    overheads: Overheads
    model: LoadModel
    service_life: Estimate  # years
    found_problems: tuple[Problem, ...]  # of the inventory
    pue: Pue | None = None  # of the facility; None: not set
    places: DatedPlaces = UNDATED  # where the host was when, if that is set with dates

    def place_at(self, hour: int) -> Place:
        """Return where the host is in an hour: as the dates have it, else the one place that is known."""
        return self.places.at(hour) or self.place

    @property
    def serving_machine(self) -> Machine:
        """The machine with the parts that are in it: what draws power."""
        return replace(self.machine, inventory=self.serving)

    @cached_property
    def embodied_emissions(self) -> Estimate | None:
        """The embodied emissions of the whole host; None if they cannot be computed."""
        return self.embodied.total("gwp")

    @cached_property
    def lots(self) -> tuple[Lot, ...]:
        """The embodied emissions by what was acquired together; none if they cannot be computed."""
        made_of = pieces(self.embodied.components("gwp"))
        return lots(made_of, self.machine.inventory.server, self.service_life, self.embodied.sum_sign)

    def problems_on(self, day: date) -> tuple[Problem, ...]:
        """Return the problems of all this on a day, but for those of the grid."""
        return (
            *self.found_problems,
            *self.embodied.problems,
            *time_problems(self.machine.inventory, self.service_life, day),
        )


def host_facts(
    machine: Machine,
    place: Place,
    problems: tuple[Problem, ...],
    instruments: tuple[Instrument, ...] = (),
    pue: Pue | None = None,
) -> HostFacts:
    """Work out the facts of a host."""
    on = machine.host.clock.utc_now().date()
    delivery = machine.book.find("power_delivery", "power", on=on).factor.value
    serving = machine.inventory.serving_on(on)
    model = load_model(replace(machine, inventory=serving))
    return HostFacts(
        machine=machine,
        serving=serving,
        place=place,
        instruments=instruments,
        embodied=embodied(machine.inventory, PROFILE, machine.book),
        overheads=Overheads(delivery, model.psu_efficiency),
        model=model,
        service_life=service_life(machine.inventory.server, machine.book),
        found_problems=problems,
        pue=pue,
    )

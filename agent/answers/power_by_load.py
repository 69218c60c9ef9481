# SPDX-License-Identifier: Apache-2.0
"""What `wattprint power` answers: what a machine would draw at its inlet by its parts, at each load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.answers.running_machine import modelled_machine
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from agent.answers.running_machine import Listed
    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory
    from impacts.values.estimates import Estimate

_REMEDY = "measure it at the inlet, by its BMC or a meter at the plug"


@dataclass(frozen=True, slots=True)
class PowerByLoad:
    """Power at the inlet (W) by CPU load (0 to 1), in the order that was asked for, and what had to be assumed."""

    points: tuple[tuple[float, Estimate], ...]
    problems: tuple[Problem, ...]
    by_siblings: bool  # as inlet meters of siblings have taught it, not by its parts


def power_by_load(listed: Listed, loads: Sequence[float], book: FactorBook, on: date) -> PowerByLoad:
    """Return the power of a machine at each load, by the parts that serve and the factors of a day.

    Raises:
        ConfigError: the power of its CPUs is not known.
    """
    serving = replace(listed, inventory=listed.inventory.serving_on(on))
    machine = modelled_machine(serving, book, on, _REMEDY)
    points = tuple((load, machine.power(load)) for load in loads)
    by_siblings = machine.model is not None and machine.model.host is not None
    return PowerByLoad(points, (*machine.problems, *_of_a_guest(serving.inventory)), by_siblings)


def _of_a_guest(inventory: Inventory) -> tuple[Problem, ...]:
    if not inventory.server.virtual:
        return ()
    what = "the machine is a guest: the figures are of its own threads, memory and disks, not of the server below it"
    return (Problem("model", "virtual_machine", what, "ask for the physical server with its inventory file"),)

# SPDX-License-Identifier: Apache-2.0
"""A running machine that is not this one: the power of what an inventory file lists, modelled at a load or measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.wholehost.load_model import LoadModel, model_of
from impacts.cpus.families import machine_class
from impacts.part_power.cards import card_power
from impacts.problems import Problem
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory, Part

_THREADS_PER_CORE = 2  # a core may have one: the bounds of the default per thread allow for it
_METER = "ipmi_dcmi_accuracy"  # the accuracy that a server's own inlet meter keeps to


@dataclass(frozen=True, slots=True)
class Given:
    """One machine as it is given; what is not given is None."""

    name: str  # keep or replace: what its options begin with
    path: Path  # of its inventory file
    load: float | None = None  # 0 to 1
    watts: tuple[float, ...] | None = None  # at the inlet: the mean; or a lower bound, the mean, an upper bound


@dataclass(frozen=True, slots=True)
class Listed:
    """The parts of a machine, and where they are listed: an inventory file, or the root that they were detected at."""

    inventory: Inventory
    where: str
    threads: int = 0  # logical CPUs; 0: nobody has counted them, and each core is taken to have two


@dataclass(frozen=True, slots=True)
class RunningMachine:
    """A running machine: its measured power, else the model of its parts and, where it has one, a load of its own."""

    watts: Estimate | None = None
    model: LoadModel | None = None
    own_load: float | None = None
    problems: tuple[Problem, ...] = ()

    def power(self, common_load: float) -> Estimate:
        """Return the power at the inlets at a load."""
        if self.model is None:
            assert self.watts is not None  # noqa: S101 - one of the two is there
            return self.watts
        return self.model.power(self.load(common_load))

    def load(self, common_load: float) -> float:
        """Return the load that it runs at."""
        return common_load if self.own_load is None else self.own_load

    @property
    def bends(self) -> frozenset[float]:
        """The loads at which its power changes its slope."""
        return self.model.bends if self.model else frozenset()


def running_machine(given: Given, inventory: Inventory, book: FactorBook, on: date) -> RunningMachine:
    """Return the running machine: by its measured power where that is given, else modelled.

    Raises:
        ConfigError: the power of its CPUs is not known.
    """
    if given.watts is not None:
        return RunningMachine(watts=_measured(given, book, on))
    remedy = f"give its mean power at the inlet with --{given.name}-watts"
    machine = modelled_machine(Listed(inventory, str(given.path)), book, on, remedy)
    problems = tuple(replace(problem, what=f"{given.name}: {problem.what}") for problem in machine.problems)
    return replace(machine, own_load=given.load, problems=problems)


def modelled_machine(listed: Listed, book: FactorBook, on: date, remedy: str) -> RunningMachine:
    """Return a machine modelled by its parts; `remedy` is what to do where the model falls short.

    Raises:
        ConfigError: the power of its CPUs is not known.
    """
    inventory, cpus = listed.inventory, listed.inventory.of_kind("cpu")
    if not any(part.count for part in cpus):
        raise ConfigError(f"{listed.where}: no CPU is listed; name the CPUs in it, or {remedy}")
    threads = listed.threads or _threads(inventory)
    model = model_of(inventory, book, on, threads)
    if model.host is not None:
        return RunningMachine(model=model, problems=model.problems)
    if not threads and (model.problems or (inventory.server.virtual and not inventory.server.share_of_host)):
        what = f"the power of the CPU {cpus[0].model or '(no model given)'} is not known"
        raise ConfigError(f"{listed.where}: {what}; set the `cores` of each CPU in the file, or {remedy}")
    found = (*(replace(problem, remedy=remedy) for problem in model.problems), *_unmodelled(inventory, book, remedy))
    return RunningMachine(model=model, problems=found)


def _threads(inventory: Inventory) -> int:
    """Return how many logical CPUs the cores would have; 0 where the cores of a CPU are not known."""
    cpus = inventory.of_kind("cpu")
    threads = [part.cores * part.count * _threads_per_core(part, inventory) for part in cpus if part.cores]
    return sum(threads) if len(threads) == len(cpus) else 0


def _threads_per_core(part: Part, inventory: Inventory) -> int:
    """A core of Arm has one, and what a guest shows as a core is a logical CPU of its host."""
    is_arm = machine_class(part.model or "", part.cores) == "arm"
    return 1 if is_arm or inventory.server.virtual else _THREADS_PER_CORE


def _measured(given: Given, book: FactorBook, on: date) -> Estimate:
    assert given.watts is not None  # noqa: S101 - the caller has looked
    option = Citation(f"given with --{given.name}-watts")
    if len(given.watts) > 1:
        low, mean, high = given.watts
        return Estimate(low, mean, high, "W", (option,))
    accuracy = book.find(_METER, "power", on=on).factor.value
    return Estimate.exact(given.watts[0], "W", option) * accuracy


def _unmodelled(inventory: Inventory, book: FactorBook, remedy: str) -> Iterator[Problem]:
    """Yield a problem for the parts whose power the model leaves out or takes from a default."""
    memory = inventory.of_kind("memory")
    if not memory or any(not part.capacity_gb for part in memory):
        what = "of memory that is not listed, or whose capacity is not known, the power is left out"
        yield Problem(
            "model", "memory_power_unknown", what, f"list the modules with `capacity_gb` in the file, or {remedy}"
        )
    if not (inventory.of_kind("psu") or inventory.server.virtual or inventory.server.form == "blade"):
        what = "no power supply is listed: what they always lose is left out"
        yield Problem("model", "psu_power_unknown", what, f"list them with `rated_watts` in the file, or {remedy}")
    yield from _of_cards(inventory.of_kind("gpu"), book, remedy)


def _of_cards(cards: Sequence[Part], book: FactorBook, remedy: str) -> Iterator[Problem]:
    """Yield what is assumed of cards: their use, and of a model that no dataset has its power, too."""
    unknown = [part.model or "unnamed" for part in cards if card_power(book, part.model or "") is None]
    if unknown:
        what = (
            f"no dataset has the power of some cards ({', '.join(dict.fromkeys(unknown))}): that of any card stands in"
        )
        yield Problem("model", "gpu_unknown", what, f"correct their `model`, or {remedy}")
    if len(unknown) < len(cards):
        what = "how busy its cards are is not known, and the load is the CPUs' alone: any use from idle to their limits"
        yield Problem("model", "gpu_power_assumed", what, remedy)

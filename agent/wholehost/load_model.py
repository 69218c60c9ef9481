# SPDX-License-Identifier: Apache-2.0
"""The model of last resort: the power of CPU, memory, drives and cards from their names, sizes and the CPUs' load.

Every term is a full power times a share that depends on the load, both from cited figures with wide bounds. Nothing of
it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from agent.readings import PowerModel
from impacts.cpus.families import family_tdp_watts
from impacts.cpus.names import tdp_watts
from impacts.problems import Problem
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Citation, Estimate, merge_grounds, total

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from agent.host import Host
    from agent.machine import Machine
    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory

_CURVE_LOADS = ("0", "0.1", "0.5", "1")
_ALWAYS = ((0.0, 1.0), (1.0, 1.0))
_COMPONENTS = {"ssd": "drive", "hdd": "drive", "gpu": "gpu"}
_INVENTORY = Citation("inventory")
_LOAD = Citation("source model: the CPUs' load, by /proc/stat")
_CONSTANT = Citation("source model: drawn whatever the load")


@dataclass(frozen=True, slots=True)
class Term:
    """One component's power: its full power, and the share of it drawn at each load (points, linear in between)."""

    name: str
    component: str
    full: Derivation  # W
    shares: tuple[tuple[float, float], ...]
    share_grounds: tuple[Citation, ...] = (_CONSTANT,)

    def watts(self, load: float) -> float:
        """Return the power at a load of 0 to 1."""
        return self.full.estimate.central * self.share(load)

    def power(self, load: float) -> Estimate:
        """Return the power at a load of 0 to 1 with its bounds."""
        return self.full.estimate * Estimate.exact(self.share(load), "1", *self.share_grounds)

    def share(self, load: float) -> float:
        """Return the share of full power drawn at a load of 0 to 1."""
        for (left, left_share), (right, right_share) in pairwise(self.shares):
            if load <= right:
                return left_share + (right_share - left_share) * (load - left) / (right - left)
        return self.shares[-1][1]

    @property
    def grounds(self) -> tuple[Citation, ...]:
        """What the term rests on."""
        return merge_grounds(self.full.estimate.grounds, self.share_grounds)

    @property
    def accuracy(self) -> Estimate:
        """What the truth may be, as ratios of the modelled power."""
        full = self.full.estimate
        return Estimate(full.low / full.central, 1.0, full.high / full.central, "1", self.grounds)

    @property
    def model(self) -> PowerModel:
        """What the power of the term's channel is worked out by."""
        points = ", ".join(f"{share:g} at {load:g}" for load, share in self.shares)
        note = "whatever the load" if self.shares == _ALWAYS else f"share of full power, linear between loads: {points}"
        return PowerModel(self.full, self.share_grounds, note)


@dataclass(frozen=True, slots=True)
class LoadModel:
    """The terms of the modelled host, and what had to be assumed."""

    terms: tuple[Term, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def grounds(self) -> tuple[Citation, ...]:
        """What all terms rest on."""
        return merge_grounds(*(term.grounds for term in self.terms))

    def power(self, load: float) -> Estimate:
        """Return the power of all terms at a load of 0 to 1, before what the rest of the host adds."""
        return total(term.power(load) for term in self.terms)


def load_model(machine: Machine) -> LoadModel:
    """Build the model of this machine; parts that are not known have no term."""
    on = machine.host.clock.utc_now().date()
    return model_of(machine.inventory, machine.book, on, logical_cpus(machine.host))


def model_of(inventory: Inventory, book: FactorBook, on: date, threads: int) -> LoadModel:
    """Build the model of a machine of so many logical CPUs; they matter where the model of a CPU is not known."""

    def value(subject: str) -> Estimate:
        return book.find(subject, "power", on=on).factor.value

    by_threads = value("cpu_tdp_per_thread").scaled(threads)
    tdp, problems = _tdp(inventory, book, by_threads)
    terms = [_cpu_term(tdp, value), *_memory_term(inventory, value), *_constant_terms(inventory, value)]
    return LoadModel(tuple(terms), problems)


def _tdp(inventory: Inventory, book: FactorBook, by_threads: Estimate) -> tuple[Estimate, tuple[Problem, ...]]:
    """Return the TDP of all CPUs: by product, else by family; where one has neither, by logical CPU for all of them."""
    if inventory.server.virtual:
        # The name is of the hypervisor's processor, of which a guest has a few threads.
        return by_threads, ()
    cpus = [(part, tdp_watts(book, part.model or "")) for part in inventory.of_kind("cpu")]
    unknown = ", ".join(part.model or "unnamed" for part, tdp in cpus if tdp is None)
    tdps = [(part, tdp or family_tdp_watts(book, part.model or "", part.cores)) for part, tdp in cpus]
    known = [tdp.scaled(part.count) for part, tdp in tdps if tdp is not None]
    if not cpus or len(known) < len(cpus):
        return by_threads, (_tdp_unknown(unknown or "unknown", "a default per logical CPU stands in"),)
    problems = (_tdp_unknown(unknown, "the range of its family stands in"),) if unknown else ()
    return total(known), problems


def _cpu_term(tdp: Estimate, value: Callable[[str], Estimate]) -> Term:
    """TDP times the load curve."""
    accuracy = value("cpu_model_accuracy")
    curve = [(float(load), value(f"cpu_load_curve:{load}")) for load in _CURVE_LOADS]
    return Term(
        name="cpu",
        component="cpu",
        full=work_out("modelled power at full load: cpu", "tdp × accuracy", {"tdp": tdp, "accuracy": accuracy}),
        shares=tuple((load, share.central) for load, share in curve),
        share_grounds=merge_grounds((_LOAD,), *(share.grounds for _, share in curve)),
    )


def _tdp_unknown(names: str, stand_in: str) -> Problem:
    return Problem(
        "model",
        "tdp_unknown",
        f"the thermal design power of the CPU ({names}) is not known: {stand_in}",
        "give the machine a power counter; `wattprint factors list` names the CPU models that are known",
    )


def _memory_term(inventory: Inventory, value: Callable[[str], Estimate]) -> list[Term]:
    """Base power per module and power per GB, of which a share is drawn at idle."""
    groups = [(part.count, part.capacity_gb) for part in inventory.of_kind("memory") if part.capacity_gb]
    if not groups:
        return []
    modules = Estimate.exact(sum(count for count, _ in groups), "1", _INVENTORY)
    capacity = Estimate.exact(sum(count * gb for count, gb in groups), "GB", _INVENTORY)
    idle_share = value("memory_idle_share")
    inputs = {
        "modules": modules,
        "base": value("memory_module_base"),
        "capacity": capacity,
        "per_gb": value("memory_per_gb"),
    }
    return [
        Term(
            name="memory",
            component="dram",
            full=work_out("modelled power at full load: memory", "modules × base + capacity × per_gb", inputs),
            shares=((0.0, idle_share.central), (1.0, 1.0)),
            share_grounds=(_LOAD, *idle_share.grounds),
        )
    ]


def _constant_terms(inventory: Inventory, value: Callable[[str], Estimate]) -> list[Term]:
    """A constant per piece, for what draws power at its own load, not the CPUs'; pieces of one kind make one term."""
    counts = {kind: sum(part.count for part in inventory.of_kind(kind)) for kind in _COMPONENTS}
    return [_constant_term(kind, count, value(f"{kind}_power")) for kind, count in counts.items() if count]


def _constant_term(kind: str, count: int, power: Estimate) -> Term:
    inputs = {"count": Estimate.exact(count, "1", _INVENTORY), "power": power}
    return Term(kind, _COMPONENTS[kind], work_out(f"modelled power: {kind}", "count × power", inputs), _ALWAYS)


def logical_cpus(host: Host) -> int:
    """Return the number of logical CPUs that /proc/stat lists, at least one."""
    lines = (host.read_text("/proc/stat") or "").splitlines()
    return max(1, sum(line.startswith("cpu") and line[3:4].isdigit() for line in lines))

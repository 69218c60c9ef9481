# SPDX-License-Identifier: Apache-2.0
"""The model of last resort: the power of a host by its parts and the CPUs' load (docs/power-validation.md).

The host draws what its components and its board draw, over the efficiency of its power supplies. Every term is a full
power times a share that depends on the load, both from cited figures with bounds. Nothing of it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent.wholehost.cpu_term import cpu_term, machine_class
from agent.wholehost.part_terms import part_terms, supplies_term
from agent.wholehost.siblings.sibling_term import sibling_term
from impacts.part_power.supplies import supply_loss
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate, merge_grounds, total

if TYPE_CHECKING:
    from datetime import date

    from agent.host import Host
    from agent.machine import Machine
    from agent.wholehost.terms import Term
    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory
    from impacts.problems import Problem
    from impacts.values.derivations import Derivation


@dataclass(frozen=True, slots=True)
class LoadModel:
    """The terms of the modelled host, the efficiency of its power supplies, and what had to be assumed.

    Where siblings have taught the power of hosts like it, `host` is what they draw at the inlets, and goes before the terms.
    """

    terms: tuple[Term, ...]
    psu_efficiency: Estimate
    problems: tuple[Problem, ...] = ()
    host: Term | None = None

    @property
    def grounds(self) -> tuple[Citation, ...]:
        """What all of it rests on."""
        if self.host is not None:
            return self.host.grounds
        return merge_grounds(*(term.grounds for term in self.terms), self.psu_efficiency.grounds)

    @property
    def bends(self) -> frozenset[float]:
        """The loads at which the power changes its slope."""
        terms = self.terms if self.host is None else (self.host,)
        return frozenset(load for term in terms for load, _ in term.share.points)

    def power(self, load: float) -> Estimate:
        """Return the power at the inlets at a load of 0 to 1."""
        if self.host is not None:
            return self.host.power(load)
        return total(term.power(load) for term in self.terms) / self.psu_efficiency


def load_model(machine: Machine) -> LoadModel:
    """Build the model of this machine; parts that are not known have no term."""
    on = machine.host.clock.utc_now().date()
    return model_of(machine.inventory, machine.book, on, logical_cpus(machine.host))


def model_of(inventory: Inventory, book: FactorBook, on: date, threads: int) -> LoadModel:
    """Build the model of a machine of so many logical CPUs; they matter where the model of a CPU is not known."""
    share = _share_of_host(inventory)
    if share is not None:
        server = model_of(replace(inventory, server=replace(inventory.server, virtual=False)), book, on, threads)
        return replace(server, terms=tuple(_share_of(term, share) for term in server.terms), host=None)

    def value(subject: str) -> Estimate:
        return book.find(subject, "power", on=on).factor.value

    cpu, problems = cpu_term(inventory, book, value, threads)
    psus = () if inventory.server.virtual else inventory.of_kind("psu")
    loss = supply_loss(book, psus, machine_class=machine_class(inventory.of_kind("cpu")))
    terms = (cpu, *part_terms(inventory, book, value, threads), *supplies_term(loss))
    model = LoadModel(terms, value("psu_marginal_efficiency"), problems)
    taught = sibling_term(inventory, book, model.power)
    return model if taught is None else replace(model, host=taught.term, problems=taught.problems)


def _share_of_host(inventory: Inventory) -> float | None:
    """Return a guest's share of the server whose parts are listed; None where the parts are what its hypervisor shows."""
    server, memory = inventory.server, inventory.of_kind("memory")
    is_described = memory and not any(part.assumed for part in memory)
    return server.share_of_host if server.virtual and is_described else None


def _share_of(term: Term, share: float) -> Term:
    inputs: dict[str, Estimate | Derivation] = {
        "server": term.full,
        "share": Estimate.exact(share, "1", Citation("share_of_host, in the inventory file")),
    }
    return replace(term, full=work_out(f"{term.full.title}, the guest's share", "server × share", inputs))


def logical_cpus(host: Host) -> int:
    """Return the number of logical CPUs that /proc/stat lists, at least one."""
    lines = (host.read_text("/proc/stat") or "").splitlines()
    return max(1, sum(line.startswith("cpu") and line[3:4].isdigit() for line in lines))

# SPDX-License-Identifier: Apache-2.0
"""The load model's terms for everything but the CPUs: memory, board, drives, cards, power supplies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.wholehost.cpu_term import machine_class
from agent.wholehost.terms import ALWAYS, LOAD, Term
from impacts.values.curves import Curve
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impacts.parts import Inventory

    Value = Callable[[str], Estimate]  # the datasets' value of a subject

_COMPONENTS = {"ssd": "drive", "hdd": "drive", "gpu": "gpu"}
_INVENTORY = Citation("inventory")


def part_terms(inventory: Inventory, value: Value, threads: int) -> Iterator[Term]:
    """Yield the terms of a machine of so many logical CPUs; parts that are not known have none."""
    yield from _memory(inventory, value)
    yield _board(inventory, value, threads)
    if not inventory.server.virtual:  # a guest's drives are files, and its supplies are the host's
        yield from _constant_terms(inventory, value)
        yield from _supplies(inventory, value)


def _memory(inventory: Inventory, value: Value) -> Iterator[Term]:
    """Yield a power for each module and GB, and one that the modules draw with the load."""
    groups = [(part.count, part.capacity_gb) for part in inventory.of_kind("memory") if part.capacity_gb]
    if not groups:
        return
    idle_inputs = {
        "modules": _count(sum(count for count, _ in groups)),
        "module": value(f"memory_module_idle:{machine_class(inventory.of_kind('cpu'))}"),
        "capacity": Estimate.exact(sum(count * gb for count, gb in groups), "GB", _INVENTORY),
        "per_gb": value("memory_per_gb"),
    }
    formula = "modules × module + capacity × per_gb"
    full_inputs = {**idle_inputs, "active": value("memory_module_active")}
    full = work_out("modelled power at full load: memory", f"{formula} + modules × active", full_inputs)
    idle = work_out("modelled power at no load: memory", formula, idle_inputs)
    ratio = idle.estimate.central / full.estimate.central
    shares = ((load, Estimate.exact(share, "1", LOAD)) for load, share in ((0.0, ratio), (1.0, 1.0)))
    yield Term("memory", "dram", full, Curve(tuple(shares)))


def _board(inventory: Inventory, value: Value, threads: int) -> Term:
    """Return what hardly depends on the load: board, management controller, fans, network on board; a guest's share of it."""
    title, cpus = "modelled power: board", inventory.of_kind("cpu")
    if inventory.server.virtual:
        inputs = {"logical_cpus": _count(threads), "each": value("board_power_per_guest_cpu")}
        return Term("board", "board", work_out(title, "logical_cpus × each", inputs))
    kind = machine_class(cpus)
    inputs = {
        "board": value(f"board_power:{kind}"),
        "sockets": _count(max(1, sum(part.count for part in cpus))),
        "each": value(f"board_power_per_socket:{kind}"),
    }
    return Term("board", "board", work_out(title, "board + sockets × each", inputs))


def _constant_terms(inventory: Inventory, value: Value) -> Iterator[Term]:
    """Yield a constant for each kind of piece that draws power at its own load, not the CPUs'."""
    for kind, component in _COMPONENTS.items():
        count = sum(part.count for part in inventory.of_kind(kind))
        if count:
            inputs = {"count": _count(count), "power": value(f"{kind}_power")}
            yield Term(kind, component, work_out(f"modelled power: {kind}", "count × power", inputs), ALWAYS)


def _supplies(inventory: Inventory, value: Value) -> Iterator[Term]:
    """Yield what the power supplies lose whatever they deliver."""
    psus = inventory.of_kind("psu")
    if not psus:
        return
    unknown = value("psu_rating")
    ratings = [
        (Estimate.exact(part.rated_watts, "W", _INVENTORY) if part.rated_watts else unknown).scaled(part.count)
        for part in psus
    ]
    rated = ratings[0]
    for rating in ratings[1:]:
        rated = rated + rating
    inputs = {"rated": rated, "loss": value("psu_constant_loss")}
    yield Term("psu", "psu", work_out("modelled power: constant loss of the supplies", "rated × loss", inputs))


def _count(number: float) -> Estimate:
    return Estimate.exact(number, "1", _INVENTORY)

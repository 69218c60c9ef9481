# SPDX-License-Identifier: Apache-2.0
"""The load model's terms for everything but the CPUs: memory, board, drives, cards, and what the supplies always lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.wholehost.cpu_term import machine_class
from agent.wholehost.terms import LOAD, Term
from impacts.part_power.cards import card_power
from impacts.part_power.controllers import controller_power
from impacts.part_power.drives import drive_power
from impacts.part_power.memory import module_power
from impacts.part_power.network import nic_power
from impacts.values.curves import Curve
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory, Part
    from impacts.values.derivations import Derivation

    Value = Callable[[str], Estimate]  # the datasets' value of a subject

_INVENTORY = Citation("inventory")


def part_terms(inventory: Inventory, book: FactorBook, value: Value, threads: int) -> Iterator[Term]:
    """Yield the terms of a machine of so many logical CPUs; parts that are not known have none."""
    yield from _memory(inventory, book)
    yield _board(inventory, value, threads)
    yield from _cards(inventory, book, value)
    if not inventory.server.virtual:  # a guest's drives are files, and its network cards are the host's
        for kind, component in (("ssd", "drive"), ("hdd", "drive"), ("nic", "nic"), ("storage_controller", "board")):
            yield from _pieces(kind, component, inventory, book)


def supplies_term(loss: Derivation | None) -> tuple[Term, ...]:
    """Return the term of what the power supplies lose whatever they deliver; none where the host has none of its own."""
    return () if loss is None else (Term("psu", "psu", loss),)


def _memory(inventory: Inventory, book: FactorBook) -> Iterator[Term]:
    """Yield what all modules draw: more with the load, up to their full bandwidth."""
    parts = [(part, power) for part in inventory.of_kind("memory") if (power := module_power(book, part))]
    if not parts:
        return
    idle, busy = (
        _sum(f"modelled power of the memory, {state}", [(part.count, getattr(power, state)) for part, power in parts])
        for state in ("idle", "busy")
    )
    share = _idle_share(idle.estimate, busy.estimate)
    yield Term("memory", "dram", busy, Curve(((0.0, share), (1.0, Estimate.exact(1.0, "1", LOAD)))))


def _idle_share(idle: Estimate, busy: Estimate) -> Estimate:
    """Return idle over busy power, each bound by its like: what a module draws more of busy it draws more of idle."""
    low, central, high = (
        min(1.0, getattr(idle, corner) / getattr(busy, corner)) for corner in ("low", "central", "high")
    )
    return Estimate(min(low, central), central, max(high, central), "1", (LOAD, *idle.grounds))


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


def _cards(inventory: Inventory, book: FactorBook, value: Value) -> Iterator[Term]:
    """Yield what accelerators draw of whose use nothing is known: anything from idle to the limit of their boards."""
    powers = [(part.count, _card(part, book, value)) for part in inventory.of_kind("gpu")]
    if powers:
        yield Term("gpu", "gpu", _sum("modelled power: gpu", powers))


def _card(part: Part, book: FactorBook, value: Value) -> Derivation | Estimate:
    power = card_power(book, part.model or "")
    if power is None:
        return value("gpu_power")
    inputs = {"idle": power.idle, "use": value("card_use"), "limit": power.limit}
    return work_out("modelled power of a card", "idle + use × (limit − idle)", inputs)


def _pieces(kind: str, component: str, inventory: Inventory, book: FactorBook) -> Iterator[Term]:
    """Yield what pieces of a kind draw at a load of their own, which is not the CPUs'."""
    powers = [(part.count, _piece(part, book)) for part in inventory.of_kind(kind)]
    known = [(count, power) for count, power in powers if power is not None]
    if known:
        yield Term(kind, component, _sum(f"modelled power: {kind.replace('_', ' ')}", known))


def _piece(part: Part, book: FactorBook) -> Estimate | None:
    if part.kind == "nic":
        return nic_power(book, part.model)
    return controller_power(book, part.model) if part.kind == "storage_controller" else drive_power(book, part)


def _sum(title: str, powers: Sequence[tuple[int, Derivation | Estimate]]) -> Derivation:
    """Return the power of so many pieces of each kind; `powers` has how many, and the power of one."""
    inputs: dict[str, Derivation | Estimate] = {}
    for number, (count, each) in enumerate(powers, 1):
        inputs |= {f"count_{number}": _count(count), f"each_{number}": each}
    formula = " + ".join(f"count_{number} × each_{number}" for number in range(1, len(powers) + 1))
    return work_out(title, formula, inputs)


def _count(number: float) -> Estimate:
    return Estimate.exact(number, "1", _INVENTORY)

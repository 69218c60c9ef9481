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
from impacts.values.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impacts.factor_book import FactorBook
    from impacts.part_power.supplies import SupplyLoss
    from impacts.parts import Inventory, Part

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


def supplies_term(loss: SupplyLoss | None) -> tuple[Term, ...]:
    """Return the term of what the power supplies lose whatever they deliver; none where the host has none of its own."""
    return () if loss is None else (Term("psu", "psu", loss.constant),)


def _memory(inventory: Inventory, book: FactorBook) -> Iterator[Term]:
    """Yield what all modules draw: more with the load, up to their full bandwidth."""
    parts = [(part, power) for part in inventory.of_kind("memory") if (power := module_power(book, part))]
    if not parts:
        return
    idle, busy = (
        work_out(
            f"modelled power of the memory, {state}",
            " + ".join(f"modules_{number} × module_{number}" for number, _ in enumerate(parts)),
            {
                name: each
                for number, (part, power) in enumerate(parts)
                for name, each in (
                    (f"modules_{number}", _count(part.count)),
                    (f"module_{number}", getattr(power, state)),
                )
            },
        )
        for state in ("idle", "busy")
    )
    low, central, high = (
        min(1.0, getattr(idle.estimate, corner) / getattr(busy.estimate, corner))
        for corner in ("low", "central", "high")
    )
    grounds = (LOAD, *idle.estimate.grounds)
    share = Estimate(min(low, central), central, max(high, central), "1", grounds)
    yield Term("memory", "dram", busy, Curve(((0.0, share), (1.0, Estimate.exact(1.0, "1", LOAD)))))


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
    powers = [_card(part, book, value) for part in inventory.of_kind("gpu")]
    if powers:
        names = {f"model_{number}": power for number, power in enumerate(powers)}
        yield Term("gpu", "gpu", work_out("modelled power: gpu", " + ".join(names), names))


def _card(part: Part, book: FactorBook, value: Value) -> Estimate:
    power = card_power(book, part.model or "")
    if power is None:
        return value("gpu_power").scaled(part.count)
    inputs = {"cards": _count(part.count), "idle": power.idle, "use": value("card_use"), "limit": power.limit}
    return work_out("modelled power of cards", "cards × (idle + use × (limit − idle))", inputs).estimate


def _pieces(kind: str, component: str, inventory: Inventory, book: FactorBook) -> Iterator[Term]:
    """Yield what pieces of a kind draw at a load of their own, which is not the CPUs'."""
    powers = [(part, _piece(part, book)) for part in inventory.of_kind(kind)]
    known = [power.scaled(part.count) for part, power in powers if power is not None]
    if known:
        inputs = {"power": total(known)}
        yield Term(kind, component, work_out(f"modelled power: {kind.replace('_', ' ')}", "power", inputs))


def _piece(part: Part, book: FactorBook) -> Estimate | None:
    if part.kind == "nic":
        return nic_power(book, part.model)
    return controller_power(book, part.model) if part.kind == "storage_controller" else drive_power(book, part)


def _count(number: float) -> Estimate:
    return Estimate.exact(number, "1", _INVENTORY)

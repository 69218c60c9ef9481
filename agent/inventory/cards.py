# SPDX-License-Identifier: Apache-2.0
"""Expansion cards by their PCI class: accelerators, network cards, storage controllers. What is soldered on is part of the board.

Class codes: PCI Code and ID Assignment Specification.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.inventory import gpus, pci, pci_names
from impacts.parts import Part
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agent.host import Host
    from agent.inventory.pci import Card, Function
    from agent.inventory.pci_names import Id

READS = (*pci.READS, *pci_names.READS, *gpus.READS)

_KINDS: Mapping[str, str] = {
    "0200": "nic",  # Ethernet
    "0207": "nic",  # InfiniBand
    "0208": "nic",  # fabric
    "0104": "storage_controller",  # RAID
    "0107": "storage_controller",  # SAS
    "0c04": "storage_controller",  # Fibre Channel
}
_OFTEN_SOLDERED = frozenset({"0106", "0180"})  # SATA and others: a card only where a slot is known to hold it
_INTEL_RAID = ("8086", "0104")  # the chipset's, or the processor's own (VMD)
_ORDER = ("gpu", "nic", "storage_controller")


def detect_cards(host: Host, cards: Iterable[Card], *, virtual: bool) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """Return the cards, and a problem if some of them have no name.

    Of a guest's devices only the accelerators are hardware: the rest is made up by its hypervisor or shared.
    """
    found = [kind for card in cards if (kind := _recognised(card, virtual=virtual))]
    unnamed = [function for kind, function in found if kind != "gpu" or gpus.driver_name(host, function) is None]
    names = pci_names.read_names(host, map(_id, unnamed))
    counts = Counter(_part(host, kind, function, names) for kind, function in found)
    ordered = sorted(counts.items(), key=lambda counted: _ORDER.index(counted[0].kind))
    nameless = sorted({":".join(_id(function)) for function in unnamed if _id(function) not in names})
    return tuple(replace(part, count=count) for part, count in ordered), _unnamed(nameless)


def wanted_names(cards: Iterable[Card]) -> frozenset[Id]:
    """Return the ids of everything that may be a card."""
    return frozenset(_id(function) for card in cards if _recognised(card, virtual=False) for function in card.functions)


def _recognised(card: Card, *, virtual: bool) -> tuple[str, Function] | None:
    """Return what kind of part a device is, by the first of its functions that is one; None if none is."""
    gpu = gpus.gpu_of(card, virtual=virtual)
    if gpu is not None:
        return "gpu", gpu
    if virtual or card.on_board:
        return None
    kinds = ((_kind(function, card), function) for function in card.functions)
    return next(((kind, function) for kind, function in kinds if kind), None)


def _kind(function: Function, card: Card) -> str | None:
    if (function.vendor, function.class_code) == _INTEL_RAID:
        return None
    if function.class_code in _OFTEN_SOLDERED:
        return "storage_controller" if card.in_slot else None
    return _KINDS.get(function.class_code)


def _part(host: Host, kind: str, function: Function, names: Mapping[Id, tuple[str, str]]) -> Part:
    if kind != "gpu":
        return Part(kind, 1, model=_name(function, names, sold_as=False))
    model = gpus.driver_name(host, function) or _name(function, names, sold_as=True)
    return Part(kind, 1, model=model, capacity_gb=gpus.memory_gb(host, function))


def _name(function: Function, names: Mapping[Id, tuple[str, str]], *, sold_as: bool) -> str:
    """Return vendor and device in words, or else in numbers."""
    if _id(function) not in names:
        return ":".join(_id(function))
    vendor, device = names[_id(function)]
    return f"{pci_names.short_vendor(vendor)} {pci_names.product(device) if sold_as else device}"


def _id(function: Function) -> Id:
    return (function.vendor, function.device)


def _unnamed(ids: list[str]) -> tuple[Problem, ...]:
    if not ids:
        return ()
    return (
        Problem(
            "inventory",
            "cards_unnamed",
            f"the models of some cards are known by number only: {', '.join(ids)}",
            "install the distribution's pci.ids (Debian: pci.ids, Red Hat: hwdata), or name them in an inventory file",
        ),
    )

# SPDX-License-Identifier: Apache-2.0
"""The default profile: every part by the best that is published of it, and the rest of the server calibrated.

Order of precedence: the manufacturer's figure in the inventory file; the published footprint of the product, with its
parts exchanged for those that are there; a published assessment of a part; bottom-up; an archetype.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from impacts.embodied.components import INVENTORY, ONE, Component
from impacts.embodied.fixed_part import Levels
from impacts.embodied.part_models import Evidence, Modelled, cpu_family, manufacturers_figure, model
from impacts.parts import KINDS, Inventory, Part, Server
from impacts.products import maker, published_product
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from impacts.embodied.fixed_part import FixedPart
    from impacts.factor_book import FactorBook
    from impacts.products import Product


@dataclass(frozen=True, slots=True)
class _Item:
    """Something with a footprint of its own: a group of equal parts, or what the server has once (part None)."""

    component: str
    part: Part | None
    modelled: Modelled


def default_components(inventory: Inventory, book: FactorBook, criterion: str) -> tuple[Component, ...]:
    """Return the manufacture of a server by component.

    Raises:
        FactorMissing: the datasets cannot compute the criterion.
    """
    if inventory.server.virtual:
        return _guest(inventory, book, criterion)
    return _components(_items(inventory, book, criterion))


def year_made(inventory: Inventory, book: FactorBook) -> int | None:
    """Return about when the server was made: when it was first used or acquired, else when its CPUs came out."""
    days = [day for day in (inventory.server.first_used, inventory.server.acquired) if day is not None]
    if days:
        return min(days).year
    families = [family for part in inventory.of_kind("cpu") if (family := cpu_family(part, book)) is not None]
    return max((family.launched_year for family in families), default=None)


def fixed_part(inventory: Inventory, book: FactorBook) -> FixedPart:
    """Return the greenhouse gases of what every server has once, by the best that is published."""
    server, of_books = inventory.server, levels(book)
    product = published_product(server, book.products)
    if product is not None:
        return of_books.of_product(product)
    year = year_made(inventory, book)
    return of_books.of_maker(maker(server.manufacturer), server, year) or of_books.pooled(server, year)


@lru_cache(maxsize=8)
def levels(book: FactorBook) -> Levels:
    """Return what the book's published products say of fixed parts; worked out once for a book."""
    return Levels(book.products, lambda product: _parts_kg(product, book))


def _parts_kg(product: Product, book: FactorBook) -> float:
    """Return the greenhouse gases of the parts of a published configuration, in kg, by the models used for any server."""
    evidence = Evidence(book, "gwp", product.year)
    parts = product.configuration.parts or ()
    return sum(model(part, _count(part), evidence).derivation.result.central for part in parts)


def _items(inventory: Inventory, book: FactorBook, criterion: str) -> list[_Item]:
    server = inventory.server
    evidence = Evidence(book, criterion, year_made(inventory, book))
    if criterion == "gwp" and server.footprint is not None:
        whole = _Item("server", None, _manufacturers(server, book))
        return [whole, *(_item(part, _count(part), evidence) for part in _added_later(inventory))]
    return [*_part_items(inventory, evidence), _fixed_item(inventory, book, criterion)]


def _added_later(inventory: Inventory) -> tuple[Part, ...]:
    """Return the parts that a figure of the server as delivered, to its first user, cannot contain."""
    days = [day for day in (inventory.server.first_used, inventory.server.acquired) if day is not None]
    delivered = min(days, default=None)
    return tuple(
        p for p in inventory.parts or () if p.count and p.acquired and (not delivered or p.acquired > delivered)
    )


def _part_items(inventory: Inventory, evidence: Evidence) -> list[_Item]:
    if inventory.parts is not None:
        listed = [part for part in inventory.parts if part.count]
        listed.sort(key=lambda part: KINDS.index(part.kind))
        return [_item(part, _count(part), evidence) for part in listed]
    product = published_product(inventory.server, evidence.book.products)
    if product is not None:
        of_its_year = Evidence(evidence.book, evidence.criterion, product.year)
        return [_item(part, _count(part), of_its_year) for part in product.configuration.parts or ()]
    return _archetype_items(inventory.server, evidence)


def _archetype_items(server: Server, evidence: Evidence) -> list[_Item]:
    kinds = ("cpu", "memory", "ssd") if server.form == "blade" else ("cpu", "memory", "ssd", "psu")
    items = []
    for kind in kinds:
        count = evidence.attribute(f"archetype_{kind}_count")
        capacity = evidence.attribute(f"archetype_{kind}_capacity").central if kind in {"memory", "ssd"} else None
        part = Part(kind, round(count.central), model="of an unknown server", capacity_gb=capacity)
        items.append(_Item(kind, part, Modelled(model(part, count, evidence).derivation, "archetype")))
    return items


def _fixed_item(inventory: Inventory, book: FactorBook, criterion: str) -> _Item:
    if criterion == "gwp":
        found = fixed_part(inventory, book)
        inputs = {"count": ONE, "fixed_part": found.value.in_unit("gCO2e/unit")}
        worked = work_out("fixed part", "count × fixed_part", inputs, note=found.note)
        return _Item("fixed_part", None, Modelled(worked, found.method))
    return _Item("fixed_part", None, Modelled(_fixed_bottom_up(inventory.server.form, book, criterion), "bottom_up"))


def _fixed_bottom_up(form: str | None, book: FactorBook, criterion: str) -> Derivation:
    """Return board, case and assembly by their constants: no manufacturer publishes these criteria."""
    evidence = Evidence(book, criterion)
    inputs = {"count": ONE, "board": evidence.factor("board"), "assembly": evidence.factor("assembly")}
    if form != "blade":
        inputs["case_rack"] = evidence.factor("case_rack")
        return work_out("fixed part: board, case, assembly", "count × (board + assembly + case_rack)", inputs)
    inputs |= {name: evidence.factor(name) for name in ("case_blade", "chassis_16_slots")}
    inputs["chassis_slots"] = evidence.attribute("chassis_slots")
    formula = "count × (board + assembly + case_blade + chassis_16_slots ÷ chassis_slots)"
    return work_out("fixed part: board, blade, share of the chassis, assembly", formula, inputs)


def _manufacturers(server: Server, book: FactorBook) -> Modelled:
    assert server.footprint is not None  # noqa: S101 - the caller has looked
    return Modelled(manufacturers_figure("server, by its manufacturer", server.footprint, book), "manufacturer")


def _guest(inventory: Inventory, book: FactorBook, criterion: str) -> tuple[Component, ...]:
    """Return a guest's share of a common server: it has no hardware of its own."""
    evidence = Evidence(book, criterion, year_made(inventory, book))
    share = guest_share(inventory, evidence)
    host = [*_archetype_items(Server(), evidence), _fixed_item(Inventory(Server()), book, criterion)]
    return _components([_shared(item, share) for item in host])


def guest_share(inventory: Inventory, evidence: Evidence) -> Estimate:
    """Return a guest's share of the physical server: as the inventory says, else by memory; 1 at most."""
    if inventory.server.share_of_host is not None:
        return Estimate.exact(inventory.server.share_of_host, "1", INVENTORY)
    host = evidence.attribute("host_memory")
    known_gb = sum((part.capacity_gb or 0.0) * part.count for part in inventory.of_kind("memory"))
    module = evidence.attribute("memory_module_capacity")
    own = Estimate.exact(known_gb, "GB", INVENTORY) if known_gb else replace(module, unit="GB")
    share = own / host
    return replace(share, low=min(1.0, share.low), central=min(1.0, share.central), high=min(1.0, share.high))


def _shared(item: _Item, share: Estimate) -> _Item:
    whole = item.modelled.derivation
    worked = work_out(f"a guest's share of {item.component}", "share × host", {"share": share, "host": whole})
    return _Item(item.component, None, Modelled(worked, "guest_share"))


def _item(part: Part, count: Estimate, evidence: Evidence) -> _Item:
    return _Item(part.kind, part, model(part, count, evidence))


def _count(part: Part) -> Estimate:
    return Estimate.exact(part.count, "unit", INVENTORY)


def _components(items: list[_Item]) -> tuple[Component, ...]:
    """Return the items by component, in the order in which the components first come."""
    names = dict.fromkeys(item.component for item in items)
    return tuple(_component(name, [item for item in items if item.component == name]) for name in names)


def _component(name: str, items: list[_Item]) -> Component:
    by_weight = sorted(items, key=lambda item: item.modelled.derivation.result.central, reverse=True)
    return Component(
        name,
        sum(item.part.count if item.part else 1 for item in items),
        ", ".join(dict.fromkeys(item.modelled.method for item in by_weight)),
        tuple(item.modelled.derivation for item in items),
        tuple(item.part for item in items),
    )

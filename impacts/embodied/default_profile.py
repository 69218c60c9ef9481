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
from impacts.embodied.computer_levels import ComputerLevels
from impacts.embodied.fixed_part import Levels
from impacts.embodied.part_models import (
    FEWEST_MODULES,
    Evidence,
    Modelled,
    cpu_family,
    is_module,
    manufacture_and_later,
    manufacturers_figure,
    model,
)
from impacts.machine_forms import COMPUTER_FORMS, form_by_name
from impacts.parts import KINDS, Inventory, Part, Server
from impacts.products import maker, published_product
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from impacts.embodied.fixed_part import FixedPart
    from impacts.factor_book import FactorBook
    from impacts.products import Product


_WITHIN_A_COMPUTER = frozenset({"psu", "nic", "storage_controller"})  # of the level of a computer that is no server


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


def errors_are_common(inventory: Inventory, book: FactorBook) -> bool:
    """Return whether what is wrong of one component is wrong of all.

    So it is with a guest's share of its host, and with the size of a server of whose parts nothing is known: one with much
    memory has much flash.
    """
    server = inventory.server
    unknown = inventory.parts is None and published_product(server, book.products) is None
    return server.virtual or (unknown and computer_form(server, book) is None)


def year_made(inventory: Inventory, book: FactorBook) -> int | None:
    """Return about when the server was made: when it was first used or acquired, else when its CPUs came out."""
    days = [day for day in (inventory.server.first_used, inventory.server.acquired) if day is not None]
    if days:
        return min(days).year
    families = [family for part in inventory.of_kind("cpu") if (family := cpu_family(part, book)) is not None]
    return max((family.launched_year for family in families), default=None)


def fixed_part(inventory: Inventory, book: FactorBook) -> FixedPart:
    """Return the greenhouse gases of what every server has once, by the best that is published."""
    server, of_books, of_maker = inventory.server, levels(book), maker(inventory.server.manufacturer)
    form = computer_form(server, book)
    if form is not None and (found := _computers_fixed_part(server, form, book)) is not None:
        return found
    product = published_product(server, book.products)
    if product is not None:
        return of_books.of_product(product)
    year = year_made(inventory, book)
    return of_books.of_maker(of_maker, server, year) or of_books.pooled(server, year, of_maker)


def computer_form(server: Server, book: FactorBook) -> str | None:
    """Return which computer a machine is that is no server, by its form or else by its name; None for a server."""
    if server.form is None:
        published = published_product(server, book.wholes)
        named = form_by_name(server.model) if published is None else published.configuration.server.form
        return named if named in COMPUTER_FORMS else None
    return server.form if server.form in COMPUTER_FORMS else None


def _computers_fixed_part(server: Server, form: str, book: FactorBook) -> FixedPart | None:
    product = published_product(server, book.wholes)
    if product is not None and product.configuration.server.form == form:
        return computer_levels(book).of_product(product)
    return computer_levels(book).of(form, maker(server.manufacturer))


@lru_cache(maxsize=8)
def levels(book: FactorBook) -> Levels:
    """Return what the book's published products say of fixed parts; worked out once for a book."""
    unstated = [product for product in book.wholes if product.configuration.server.form not in COMPUTER_FORMS]
    wholes = {
        one.maker: [manufacture_kg(each, book) for each in unstated if each.maker == one.maker] for one in unstated
    }
    return Levels(book.products, lambda product: _parts_kg(product, book), wholes)


@lru_cache(maxsize=8)
def computer_levels(book: FactorBook) -> ComputerLevels:
    """Return what the book's published sheets say of computers that are no servers; worked out once for a book."""
    computers = [product for product in book.wholes if product.configuration.server.form in COMPUTER_FORMS]
    by_kind = {
        kind: sum(
            model(part, _count(part), Evidence(book, "gwp", kind[1], client=True)).derivation.result.central
            for part in common_parts(kind[0], book)
        )
        for kind in {(product.configuration.server.form or "", product.year) for product in computers}
    }
    return ComputerLevels(
        computers,
        lambda product: manufacture_kg(product, book),
        lambda product: by_kind[product.configuration.server.form or "", product.year],
    )


def manufacture_kg(product: Product, book: FactorBook) -> float:
    """Return a sheet's cradle-to-gate figure in kgCO2e: of one that holds later stages, less their usual share."""
    kg = product.footprint.value.central / 1e3
    if product.footprint.boundary != "all_but_use":
        return kg
    subject = "computers_later_stages" if product.configuration.server.form in COMPUTER_FORMS else "later_stages"
    return kg / (1 + Evidence(book, "gwp").attribute(subject).central)


def common_parts(form: str, book: FactorBook) -> tuple[Part, ...]:
    """Return what a computer of a kind commonly holds."""
    evidence = Evidence(book, "attribute")
    memory_gb = evidence.attribute(f"common_memory:{form}", "common_memory").central
    drive_gb = evidence.attribute(f"common_drive:{form}", "common_drive").central
    return (Part("cpu", 1), Part("memory", 2, capacity_gb=memory_gb / 2), Part("ssd", 1, capacity_gb=drive_gb))


def _parts_kg(product: Product, book: FactorBook) -> float:
    """Return the greenhouse gases of the parts of a published configuration, in kg, by the models used for any server."""
    evidence = Evidence(book, "gwp", product.year)
    parts = product.configuration.parts or ()
    return sum(model(part, _count(part), evidence).derivation.result.central for part in parts)


def _items(inventory: Inventory, book: FactorBook, criterion: str) -> list[_Item]:
    server = inventory.server
    client = computer_form(server, book) is not None
    evidence = Evidence(book, criterion, year_made(inventory, book), client=client)
    if criterion == "gwp" and server.footprint is not None:
        whole = _Item("server", None, _manufacturers(server, book))
        return [whole, *(_item(part, _count(part), evidence) for part in _added_later(inventory))]
    if criterion == "gwp" and inventory.parts is None and (whole_of := published_whole(server, book)) is not None:
        return [_Item("server", None, Modelled(_published_whole(whole_of, evidence), "published_product"))]
    modules = sum(part.count for part in inventory.of_kind("gpu") if is_module(part))
    carrier = _carrier_items(modules, evidence) if modules >= FEWEST_MODULES else []
    return [*_part_items(inventory, evidence), *carrier, _fixed_item(inventory, book, criterion)]


def _carrier_items(modules: int, evidence: Evidence) -> list[_Item]:
    """Return the carrier board of accelerator modules, and the case around it, which is no common server's."""
    inputs = {"modules": Estimate.exact(modules, "unit", INVENTORY), "gpu_carrier": evidence.factor("gpu_carrier")}
    board = work_out("carrier board of accelerator modules", "modules × gpu_carrier", inputs)
    case = work_out(
        "case for accelerator modules, beyond a rack server's",
        "count × gpu_chassis",
        {"count": ONE, "gpu_chassis": evidence.factor("gpu_chassis")},
    )
    return [
        _Item(name, None, Modelled(worked, "bottom_up"))
        for name, worked in (("gpu_carrier", board), ("gpu_chassis", case))
    ]


def published_whole(server: Server, book: FactorBook) -> Product | None:
    """Return the published footprint of this very server whose sheet does not state what was in it."""
    found = published_product(server, book.wholes)
    return found if found is not None and found.configuration.server.form not in COMPUTER_FORMS else None


def _published_whole(product: Product, evidence: Evidence) -> Derivation:
    inputs: dict[str, Estimate | Derivation] = {
        "count": ONE,
        "all_but_use": product.footprint.value,
        "accuracy": evidence.attribute("footprint_accuracy"),
        "manufacture_and_later": manufacture_and_later(evidence.book),
    }
    title = "server, as published without its configuration"
    return work_out(title, "count × (all_but_use ⊗ accuracy ⊘ manufacture_and_later)", inputs)


def _added_later(inventory: Inventory) -> tuple[Part, ...]:
    """Return the parts that a figure of the server as delivered, to its first user, cannot contain."""
    days = [day for day in (inventory.server.first_used, inventory.server.acquired) if day is not None]
    delivered = min(days, default=None)
    return tuple(
        p for p in inventory.parts or () if p.count and p.acquired and (not delivered or p.acquired > delivered)
    )


def _part_items(inventory: Inventory, evidence: Evidence) -> list[_Item]:
    if inventory.parts is not None:
        within = _WITHIN_A_COMPUTER if evidence.client else frozenset()
        listed = [part for part in inventory.parts if part.count and (part.kind not in within or part.footprint)]
        listed.sort(key=lambda part: KINDS.index(part.kind))
        return [_item(part, _count(part), evidence) for part in listed]
    product = published_product(inventory.server, evidence.book.products)
    if product is not None:
        of_its_year = Evidence(evidence.book, evidence.criterion, product.year)
        return [_item(part, _count(part), of_its_year) for part in product.configuration.parts or ()]
    return _archetype_items(inventory.server, evidence)


def _archetype_items(server: Server, evidence: Evidence, chosen: str = "common") -> list[_Item]:
    """Return what a server commonly holds; of a hypervisor, whose memory a guest's share is worked out by, the `archetype`."""
    form = computer_form(server, evidence.book)
    if form is not None:
        parts = common_parts(form, evidence.book)
        return [_Item(p.kind, p, Modelled(model(p, _count(p), evidence).derivation, "archetype")) for p in parts]
    kinds = ("cpu", "memory", "ssd") if server.form == "blade" else ("cpu", "memory", "ssd", "psu")
    items = []
    for kind in kinds:
        count = evidence.attribute(f"{chosen}_{kind}_count", f"archetype_{kind}_count")
        stated = kind == "memory" or (kind == "ssd" and chosen == "archetype")
        capacity = evidence.attribute(f"archetype_{kind}_capacity").central if stated else None
        part = Part(kind, round(count.central), model="of an unknown server", capacity_gb=capacity)
        items.append(_Item(kind, part, Modelled(_of_unknown_count(part, count, evidence), "archetype")))
    return items


def _of_unknown_count(part: Part, count: Estimate, evidence: Evidence) -> Derivation:
    """Return equal parts of whose number nothing is known: how many there are says nothing of what each is."""
    each = model(part, ONE, evidence).derivation
    inputs: dict[str, Estimate | Derivation] = {"count": replace(count, unit="1"), "each": each}
    return work_out(f"{each.title}, of a common server", "count ⊗ each", inputs)


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
    host = [
        *_archetype_items(Server(), evidence, chosen="archetype"),
        _fixed_item(Inventory(Server()), book, criterion),
    ]
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

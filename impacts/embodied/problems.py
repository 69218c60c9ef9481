# SPDX-License-Identifier: Apache-2.0
"""What the default profile has to assume of a server: each default behind an embodied figure, with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.embodied.default_profile import computer_form, fixed_part, published_whole, year_made
from impacts.embodied.drive_names import capacity_in_name
from impacts.embodied.part_models import FEWEST_MODULES, cpu_family, is_known_card, is_module
from impacts.problems import Problem
from impacts.products import published_product

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impacts.factor_book import FactorBook
    from impacts.factors import FactorMissing
    from impacts.parts import Inventory, ManufacturerFootprint, Part, Server

_ORIGIN = "embodied"

_NAMES = {
    "cpu": "CPU",
    "ssd": "SSD",
    "psu": "power supply",
    "gpu": "GPU",
    "nic": "network card",
    "storage_controller": "storage controller",
}
_GIVE_FIGURE = "give the manufacturer's figure as `footprint` in the inventory file"


def default_problems(inventory: Inventory, book: FactorBook) -> Iterator[Problem]:
    """Return what is a default or taken from other machines, the weightiest first."""
    if inventory.server.virtual:
        yield from _guest_problems(inventory.server)
        return
    if inventory.server.footprint is None and _stands_as_published(inventory, book):
        yield _unstated_configuration(inventory.server)
        return
    if inventory.server.footprint is None:
        yield from _fixed_part_problems(inventory, book)
    else:
        yield from _footprint_problems("server", inventory.server.footprint)
    if inventory.parts is None:
        yield _unknown_parts(inventory, book)
    else:
        yield from _part_problems(inventory, book)


def _stands_as_published(inventory: Inventory, book: FactorBook) -> bool:
    return inventory.parts is None and published_whole(inventory.server, book) is not None


def _unstated_configuration(server: Server) -> Problem:
    what = f"the published footprint of {server.model} stands in for the whole: neither its sheet nor anything here states the parts"
    return Problem(_ORIGIN, "archetype", what, "list the parts in an inventory file (`wattprint inventory`)")


def missing_factor(criterion: str, missing: FactorMissing) -> Problem:
    """Return the problem of a criterion that the datasets cannot compute."""
    return Problem(_ORIGIN, "factor_missing", f"{criterion} is left out: {missing}", "install the datasets in full")


def _guest_problems(server: Server) -> Iterator[Problem]:
    if server.share_of_host is None:
        what = "a guest has no hardware of its own: a share of a common server stands in, by the guest's memory"
        remedy = "set `share_of_host` under `server` in the inventory file, or install on the hypervisor"
        yield Problem(_ORIGIN, "guest_share_assumed", what, remedy)


def _fixed_part_problems(inventory: Inventory, book: FactorBook) -> Iterator[Problem]:
    found, server = fixed_part(inventory, book), inventory.server
    form = computer_form(server, book)
    if form is not None:
        what = f"this machine is no server but a computer of the kind {form}: board, case and the rest are the {found.note}"
        yield Problem(
            _ORIGIN, "not_a_server", what, "if it is a server, set `form: rack` or `tower` in the inventory file"
        )
        return
    name = " ".join(filter(None, (server.manufacturer, server.model))) or "this server"
    if found.method == "pooled_level":
        what = f"no footprint of {name} nor of its manufacturer is known: board, case and the rest are taken from the {found.note}"
        yield Problem(_ORIGIN, "manufacturer_unpublished", what, _GIVE_FIGURE)
    elif found.method == "manufacturer_level":
        what = f"no footprint of {name} is known: board, case and the rest are taken from the {found.note}"
        yield Problem(_ORIGIN, "product_unpublished", what, _GIVE_FIGURE)
    if server.form not in {"rack", "blade", "tower"}:
        what = "rack, tower or blade is not known: a rack server's case stands in, and a blade's emits more"
        yield Problem(_ORIGIN, "form_unknown", what, "set `form` in the inventory file")


def _footprint_problems(of: str, footprint: ManufacturerFootprint) -> Iterator[Problem]:
    if footprint.low_kgco2e is None or footprint.high_kgco2e is None:
        what = (
            f"the manufacturer's footprint of the {of} is given without its bounds: half and twice the figure stand in"
        )
        remedy = "add low_kgco2e and high_kgco2e to `footprint` in the inventory file"
        yield Problem(_ORIGIN, "footprint_without_bounds", what, remedy)
    if footprint.boundary == "all_but_use":
        what = (
            f"the manufacturer's footprint of the {of} holds transport and end of life: their usual share is taken off"
        )
        yield Problem(
            _ORIGIN, "footprint_of_more_stages", what, "give the figure from cradle to gate, if it is published"
        )


def _unknown_parts(inventory: Inventory, book: FactorBook) -> Problem:
    product = published_product(inventory.server, book.products)
    stands_in = "a common server with two CPUs and 256 GB" if product is None else "the published configuration"
    if computer_form(inventory.server, book) is not None:
        stands_in = "a common computer of its kind"
    what = f"the parts are not known: those of {stands_in} stand in"
    return Problem(_ORIGIN, "archetype", what, "list the parts in an inventory file (`wattprint inventory`)")


def _part_problems(inventory: Inventory, book: FactorBook) -> Iterator[Problem]:
    year = year_made(inventory, book)
    yield from _absent_kinds(inventory, book)
    yield from _implausible(inventory)
    yield from _carrier_boards(inventory)
    for part in inventory.parts or ():
        if part.count and part.footprint is not None and inventory.server.footprint is None:
            yield from _footprint_problems(f"{_NAMES.get(part.kind, part.kind)} parts", part.footprint)
    for kind, reason, what, remedy, is_unknown in _unknowns(book, year):
        named = [p for p in inventory.of_kind(kind) if p.count and p.footprint is None and is_unknown(p)]
        if named:
            yield Problem(_ORIGIN, reason, what % _named(kind, named), f"set {remedy} in the inventory file")


def _absent_kinds(inventory: Inventory, book: FactorBook) -> Iterator[Problem]:
    """Return which parts that every server has are not listed: without them the figure is too low."""
    without_supply = inventory.server.form == "blade" or computer_form(inventory.server, book) is not None
    expected = ["cpu", "memory"] if without_supply else ["cpu", "memory", "psu"]
    for kind in expected:
        if not any(part.count for part in inventory.of_kind(kind)):
            what = f"the parts that are listed have no {_NAMES.get(kind, kind)}: none is counted"
            yield Problem(_ORIGIN, f"{kind}_absent", what, "list it in the inventory file, if the server has it")


# What one piece may be: beyond, a unit was mistaken.
_PLAUSIBLE = {
    ("memory", "capacity_gb"): (0.25, 1024),
    ("ssd", "capacity_gb"): (1, 250_000),
    ("hdd", "capacity_gb"): (1, 100_000),
    ("cpu", "die_area_mm2"): (20, 6000),
    ("gpu", "die_area_mm2"): (20, 6000),
    ("gpu", "capacity_gb"): (0.25, 2000),
    ("psu", "mass_kg"): (0.2, 15),
    ("psu", "rated_watts"): (50, 10_000),
}


def _implausible(inventory: Inventory) -> Iterator[Problem]:
    for (kind, attribute), (least, most) in _PLAUSIBLE.items():
        for part in inventory.of_kind(kind):
            value = getattr(part, attribute)
            if value is not None and not least <= value <= most:
                what = f"{attribute} of a {_NAMES.get(kind, kind)} is {value:g}, not between {least:g} and {most:g}"
                yield Problem(_ORIGIN, "implausible", what, "check the unit in the inventory file")


def _carrier_boards(inventory: Inventory) -> Iterator[Problem]:
    modules = sum(part.count for part in inventory.of_kind("gpu") if is_module(part))
    if modules >= FEWEST_MODULES and inventory.server.footprint is None:
        what = (
            f"the carrier board of {modules} accelerator modules counts as that of an HGX H100, and the case around it by "
            "its mass: no manufacturer publishes a server of this kind"
        )
        yield Problem(_ORIGIN, "gpu_chassis_assumed", what, _GIVE_FIGURE)


def _unknowns(book: FactorBook, year: int | None) -> Iterator[tuple[str, str, str, str, Callable[[Part], bool]]]:
    """Return what may be unknown of parts: kind, reason, what stands in, what mends it, and whether it is."""

    def undated(part: Part) -> bool:
        return part.density_gb_per_cm2 is None and (part.year or part.acquired or year) is None

    yield (
        "cpu",
        "cpu_family_unknown",
        "the dies of %s are not known: those of any server CPU stand in, 150 to 1500 mm2",
        "the product's name as `model`, or `die_area_mm2`,",
        lambda part: part.die_area_mm2 is None and cpu_family(part, book) is None,
    )
    yield (
        "memory",
        "memory_capacity_unknown",
        "the capacity of %s is not known: 32 GB a module stand in",
        "`capacity_gb`",
        lambda part: part.capacity_gb is None,
    )
    yield (
        "memory",
        "memory_generation_unknown",
        "neither the year nor a generation of known density of %s is known: the density of 2011 to 2025 stands in",
        "`generation` or `year`",
        lambda part: undated(part) and not book.criteria(f"dram_density:{part.generation}"),
    )
    yield (
        "ssd",
        "ssd_capacity_unknown",
        "the capacity of %s is not known: what drives of their years hold stands in, 400 to 7680 GB in servers",
        "`capacity_gb`, or the full `model`,",
        lambda part: part.capacity_gb is None and capacity_in_name(part.model) is None,
    )
    yield (
        "ssd",
        "ssd_year_unknown",
        "the year of %s is not known: flash of 2013 to 2025 stands in",
        "`year`, or `acquired` under `server`,",
        undated,
    )
    yield (
        "psu",
        "psu_rating_unknown",
        "neither rating nor mass of %s is known: supplies of 300 to 2400 W stand in",
        "`rated_watts`",
        # an assumed one is a problem already
        lambda part: part.rated_watts is None and part.mass_kg is None and not part.assumed,
    )
    yield (
        "gpu",
        "gpu_unknown",
        "no assessment and no data sheet of %s is known here: cards with as much memory stand in, else a common one",
        "`die_area_mm2` and `capacity_gb`",
        lambda part: not is_known_card(part, book),
    )


def _named(kind: str, parts: list[Part]) -> str:
    models = dict.fromkeys(part.model for part in parts if part.model)
    shown = _NAMES.get(kind, kind)
    return f"the {shown} {', '.join(models)}" if models else f"the {shown} parts"

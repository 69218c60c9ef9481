# SPDX-License-Identifier: Apache-2.0
"""What an embodied figure ought to say and cannot: every default it stands on, with the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impacts.factors import FactorMissing
    from impacts.parts import Inventory, Part, Server

_ORIGIN = "embodied"

_NAMES = {"cpu": "CPU", "ssd": "SSD", "psu": "power supply", "gpu": "GPU"}

# (kind, attribute) -> (what stands in for it, what else says it)
_DEFAULTED = {
    ("cpu", "die_area_mm2"): "the die area of %s is not known: 523 mm2 stand in, between 41 and 3640 mm2",
    ("memory", "capacity_gb"): "the capacity of %s is not known: 32 GB a module stand in",
    ("memory", "density_gb_per_cm2"): "the density of %s is not known: that of parts of 2015 to 2021 stands in",
    ("ssd", "capacity_gb"): "the capacity of %s is not known: 1000 GB a drive stand in",
    ("ssd", "density_gb_per_cm2"): "the density of %s is not known: that of parts of 2015 to 2021 stands in",
    ("psu", "mass_kg"): "the mass of %s is not known: 2.99 kg each stand in, between 1 and 5 kg",
}


def inventory_problems(inventory: Inventory, profile: str) -> Iterator[Problem]:
    """Return what is defaulted, left out or not calibrated, the heaviest first."""
    yield from _footprint_problems(inventory.server, profile)
    if inventory.parts is None:
        what = "the parts are not known: a common server with two CPUs and 256 GB stands in"
        yield Problem(_ORIGIN, "archetype", what, "list the parts in an inventory file (`wattprint inventory`)")
    else:
        yield from _part_problems(inventory.parts)
    yield from _form_problems(inventory.server)


def missing_factor(criterion: str, missing: FactorMissing) -> Problem:
    """Return the problem of a criterion that the datasets cannot compute."""
    return Problem(_ORIGIN, "factor_missing", f"{criterion} is left out: {missing}", "install the datasets in full")


def _footprint_problems(server: Server, profile: str) -> Iterator[Problem]:
    footprint = server.footprint
    if profile == "boavizta":
        if footprint is not None:
            what = "the manufacturer's footprint is not used: this profile computes what BoaviztAPI computes"
            yield Problem(_ORIGIN, "footprint_ignored", what, "take the default profile")
    elif footprint is None:
        what = (
            "not calibrated yet: bottom-up figures land at about 0.43 of what Dell publishes (42 servers), "
            "because board, chassis and power supplies weigh more there"
        )
        remedy = "give the manufacturer's figure as `footprint` in the inventory file"
        yield Problem(_ORIGIN, "not_calibrated", what, remedy)
    elif footprint.low_kgco2e is None or footprint.high_kgco2e is None:
        what = "the manufacturer's footprint is given without its bounds: half and twice the figure stand in"
        remedy = "add low_kgco2e and high_kgco2e to `footprint` in the inventory file"
        yield Problem(_ORIGIN, "footprint_without_bounds", what, remedy)


def _part_problems(parts: tuple[Part, ...]) -> Iterator[Problem]:
    for (kind, name), what in _DEFAULTED.items():
        named = [part for part in parts if part.kind == kind and part.count and getattr(part, name) is None]
        if named:
            reason = f"{kind}_{name.partition('_')[0]}_unknown"
            yield Problem(_ORIGIN, reason, what % _names(kind, named), f"set `{name}` in the inventory file")
    gpus = [part for part in parts if part.kind == "gpu" and part.count]
    if gpus:
        what = f"no dataset has the footprint of {_names('gpu', gpus)}: left out of every bottom-up sum"
        yield Problem(_ORIGIN, "gpu_unknown", what, "give the manufacturer's figure for the server as `footprint`")


def _names(kind: str, parts: list[Part]) -> str:
    models = dict.fromkeys(part.model for part in parts if part.model)
    shown = _NAMES.get(kind, kind)
    return f"the {shown} {', '.join(models)}" if models else f"the {shown} parts"


def _form_problems(server: Server) -> Iterator[Problem]:
    if server.form in {"rack", "blade"}:
        return
    known = f"no dataset has the case of a {server.form}" if server.form else "rack or blade is not known"
    what = f"{known}: a rack case stands in, with the bounds of both"
    remedy = "give the manufacturer's figure as `footprint`" if server.form else "set `form` in the inventory file"
    yield Problem(_ORIGIN, "form_unknown", what, remedy)

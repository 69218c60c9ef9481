# SPDX-License-Identifier: Apache-2.0
"""Servers for the comparison with BoaviztAPI: each as its request and as our inventory, the same ones in every run."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from impacts.parts import Inventory, Part, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

CARDS = (
    "NVIDIA L4",
    "NVIDIA A100 PCIe 40GB",
    "NVIDIA A100 SXM4 40GB",
    "NVIDIA Tesla P100 PCIe 16GB",
    "NVIDIA B200 180GB",
)
# Our attributes -> its own.
NAMES = {
    "capacity_gb": "capacity",
    "density_gb_per_cm2": "density",
    "die_area_mm2": "die_size",
    "mass_kg": "unit_weight",
}
GPU_NAMES = {"capacity_gb": "vram", "model": "name"}


@dataclass(frozen=True)
class Compared:
    """One server, twice."""

    request: dict[str, Any]
    inventory: Inventory


def compared(form: str | None, parts: tuple[Part, ...]) -> Compared:
    """Return a server; a kind that it lacks is asked for with none of it, for BoaviztAPI would take its default."""
    configuration: dict[str, Any] = {
        "cpu": _request(parts, "cpu")[0],
        "ram": _request(parts, "memory"),
        "disk": _disks(parts),
        "power_supply": _request(parts, "psu")[0],
    }
    if any(part.kind == "gpu" for part in parts):
        configuration["gpu"] = _request(parts, "gpu")[0]
    model = {"type": form} if form else {}
    return Compared({"model": model, "configuration": configuration}, Inventory(Server(form=form), parts))


def fully_given(number: int) -> Iterator[Compared]:
    """Return servers of which everything is said that the computation needs."""
    random = Random(2021)  # noqa: S311 -- the same servers in every run
    for _ in range(number):
        yield compared(random.choice(["rack", "blade"]), tuple(_parts(random)))


def partly_given(number: int) -> Iterator[Compared]:
    """Return servers of which some attributes are said, and the form now and then."""
    random = Random(94)  # noqa: S311
    for _ in range(number):
        parts = tuple(_forget(part, random) for part in _parts(random) if random.random() < 0.8)
        yield compared(random.choice(["rack", "blade", "tower", None]), parts)


def _parts(random: Random) -> Iterator[Part]:
    yield Part("cpu", random.randint(1, 8), die_area_mm2=round(random.uniform(40, 1900), random.randint(0, 2)))
    for _ in range(random.randint(1, 3)):
        capacity, density = random.choice([4, 8, 16, 32, 64, 128, 256]), round(random.uniform(0.5, 5.5), 3)
        yield Part("memory", random.randint(1, 32), capacity_gb=capacity, density_gb_per_cm2=density)
    for _ in range(random.randint(0, 2)):
        capacity, density = random.randint(100, 30720), round(random.uniform(12, 240), 2)
        yield Part("ssd", random.randint(1, 24), capacity_gb=capacity, density_gb_per_cm2=density)
    for _ in range(random.randint(0, 2)):
        yield Part("hdd", random.randint(1, 60), capacity_gb=random.randint(300, 24000))
    yield Part("psu", random.randint(1, 4), mass_kg=round(random.uniform(0.5, 6), 3))
    if random.random() < 0.4:
        yield _card(random)


def _card(random: Random) -> Part:
    count = random.randint(1, 8)
    if random.random() < 0.5:
        return Part("gpu", count, model=random.choice(CARDS))
    return Part("gpu", count, capacity_gb=random.randint(8, 320))


def _forget(part: Part, random: Random) -> Part:
    known = {name: getattr(part, name) for name in (*NAMES, "model") if random.random() < 0.5}
    return Part(part.kind, part.count, **known)


def _request(parts: tuple[Part, ...], kind: str) -> list[dict[str, Any]]:
    names = GPU_NAMES if kind == "gpu" else NAMES
    asked = [
        {"units": part.count}
        | {theirs: getattr(part, ours) for ours, theirs in names.items() if getattr(part, ours) is not None}
        for part in parts
        if part.kind == kind
    ]
    return asked or [{"units": 0}]


def _disks(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    there = [part.kind for part in parts if part.kind in {"ssd", "hdd"}] or ["ssd"]
    return [{**disk, "type": kind} for kind in dict.fromkeys(there) for disk in _request(parts, kind)]

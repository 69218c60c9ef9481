# SPDX-License-Identifier: Apache-2.0
"""Configurations: what makes two servers siblings, and what else of their parts moves the power at their inlets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from impacts.cpus.names import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from impacts.parts import Inventory, Part

SERVER_POWER = "server_power"  # the subject of factors by configuration and load
LOADS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)  # the CPU loads that they are stated at
ANY = "any"  # memory or drives of a factor that holds whatever they are

_DRIVES = ("ssd", "hdd")


@dataclass(frozen=True, slots=True, order=True)
class Configuration:
    """A server in words: `2 x Xeon Gold 6226`, `12 x 32 GB`, `2 x ssd, 4 x hdd`; empty: none.

    Siblings are of one product with the same processors and cards. Memory and drives may differ between them.
    """

    manufacturer: str
    product: str
    cpus: str
    memory: str
    cards: str
    drives: str

    @property
    def of_any_parts(self) -> Configuration:
        """The same, whatever its memory and drives are."""
        return replace(self, memory=ANY, drives=ANY)

    @property
    def is_of_any_parts(self) -> bool:
        """Whether it stands for all memory and drives."""
        return ANY in {self.memory, self.drives}

    def __str__(self) -> str:
        """One line for a person; without a colon, which ends it in the name of a subject."""
        parts = (self.cpus, f"memory {self.memory}", f"cards {self.cards}", f"drives {self.drives}")
        words = [f"{self.manufacturer} {self.product}", *(part for part in parts if not part.endswith(" "))]
        return "; ".join(words).replace(":", " ").strip()

    def subject(self, load: float) -> str:
        """Return the subject of the factor that is its power at a CPU load of 0 to 1."""
        return f"{SERVER_POWER}:{self}:{load:g}"


def configuration_of(inventory: Inventory) -> Configuration | None:
    """Return the configuration of a server; None where it has no product name, no processor's name, or is a guest."""
    server, cpus = inventory.server, inventory.of_kind("cpu")
    if server.virtual or not server.model or not cpus or not all(part.model for part in cpus):
        return None
    return Configuration(
        manufacturer=server.manufacturer or "",
        product=server.model,
        cpus=_counted((part, normalise(part.model or "")) for part in cpus),
        memory=_counted((part, _capacity(part)) for part in inventory.of_kind("memory")),
        cards=_counted((part, part.model or "unknown") for part in inventory.of_kind("gpu")),
        drives=_counted((part, kind) for kind in _DRIVES for part in inventory.of_kind(kind)),
    )


def _capacity(part: Part) -> str:
    return f"{part.capacity_gb:g} GB" if part.capacity_gb else "unknown"


def _counted(parts: Iterable[tuple[Part, str]]) -> str:
    """Return how many there are by name, in the order of the names."""
    counts: Counter[str] = Counter()
    for part, name in parts:
        counts[name] += part.count
    return ", ".join(f"{count} x {name}" for name, count in sorted(counts.items()) if count)

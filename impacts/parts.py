# SPDX-License-Identifier: Apache-2.0
"""Parts: the pieces of hardware with a manufacturing footprint, and the inventory of one server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

KINDS = ("cpu", "memory", "ssd", "hdd", "psu", "gpu")
FORMS = ("rack", "blade", "tower")


@dataclass(frozen=True, slots=True)
class Part:
    """`count` equal pieces of one kind. Every attribute that is known narrows the bounds; None is unknown."""

    kind: str
    count: int
    model: str | None = None
    capacity_gb: float | None = None  # of one piece
    die_area_mm2: float | None = None  # cpu: all dies of one package
    cores: int | None = None  # cpu: of one package
    generation: str | None = None  # memory: DDR4, DDR5 …
    density_gb_per_cm2: float | None = None  # memory, ssd: bits per die area
    year: int | None = None  # of manufacture
    mass_kg: float | None = None  # psu
    rated_watts: float | None = None  # psu
    assumed: bool = False  # nothing tells of it: a guess, until somebody confirms it


@dataclass(frozen=True, slots=True)
class ManufacturerFootprint:
    """What the manufacturer publishes for this very server: it wins over every estimate."""

    manufacturing_kgco2e: float
    source: str
    low_kgco2e: float | None = None
    high_kgco2e: float | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """The machine around the parts."""

    manufacturer: str | None = None
    model: str | None = None
    form: str | None = None  # one of FORMS; None: unknown
    acquired: date | None = None
    service_life_years: float | None = None
    footprint: ManufacturerFootprint | None = None
    virtual: bool = False  # a guest: the parts are what its hypervisor shows it


@dataclass(frozen=True, slots=True)
class Inventory:
    """One server and its parts. A kind without a part is known to be absent; `parts` None means nothing is known."""

    server: Server
    parts: tuple[Part, ...] | None = None

    def of_kind(self, kind: str) -> tuple[Part, ...]:
        """Return the parts of one kind."""
        return tuple(part for part in self.parts or () if part.kind == kind)

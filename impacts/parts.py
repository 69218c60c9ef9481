# SPDX-License-Identifier: Apache-2.0
"""Parts: the pieces of hardware with a manufacturing footprint, and the inventory of one server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

KINDS = ("cpu", "memory", "ssd", "hdd", "psu", "gpu", "nic", "storage_controller")


@dataclass(frozen=True, slots=True)
class ManufacturerFootprint:
    """What the manufacturer publishes for this very server or for one piece of a part: it wins over every estimate."""

    manufacturing_kgco2e: float
    source: str
    low_kgco2e: float | None = None
    high_kgco2e: float | None = None
    boundary: str = "cradle_to_gate"  # all_but_use: transport and end of life are in the figure


@dataclass(frozen=True, slots=True)
class Part:
    """`count` equal pieces of one kind. Every attribute that is known narrows the bounds; None is unknown.

    An accelerator card is a `gpu`; a host bus adapter or RAID controller is a `storage_controller`.
    """

    kind: str
    count: int
    model: str | None = None
    part_number: str | None = None  # memory: as printed on the module
    capacity_gb: float | None = None  # of one piece
    die_area_mm2: float | None = None  # cpu: all dies of one package
    cores: int | None = None  # cpu: of one package
    boost: bool | None = None  # cpu: whether it may run above its base clock
    deep_idle: bool | None = None  # cpu: whether its cores may enter idle states that switch them off
    generation: str | None = None  # memory: DDR4, DDR5 …
    speed_mts: int | None = None  # memory: megatransfers per second
    density_gb_per_cm2: float | None = None  # memory, ssd: bits per die area
    year: int | None = None  # of manufacture
    transport: str | None = None  # ssd, hdd: sata, sas, nvme, usb or virtio
    mass_kg: float | None = None  # psu
    rated_watts: float | None = None  # psu
    acquired: date | None = None  # where it came into the server later than the server itself
    retired: date | None = None  # where it has left the server
    footprint: ManufacturerFootprint | None = None  # of one piece
    assumed: bool = False  # nothing on the machine reports it: a guess, until somebody confirms it


@dataclass(frozen=True, slots=True)
class Server:
    """The machine around the parts."""

    manufacturer: str | None = None
    model: str | None = None
    form: str | None = None  # one of impacts.machine_forms; None: unknown
    acquired: date | None = None  # by this organisation
    first_used: date | None = None  # by anybody: earlier than `acquired` for a machine bought used
    service_life_years: float | None = None  # from first use on, as planned now
    extended_from_years: float | None = None  # the service life planned before it was extended
    extended_on: date | None = None  # when it was extended
    footprint: ManufacturerFootprint | None = None
    virtual: bool = False  # a guest: the parts are what its hypervisor shows it
    share_of_host: float | None = None  # a guest's share of the physical server, 0 to 1


@dataclass(frozen=True, slots=True)
class Inventory:
    """One server and its parts. A kind without a part is known to be absent; `parts` None means nothing is known."""

    server: Server
    parts: tuple[Part, ...] | None = None

    def serving_on(self, day: date) -> Inventory:
        """Return the same without the parts that have left the server by a day."""
        if self.parts is None:
            return self
        serving = tuple(part for part in self.parts if part.retired is None or part.retired > day)
        return Inventory(self.server, serving)

    def of_kind(self, kind: str) -> tuple[Part, ...]:
        """Return the parts of one kind."""
        return tuple(part for part in self.parts or () if part.kind == kind)

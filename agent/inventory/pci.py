# SPDX-License-Identifier: Apache-2.0
"""What sits on the PCI buses: functions, gathered into the cards that hold them.

https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-bus-pci
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from agent.host import Host

DEVICES = "/sys/bus/pci/devices"
_SLOTS = "/sys/bus/pci/slots"
_IN = "sys/bus/pci/devices/*/"
READS = (
    *(_IN + name for name in ("class", "vendor", "device", "uevent", "label", "acpi_index")),
    _IN + "physfn/class",  # for the folder: a virtual function has it
    "sys/bus/pci/slots/*/address",
)


@dataclass(frozen=True, slots=True)
class Function:
    """One physical function of a device, its numbers as four hexadecimal digits."""

    address: str  # domain:bus:device.function
    class_code: str  # class and subclass
    vendor: str
    device: str
    driver: str  # empty where none is bound


@dataclass(frozen=True, slots=True)
class Card:
    """All functions of one device: a card with two ports has two."""

    slot: str  # domain:bus:device
    functions: tuple[Function, ...]
    on_board: bool  # soldered on: the firmware labels it, or it lies on the root bus
    in_slot: bool  # the firmware or a hot-plug driver knows the slot


def read_cards(host: Host) -> tuple[Card, ...]:
    """Return the devices on the machine's PCI buses, virtual functions left out; none where there is no PCI."""
    try:
        folders = sorted(host.path(DEVICES).iterdir(), key=lambda folder: folder.name)
    except OSError:
        return ()
    slots = {(host.read_text(f"{_SLOTS}/{path.name}/address") or "") for path in host.path(_SLOTS).glob("*")}
    physical = (folder for folder in folders if not (folder / "physfn").exists())
    return tuple(_card(slot, list(group), slots) for slot, group in groupby(physical, key=_slot))


def _slot(folder: Path) -> str:
    return folder.name.rpartition(".")[0]


def _card(slot: str, folders: list[Path], slots: set[str]) -> Card:
    on_root_bus = slot.split(":")[1:2] == ["00"]
    labelled = any((folder / name).exists() for folder in folders for name in ("label", "acpi_index"))
    return Card(slot, tuple(map(_function, folders)), on_root_bus or labelled, slot in slots)


def _function(folder: Path) -> Function:
    def digits(name: str) -> str:
        return _text(folder / name).removeprefix("0x")[:4].lower()

    uevent = dict(line.partition("=")[::2] for line in _text(folder / "uevent").splitlines())
    return Function(folder.name, digits("class"), digits("vendor"), digits("device"), uevent.get("DRIVER", ""))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""

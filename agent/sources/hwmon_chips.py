# SPDX-License-Identifier: Apache-2.0
"""The sensors of /sys/class/hwmon that report power or energy, each judged by the rules of hwmon_chips.toml.

https://docs.kernel.org/hwmon/sysfs-interface.html. hwmonN's number changes from boot to boot; chip, device and label stay.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from agent.host import Host

CLASS = "/sys/class/hwmon"

# The ACPI meter of kernel 6.1 has its attributes in hwmonN/device, where other chips have what is not theirs.
_FOLDERS = ("", "device/")
_ATTRIBUTES = (
    "name",
    "power*_average",
    "power*_input",
    "power*_label",
    "power*_oem_info",
    "power*_accuracy",
    "power*_average_interval",
    "power*_is_battery",
    "energy*_input",
    "energy*_label",
)
READS = (
    *(f"sys/class/hwmon/hwmon*/{folder}{attribute}" for folder in _FOLDERS for attribute in _ATTRIBUTES),
    "sys/class/hwmon/hwmon*/device/uevent",
)
_VALUE = re.compile(r"(power|energy)(\d+)_(average|input)")


@dataclass(frozen=True, slots=True)
class Sensor:
    """One powerN or energyN of a chip, with the rule that it falls under; an unknown chip has none."""

    chip: str
    device: str  # what the chip's device is called on its bus; empty where a recording does not have it
    folder: Path
    kind: str  # power or energy
    number: int
    label: str
    rule: Mapping[str, Any] | None

    @property
    def title(self) -> str:
        """What notes call it."""
        return " ".join(filter(None, (self.chip, self.device, self.label or f"{self.kind}{self.number}")))

    @property
    def channel_name(self) -> str:
        """The name that stays over boots."""
        rule = self.rule or {}
        if "name" in rule:
            return self._expanded(rule["name"])
        return _slug("-".join(filter(None, (self.chip, self.device, self.label))))

    @property
    def within(self) -> str | None:
        """The name of the channel that includes it, if the rule names one."""
        template = (self.rule or {}).get("within")
        return self._expanded(template) if template else None

    def attribute(self, name: str) -> str:
        """Return the text of powerN_`name`; empty where there is none."""
        return _text(self.folder / f"{self.kind}{self.number}_{name}")

    def value_path(self) -> Path | None:
        """Return the file to read: the first of the rule's attributes that is there."""
        wanted = [attribute.split("_") for attribute in (self.rule or {}).get("read", ())]
        paths = (self.folder / f"{kind}{self.number}_{what}" for kind, what in wanted if kind == self.kind)
        return next((path for path in paths if path.exists()), None)

    def _expanded(self, template: str) -> str:
        match = re.fullmatch((self.rule or {})["label"], self.label)
        return _slug(match.expand(template)) if match else ""


@cache
def rules() -> tuple[Mapping[str, Any], ...]:
    """Return the rules in their order."""
    text = files("agent.sources").joinpath("hwmon_chips.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["sensor"])


def find_sensors(host: Host) -> list[Sensor]:
    """Return every sensor of power or energy, by chip and device; raise PermissionError for what may not be listed."""
    try:
        chips = sorted(host.path(CLASS).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [sensor for chip in chips for sensor in _sensors(chip)]
    return sorted(found, key=lambda sensor: (sensor.chip, sensor.device, sensor.kind, sensor.number))


def _sensors(chip: Path) -> Iterator[Sensor]:
    name = _text(chip / "name") or _text(chip / "device" / "name")
    for folder in (chip, chip / "device"):
        values = filter(None, map(_VALUE.fullmatch, _listed(folder)))
        found = sorted({(match[1], int(match[2])) for match in values})
        for kind, number in found:
            label = _text(folder / f"{kind}{number}_label") or _text(folder / f"{kind}{number}_oem_info")
            yield Sensor(name, _device(chip), folder, kind, number, label, _rule(name, kind, label))
        if found:
            return


def _rule(chip: str, kind: str, label: str) -> Mapping[str, Any] | None:
    """Return the first rule for the sensor; a rule that reads no attribute of its kind does not apply."""
    for rule in rules():
        fits = "ignored" in rule or any(attribute.startswith(kind) for attribute in rule["read"])
        if chip in rule["chips"] and fits and re.fullmatch(rule["label"], label):
            return rule
    return None


def _device(chip: Path) -> str:
    """Return the device's name on its bus: 0000:03:00.0, 3-0058, ACPI000D:00. A recording keeps the PCI address only."""
    link = chip / "device"
    if link.is_symlink():
        return link.resolve().name
    address = re.search(r"^PCI_SLOT_NAME=(\S+)$", _text(link / "uevent"), re.MULTILINE)
    return address[1] if address else ""


def _listed(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9:._]+", "-", name.lower()).strip("-")

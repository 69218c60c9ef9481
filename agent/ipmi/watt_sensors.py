# SPDX-License-Identifier: Apache-2.0
"""Which of a BMC's watt sensors measure the power at the inlet: one for the whole machine, or else every supply's input.

Sensor names are free text, so only names whose meaning is known are taken. A supply's output is never an inlet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.ipmi.sdr import Sensor

_POWER_SUPPLY = 0x0A  # the entity (IPMI 2.0, table 43-13)

# As names read once all but letters and digits is a space. Best first.
_TOTALS = (
    re.compile(r"(system board |system |sys )?(pwr|power) consumption"),  # Dell from the 11th generation on
    re.compile(r"system level"),  # Dell from the 11th generation on, beside or in place of the former
    re.compile(r"power meter"),  # HPE
    re.compile(r"(total|sys|system) (input )?(pwr|power)( in| input)?|total pin"),  # Lenovo, Fujitsu, Inspur, Huawei
    re.compile(r"input (pwr|power)|(pwr|power) (in|input)|pin"),
)
_SUPPLY = re.compile(r"(?:psu|ps|power supply|pwr supply) ?(\d{1,2}|[a-d])? (.+)")
_INPUT = re.compile(r"(ac )?(pin|(pwr|power) (in|input)|(input|in) (pwr|power))|ac (pwr|power)")


@dataclass(frozen=True, slots=True)
class Inlet:
    """A sensor at the inlet: of the whole machine, or of one supply."""

    name: str  # of its channel
    component: str
    sensor: Sensor


@dataclass(frozen=True, slots=True)
class Choice:
    """The sensors whose sum is the inlet's power, and why they and not others."""

    inlets: tuple[Inlet, ...]
    notes: tuple[str, ...]


def choose(sensors: Sequence[Sensor]) -> Choice | None:
    """Return the sensors to read; None if no name means the inlet."""
    usable = [sensor for sensor in sensors if sensor.is_readable]
    total = _total(usable)
    inlets = (Inlet("inlet", "host", total),) if total else _supplies(usable)
    if not inlets:
        return None
    taken = [inlet.sensor for inlet in inlets]
    why = "it measures the whole machine" if total else "no sensor measures the whole machine; these are its inputs"
    others = [sensor.name for sensor in sensors if sensor not in taken]
    left_out = (f"watt sensors not taken: {', '.join(others)}",) if others else ()
    return Choice(inlets, (f"no DCMI: taken {', '.join(map(_described, taken))}; {why}", *left_out))


def _total(sensors: Sequence[Sensor]) -> Sensor | None:
    whole = [sensor for sensor in sensors if not _is_of_supply(sensor)]
    ranked = (sensor for pattern in _TOTALS for sensor in whole if pattern.fullmatch(_plain(sensor.name)))
    return next(ranked, None)


def _supplies(sensors: Sequence[Sensor]) -> tuple[Inlet, ...]:
    """Return the input sensors of the supplies, numbered by their names, else by their entities."""
    found: dict[str, Inlet] = {}
    for sensor in sensors:
        label = _supply_label(sensor)
        if label is not None:
            found.setdefault(label, Inlet(f"psu-{label}", "psu", sensor))
    return tuple(found.values())


def _supply_label(sensor: Sensor) -> str | None:
    """Return which supply's input it measures; None if it measures something else."""
    name = _plain(sensor.name)
    match = _SUPPLY.fullmatch(name)
    quantity = match[2] if match else name
    if not _INPUT.fullmatch(quantity) or not _is_of_supply(sensor):
        return None
    return match[1] if match and match[1] else str(sensor.entity_instance & 0x7F)


def _is_of_supply(sensor: Sensor) -> bool:
    """Whether the sensor is a supply's, by name or entity; some BMCs list the whole machine's sensor under the supplies."""
    name = _plain(sensor.name)
    generic = _TOTALS[-1].fullmatch(name)
    return _SUPPLY.fullmatch(name) is not None or (generic is not None and sensor.entity == _POWER_SUPPLY)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def _described(sensor: Sensor) -> str:
    return f"{sensor.name} (sensor 0x{sensor.number:02X}, in steps of {abs(sensor.slope_watts):.3g} W)"

# SPDX-License-Identifier: Apache-2.0
"""hwmon: what chips report of power in /sys/class/hwmon. Three sources of one kind, by what they measure.

`acpi_power_meter` and `psu_input` measure at the inlet and ask slow devices (an ACPI method, an I2C bus), so they are
read by a worker each; `hwmon` holds the components. Rules for chips: hwmon_chips.toml.
"""

from __future__ import annotations

import errno
import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from agent.errors import SourceAbsent, SourceDenied, SourceGone
from agent.readings import Boundary, Channel, CounterReading, Method, PowerReading
from agent.sources.hwmon_chips import READS, Sensor, find_sensors
from agent.sources.open_files import Failure, OpenFile, open_all, read_each
from agent.sources.rapl import DENIED_REMEDY
from agent.sources.shared_chassis import ALONE, is_node, perhaps_shared
from agent.sources.source import Pace, SourceEntry
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from agent.host import Host
    from agent.machine import Machine
    from agent.readings import Reading
    from impacts.problems import Problem

ACPI_METER, PSU_INPUTS, COMPONENTS = "acpi_power_meter", "psu_input", "hwmon"

# The meters average over a second or more; an ACPI method or an I2C bus may take that long to answer.
PACE = Pace(interval_seconds=5.0, deadline_seconds=10.0)

_LONGEST_NUMBER = 32  # bytes; 2^64 has 20 digits
_COUNTER_BITS = 64
_LEAST_ACCURACY_PERCENT, _EXACT_PERCENT = 80.0, 100.0
_NOT_NOW = {errno.EAGAIN, errno.ENODATA, errno.EBUSY, errno.ENXIO, errno.ETIMEDOUT, errno.EPERM}
_GONE = {errno.ENODEV, errno.ENOENT}
_ABSENT = {
    ACPI_METER: "no ACPI power meter that measures the host",
    PSU_INPUTS: "no power supply whose input power the kernel shows",
    COMPONENTS: "no chip in /sys/class/hwmon that is known to report a component's power",
}
_SHARED_SUPPLIES = (
    "the power supplies that the kernel shows are those of the chassis, which this node shares with others"
)
_SHARED_METER = "whether the ACPI meter is of this node or of the chassis that it shares is not stated"


class _Unknown(ValueError):
    """A value that means that the driver has no reading."""


@dataclass(slots=True)
class _Meter:
    """An open attribute and the channel it feeds."""

    channel: Channel
    file: OpenFile
    unknown: frozenset[int]
    averaged_over_seconds: float | None


class HwmonSource:
    """The sensors of one source, each file kept open and read with one `pread`."""

    def __init__(
        self, host: Host, meters: Sequence[_Meter], notes: tuple[str, ...], problems: tuple[Problem, ...] = ()
    ) -> None:
        self._clock = host.clock
        self._epoch = host.boot_id()
        self._meters = meters
        self._has_lost_one = False
        self.channels = tuple(meter.channel for meter in meters)
        self.notes = notes
        self.problems = problems

    def read(self) -> Sequence[Reading]:
        """Return every sensor's value; raise `ReadFailed` with those that answered when one does not.

        A sensor that went away is a failed read once; then the source is gone, and is opened anew with what is there.
        """
        if self._has_lost_one:
            raise SourceGone("a sensor went away: the chips are looked for again")
        taken = read_each(self._meters, self._reading, _failure)
        self._has_lost_one = any(failure.reason == "vanished" for failure in taken.failures)
        return taken.whole()

    def close(self) -> None:
        """Close the attribute files."""
        for meter in self._meters:
            meter.file.close()

    def _reading(self, meter: _Meter) -> Reading:
        at = self._clock.monotonic_seconds()
        value = _value(meter)
        if meter.channel.method is Method.COUNTED:
            return CounterReading(meter.channel, at, value, epoch=self._epoch)
        return PowerReading(meter.channel, at, value * 1e-6, meter.averaged_over_seconds, self._epoch)


def open_source(source: str, machine: Machine) -> HwmonSource:
    """Open the sensors that the rules give to `source`; raise SourceAbsent or SourceDenied with the remedy."""
    try:
        found = find_sensors(machine.host)
        ours = [sensor for sensor in found if (sensor.rule or {}).get("source") == source and sensor.value_path()]
        kept, dropped = _counted_once(source, ours, machine)
        notes = (*dropped, *(_left_out(found) if source == COMPONENTS else ()))
        if not kept:
            raise SourceAbsent("; ".join((_ABSENT[source], *notes)))
        if source == PSU_INPUTS and is_node(machine):
            raise SourceAbsent(_SHARED_SUPPLIES, remedy=ALONE)
        problems = (perhaps_shared(source, _SHARED_METER),) if source == ACPI_METER and is_node(machine) else ()
        return HwmonSource(machine.host, _opened(source, kept, machine), notes, problems)
    except PermissionError as error:
        raise SourceDenied(f"{error.filename} may be read by root only", remedy=DENIED_REMEDY) from error
    except OSError as error:
        raise SourceAbsent(f"{error.filename}: {error.strerror}") from error


open_acpi_meter = partial(open_source, ACPI_METER)
open_psu_inputs = partial(open_source, PSU_INPUTS)
open_components = partial(open_source, COMPONENTS)


def _counted_once(source: str, sensors: list[Sensor], machine: Machine) -> tuple[list[Sensor], tuple[str, ...]]:
    """Leave out what may include or repeat what something else measures, with a note each."""
    if source == ACPI_METER:
        return _one_meter([sensor for sensor in sensors if sensor.attribute("is_battery") != "1"])
    modules = [sensor for sensor in sensors if sensor.rule and sensor.rule["component"] == "module"]
    if modules and _has_nvidia_gpu(machine.host):
        note = "the module's power is not read: it may include the GPU, which its own source measures"
        return [sensor for sensor in sensors if sensor not in modules], (note,)
    return sensors, ()


def _one_meter(meters: list[Sensor]) -> tuple[list[Sensor], tuple[str, ...]]:
    if len(meters) <= 1:
        return meters, ()
    names = ", ".join(meter.title for meter in meters)
    return [], (f"none of {names} is read: whether they add up or repeat each other is not stated",)


def _has_nvidia_gpu(host: Host) -> bool:
    devices = host.path("/sys/bus/pci/devices")
    return any(
        path.read_text(encoding="ascii", errors="replace").strip() == "0x10de" and _is_display(path.parent / "class")
        for path in devices.glob("*/vendor")
    )


def _is_display(path: os.PathLike[str]) -> bool:
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123 - a path of either kind
            return file.read().startswith("0x03")
    except OSError:
        return False


def _left_out(sensors: Iterable[Sensor]) -> list[str]:
    """Return a note for each kind of sensor that is not read, with the reason."""
    reasons: dict[str, str] = {}
    for sensor in sensors:
        if sensor.rule is None:
            reasons[sensor.chip or "a chip without a name"] = "reports power, but it is not known of what"
        elif "ignored" in sensor.rule:
            reasons[f"{sensor.chip} {sensor.label}".strip()] = str(sensor.rule["ignored"])
    named: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        named.setdefault(reason, []).append(name)
    return [f"{_shortened(names)} not read: {reason}" for reason, names in named.items()]


def _shortened(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004


def _opened(source: str, sensors: Sequence[Sensor], machine: Machine) -> list[_Meter]:
    names = {sensor.channel_name for sensor in sensors}
    met: Counter[str] = Counter()
    meters: list[_Meter] = []
    for sensor in sensors:
        met[sensor.channel_name] += 1
        again = f"-{met[sensor.channel_name]}" if met[sensor.channel_name] > 1 else ""
        within = sensor.within if sensor.within in names else None
        meter = _meter(sensor, _channel(source, sensor, f"{sensor.channel_name}{again}", within, machine))
        meters += [meter] if meter else []
    open_all(meter.file for meter in meters)
    return meters


def _meter(sensor: Sensor, channel: Channel) -> _Meter | None:
    path = sensor.value_path()
    if path is None:
        return None
    interval = sensor.attribute("average_interval") if path.name.endswith("_average") else ""
    seconds = int(interval) * 1e-3 if re.fullmatch(r"[0-9]{1,9}", interval) else None
    unknown = frozenset((sensor.rule or {}).get("unknown", ()))
    return _Meter(channel, OpenFile(str(path), _LONGEST_NUMBER), unknown, seconds)


def _channel(source: str, sensor: Sensor, name: str, within: str | None, machine: Machine) -> Channel:
    rule: Any = sensor.rule
    return Channel(
        source=source,
        name=name,
        component=rule["component"],
        boundary=Boundary(rule.get("boundary", Boundary.COMPONENT)),
        method=Method.COUNTED if sensor.kind == "energy" else Method.INTEGRATED,
        within=within,
        plausible_watts=float(rule["plausible_watts"]),
        accuracy=_accuracy(source, sensor, machine),
    )


def _accuracy(source: str, sensor: Sensor, machine: Machine) -> Estimate:
    """Return the accuracy that the meter states, else the assumed one. Firmware that states 100 % means "not stated"."""
    stated = re.fullmatch(r"([0-9]{1,3}(\.[0-9]+)?)%", sensor.attribute("accuracy"))
    if stated and _LEAST_ACCURACY_PERCENT <= float(stated[1]) < _EXACT_PERCENT:
        error = 1 - float(stated[1]) / 100
        stating = Citation(f"source {source}: the meter's own statement, {stated[0]} in power{sensor.number}_accuracy")
        return Estimate(1 - error, 1.0, 1 + error, "1", (stating,))
    return machine.accuracy((sensor.rule or {})["accuracy"])


def _value(meter: _Meter) -> int:
    text = meter.file.read()
    if not text.strip().isdigit():
        raise ValueError(f"{meter.file.path} holds {text!r}, which is no value")
    value = int(text)
    if value in meter.unknown:
        raise _Unknown(f"{meter.file.path} holds {value}, which means that the driver has no reading")
    is_counter = meter.channel.method is Method.COUNTED
    if value >= (2**_COUNTER_BITS if is_counter else meter.channel.plausible_watts * 1e6):
        raise ValueError(f"{meter.file.path} holds {value}, which is not plausible")
    return value


def _failure(meter: _Meter, error: OSError | ValueError) -> Failure:
    if isinstance(error, ValueError):
        return Failure(str(error), "unknown_value" if isinstance(error, _Unknown) else "garbage")
    gone, not_now = error.errno in _GONE, error.errno in _NOT_NOW
    return Failure(f"{meter.file.path}: {error.strerror}", "vanished" if gone else "no_data" if not_now else "io_error")


ACPI_METER_ENTRY = SourceEntry(
    ACPI_METER, open_acpi_meter, READS, "power at the inlet, as firmware reports it (ACPI)", PACE
)
PSU_INPUTS_ENTRY = SourceEntry(PSU_INPUTS, open_psu_inputs, READS, "power that power supplies draw (PMBus)", PACE)
COMPONENTS_ENTRY = SourceEntry(
    COMPONENTS, open_components, READS, "power of CPUs and cards, as their drivers report it"
)

# SPDX-License-Identifier: Apache-2.0
"""The BMC's watt sensors in place of DCMI: the whole machine's, or every power supply's input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceAbsent, SourceGone
from agent.ipmi.messages import Refused, not_measuring
from agent.ipmi.sdr import read_sensor, watt_sensors
from agent.ipmi.watt_sensors import choose
from agent.sources.ipmi_channels import NAME, inlet_channel, power_now
from agent.sources.shared_chassis import ALONE, is_node, perhaps_shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.ipmi.messages import Transport
    from agent.ipmi.watt_sensors import Choice, Inlet
    from agent.machine import Machine
    from agent.readings import PowerReading


class SensorSource:
    """The sensors chosen, one channel each. Supplies that gave no reading at first are asked on, but not counted."""

    def __init__(self, machine: Machine, transport: Transport, choice: Choice, silent: Sequence[Inlet]) -> None:
        self._machine = machine
        self._transport = transport
        self._silent = silent
        self._inlets = [inlet for inlet in choice.inlets if inlet not in silent]
        self.channels = tuple(inlet_channel(machine, inlet.name, inlet.component) for inlet in self._inlets)
        self.notes = (*choice.notes, *(f"{inlet.sensor.name} gives no reading: an empty slot?" for inlet in silent))
        names = ", ".join(inlet.sensor.name for inlet in self._inlets)
        shared = f"whether {names} is this node's power or that of the chassis that it shares is not stated"
        self.problems = (perhaps_shared(NAME, shared),) if is_node(machine) else ()

    def read(self) -> Sequence[PowerReading]:
        """Return each sensor's power; raise `ReadFailed` with those that answered when one does not."""
        for inlet in self._silent:
            if _has_reading(self._transport, inlet):
                raise SourceGone(f"{inlet.sensor.name} has a reading now: the sensors are chosen anew")
        readings: list[PowerReading] = []
        failures: list[ReadFailed] = []
        for channel, inlet in zip(self.channels, self._inlets, strict=True):
            try:
                watts = read_sensor(self._transport, inlet.sensor)
            except ReadFailed as failure:
                failures.append(failure)
                if failure.reason == "timeout":  # the others would wait as long
                    break
                continue
            readings.append(power_now(self._machine, channel, watts))
        if failures:
            raise ReadFailed(failures[0].what, reason=failures[0].reason, readings=readings, remedy=failures[0].remedy)
        # A supply may rest at 0 W beside another one; a machine that runs draws more.
        if not any(reading.watts for reading in readings):
            raise not_measuring("the BMC's sensors report 0 W, which is no measurement")
        return readings

    def close(self) -> None:
        """Close the device."""
        self._transport.close()


def open_sensors(machine: Machine, transport: Transport) -> SensorSource:
    """Find the sensors at the inlet.

    Raises:
        SourceAbsent: there are none.
        ReadFailed: the BMC does not answer.
    """
    try:
        choice = choose(watt_sensors(transport))
    except Refused as refusal:
        if refusal.is_passing:
            raise
        raise SourceAbsent("the BMC has neither DCMI nor a list of its sensors") from refusal
    if choice is None:
        raise SourceAbsent("the BMC has no DCMI, and no sensor that is known to measure the inlet's power")
    if is_node(machine) and any(inlet.component == "psu" for inlet in choice.inlets):
        names = ", ".join(inlet.sensor.name for inlet in choice.inlets)
        raise SourceAbsent(f"{names} measure the power supplies that this node shares with others", remedy=ALONE)
    silent = [inlet for inlet in choice.inlets if not _has_reading(transport, inlet)]
    if len(silent) == len(choice.inlets):
        silent = []  # the BMC may be starting: all are read, and each read finds out anew
    return SensorSource(machine, transport, choice, silent)


def _has_reading(transport: Transport, inlet: Inlet) -> bool:
    """Whether the sensor has a reading; a BMC that gives no answer at all is a failed read."""
    try:
        read_sensor(transport, inlet.sensor)
    except Refused as refusal:
        if refusal.is_passing:
            raise
        return False
    except ReadFailed as failure:
        if failure.reason != "not_measuring":
            raise
        return False
    return True

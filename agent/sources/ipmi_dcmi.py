# SPDX-License-Identifier: Apache-2.0
"""The BMC's power meter, asked in band by the kernel's IPMI device: DCMI, and where that is missing its watt sensors."""

from __future__ import annotations

import stat
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from agent.clock import SystemClock
from agent.errors import ReadFailed, SourceAbsent, SourceDenied
from agent.inventory.dmi import read_smbios
from agent.ipmi.dcmi import announces_power, probe_watts, read_watts
from agent.ipmi.messages import Refused
from agent.sources.ipmi_channels import NAME, inlet_channel, power_now
from agent.sources.ipmi_command import IpmiCommandSource
from agent.sources.ipmi_sensors import open_sensors
from agent.sources.settings import pace_settings
from agent.sources.shared_chassis import is_node
from agent.sources.source import Pace, SourceEntry
from impacts.machine_forms import SERVER_FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from agent.ipmi.messages import Transport
    from agent.machine import Machine
    from agent.readings import Channel, PowerReading
    from agent.sources.source import Source

READS: tuple[str, ...] = ()  # a device answers the one who asks; there is no file to record
PACE = Pace(interval_seconds=10.0, deadline_seconds=10.0)
DENIED_REMEDY = (
    "run as root, or give the service these rights: sudo systemd-run --property=DynamicUser=yes "
    "--property=AmbientCapabilities=CAP_DAC_READ_SEARCH --property='DeviceAllow={device} r' "
    "--property=StateDirectory=wattprint wattprint run"
)

SETTINGS = {
    "device": {
        "type": "string",
        "pattern": "^/dev/",
        "examples": ["/dev/ipmi0"],
        "description": "The kernel's IPMI device; by default the first of /dev/ipmi0, /dev/ipmi/0 and /dev/ipmidev/0.",
    },
    **pace_settings(PACE, "Most BMCs have a new value every 1 to 20 s."),
    "command": {
        "anyOf": [
            {"enum": ["ipmitool", "ipmi-dcmi"]},
            {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        ],
        "examples": ["ipmitool"],
        "description": (
            "Ask by a program instead: ipmitool, ipmi-dcmi, or a command with its arguments that prints what one of "
            "them prints. It costs a process per reading."
        ),
    },
}

_DEVICES = ("/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0")
_BMC = 38  # the SMBIOS structure of an IPMI device
_WAIT_RATIO = 0.8  # of the deadline: a request given up in time has a more exact reason than the worker's deadline


class DcmiSource:
    """The inlet's power by DCMI's Get Power Reading."""

    def __init__(self, machine: Machine, transport: Transport, notes: tuple[str, ...] = ()) -> None:
        self._machine = machine
        self._transport = transport
        self.channels: tuple[Channel, ...] = (inlet_channel(machine),)
        self.notes = notes

    def read(self) -> Sequence[PowerReading]:
        """Return the present power; raise `ReadFailed` where the BMC does not answer, refuses or is not measuring."""
        watts = read_watts(self._transport)
        return [power_now(self._machine, self.channels[0], watts)]

    def close(self) -> None:
        """Close the device."""
        self._transport.close()


def open_source(machine: Machine) -> Source:
    """Find out how this machine's BMC reports its power.

    Raises:
        SourceAbsent: there is no BMC, or it reports no power.
        SourceDenied: this process may not use the device.
        ReadFailed: the BMC does not answer.
    """
    settings = machine.settings.get(NAME, {})
    if "command" in settings:
        return IpmiCommandSource(machine, settings["command"], _deadline_seconds(settings))
    path = _device(machine, settings)
    from agent.ipmi.device import IpmiDevice  # noqa: PLC0415 - ctypes is for machines that have the device

    try:
        transport = IpmiDevice(path, machine.host.clock, _WAIT_RATIO * _deadline_seconds(settings))
    except PermissionError as error:
        raise SourceDenied(f"{path} may be used by root only", remedy=DENIED_REMEDY.format(device=path)) from error
    except OSError as error:
        raise SourceAbsent(f"{path} cannot be opened: {error.strerror}", remedy="sudo modprobe ipmi_si") from error
    with ExitStack() as unless_open:
        unless_open.callback(transport.close)
        source = open_by(machine, transport)
        unless_open.pop_all()
    return source


def open_by(machine: Machine, transport: Transport) -> Source:
    """Choose how to ask: DCMI if it answers, whether it is announced or not, else the sensors."""
    announced = announces_power(transport)
    try:
        probe_watts(transport)
    except Refused as refusal:
        if refusal.is_passing:
            raise
        return open_sensors(machine, transport)
    except ReadFailed as failure:
        if announced is False and failure.reason in {"garbage", "not_measuring"}:
            return open_sensors(machine, transport)
        if failure.reason != "not_measuring":
            raise
    return DcmiSource(machine, transport, tuple(_notes(machine, announced=announced)))


def _notes(machine: Machine, *, announced: bool | None) -> Iterator[str]:
    if announced is False:
        yield "the BMC does not announce DCMI's power management and answers all the same"
    if is_node(machine):
        yield "this machine is a node of a chassis: what its own BMC reports by DCMI is taken for the node's power alone"


def _deadline_seconds(settings: Mapping[str, Any]) -> float:
    return float(settings.get("deadline_seconds", PACE.deadline_seconds))


def _device(machine: Machine, settings: Mapping[str, Any]) -> Path:
    """Return the device to use; a recording of a machine has none, whatever lies there."""
    if not isinstance(machine.host.clock, SystemClock):
        raise SourceAbsent("a recorded machine has no BMC to ask")
    named = settings.get("device")
    paths = [machine.host.path(absolute) for absolute in ([named] if named else _DEVICES)]
    found = next((path for path in paths if _is_device(path)), None)
    if found is None:
        raise _absent(machine, named)
    return found


def _is_device(path: Path) -> bool:
    try:
        return stat.S_ISCHR(path.stat().st_mode)
    except OSError:
        return False


def _absent(machine: Machine, named: str | None) -> SourceAbsent:
    server = machine.inventory.server
    has_bmc = bool(server.form in SERVER_FORMS or read_smbios(machine.host).of_kind(_BMC)) and not server.virtual
    remedy = "sudo modprobe -a ipmi_si ipmi_devintf" if has_bmc else ""
    return SourceAbsent(f"no IPMI device: there is no {named or _DEVICES[0]}", remedy=remedy)


ENTRY = SourceEntry(NAME, open_source, READS, "power at the inlet, as the BMC measures it", PACE, SETTINGS)

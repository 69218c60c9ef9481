# SPDX-License-Identifier: Apache-2.0
"""The BMC's power by a program, for those who have configured one: ipmitool or ipmi-dcmi, or what prints the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceAbsent
from agent.ipmi.tool_output import parse_watts
from agent.sources.ipmi_channels import inlet_channel, power_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.machine import Machine
    from agent.readings import Channel, PowerReading

_PRESETS = {
    "ipmitool": ("ipmitool", "dcmi", "power", "reading"),
    "ipmi-dcmi": ("ipmi-dcmi", "--get-system-power-statistics"),
}


class IpmiCommandSource:
    """The inlet's power as a program prints it; a process for every reading."""

    def __init__(self, machine: Machine, command: str | Sequence[str], deadline_seconds: float) -> None:
        if not machine.host.is_own:
            raise SourceAbsent("a program asks this machine's BMC, not that of another root")
        self._machine = machine
        self._command = _PRESETS[command] if isinstance(command, str) else tuple(command)
        self._deadline_seconds = deadline_seconds
        self.channels: tuple[Channel, ...] = (inlet_channel(machine),)
        self.notes: tuple[str, ...] = (f"by the configured program: {' '.join(self._command)}",)

    def read(self) -> Sequence[PowerReading]:
        """Run the program and return the power it prints."""
        program = self._command[0]
        try:
            status, printed = self._machine.host.run(self._command, self._deadline_seconds)
        except TimeoutError as error:
            raise ReadFailed(f"{program} was not done within {self._deadline_seconds:g} s", reason="timeout") from error
        except OSError as error:
            raise ReadFailed(
                f"{program} cannot be run: {error.strerror}",
                reason="io_error",
                remedy="install it, or take sources.ipmi_dcmi.command out of the config",
            ) from error
        if status:
            raise ReadFailed(f"{program} ends with {status}: {printed.strip()[:80]!r}", reason="command_failed")
        return [power_now(self._machine, self.channels[0], parse_watts(printed))]

    def close(self) -> None:
        """Nothing is kept open."""

# SPDX-License-Identifier: Apache-2.0
"""The channels of the BMC's power meter, however it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method, PowerReading

if TYPE_CHECKING:
    from agent.machine import Machine

NAME = "ipmi_dcmi"

# DCMI's field ends at 65 kW. A server full of accelerators draws some 15 kW, a supply of today 6 kW.
_PLAUSIBLE_WATTS = {"host": 30_000.0, "psu": 10_000.0}


def inlet_channel(machine: Machine, name: str = "inlet", component: str = "host") -> Channel:
    """Return the channel of an inlet, or of one supply's."""
    return Channel(
        source=NAME,
        name=name,
        component=component,
        boundary=Boundary.INLET,
        method=Method.INTEGRATED,
        plausible_watts=_PLAUSIBLE_WATTS[component],
        accuracy=machine.accuracy(NAME),
    )


def power_now(machine: Machine, channel: Channel, watts: float) -> PowerReading:
    """Return a reading of this moment.

    BMCs smooth what they call the current power, over a time that they do not state: the period that DCMI gives
    beside it is that of minimum, maximum and mean.
    """
    host = machine.host
    return PowerReading(
        channel, host.clock.monotonic_seconds(), watts, averaged_over_seconds=None, epoch=host.boot_id()
    )

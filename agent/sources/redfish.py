# SPDX-License-Identifier: Apache-2.0
"""Redfish: the inlet power of the host as its BMC (iDRAC, iLO, XCC, OpenBMC …) reports it over HTTPS.

Nothing is loaded or asked unless an address is configured. The meter is looked for by the first read, not at
opening: a BMC that is down when the agent starts is found later, and the source keeps the BMC's Retry-After.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from agent.clock import SystemClock
from agent.errors import ReadFailed, SourceAbsent
from agent.readings import Boundary, Channel, Method, PowerReading
from agent.sources.redfish_meter import INLET, MOST_WATTS, Meter, Tap, find_meter, read_taps
from agent.sources.redfish_session import RedfishSession
from agent.sources.redfish_settings import DEFAULT_DEADLINE_SECONDS, SETTINGS, redfish_settings
from agent.sources.settings import pace_settings
from agent.sources.shared_chassis import ALONE, is_node, perhaps_shared
from agent.sources.source import Pace, SourceEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.clock import Clock
    from agent.machine import Machine
    from agent.sources.redfish_settings import RedfishSettings
    from impacts.problems import Problem
    from impacts.values.estimates import Estimate

logger = logging.getLogger("wattprint")

NAME = "redfish"
READS: tuple[str, ...] = ()  # nothing below the root
PACE = Pace(interval_seconds=30.0, deadline_seconds=DEFAULT_DEADLINE_SECONDS)

# The search takes a dozen requests, of which a busy iDRAC needs 25 s and more for each (idrac_exporter#79). It may
# take longer than a read, once; what it found stays.
_SEARCH_DEADLINES = 4


class RedfishSource:
    """The meter of one BMC."""

    def __init__(
        self,
        session: RedfishSession,
        settings: RedfishSettings,
        clock: Clock,
        accuracy: Estimate,
        *,
        of_node: bool = False,
    ) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._accuracy = accuracy
        self._of_node = of_node
        self._taps: tuple[Tap, ...] = ()
        self.channels: tuple[Channel, ...] = ()
        self.notes = settings.notes
        self.problems: tuple[Problem, ...] = ()

    def read(self) -> Sequence[PowerReading]:
        """Return what the meter shows; the first read looks for it.

        Raises:
            ReadFailed: with the power supplies that did answer, where the meter is made of several.
        """
        seconds = self._settings.deadline_seconds
        with self._session.turn(seconds if self._taps else seconds * _SEARCH_DEADLINES):
            watts = read_taps(self._session.get, self._taps) if self._taps else self._search()
            at = self._clock.monotonic_seconds()
            readings = [
                PowerReading(channel, at, shown)
                for channel, shown in zip(self.channels, watts, strict=True)
                if shown is not None
            ]
            if len(readings) < len(self._taps) or not sum(reading.watts for reading in readings):
                raise self._silent(readings)
        return readings

    def close(self) -> None:
        """Log out."""
        with self._session.turn(self._settings.deadline_seconds):
            self._session.log_out()

    def _search(self) -> tuple[float, ...]:
        meter = find_meter(self._session.get, of_node=self._of_node)
        if meter is None:
            whose = "the power of this node alone" if self._of_node else "its power"
            remedy = "see whether the BMC's licence and the power supplies offer power monitoring"
            raise ReadFailed(
                f"no chassis of the BMC at {self._settings.address} shows {whose}",
                reason="no_reading",
                remedy=f"{remedy}; {ALONE}" if self._of_node else remedy,
            )
        self._take(meter)
        return meter.watts

    def _take(self, meter: Meter) -> None:
        self._taps = meter.taps
        self.notes = (*meter.notes, *self._settings.notes)
        self.problems = (perhaps_shared(NAME, meter.shared),) if meter.shared else ()
        self.channels = tuple(
            Channel(
                source=NAME,
                name=tap.name,
                component="host" if tap.name == INLET else "psu",
                boundary=Boundary.INLET,
                method=Method.INTEGRATED,
                plausible_watts=MOST_WATTS,
                accuracy=self._accuracy,
            )
            for tap in meter.taps
        )

    def _silent(self, readings: Sequence[PowerReading]) -> ReadFailed:
        """Return the failure of a meter without power. A supply may be gone, so the next read looks for a meter anew."""
        answered = {reading.channel.name for reading in readings if reading.watts}
        paths = dict.fromkeys(tap.path for tap in self._taps if tap.name not in answered)
        self._taps = ()
        return ReadFailed(
            f"the BMC at {self._settings.address} shows no power in {', '.join(paths)}",
            reason="no_reading",
            readings=[reading for reading in readings if reading.watts],
            remedy="if it lasts, restart the BMC",
        )


def open_source(machine: Machine) -> RedfishSource:
    """Take up the BMC that is configured; raise SourceAbsent where there is none, SourceDenied without an account."""
    settings = redfish_settings(machine.settings.get(NAME, {}))
    if not isinstance(machine.host.clock, SystemClock):
        raise SourceAbsent("this is a captured machine: its BMC is not here")
    settings.account()
    for note in settings.notes:
        logger.warning("%s: %s", NAME, note)
    clock = machine.host.clock
    web = machine.host.web_client(settings.address, settings.ca)
    session = RedfishSession(web, settings, clock)
    return RedfishSource(session, settings, clock, machine.accuracy(NAME), of_node=is_node(machine))


ENTRY = SourceEntry(
    NAME,
    open_source,
    READS,
    "power at the inlet, as the BMC reports it over the network",
    PACE,
    {
        **SETTINGS,
        **pace_settings(
            PACE,
            "Most BMCs have a new value every 1 to 60 s.",
            longest_deadline_seconds=120,
            slow="A busy iDRAC needs 25 to 55 s.",
        ),
    },
)

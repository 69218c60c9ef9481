# SPDX-License-Identifier: Apache-2.0
"""The balance of the whole host: from the channels' energy to what entered the chassis, without counting twice.

A stretch of time goes into one step, by the best of the ways (`ways.py`) that know all of it (docs/adr/0004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.readings import Boundary, Method
from agent.wholehost.calibration.calibrations import Calibrations
from agent.wholehost.contradictions import Contradictions
from agent.wholehost.meters import MeterComparison
from agent.wholehost.overlap import meters
from agent.wholehost.reports import Reports
from agent.wholehost.ways import InletMeter, Overheads, Way, ways
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent.ledger import EnergyStep
    from agent.readings import Channel
    from agent.wholehost.calibration.calibrations import Kept
    from agent.wholehost.host_step import HostStep


class HostBalance:
    """Makes the host's steps from those of its channels: fed with all of them, it returns one when the best way has reported."""

    def __init__(self, overheads: Overheads, kept: Mapping[str, Kept] | None = None) -> None:
        self._overheads = overheads
        self._calibrations = Calibrations(overheads.psu_efficiency.central, dict(kept or {}))
        self._ways: list[Way] = []
        self._reports = Reports()
        self._contradictions = Contradictions()
        self._meters = MeterComparison()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the balance has had to leave out for a while."""
        reports = self._reports
        anchors = (channel for way in self._ways for channel in way.anchors)
        return (
            *self._contradictions.lasting(reports.at),
            *self._meters.problems,
            *self._calibrations.problems,
            *(_silence(one) for one in anchors if reports.is_silent(one) and reports.has_ever_reported(one)),
        )

    @property
    def calibration_states(self) -> dict[str, str]:
        """What the history has to keep of the calibrations, by the meter that each is anchored to."""
        return self._calibrations.states

    def step(self, channels: Sequence[Channel], steps: Sequence[EnergyStep], at: float) -> HostStep | None:
        """Take the steps of the tick at `at` (monotonic seconds); return the host's, if it is complete."""
        self._take_channels(channels)
        self._reports.take(steps, at)
        self._calibrations.take(steps, at)
        self._meters.compare([way for way in self._ways if isinstance(way, InletMeter)], steps, at)
        usable = [way for way in self._ways if way.usable(self._reports)]
        awaited = next((way for way in usable if way.awaited(self._reports)), None)
        if awaited is not None and not awaited.has_reported(self._reports):
            return None
        found = (way.step(self._reports) for way in usable)
        host_step = next((step for step in found if step is not None), None)
        self._reports.begin_anew()
        return host_step

    def _take_channels(self, channels: Sequence[Channel]) -> None:
        if channels == self._reports.channels:
            return
        self._reports.channels = list(channels)
        inlets = meters([one for one in channels if one.method is not Method.MODELLED], Boundary.INLET)
        self._calibrations.follow(channels, inlets)
        self._ways = ways(channels, self._overheads, self._contradictions, self._calibrations)


def _silence(channel: Channel) -> Problem:
    what = f"{channel.source}/{channel.name} has reported nothing for a while: its energy is modelled, or in no figure"
    return Problem(channel.source, "silent", what, "`wattprint doctor` shows what the source lacks")

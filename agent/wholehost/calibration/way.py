# SPDX-License-Identifier: Apache-2.0
"""The way to the host's energy by a calibration: `measured` while its meter reports, `calibrated` while it is silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.wholehost.calibration.calibrated_step import calibrated_step
from agent.wholehost.calibration.fast_energy import LONGEST_STEP_SECONDS
from agent.wholehost.host_step import Basis, HostStep
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from agent.readings import Channel
    from agent.wholehost.calibration.calibration import Calibration
    from agent.wholehost.contradictions import Contradictions
    from agent.wholehost.reports import Reports


@dataclass(frozen=True)
class CalibratedWay:
    """The fast channels, as a slow or silent meter has taught what they mean at the inlet."""

    calibration: Calibration
    basis: Basis
    contradictions: Contradictions
    anchors: tuple[Channel, ...] = ()  # the meter is the anchor of its own way

    def usable(self, reports: Reports) -> bool:
        """Whether the meter is slow, or silent, as the basis has it, and the fast channels stand in for it."""
        if self._meter_is_silent(reports) is not (self.basis is Basis.CALIBRATED):
            return False
        if self.basis is Basis.MEASURED and not self.calibration.is_slow:
            return False
        channels = self.calibration.fast_channels
        if any(report.has_gap for report in reports.of(channels)) or any(map(reports.is_silent, channels)):
            return False
        return self.calibration.is_learned

    def _meter_is_silent(self, reports: Reports) -> bool:
        """Whether the meter has reported nothing for long, or is gone."""
        there = {channel.key for channel in reports.channels}
        return any(one.key not in there or reports.is_silent(one) for one in self.calibration.anchors)

    def awaited(self, reports: Reports) -> bool:
        """Whether the fast channels report regularly."""
        return all(map(reports.has_usual_interval, self.calibration.fast_channels))

    def has_reported(self, reports: Reports) -> bool:
        """Whether each fast channel has reported."""
        channels = self.calibration.fast_channels
        return len(reports.of(channels)) == len(channels)

    def step(self, reports: Reports) -> HostStep | None:
        """Return what the regression gives; None unless all fast channels know all of a time that is not too long."""
        found = reports.of(self.calibration.fast_channels)
        if not self.has_reported(reports) or not all(report.is_complete for report in found):
            return None
        seconds = max(report.observed_seconds for report in found)
        if seconds > LONGEST_STEP_SECONDS:
            return None
        watts = [
            sum(report.microjoules for report in reports.of(one.channels)) * JOULES_PER_MICROJOULE / seconds
            for one in self.calibration.regressors
        ]
        inputs = self.calibration.fast.inputs(watts, seconds)
        self.contradictions.settle(self.calibration.name)
        return calibrated_step(self.calibration, self.basis, found, inputs, reports.at)

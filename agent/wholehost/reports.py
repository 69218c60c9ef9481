# SPDX-License-Identifier: Apache-2.0
"""What the channels have reported since the last host step, and which of them have fallen silent."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.ledger import EnergyStep

# A channel that has reported nothing for longer than this, and than a few of its usual intervals, is not waited for.
PATIENCE_SECONDS = 30.0
PATIENCE_INTERVALS = 2.5

Key = tuple[str, str]


@dataclass(slots=True)
class Report:
    """What one channel has reported since the last host step."""

    channel: Channel
    microjoules: int = 0
    observed_seconds: float = 0.0
    has_gap: bool = False  # a part of the time could not be observed

    @property
    def is_complete(self) -> bool:
        """Whether it covers all of its time, without a gap."""
        return self.observed_seconds > 0 and not self.has_gap

    @property
    def watts(self) -> float:
        """Its mean power; 0 where it covers no time."""
        return self.microjoules * JOULES_PER_MICROJOULE / self.observed_seconds if self.observed_seconds else 0.0


@dataclass
class Reports:
    """The reports by channel. Feed it every step; begin anew whenever a host step is made of them."""

    channels: Sequence[Channel] = ()
    at: float = 0.0  # monotonic seconds of the last tick
    _since_step: dict[Key, Report] = field(default_factory=dict)
    _reported_at: dict[Key, float] = field(default_factory=dict)
    _usual_seconds: dict[Key, float] = field(default_factory=dict)  # the length of each channel's last step
    _begun_at: float | None = None  # the tick after which this host step began

    def take(self, steps: Iterable[EnergyStep], at: float) -> None:
        """Take the steps of the tick at `at`."""
        self.at = at
        for step in steps:
            self._take(step)

    def of(self, channels: Iterable[Channel]) -> list[Report]:
        """Return the reports of those channels that have one."""
        return [self._since_step[channel.key] for channel in channels if channel.key in self._since_step]

    def modelled(self) -> list[Report]:
        """Return the reports of the load model's components."""
        found = (report for report in self._since_step.values() if report.channel.method is Method.MODELLED)
        return [report for report in found if report.channel.boundary is Boundary.COMPONENT]

    def is_silent(self, channel: Channel) -> bool:
        """Whether a channel has reported nothing for long, or nothing at all yet."""
        reported_at = self._reported_at.get(channel.key)
        usual = PATIENCE_INTERVALS * self._usual_seconds.get(channel.key, 0.0)
        return reported_at is None or self.at - reported_at > max(PATIENCE_SECONDS, usual)

    def has_ever_reported(self, channel: Channel) -> bool:
        """Whether a channel has reported at all."""
        return channel.key in self._reported_at

    def has_usual_interval(self, channel: Channel) -> bool:
        """Whether a channel has reported an energy over some time, so that its next report can be expected."""
        return channel.key in self._usual_seconds

    def begin_anew(self) -> None:
        """Begin the next host step. Of what a late channel reports, only the part after this tick counts in it."""
        self._begun_at = self.at
        self._since_step = {}

    def _take(self, step: EnergyStep) -> None:
        key = step.channel.key
        elapsed = step.observed_seconds + step.unobserved_seconds
        # Of a step that reaches back into an earlier host step, only the part after that counts.
        is_late = self._begun_at is not None and self._reported_at.get(key, -inf) < self._begun_at and elapsed > 0
        share = min(1.0, (self.at - (self._begun_at or 0.0)) / elapsed) if is_late else 1.0
        report = self._since_step.setdefault(key, Report(step.channel))
        report.channel = step.channel
        report.microjoules += round(step.microjoules * share)
        report.observed_seconds += step.observed_seconds * share
        report.has_gap |= step.unobserved_seconds * share > 0
        self._reported_at[key] = self.at
        if step.observed_seconds:
            self._usual_seconds[key] = step.observed_seconds

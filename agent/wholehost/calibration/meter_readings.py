# SPDX-License-Identifier: Apache-2.0
"""The steps of an inlet meter's channels, put together to readings of the whole meter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agent.readings import Channel, Method
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.ledger import EnergyStep

_SAME_SECONDS = 0.5  # by which the channels of one meter may be read one after the other


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What a meter showed from one of its answers to the next (monotonic seconds), as a mean power."""

    begin: float
    end: float
    watts: float
    is_counted: bool = False  # by a counter, not from powers at both ends

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.begin

    def moved(self, seconds: float) -> MeterReading:
        """Return the same reading at another time."""
        return replace(self, begin=self.begin + seconds, end=self.end + seconds)


@dataclass
class MeterReadings:
    """Waits until all channels of a meter have reported the same time."""

    anchors: tuple[Channel, ...]
    _pending: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)  # J and seconds, by channel

    def take(self, steps: Iterable[EnergyStep], at: float) -> MeterReading | None:
        """Take the steps of the tick at `at`; return a reading if one is complete."""
        keys = {anchor.key for anchor in self.anchors}
        mine = [step for step in steps if step.channel.key in keys]
        if any(step.unobserved_seconds > 0 or step.observed_seconds <= 0 for step in mine):
            self._pending.clear()  # the next ones begin at different times
            return None
        for step in mine:
            joules, seconds = self._pending.get(step.channel.key, (0.0, 0.0))
            joules += step.microjoules * JOULES_PER_MICROJOULE
            self._pending[step.channel.key] = (joules, seconds + step.observed_seconds)
        if not mine or not keys <= self._pending.keys():
            return None
        read_at = [at if step.at_monotonic_seconds is None else step.at_monotonic_seconds for step in mine]
        return self._complete(min(at, max(read_at)))

    def _complete(self, end: float) -> MeterReading | None:
        lengths = [seconds for _, seconds in self._pending.values()]
        if max(lengths) - min(lengths) > _SAME_SECONDS:
            return None
        watts = sum(joules / seconds for joules, seconds in self._pending.values())
        self._pending.clear()
        is_counted = all(anchor.method is Method.COUNTED for anchor in self.anchors)
        return MeterReading(end - lengths[0], end, watts, is_counted)

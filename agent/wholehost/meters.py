# SPDX-License-Identifier: Apache-2.0
"""Several inlet meters of one host: the figures are by one of them, the others are compared with it.

Meters average over windows of their own, so they are compared by their energy over many minutes, each with the bounds
that it states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.readings import Boundary
from impacts.problems import Problem
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.ledger import EnergyStep
    from agent.readings import Channel
    from agent.wholehost.ways import InletMeter

WINDOW_SECONDS = 600.0
LASTING_WINDOWS = 2  # in a row


@dataclass(slots=True)
class _Window:
    """What one channel reported since the window began."""

    channel: Channel
    joules: float = 0.0
    seconds: float = 0.0


@dataclass
class MeterComparison:
    """Compares every other inlet meter with the first, window by window."""

    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)
    _ends_at: float = 0.0
    _disagreements: dict[str, int] = field(default_factory=dict)  # windows in a row, by meter
    _problems: dict[str, Problem] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The lasting disagreements, with both values."""
        return tuple(self._problems[name] for name, times in self._disagreements.items() if times >= LASTING_WINDOWS)

    def compare(self, meters: Sequence[InletMeter], steps: Iterable[EnergyStep], at: float) -> None:
        """Take the steps of the tick at `at`; at the end of a window, compare."""
        if len(meters) < 2:  # noqa: PLR2004 - one meter has nobody to disagree with
            return
        for step in steps:
            if step.channel.boundary is Boundary.INLET:
                window = self._windows.setdefault(step.channel.key, _Window(step.channel))
                window.joules += step.microjoules * JOULES_PER_MICROJOULE
                window.seconds += step.observed_seconds
        if self._ends_at == 0.0:
            self._ends_at = at + WINDOW_SECONDS
        elif at >= self._ends_at:
            self._close(meters)
            self._windows = {}
            self._ends_at = at + WINDOW_SECONDS

    def _close(self, meters: Sequence[InletMeter]) -> None:
        first, *others = meters
        chosen = self._watts(first)
        for other in others:
            watts = self._watts(other)
            if chosen is None or watts is None:
                continue
            apart = watts[0] > chosen[2] or watts[2] < chosen[0]
            self._disagreements[other.name] = self._disagreements.get(other.name, 0) + 1 if apart else 0
            self._problems[other.name] = Problem(
                other.anchors[0].source,
                "meters_disagree",
                f"{other.name} shows {watts[1]:.0f} W where {first.name}, which is used, shows {chosen[1]:.0f} W: "
                "further apart than both allow for",
                f"compare both with a meter at the plug; `sources: {{{first.name}: {{enabled: false}}}}` leaves the wrong one out",
            )

    def _watts(self, meter: InletMeter) -> tuple[float, float, float] | None:
        """Return the meter's mean power as low, central, high; None if it reported less than half of the window."""
        windows = [self._windows[channel.key] for channel in meter.anchors if channel.key in self._windows]
        if len(windows) < len(meter.anchors) or any(window.seconds < WINDOW_SECONDS / 2 for window in windows):
            return None
        watts = [window.joules / window.seconds for window in windows]
        low = sum(w * window.channel.accuracy.low for w, window in zip(watts, windows, strict=True))
        high = sum(w * window.channel.accuracy.high for w, window in zip(watts, windows, strict=True))
        return low, sum(watts), high

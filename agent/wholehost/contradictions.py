# SPDX-License-Identifier: Apache-2.0
"""Meters that show less than the components inside them: they do not really contain them, and are left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.readings import Method
from agent.wholehost.overlap import outermost_components
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.wholehost.reports import Report, Reports

# What contains other channels and shows less than this share of their power does not really contain them. A meter
# that averages may lag behind them for a while: only a lasting contradiction is a problem.
MUST_COVER_RATIO = 0.95
LASTING_SECONDS = 60.0
_LEAST_MICROJOULES = 5_000_000  # a counter with steps of 1 J distinguishes nothing below 5 J


@dataclass(frozen=True, slots=True)
class _Contradiction:
    since: float
    problem: Problem


@dataclass
class Contradictions:
    """Which meters contradict their components, and since when."""

    _by_meter: dict[str, _Contradiction] = field(default_factory=dict)

    def lasting(self, at: float) -> tuple[Problem, ...]:
        """Return the problems of meters that have contradicted their components for a while."""
        return tuple(found.problem for found in self._by_meter.values() if at - found.since > LASTING_SECONDS)

    def settle(self, meter: str) -> None:
        """Forget what did not fit: seen over the meter's own window and delay, it does."""
        self._by_meter.pop(meter, None)

    def found(self, meter: str, shown: Sequence[Report], reports: Reports) -> bool:
        """Check what a meter shows against the components of the same time; remember what does not fit."""
        measured = [channel for channel in reports.channels if channel.method is not Method.MODELLED]
        inside = reports.of(outermost_components(measured))
        contained_watts, shown_watts = sum(one.watts for one in inside), sum(one.watts for one in shown)
        is_much = sum(one.microjoules for one in inside) > _LEAST_MICROJOULES
        if not is_much or shown_watts >= MUST_COVER_RATIO * contained_watts:
            self._by_meter.pop(meter, None)
            return False
        what = (
            f"{meter} shows {shown_watts:.4g} W where the components in it show {contained_watts:.4g} W: it is left out"
        )
        remedy = "compare it with a meter at the plug; the host is worked out without it"
        since = self._by_meter[meter].since if meter in self._by_meter else reports.at
        problem = Problem(shown[0].channel.source, "below_its_components", what, remedy)
        self._by_meter[meter] = _Contradiction(since, problem)
        return True

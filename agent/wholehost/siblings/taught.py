# SPDX-License-Identifier: Apache-2.0
"""What a host's inlet meter has taught of its power by CPU load, as it is published and kept in the history."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from agent.wholehost.siblings.regression import Regression
from agent.wholehost.siblings.sibling import Sibling
from impacts.configurations import LOADS, Configuration
from impacts.values.bounded import Bounded

if TYPE_CHECKING:
    from agent.wholehost.siblings.regression import Bend
    from impacts.values.estimates import Estimate

ANCHOR = "inlet power by CPU load"  # of the history's calibration

ERRORS_TO_BOUNDS = 2.0  # standard errors: 95 % of a normal distribution

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Meter:
    """The inlet meter that teaches: its source, and what the truth may be, as ratios of what it shows."""

    source: str
    low_ratio: float
    high_ratio: float


@dataclass(frozen=True, slots=True)
class Taught:
    """The lessons worked out: power by load where enough is known, how far windows lie from it, and the floor."""

    configuration: Configuration
    meter: str  # the source
    bends: tuple[Bend, ...]
    residual_watts: float  # the standard deviation of five minutes about the line
    floor_watts: float  # the least that five minutes have shown
    accuracy: Estimate  # what the truth may be, as ratios of what the meter shows


@dataclass
class Lessons:
    """All that was learned of a host in one configuration from one meter."""

    configuration: Configuration
    meter: Meter
    regression: Regression

    def taught(self, accuracy: Estimate) -> Taught:
        """Return what follows, at the accuracy that the meter has."""
        bends, residual = self.regression.bends()
        floor = self.regression.floor_watts
        return Taught(self.configuration, self.meter.source, bends, residual, floor, accuracy)

    def sibling(self, host: str) -> Sibling:
        """Return what others take from it, at the accuracy that the meter had last."""
        bends, residual = self.regression.bends()
        return Sibling(host, self.configuration, {bend.load: self._bounded(bend) for bend in bends}, residual)

    def _bounded(self, bend: Bend) -> Bounded:
        reach = ERRORS_TO_BOUNDS * bend.error_watts
        low, high = max(0.0, bend.watts - reach), bend.watts + reach
        return Bounded(low * self.meter.low_ratio, bend.watts, high * self.meter.high_ratio)

    def to_json(self) -> str:
        """Return everything as the history keeps it."""
        return json.dumps({"version": _VERSION, **asdict(self)})


def lessons_of(state: str) -> Lessons | None:
    """Return what the history has kept; None where it is of another version or no such thing."""
    try:
        kept = json.loads(state)
        if kept.pop("version") != _VERSION:
            return None
        regression = Regression(**kept["regression"])
        shape = [len(row) for row in regression.products]
        if shape != [len(LOADS)] * len(LOADS) or len(regression.powers) != len(LOADS):
            return None
        return Lessons(Configuration(**kept["configuration"]), Meter(**kept["meter"]), regression)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None

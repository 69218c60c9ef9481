# SPDX-License-Identifier: Apache-2.0
"""What the host's steps have given and what the meter shows of the same times: the difference is paid out, once.

Over any long time the energy of the host is therefore the meter's. What a reading shows is compared with what was paid
for just that time, so that neither the meter's delay nor the moments of its readings count as energy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from typing import TYPE_CHECKING

from agent.wholehost.calibration.energy_series import EnergySeries

if TYPE_CHECKING:
    from agent.wholehost.calibration.alignment import Alignment
    from agent.wholehost.calibration.meter_readings import MeterReading

PAYOUT_SECONDS = 120.0  # in which two thirds of a debt are paid out
MOST_CORRECTED_RATIO = 0.5  # of the power at a time, so that no correction makes a step negative or doubles it
_LONGEST_WAIT_SECONDS = 120.0


@dataclass
class Settlement:
    """The debt to the meter (J), which may be negative, and what has been paid, without its corrections."""

    debt: float = 0.0
    _paid: EnergySeries = field(default_factory=EnergySeries)
    _waiting: list[MeterReading] = field(default_factory=list)

    def take(self, reading: MeterReading) -> None:
        """Take a reading of the meter, to be settled once the host's steps have come as far."""
        self._waiting.append(reading)

    def settle(self, alignment: Alignment, at: float) -> None:
        """Compare the readings with what was paid. A time that was not all paid by the regression counts as it was paid."""
        done = [reading for reading in self._waiting if reading.end <= self._paid.ends]
        self._waiting = [
            reading
            for reading in self._waiting
            if reading.end > self._paid.ends and at - reading.end < _LONGEST_WAIT_SECONDS
        ]
        for reading in done:
            paid = alignment.mean(self._paid, reading)
            if paid is not None:
                self.debt += (reading.watts - paid[0]) * reading.seconds

    def pay(self, at: float, seconds: float, watts: float) -> float:
        """Pay a step's power and return it with its part of the debt, in W."""
        self._paid.append(at, seconds, (watts * seconds,))
        most = MOST_CORRECTED_RATIO * watts * seconds
        part = min(most, max(-most, self.debt * (1 - exp(-seconds / PAYOUT_SECONDS))))
        self.debt -= part
        return watts + part / seconds

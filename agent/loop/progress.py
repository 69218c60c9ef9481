# SPDX-License-Identifier: Apache-2.0
"""What the loop knows at the end of a tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from agent.accounts.totals import Totals
    from agent.ledger import EnergyLedger, EnergyStep
    from agent.wholehost.host_step import HostStep
    from impacts.problems import Problem


@dataclass
class Progress:
    """What the loop knows at the end of a tick: all that an evaluation needs."""

    at: datetime
    ledger: EnergyLedger
    ever: Totals
    since_start: Totals
    today: Totals
    amortised_share: float  # of the embodied emissions, booked since the history began
    steps: dict[tuple[str, str], EnergyStep]  # the last of each channel that still speaks
    host_step: HostStep | None = None  # the last that was booked, while it still speaks
    ticks: int = 0
    missed_ticks: int = 0
    problems: tuple[Problem, ...] = ()  # of the loop itself

    @property
    def periods(self) -> tuple[Totals, Totals, Totals]:
        """The periods that totals are kept of."""
        return (self.ever, self.since_start, self.today)

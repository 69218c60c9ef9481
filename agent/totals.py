# SPDX-License-Identifier: Apache-2.0
"""Totals of the host's energy and impacts over a period: since the history began, since the start, today."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.hours import HostHour, ImpactHour

if TYPE_CHECKING:
    from datetime import datetime

    from agent.history import History


@dataclass
class Totals:
    """What has been booked since `begins`, by basis and by quantity. Only grows."""

    begins: datetime
    hosts: dict[str, HostHour] = field(default_factory=dict)
    impacts: dict[str, ImpactHour] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History, begins: datetime, since: datetime | None) -> Totals:
        """Return what the history holds, of all time or from the hour of `since`."""
        return cls(begins, history.host_totals(since), history.impact_totals(since))

    def add_host(self, basis: str, energy: HostHour) -> None:
        """Add a stretch of host energy."""
        self.hosts.setdefault(basis, HostHour()).add(energy)

    def add_impact(self, stem: str, impact: ImpactHour) -> None:
        """Add grams to a quantity."""
        self.impacts.setdefault(stem, ImpactHour()).add(impact)

# SPDX-License-Identifier: Apache-2.0
"""Totals of the host's energy and impacts over a period: since the history began, since the start, today."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.history.hours import HostHour, ImpactHour

if TYPE_CHECKING:
    from datetime import datetime

    from agent.history.writer import History


@dataclass
class Totals:
    """What has been booked since `begins`, by basis and by quantity. It falls where a live factor mends an hour's account."""

    begins: datetime
    hosts: dict[str, HostHour] = field(default_factory=dict)
    impacts: dict[str, ImpactHour] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History, begins: datetime, since: datetime | None) -> Totals:
        """Return what the history holds, of all time or from the hour of `since`."""
        return cls(begins, history.host_totals(since), history.impact_totals(since))

    def add_host(self, basis: str, energy: HostHour, share: float) -> None:
        """Add the share of a stretch of host energy that falls into the period."""
        part = energy if share >= 1 else HostHour(*(type(amount)(amount * share) for amount in energy.amounts()))
        self.hosts.setdefault(basis, HostHour()).add(part)

    def add_impact(self, stem: str, impact: ImpactHour, share: float) -> None:
        """Add the share of a stretch's amount that falls into the period."""
        part = impact if share >= 1 else ImpactHour(*(type(amount)(amount * share) for amount in impact.amounts()))
        self.impacts.setdefault(stem, ImpactHour()).add(part)

    def correct(self, hour: int, stem: str, amount: ImpactHour) -> None:
        """Add what a correction of an hour makes, as far as the hour lies in the period."""
        share = min(1.0, (hour + 3600 - self.begins.timestamp()) / 3600)
        if share > 0:
            self.add_impact(stem, amount, share)

    def share_of(self, seconds: float, ends_at: datetime) -> float:
        """Return how much of a stretch of `seconds` up to `ends_at` lies after the period began."""
        inside = (ends_at - self.begins).total_seconds()
        return 1.0 if seconds <= max(0.0, inside) else max(0.0, inside / seconds)

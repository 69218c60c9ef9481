# SPDX-License-Identifier: Apache-2.0
"""Totals of the host's energy and impacts over a period: since the history began, since the start, today."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.history.hourly import HostHour, ImpactHour
from agent.stretch import HOUR_SECONDS

if TYPE_CHECKING:
    from datetime import datetime

    from agent.history.hourly import Entry
    from agent.history.writer import History
    from agent.stretch import Stretch


@dataclass
class Totals:
    """What was entered since `begins`, by basis and by quantity. It falls where a live factor mends an hour's account."""

    begins: datetime
    hosts: dict[str, HostHour] = field(default_factory=dict)
    impacts: dict[str, ImpactHour] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History, begins: datetime, since: datetime | None) -> Totals:
        """Return what the history holds, of all time or from the hour of `since`."""
        return cls(begins, history.host_totals(since), history.impact_totals(since))

    def add_host(self, basis: str, energy: HostHour, stretch: Stretch) -> None:
        """Add what of a stretch's energy falls into the period."""
        part = energy.share(stretch.share_since(self.begins))
        self.hosts[basis] = self.hosts.get(basis, HostHour()) + part

    def add_impact(self, quantity: str, amount: ImpactHour, stretch: Stretch) -> None:
        """Add what of a stretch's amount falls into the period."""
        self.add(quantity, amount.share(stretch.share_since(self.begins)))

    def correct(self, entry: Entry) -> None:
        """Add an entry that mends an hour, as far as the hour lies in the period."""
        share = min(1.0, (entry.hour + HOUR_SECONDS - self.begins.timestamp()) / HOUR_SECONDS)
        if share > 0:
            self.add(entry.quantity, entry.amount.share(share))

    def add(self, quantity: str, amount: ImpactHour) -> None:
        """Add an amount that lies in the period."""
        self.impacts[quantity] = self.impacts.get(quantity, ImpactHour()) + amount

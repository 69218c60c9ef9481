# SPDX-License-Identifier: Apache-2.0
"""Hourly amounts that are not written yet, by table and key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.history.hourly import ChannelHour, Entry, EntryKind, HostHour, ImpactHour
from agent.history.tables import CARRIED_HOUR, CHANNELS, HOSTS, HOURLY, IMPACTS, HourlyTable, Key, Value
from agent.stretch import Stretch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from agent.ledger import EnergyStep


@dataclass
class Entries:
    """What was entered since the last write; `History.write` adds it to the file and clears it."""

    tables: dict[HourlyTable[Any], dict[Key, Any]] = field(default_factory=lambda: {table: {} for table in HOURLY})

    def of(self, table: HourlyTable[Value]) -> dict[Key, Value]:
        """Return the hours of a table by key."""
        return self.tables[table]

    def add_channel(self, step: EnergyStep, ends_at: datetime) -> None:
        """Add a channel's step, which lasted for its observed and unobserved seconds."""
        whole = ChannelHour(step.microjoules, step.observed_seconds, step.unobserved_seconds)
        stretch = Stretch.before(ends_at, step.observed_seconds + step.unobserved_seconds)
        for hour, part in whole.by_hour(stretch):
            self._add(CHANNELS, (hour, *step.channel.key), part)

    def add_host(self, basis: str, whole: HostHour, stretch: Stretch) -> None:
        """Add the host's energy of a stretch."""
        for hour, part in whole.by_hour(stretch):
            self._add(HOSTS, (hour, basis), part)

    def add_impact(self, quantity: str, kind: EntryKind, whole: ImpactHour, stretch: Stretch, factor: str = "") -> None:
        """Add the amount of the quantity (its stem) that fell to a stretch."""
        for hour, part in whole.by_hour(stretch):
            self.add(Entry(hour, quantity, kind, factor, part))

    def add(self, entry: Entry) -> None:
        """Add an entry to its hour."""
        self._add(IMPACTS, entry.key, entry.amount)

    def carry(self, table: HourlyTable[Value], totals: Mapping[Key, Value]) -> None:
        """Add sums, by the key without the hour, as part of all time and of no hour."""
        for key, amount in totals.items():
            self._add(table, (CARRIED_HOUR, *key), amount)

    def clear(self) -> None:
        """Forget everything, because it is written."""
        for hours in self.tables.values():
            hours.clear()

    def _add(self, table: HourlyTable[Value], key: Key, amount: Value) -> None:
        hours = self.of(table)
        known = hours.get(key)
        hours[key] = amount if known is None else known + amount

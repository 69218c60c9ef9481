# SPDX-License-Identifier: Apache-2.0
"""Hourly amounts that are not written yet, by table and key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.history.grounds import grounds_id
from agent.history.hourly import ChannelHour, Entry, EntryKind, HostAbsence, HostHour, ImpactHour, WorkloadHour
from agent.history.tables import (
    ABSENCES,
    CHANNELS,
    HOSTS,
    HOURLY,
    IMPACTS,
    WORKLOADS,
    HourlyTable,
    Key,
    Value,
)
from agent.stretch import Stretch
from impacts.quantities import HOST_IDLE_ENERGY

if TYPE_CHECKING:
    from datetime import datetime

    from agent.history.grounds import Grounds
    from agent.ledger import EnergyStep
    from impacts.values.bounded import Bounded


@dataclass
class Entries:
    """What was entered since the last write; `History.write` adds it to the file and clears it."""

    tables: dict[HourlyTable[Any], dict[Key, Any]] = field(default_factory=lambda: {table: {} for table in HOURLY})
    grounds: dict[str, Grounds] = field(default_factory=dict)  # of the host's energy, by id

    def of(self, table: HourlyTable[Value]) -> dict[Key, Value]:
        """Return the hours of a table by key."""
        return self.tables[table]

    def add_channel(self, step: EnergyStep, ends_at: datetime) -> None:
        """Add a channel's step, which lasted for its observed and unobserved seconds."""
        whole = ChannelHour(step.microjoules, step.observed_seconds, step.unobserved_seconds)
        stretch = Stretch.before(ends_at, step.observed_seconds + step.unobserved_seconds)
        self._spread(CHANNELS, step.channel.key, whole, stretch)

    def add_host(self, basis: str, grounds: Grounds, whole: HostHour, stretch: Stretch) -> None:
        """Add the host's energy of a stretch, and what it rests on."""
        name = grounds_id(grounds)
        self.grounds[name] = grounds
        self._spread(HOSTS, (basis, name), whole, stretch)

    def add_idle(self, grounds: Grounds, whole: ImpactHour, stretch: Stretch) -> str:
        """Add the energy of a stretch that was spent idle, and what its idle power rests on; return the id of that."""
        name = grounds_id(grounds)
        self.grounds[name] = grounds
        self.add_impact(HOST_IDLE_ENERGY.stem, EntryKind.YEARLY, whole, stretch, name)
        return name

    def add_unobserved(self, stretch: Stretch, *, may_be_off: bool) -> None:
        """Add a time of which nothing is known, and perhaps not even whether the host was on."""
        self._spread(ABSENCES, (), HostAbsence(stretch.seconds, None if may_be_off else 0.0), stretch)

    def add_off(self, stretch: Stretch) -> None:
        """Add a time for which the host was off: from a clean stop to the next boot."""
        self._spread(ABSENCES, (), HostAbsence(0.0, stretch.seconds), stretch)

    def add_workload(self, kind: str, workload: str, energy: Bounded, stretch: Stretch) -> None:
        """Add the energy (whole microjoules) of a workload in a stretch."""
        self._spread(WORKLOADS, (kind, workload), WorkloadHour(energy), stretch)

    def add_impact(self, quantity: str, kind: EntryKind, whole: ImpactHour, stretch: Stretch, factor: str = "") -> None:
        """Add the amount of the quantity (its stem) that fell to a stretch, wherever the host was."""
        for hour, part in whole.by_hour(stretch):
            self.add(Entry(hour, quantity, kind, factor, part))

    def add(self, entry: Entry) -> None:
        """Add an entry to its hour."""
        self._add(IMPACTS, entry.key, entry.amount)

    def sums(self, table: HourlyTable[Value]) -> dict[Key, Value]:
        """Return the sums over all hours by the key without the hour."""
        sums: dict[Key, Value] = {}
        for (_, *key), amount in self.of(table).items():
            known = sums.get(tuple(key))
            sums[tuple(key)] = amount if known is None else known + amount
        return sums

    def clear(self) -> None:
        """Forget everything, because it is written."""
        for hours in self.tables.values():
            hours.clear()
        self.grounds.clear()

    def _spread(self, table: HourlyTable[Value], key: Key, whole: Value, stretch: Stretch) -> None:
        for hour, part in whole.by_hour(stretch):
            self._add(table, (hour, *key), part)

    def _add(self, table: HourlyTable[Value], key: Key, amount: Value) -> None:
        hours = self.of(table)
        known = hours.get(key)
        hours[key] = amount if known is None else known + amount

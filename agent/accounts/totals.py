# SPDX-License-Identifier: Apache-2.0
"""Totals of the host's energy and impacts over a period: since the history began, since the start, today."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from agent.history.hourly import EntryKind, HostHour, ImpactHour
from agent.stretch import HOUR_SECONDS
from impacts.quantities import HOST_IDLE_ENERGY
from impacts.values.estimates import merge_grounds

if TYPE_CHECKING:
    from datetime import datetime

    from agent.history.grounds import Grounds
    from agent.history.hourly import Entry
    from agent.history.view import HistoryView
    from agent.stretch import Stretch

_IDLE = HOST_IDLE_ENERGY.stem


class FactorInUse(NamedTuple):
    """What an amount was entered by."""

    kind: EntryKind
    factor: str  # as an entry names it
    region: str


@dataclass
class Totals:
    """What was entered since `begins`, with what it rests on. It falls where a live factor mends an hour's account."""

    begins: datetime
    hosts: dict[str, HostHour] = field(default_factory=dict)  # by basis
    sets: dict[str, list[Grounds]] = field(default_factory=dict)  # what the energy rests on, by basis: each set once
    impacts: dict[str, dict[FactorInUse, ImpactHour]] = field(default_factory=dict)  # by quantity
    idle_sets: dict[str, Grounds] = field(default_factory=dict)  # what the idle power rests on, by the set's id
    unobserved_seconds: float = 0.0  # of which nothing is known of the host

    @classmethod
    def of(cls, history: HistoryView, begins: datetime, since: datetime | None) -> Totals:
        """Return what the history holds, of all time or from the hour of `since`."""
        totals = cls(begins)
        for (basis, grounds), energy in history.host_totals(since).items():
            totals._add_energy(basis, grounds, energy)
        for (quantity, kind, factor, region), amount in history.impact_totals_by_factor(since).items():
            totals._add(quantity, FactorInUse(kind, factor, region), amount)
        sets = history.grounds()
        totals.unobserved_seconds = history.absence(since).unobserved_seconds
        totals.idle_sets = {by.factor: sets[by.factor] for by in totals.impacts.get(_IDLE, ())}
        return totals

    @property
    def energy_grounds(self) -> Grounds:
        """What the energy of all bases rests on."""
        return merge_grounds(*map(self.grounds, self.sets))

    @property
    def idle_grounds(self) -> Grounds:
        """What the energy that was spent idle rests on."""
        return merge_grounds(*self.idle_sets.values(), self.energy_grounds)

    def grounds(self, basis: str) -> Grounds:
        """What the energy of a basis rests on."""
        return merge_grounds(*self.sets[basis])

    def impact(self, quantity: str) -> ImpactHour | None:
        """Return the amount of a quantity (its stem) by all factors; None if nothing was entered."""
        by_factor = self.impacts.get(quantity)
        return None if by_factor is None else sum(by_factor.values(), ImpactHour())

    def add_host(self, basis: str, grounds: Grounds, energy: HostHour, stretch: Stretch) -> None:
        """Add what of a stretch's energy falls into the period."""
        self._add_energy(basis, grounds, energy.share(stretch.share_since(self.begins)))

    def add_stretch(self, quantity: str, by: FactorInUse, amount: ImpactHour, stretch: Stretch) -> None:
        """Add what of a stretch's amount falls into the period."""
        self._add(quantity, by, amount.share(stretch.share_since(self.begins)))

    def add_idle(self, name: str, grounds: Grounds, amount: ImpactHour, stretch: Stretch) -> None:
        """Add what of a stretch's energy that was spent idle falls into the period; `name` is the id of its grounds."""
        self.idle_sets[name] = grounds
        self.add_stretch(_IDLE, FactorInUse(EntryKind.YEARLY, name, ""), amount, stretch)

    def add_unobserved(self, stretch: Stretch) -> None:
        """Add what of a time of which nothing is known falls into the period."""
        self.unobserved_seconds += stretch.seconds * stretch.share_since(self.begins)

    def correct(self, entry: Entry) -> None:
        """Add an entry that mends an hour, as far as the hour lies in the period."""
        share = (entry.hour + HOUR_SECONDS - self.begins.timestamp()) / HOUR_SECONDS
        if share > 0:
            self._add(entry.quantity, factor_of(entry), entry.amount.share(share))

    def _add_energy(self, basis: str, grounds: Grounds, energy: HostHour) -> None:
        self.hosts[basis] = self.hosts.get(basis, HostHour()) + energy
        sets = self.sets.setdefault(basis, [])
        if grounds not in sets:
            sets.append(grounds)

    def _add(self, quantity: str, by: FactorInUse, amount: ImpactHour) -> None:
        by_factor = self.impacts.setdefault(quantity, {})
        by_factor[by] = by_factor.get(by, ImpactHour()) + amount


def factor_of(entry: Entry) -> FactorInUse:
    """Return what an entry was entered by; what takes it back has the same."""
    return FactorInUse(entry.kind, entry.factor, entry.region)

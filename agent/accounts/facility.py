# SPDX-License-Identifier: Apache-2.0
"""What the facility's energy is entered as: the host's energy times the PUE of its hour, by the host's grid and instruments.

The host's energy is in it. Instruments cover the same share of it as of the host's, and no more than their volume: what a
volume covers of the one and of the other is counted apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.accounts.electricity_entries import ElectricityEntries
from agent.history.hourly import Entry, EntryKind, ImpactHour, facility_energy
from impacts import quantities as q
from impacts.values.bounded import Bounded, in_joules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agent.accounts.grid_in_use import GridInUse
    from agent.history.view import HistoryView
    from impacts.facility import Pue
    from impacts.factor_book import FactorBook
    from impacts.market_based.emissions import MarketState
    from impacts.market_based.instruments import Instrument

# The facility's quantities, by the host's that they are worked out as.
OF_HOSTS = {
    q.SCOPE2_LOCATION_BASED.stem: q.FACILITY_SCOPE2_LOCATION_BASED.stem,
    q.SCOPE2_MARKET_BASED.stem: q.FACILITY_SCOPE2_MARKET_BASED.stem,
    q.ENERGY_UPSTREAM.stem: q.FACILITY_ENERGY_UPSTREAM.stem,
}
HOSTS_OF = {of_facility: of_host for of_host, of_facility in OF_HOSTS.items()}


def energy_entry(pue: Pue, ratio: Bounded, basis: str, energy: Bounded, hour: int) -> Entry:
    """Return what the host's energy (whole microjoules) of an hour is entered as of the facility's."""
    joules = in_joules((energy * ratio).each(round))
    return Entry(hour, facility_energy(basis), EntryKind.YEARLY, pue.name, ImpactHour(joules, energy))


class FacilityEntries:
    """Enters the facility's energy, beside what the host's is entered as."""

    def __init__(self, electricity: ElectricityEntries) -> None:
        self._electricity = electricity

    @classmethod
    def after(cls, history: HistoryView, book: FactorBook, instruments: Sequence[Instrument]) -> FacilityEntries:
        """Return the account that goes on where the newest accounts leave off."""
        market = q.FACILITY_SCOPE2_MARKET_BASED.stem
        return cls(ElectricityEntries.after(history, book, instruments, market))

    @property
    def market_state(self) -> MarketState:
        """What instruments have covered of the facility's energy so far."""
        return self._electricity.state

    def entries_of(self, pue: Pue, basis: str, energy: Bounded, hour: int, grid: GridInUse) -> Iterator[Entry]:
        """Return what the host's energy (whole microjoules) of an hour is entered as; nothing where its PUE is not known."""
        known = pue.at(hour)
        if known is None:
            return
        ratio = Bounded.of(known)
        yield energy_entry(pue, ratio, basis, energy, hour)
        for entry in self._electricity.entries_of((energy * ratio).each(round), hour, grid):
            if entry.quantity in OF_HOSTS:
                yield replace(entry, quantity=OF_HOSTS[entry.quantity])

# SPDX-License-Identifier: Apache-2.0
"""A host whose energy is booked by the hour, and a provider of live values that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from clocks import HandClock
from histories import impact_totals
from market import instrument
from trees import machine

from agent.accounts.electricity import ElectricityAccounts
from agent.grid.live import LiveFactor
from agent.history.entries import Entries
from agent.history.writer import History
from agent.host_facts import host_facts
from agent.ledger import EnergyLedger
from agent.place import Place
from agent.stretch import Stretch
from impacts import quantities as q
from impacts.factors import Factor
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation, Estimate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KWH_MICROJOULES = 3_600_000_000_000
LOCATION, MARKET, UPSTREAM, WATER = (
    quantity.stem for quantity in (q.SCOPE2_LOCATION_BASED, q.SCOPE2_MARKET_BASED, q.ENERGY_UPSTREAM, q.USE_WATER)
)
TOLD = Citation("a grid operator", "live-test", "electricity:FR", licence="CC0-1.0")


def told(begins, grams_per_kwh, minutes=60):
    joule = Estimate.exact(grams_per_kwh, "gCO2e/kWh", TOLD).in_unit("gCO2e/J")
    factor = Factor(TOLD, joule, "gwp", "electricity", "direct", begins.date(), begins.date(), "FR")
    return LiveFactor(factor, begins, begins + timedelta(minutes=minutes), "FR", is_estimated=False)


@dataclass
class Provider:
    """What is known live, set by hand; another tuple whenever something was learned."""

    values_known: tuple = ()
    said: list = field(default_factory=list)

    def at(self, now):
        held = [one for one in self.values_known if one.valid_from <= now < one.valid_until]
        return held[-1] if held else None

    def history(self, since, until):
        return [one for one in self.values_known if one.valid_from < until and one.valid_until > since]

    def problems(self, _now):
        return self.said


class Site:
    """A host whose energy is entered and written; hours pass by hand."""

    def __init__(self, root, place="FR", instruments=(), pue=None):
        self.clock = HandClock(utc=NOON)
        self.history = History.open(None, self.clock)
        self.provider = Provider()
        self.entries = Entries()
        self.facts = host_facts(machine(root, self.clock), Place(place), (), instruments, pue)
        self.electricity = ElectricityAccounts(self.facts, self.provider, self.history)

    def draws(self, kwh, seconds=3600.0):
        self.clock.wait(seconds)
        energy = Bounded(*(round(kwh * KWH_MICROJOULES * ratio) for ratio in (0.9, 1.0, 1.2)))
        for entry in self.electricity.entries_of(energy, Stretch.before(self.clock.utc, seconds), "measured"):
            self.entries.add(entry)

    def moves(self, place):
        """Be in another place from now on, as after a restart with another config."""
        self.history.write(EnergyLedger({}), self.entries, 0.0, self.clock.utc)
        self.facts = replace(self.facts, place=Place(place))
        self.electricity = ElectricityAccounts(self.facts, self.provider, self.history)

    def mends(self):
        self.history.write(EnergyLedger({}), self.entries, 0.0, self.clock.utc)
        corrections = self.electricity.corrections(self.history, self.clock.utc)
        for entry in corrections:
            self.entries.add(entry)
        self.history.write(EnergyLedger({}), self.entries, 0.0, self.clock.utc)
        return corrections

    def grams(self, stem):
        return impact_totals(self.history)[stem].amount

    def energy(self, stem):
        return impact_totals(self.history)[stem].energy.central


def contract(**changes):
    given = instrument("ppa", 0, name="Windpark", begins=date(2026, 1, 1), until=date(2026, 12, 31), **changes)
    return replace(given, markets=("FR",))

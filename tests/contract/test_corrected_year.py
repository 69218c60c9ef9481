# SPDX-License-Identifier: Apache-2.0
"""A year with a move, late certificates, a corrected volume and recomputes, against a script that knows all of it beforehand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from clocks import HandClock
from histories import METERED
from independent_corrections import corrected
from trees import machine

from agent.accounts.electricity import ElectricityAccounts
from agent.cli import main
from agent.config_file import read_config
from agent.history.entries import Entries
from agent.history.hourly import EntryKind, HostHour
from agent.history.view import HistoryView
from agent.history.writer import History
from agent.host_facts import host_facts
from agent.ledger import EnergyLedger
from agent.place import Place
from agent.stretch import Stretch
from impacts import quantities as q
from impacts.values.bounded import Bounded

BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
MOVED, EDITED = datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 10, tzinfo=UTC)
PUE = 1.5
OF_HOST = (q.SCOPE2_LOCATION_BASED, q.SCOPE2_MARKET_BASED, q.ENERGY_UPSTREAM)
OF_FACILITY = (q.FACILITY_SCOPE2_LOCATION_BASED, q.FACILITY_SCOPE2_MARKET_BASED, q.FACILITY_ENERGY_UPSTREAM)

FRANCE, MOVE = "FR", "[{place: FR, until: 2025-05-31}, {place: PL}]"
WIND = """
    - {{name: wind, kind: guarantee_of_origin, from: 2025-01-01, until: 2025-12-31, volume_kwh: {kwh},
       factor_gco2e_per_kwh: 0, documentation: cancellation 1, market: [FR]}}"""
SUN = """
    - {name: sun, kind: guarantee_of_origin, from: 2025-07-01, until: 2025-12-31, volume_kwh: 800,
       factor_gco2e_per_kwh: 20, documentation: cancellation 2, market: [PL]}"""


def watts(hour):
    """A host whose load has days and weeks, and a shape that repeats nowhere."""
    return 250 + 120 * math.sin(hour * 2 * math.pi / 24) + 60 * math.sin(hour / 71) + (37 if hour % 168 < 120 else 0)


class Year:
    """A host whose config is edited in the course of the year."""

    def __init__(self, folder):
        self.folder, self.state, self.now, self.joules = folder, folder / "state", BEGIN, 0.0
        self.scrapes = []

    def is_set(self, location, *instruments):
        listed = "".join(instruments)
        (self.folder / "config.yaml").write_text(
            f"location: {location}\nstate_directory: {self.state}\npue: {{value: {PUE}, source: report, year: 2025}}\n"
            + (f"market_based:\n  instruments:{listed}\n" if listed else "")
        )

    def runs(self, until):
        """Run the agent by the config as it is now."""
        clock, config = HandClock(utc=self.now), read_config(self.folder / "config.yaml")
        history, entries = History.open(self.state, clock), Entries()
        facts = host_facts(machine(self.folder, clock), Place(config.location), (), config.instruments, config.pue)
        electricity = ElectricityAccounts(replace(facts, places=config.places), None, history)
        while clock.utc < until:
            step = round(watts((clock.utc - BEGIN) / timedelta(hours=1)) * 3600e6)
            clock.wait(3600)
            energy, stretch = Bounded(*[step] * 3), Stretch.before(clock.utc, 3600.0)
            entries.add_host("measured", METERED, HostHour(energy, step, 3600.0), stretch)
            for entry in electricity.entries_of(energy, stretch, "measured"):
                entries.add(entry)
            self.joules += step * 1e-6
            text = f'wattprint_host_energy_joules_total{{basis="measured"}} {self.joules!r}\n'
            self.scrapes.append((clock.utc - timedelta(hours=1), text))
        history.write(EnergyLedger({}), entries, 0.0, clock.utc)
        history.close()
        self.now = clock.utc

    def recomputes(self):
        days = ["--from", "2025-01-01", "--to", "2025-12-31"]
        assert main(["recompute", *days, "--config", str(self.folder / "config.yaml")]) == 0


@pytest.fixture
def year(tmp_path):
    made = Year(tmp_path)
    made.is_set(FRANCE)
    made.runs(datetime(2025, 4, 1, tzinfo=UTC))
    made.is_set(FRANCE, WIND.format(kwh=900))  # late: it is of all of the year
    made.recomputes()
    made.runs(EDITED)  # nine days of Poland are entered in France
    made.is_set(MOVE, WIND.format(kwh=900))
    made.runs(datetime(2025, 9, 1, tzinfo=UTC))
    made.is_set(MOVE, WIND.format(kwh=600))  # of the 900, 300 were another host's
    made.recomputes()
    made.runs(datetime(2025, 10, 1, tzinfo=UTC))
    made.is_set(
        MOVE, WIND.format(kwh=600), SUN
    )  # late, too: three months are covered by it already, and less than it is left
    made.recomputes()
    made.runs(END)
    return made


def test_a_year_of_corrections_comes_to_what_a_script_works_out_that_knew_all_from_the_beginning(year):
    view = HistoryView.open_read_only(year.state)
    accounts = view.account_totals(BEGIN, END)
    view.close()
    places = [("FR", MOVED), ("PL", END)]
    certificates = [("FR", 600, 0, BEGIN, END), ("PL", 800, 20, datetime(2025, 7, 1, tzinfo=UTC), END)]

    for quantities, pue in ((OF_HOST, 1.0), (OF_FACILITY, PUE)):
        grams, covered = corrected(year.scrapes, places, certificates, pue)
        for quantity, expected in zip(quantities, grams, strict=True):
            ours = sum(hour.amount.central for (stem, *_), hour in accounts.items() if stem == quantity.stem)
            assert ours == pytest.approx(expected, abs=0.5), quantity.stem
            assert ours > 10_000  # grams: what could be missed by half of one
        for name, kwh in zip(("wind", "sun"), covered, strict=True):
            by = [
                hour.energy.central
                for key, hour in accounts.items()
                if key[:3] == (quantities[1].stem, EntryKind.INSTRUMENT, name)
            ]
            assert sum(by) / 3.6e12 == pytest.approx(kwh) == pytest.approx(600 if name == "wind" else 800)

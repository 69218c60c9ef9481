# SPDX-License-Identifier: Apache-2.0
"""A year of a host, hour by hour, against a script that knows neither the program nor its formulas' code."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from clocks import HandClock
from independent_accounts import accounts
from trees import machine

from agent.accounts.electricity import ElectricityAccounts
from agent.history.entries import Entries
from agent.history.writer import History
from agent.host_facts import host_facts
from agent.ledger import EnergyLedger
from agent.place import Place
from agent.stretch import Stretch
from exporters import prometheus
from impacts import quantities as q
from impacts.figures import Figure
from impacts.snapshots import Snapshot
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation, Estimate

BEGIN = datetime(2024, 7, 1, tzinfo=UTC)  # so that the year has factors of two years
HOURS = 365 * 24


def watts(hour):
    """A host whose load has days and weeks, and a shape that repeats nowhere."""
    return 250 + 120 * math.sin(hour * 2 * math.pi / 24) + 60 * math.sin(hour / 71) + (37 if hour % 168 < 120 else 0)


def simulated(root, country):
    """Return the history of a year booked in steps of 20 minutes, and what was scraped at each full hour."""
    clock = HandClock(utc=BEGIN)
    history = History.open(None, clock)
    built = host_facts(machine(root, clock), Place(country), ())
    use, entries, scrapes, total = ElectricityAccounts(built, None, history), Entries(), [], 0
    for hour in range(HOURS):
        for _ in range(3):
            clock.wait(1200)
            step = round(watts(hour) * 1200 * 1e6)
            total += step
            for entry in use.entries_of(Bounded(step, step, step), Stretch.before(clock.utc_now(), 1200.0), "measured"):
                entries.add(entry)
        energy = Estimate.exact(total * 1e-6, "J", Citation("simulated"))
        exposition = prometheus.text(Snapshot(clock.utc_now(), (Figure(q.HOST_ENERGY, ("modelled",), energy),)))
        scrapes.append((clock.utc_now() - timedelta(hours=1), exposition.decode()))
    history.write(EnergyLedger({}), entries, 0.0, clock.utc_now())
    return history, scrapes


@pytest.mark.parametrize("country", ["FR", "DE", "BR"])
def test_a_year_of_accounts_is_reproduced_to_the_gram_by_an_independent_script(tmp_path, country):
    history, scrapes = simulated(tmp_path, country)
    expected = accounts(scrapes, country)
    booked = history.accounts(BEGIN)
    history.close()

    for stem, place in ((q.SCOPE2_LOCATION_BASED.stem, 0), (q.ENERGY_UPSTREAM.stem, 1)):
        ours = {
            datetime.fromtimestamp(one.hour, UTC): one.amount.amount.central for one in booked if one.quantity == stem
        }
        assert len(ours) == HOURS
        assert max(abs(ours[hour] - grams[place]) for hour, grams in expected.items()) < 1e-3
        assert sum(ours.values()) == pytest.approx(sum(grams[place] for grams in expected.values()), abs=0.5)
        assert sum(ours.values()) > 10_000  # grams: what could be missed by one of them
    assert {one.factor[-4:] for one in booked if one.quantity == q.SCOPE2_LOCATION_BASED.stem} == {"2024", "2025"}

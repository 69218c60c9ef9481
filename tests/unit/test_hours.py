# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.history.hours import ChannelHour, Entries, HostHour, ImpactHour
from agent.ledger import EnergyStep, Outcome
from agent.readings import Boundary, Channel, Method

PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = int(NOON.timestamp())


def step(microjoules, observed_seconds, unobserved_seconds=0.0):
    return EnergyStep(PACKAGE, microjoules, observed_seconds, unobserved_seconds, Outcome.COUNTED)


def test_steps_of_an_hour_add_up():
    entries = Entries()
    entries.book_channel(step(10, 1.0), NOON + timedelta(seconds=5))
    entries.book_channel(step(0, 0.0, 2.0), NOON + timedelta(seconds=7))

    assert entries.channels == {(HOUR, "rapl", "package-0"): ChannelHour(10, 1.0, 2.0)}


def test_a_step_over_the_full_hour_is_spread_by_time():
    entries = Entries()
    entries.book_channel(step(101, 40.0), NOON + timedelta(seconds=10))

    assert entries.channels == {
        (HOUR - 3600, "rapl", "package-0"): ChannelHour(75, 30.0, 0.0),
        (HOUR, "rapl", "package-0"): ChannelHour(26, 10.0, 0.0),
    }


def test_a_step_that_ends_at_the_full_hour_belongs_to_the_hour_before():
    entries = Entries()
    entries.book_channel(step(5, 1.0), NOON)

    assert list(entries.channels) == [(HOUR - 3600, "rapl", "package-0")]


def test_impacts_are_kept_apart_by_quantity_and_factor():
    entries = Entries()
    for stem, factor in (("scope2", "fr"), ("scope2", "de"), ("scope3", "fr"), ("scope2", "fr")):
        entries.book_impact(stem, factor, ImpactHour(1.0, 2.0, 3.0), 1.0, NOON + timedelta(seconds=1))

    assert entries.impacts == {
        (HOUR, "scope2", "fr"): ImpactHour(2.0, 4.0, 6.0),
        (HOUR, "scope2", "de"): ImpactHour(1.0, 2.0, 3.0),
        (HOUR, "scope3", "fr"): ImpactHour(1.0, 2.0, 3.0),
    }


def test_what_is_booked_is_a_copy():
    entries, energy = Entries(), HostHour(1, 2, 3, 0, 1.0, 0.0)
    entries.book_host("modelled", energy, 1.0, NOON)
    energy.add(energy)

    assert entries.hosts == {(HOUR - 3600, "modelled"): HostHour(1, 2, 3, 0, 1.0, 0.0)}


@given(
    st.integers(0, 10**18),
    st.floats(0, 1e6),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC)),  # noqa: DTZ001
)
def test_no_microjoule_is_lost_or_made_at_the_full_hours(microjoules, seconds, ends_at):
    entries = Entries()
    entries.book_host("modelled", HostHour(0, microjoules, microjoules * 2, 0, seconds, 0.0), seconds, ends_at)
    parts = entries.hosts.values()

    assert sum(part.microjoules for part in parts) == microjoules
    assert sum(part.high_microjoules for part in parts) == microjoules * 2
    assert abs(sum(part.observed_seconds for part in parts) - seconds) <= 1e-9 * seconds
    assert all(part.microjoules >= 0 and part.observed_seconds <= 3600.001 for part in parts)

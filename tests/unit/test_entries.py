# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from histories import METERED
from hypothesis import given
from hypothesis import strategies as st

from agent.history.entries import Entries
from agent.history.grounds import grounds_id
from agent.history.hourly import ChannelHour, EntryKind, HostAbsence, HostHour, ImpactHour, WorkloadHour
from agent.history.tables import ABSENCES, CHANNELS, HOSTS, IMPACTS, WORKLOADS
from agent.ledger import EnergyStep, Outcome
from agent.readings import Boundary, Channel, Method
from agent.stretch import Stretch
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation

PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = int(NOON.timestamp())


def step(microjoules, observed_seconds, unobserved_seconds=0.0):
    return EnergyStep(PACKAGE, microjoules, observed_seconds, unobserved_seconds, Outcome.COUNTED)


def test_steps_of_an_hour_add_up():
    entries = Entries()
    entries.add_channel(step(10, 1.0), NOON + timedelta(seconds=5))
    entries.add_channel(step(0, 0.0, 2.0), NOON + timedelta(seconds=7))

    assert entries.of(CHANNELS) == {(HOUR, "rapl", "package-0"): ChannelHour(10, 1.0, 2.0)}


def test_a_step_over_the_full_hour_is_spread_by_time():
    entries = Entries()
    entries.add_channel(step(101, 40.0), NOON + timedelta(seconds=10))

    assert entries.of(CHANNELS) == {
        (HOUR - 3600, "rapl", "package-0"): ChannelHour(75, 30.0, 0.0),
        (HOUR, "rapl", "package-0"): ChannelHour(26, 10.0, 0.0),
    }


def test_a_step_that_ends_at_the_full_hour_belongs_to_the_hour_before():
    entries = Entries()
    entries.add_channel(step(5, 1.0), NOON)

    assert list(entries.of(CHANNELS)) == [(HOUR - 3600, "rapl", "package-0")]


def test_impacts_are_kept_apart_by_quantity_kind_and_factor():
    entries = Entries()
    stretch = Stretch.before(NOON + timedelta(seconds=1), 1.0)
    amount = ImpactHour(Bounded(1.0, 2.0, 3.0), Bounded(4, 5, 6))
    for quantity, kind, factor in (
        ("scope2", EntryKind.YEARLY, "fr"),
        ("scope2", EntryKind.YEARLY, "de"),
        ("scope3", EntryKind.YEARLY, "fr"),
        ("scope2", EntryKind.HELD, "fr"),
        ("scope2", EntryKind.YEARLY, "fr"),
    ):
        entries.add_impact(quantity, kind, amount, stretch, factor)

    assert list(entries.of(IMPACTS).values()) == [
        ImpactHour(Bounded(2.0, 4.0, 6.0), Bounded(8, 10, 12)),
        amount,
        amount,
        amount,
    ]


def test_the_energy_of_a_basis_is_kept_apart_by_what_it_rests_on():
    entries, others = Entries(), (Citation("another meter"),)
    for grounds in (METERED, others, METERED):
        whole = HostHour(Bounded(1, 2, 3), 2, 1.0)
        entries.add_host("measured", grounds, whole, Stretch.before(NOON + timedelta(seconds=9), 1.0))

    assert entries.of(HOSTS) == {
        (HOUR, "measured", grounds_id(METERED)): HostHour(Bounded(2, 4, 6), 4, 2.0),
        (HOUR, "measured", grounds_id(others)): HostHour(Bounded(1, 2, 3), 2, 1.0),
    }
    assert entries.grounds == {grounds_id(METERED): METERED, grounds_id(others): others}


def test_an_absence_is_spread_over_its_hours():
    entries = Entries()
    entries.add_unobserved(Stretch.before(NOON + timedelta(seconds=600), 4800.0), may_be_off=False)

    assert entries.of(ABSENCES) == {
        (HOUR - 3600,): HostAbsence(3600.0, 0.0),
        (HOUR,): HostAbsence(600.0, 0.0),
        (HOUR - 7200,): HostAbsence(600.0, 0.0),
    }


def test_what_may_have_been_off_makes_off_unknown_and_loses_no_second():
    entries = Entries()
    entries.add_off(Stretch.before(NOON + timedelta(seconds=100), 100.0))
    assert entries.of(ABSENCES) == {(HOUR,): HostAbsence(0.0, 100.0)}
    entries.add_unobserved(Stretch.before(NOON + timedelta(seconds=150), 50.0), may_be_off=True)
    entries.add_unobserved(Stretch.before(NOON + timedelta(seconds=157), 7.0), may_be_off=False)

    assert entries.of(ABSENCES) == {(HOUR,): HostAbsence(157.0, None)}


def test_workloads_share_an_hour():
    entries = Entries()
    for workload in ("web", "db", "web"):
        entries.add_workload("service", workload, Bounded(1, 2, 4), Stretch.before(NOON + timedelta(seconds=1), 1.0))

    assert entries.of(WORKLOADS) == {
        (HOUR, "service", "web"): WorkloadHour(Bounded(2, 4, 8)),
        (HOUR, "service", "db"): WorkloadHour(Bounded(1, 2, 4)),
    }


@given(
    st.integers(0, 10**18),
    st.floats(0, 1e6),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC)),  # noqa: DTZ001
)
def test_no_microjoule_is_lost_or_made_at_the_full_hours(microjoules, seconds, ends_at):
    entries = Entries()
    whole = HostHour(Bounded(0, microjoules, microjoules * 2), 0, seconds)
    entries.add_host("modelled", METERED, whole, Stretch.before(ends_at, seconds))
    parts = entries.of(HOSTS).values()

    assert sum(part.energy.central for part in parts) == microjoules
    assert sum(part.energy.high for part in parts) == microjoules * 2
    assert abs(sum(part.observed_seconds for part in parts) - seconds) <= 1e-9 * seconds
    assert all(part.energy.central >= 0 and part.observed_seconds <= 3600.001 for part in parts)

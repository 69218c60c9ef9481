# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
import uuid
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from clocks import START
from histories import METERED, OPENED, host_totals, impact_totals, open_history, rows

from agent.errors import HistoryWriteFailed
from agent.history.entries import Entries
from agent.history.hourly import EntryKind, HostHour, ImpactHour
from agent.history.tables import HOURLY, SUMMED
from agent.history.writer import History
from agent.ledger import EnergyLedger, Outcome
from agent.readings import Boundary, Channel, CounterReading, Method, PowerReading
from agent.stretch import Stretch
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation

PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED, "psys")
METER = Channel("hwmon", "power1", "host", Boundary.INLET, Method.INTEGRATED)
WRAP = 262_143_328_850


class Agent:
    """What the sampler does with a history, on one counter."""

    def __init__(self, directory, clock, boot_id="boot-1"):
        self.clock = clock
        self.boot_id = boot_id
        self.history = open_history(directory, clock)
        self.ledger = self.history.ledger(boot_id)
        self.entries = Entries()

    def read(self, microjoules):
        at = self.clock.monotonic_seconds()
        (step,) = self.ledger.record([CounterReading(PACKAGE, at, microjoules, WRAP, self.boot_id)])
        self.entries.add_channel(step, self.clock.utc_now())
        stretch = Stretch.before(self.clock.utc_now(), step.observed_seconds)
        energy = Bounded(step.microjoules, step.microjoules, step.microjoules * 2)
        self.entries.add_host("part_modelled", METERED, HostHour(energy, 0, step.observed_seconds), stretch)
        grams = ImpactHour(Bounded(1.0, 2.0, 3.0))
        self.entries.add_impact("scope2", EntryKind.YEARLY, grams, stretch, "ember/FR")
        return step

    def write(self, ratio=0.25):
        self.history.write(self.ledger, self.entries, ratio, self.clock.utc_now())

    @property
    def total(self):
        return self.ledger.accounts[PACKAGE.key].microjoules

    @property
    def unobserved_seconds(self):
        return self.ledger.accounts[PACKAGE.key].unobserved_seconds


def begun(directory, clock, **options):
    """Return an agent that has counted 3 J in 2 s and written them."""
    agent = Agent(directory, clock, **options)
    for microjoules in (5_000_000, 6_000_000, 8_000_000):
        agent.read(microjoules)
        clock.wait(1)
    clock.wait(-1)
    agent.write()
    return agent


def test_a_new_history_is_empty(tmp_path, clock):
    history = open_history(tmp_path, clock)

    assert history.ledger("boot-1").accounts == {}
    assert (history.host_totals(), impact_totals(history)) == ({}, {})
    assert (history.began_at, history.last_written_at, history.amortised_ratio) == (None, None, 0.0)
    assert history.problems == []


@pytest.mark.parametrize("in_memory", [True, False])
def test_everything_written_is_there_again(tmp_path, clock, in_memory):
    agent = begun(None if in_memory else tmp_path, clock)
    history = agent.history
    if not in_memory:
        history.close()
        history = open_history(tmp_path, clock)

    assert history.ledger("boot-1").accounts[PACKAGE.key].state == agent.ledger.accounts[PACKAGE.key].state
    restored = history.ledger("boot-1").accounts[PACKAGE.key]
    assert (restored.microjoules, restored.unobserved_seconds) == (3_000_000, 0.0)
    assert (restored.channel.component, restored.channel.within, restored.channel.method) == ("cpu", "psys", "counted")
    assert history.host_totals() == {
        ("part_modelled", METERED): HostHour(Bounded(3_000_000, 3_000_000, 6_000_000), 0, 2.0)
    }
    assert history.impact_totals_by_factor() == {
        ("scope2", EntryKind.YEARLY, "ember/FR", ""): ImpactHour(Bounded(3.0, 6.0, 9.0))
    }
    assert (history.began_at, history.last_written_at) == (clock.utc, clock.utc)
    assert history.amortised_ratio == 0.25
    assert agent.entries == Entries()


def test_began_at_stays_and_hours_add_up_over_writes_and_starts(tmp_path, clock):
    agent = begun(tmp_path, clock)
    began_at = agent.history.began_at
    for _ in range(2):
        clock.wait(1)
        agent.read(agent.total + 6_000_000)
        agent.write(0.5)
    agent.history.close()
    clock.wait(1)
    agent = Agent(tmp_path, clock)
    agent.read(agent.total + 6_000_000)
    agent.write(0.75)

    assert (agent.history.began_at, agent.history.last_written_at) == (began_at, clock.utc)
    assert agent.history.amortised_ratio == 0.75
    assert agent.total == 6_000_000
    assert host_totals(agent.history)["part_modelled"].energy.central == 6_000_000
    assert rows(tmp_path / "history.sqlite", "SELECT SUM(microjoules), SUM(observed_seconds) FROM channel_hour") == [
        (6_000_000, 5.0)
    ]


def test_totals_since_an_hour_leave_out_the_hours_before(clock):
    clock.utc = START + timedelta(minutes=59, seconds=50)
    agent = begun(None, clock)
    clock.wait(20)
    agent.read(8_000_000 + 20_000_000)
    agent.write()

    later = host_totals(agent.history, START + timedelta(hours=1))["part_modelled"]
    assert (later.energy.central, later.observed_seconds) == (12_000_000, pytest.approx(12.0))
    assert host_totals(agent.history, START)["part_modelled"].energy.central == 23_000_000
    assert host_totals(agent.history, START + timedelta(seconds=1))["part_modelled"] == later
    assert impact_totals(agent.history, START + timedelta(hours=1))["scope2"].amount.central == pytest.approx(
        2.0 * 12 / 20
    )


def test_within_one_boot_the_counter_tells_what_happened_while_the_agent_was_away(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    clock.wait(30)
    agent = Agent(tmp_path, clock)
    step = agent.read(500_000_000)

    assert (step.outcome, agent.total, agent.unobserved_seconds) == (Outcome.COUNTED, 495_000_000, 0.0)


def test_too_long_an_absence_is_unobserved(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    clock.wait(3600)
    agent = Agent(tmp_path, clock)

    assert agent.read(500_000_000).outcome is Outcome.GAP
    assert (agent.total, agent.unobserved_seconds) == (3_000_000, 3600.0)


def test_over_a_reboot_the_total_stays_and_the_time_away_is_unobserved(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    clock.reboot(300)
    agent = Agent(tmp_path, clock, boot_id="boot-2")
    clock.wait(1)

    assert agent.read(9_000_000).outcome is Outcome.RESET
    assert (agent.total, agent.unobserved_seconds) == (3_000_000, 301.0)
    clock.wait(1)
    assert agent.read(10_000_000).microjoules == 1_000_000


def test_time_away_is_kept_over_starts_in_which_the_channel_gave_no_reading(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    clock.reboot(300)
    for _ in range(2):
        agent = Agent(tmp_path, clock, boot_id="boot-2")
        agent.write()
        agent.history.close()
        clock.wait(50)
    clock.reboot(200)
    agent = Agent(tmp_path, clock, boot_id="boot-3")
    agent.read(9_000_000)

    assert (agent.total, agent.unobserved_seconds) == (3_000_000, 600.0)


def test_without_a_boot_id_the_clocks_tell_one_boot_from_another(tmp_path, clock):
    begun(tmp_path, clock, boot_id="").history.close()
    clock.wait(10)
    agent = Agent(tmp_path, clock, boot_id="")
    assert agent.read(9_000_000).outcome is Outcome.COUNTED
    agent.write()
    agent.history.close()

    clock.utc += timedelta(days=1)  # a later boot that has already lasted longer than the first
    clock.monotonic += 5000
    agent = Agent(tmp_path, clock, boot_id="")
    assert agent.read(9_500_000).outcome is Outcome.RESET
    assert agent.unobserved_seconds == 86400


def test_a_monotonic_clock_that_went_back_is_another_boot(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    clock.monotonic -= 500  # a container moved, a snapshot restored
    agent = Agent(tmp_path, clock)

    assert agent.read(9_000_000).outcome is Outcome.RESET


def test_power_is_not_integrated_over_a_reboot(tmp_path, clock):
    history = open_history(tmp_path, clock)
    ledger = history.ledger("boot-1")
    ledger.record([PowerReading(METER, clock.monotonic, 100.0, None, "boot-1")])
    history.write(ledger, Entries(), 0.0, clock.utc)
    clock.reboot(60)
    (step,) = history.ledger("boot-2").record([PowerReading(METER, clock.monotonic, 100.0, None, "boot-2")])

    assert (step.outcome, step.microjoules, step.unobserved_seconds) == (Outcome.RESET, 0, 60.0)


@pytest.mark.parametrize("seconds", [-7 * 86400, -3600, 3600, 7 * 86400])
def test_a_step_of_the_wall_clock_loses_and_doubles_nothing(tmp_path, clock, seconds):
    agent = begun(tmp_path, clock)
    clock.utc += timedelta(seconds=seconds)
    clock.wait(1)
    agent.read(9_000_000)
    agent.write()
    agent.history.close()
    clock.utc -= timedelta(seconds=seconds)
    clock.wait(1)
    agent = Agent(tmp_path, clock)
    agent.read(10_000_000)
    agent.write()

    assert (agent.total, agent.unobserved_seconds) == (5_000_000, 0.0)
    assert host_totals(agent.history)["part_modelled"].energy.central == 5_000_000
    assert rows(tmp_path / "history.sqlite", "SELECT SUM(microjoules), SUM(observed_seconds) FROM channel_hour") == [
        (5_000_000, 4.0)
    ]


def test_a_clock_set_back_over_a_reboot_takes_no_time_away(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    clock.reboot(-3600)
    agent = Agent(tmp_path, clock, boot_id="boot-2")
    agent.read(1)

    assert (agent.total, agent.unobserved_seconds) == (3_000_000, 0.0)


def test_a_clock_that_was_never_set_claims_no_decades(tmp_path, clock):
    clock.utc = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    begun(tmp_path, clock).history.close()
    clock.utc = START
    clock.reboot(60)
    agent = Agent(tmp_path, clock, boot_id="boot-2")
    agent.read(1)

    assert agent.unobserved_seconds == 0.0


class TreacherousConnection(sqlite3.Connection):
    """A file system that writes and then reports an error."""

    betrays = 0

    def execute(self, sql, *values):
        cursor = super().execute(sql, *values)
        if sql == "COMMIT" and self.betrays:
            self.betrays -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return cursor


def test_a_commit_that_fails_after_the_fact_doubles_nothing(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    path = tmp_path / "history.sqlite"
    connection = sqlite3.connect(path, isolation_level=None, factory=TreacherousConnection)
    agent = Agent(None, clock)
    agent.history = History(connection, clock, path)
    OPENED.append(agent.history)
    agent.ledger = agent.history.ledger("boot-1")
    for microjoules in (9_000_000, 11_000_000, 14_000_000):  # the entries grow from one attempt to the next
        clock.wait(1)
        agent.read(microjoules)
        connection.betrays = 1
        before = deepcopy(agent.entries)
        with pytest.raises(HistoryWriteFailed, match="disk I/O error"):
            agent.write()
        assert agent.entries == before
    agent.write()

    assert agent.entries == Entries()
    assert host_totals(agent.history)["part_modelled"].energy.central == agent.total == 9_000_000
    assert rows(tmp_path / "history.sqlite", "SELECT SUM(microjoules), SUM(observed_seconds) FROM channel_hour") == [
        (9_000_000, 5.0)
    ]
    assert impact_totals(agent.history)["scope2"].amount.central == 12.0


def test_totals_cite_what_made_their_bounds(tmp_path, clock):
    """Also after the file was lost under way, and beside the agent."""
    agent = begun(tmp_path, clock)
    for path in tmp_path.glob("history.sqlite*"):
        path.unlink()
    agent.read(9_000_000)
    agent.write()
    view = History.open_read_only(tmp_path)
    OPENED.append(view)

    assert list(view.host_totals()) == [("part_modelled", METERED)]
    assert view.host_totals() == agent.history.host_totals()


def test_every_field_of_a_citation_is_kept(clock):
    history, entries = open_history(None, clock), Entries()
    grounds = (
        Citation("a reading"),
        Citation("Größe", "dataset", "row", "page 7", 2020, "CC-BY-4.0", "https://example.org/ä"),
    )
    entries.add_host("measured", grounds, HostHour(Bounded(1, 1, 1), 1, 1.0), Stretch.before(clock.utc, 1.0))
    history.write(EnergyLedger(), entries, 0.0, clock.utc_now())

    assert list(history.host_totals()) == [("measured", grounds)]


def test_the_state_of_a_calibration_is_there_again(tmp_path, clock):
    history = open_history(tmp_path, clock)
    assert history.calibrations() == {}
    for state in ("{}", '{"slope":1.02}'):
        history.keep_calibration("ipmi/inlet", state)
        assert history.calibrations().get("ipmi/inlet") != (clock.utc_now(), state)  # it is of the next write
        history.write(EnergyLedger(), Entries(), 0.0, clock.utc_now())
        clock.wait(60)
    history.close()

    kept = (START + timedelta(minutes=1), '{"slope":1.02}')
    assert open_history(tmp_path, clock).calibrations() == {"ipmi/inlet": kept}


def test_a_history_has_a_name_of_its_own_that_lasts(tmp_path, clock):
    agent = begun(tmp_path, clock)
    named = agent.history.host_uuid
    agent.history.close()
    other = begun(None, clock).history.host_uuid

    assert uuid.UUID(named).version == 4
    assert other != named
    agent = Agent(tmp_path, clock)
    agent.write()
    assert agent.history.host_uuid == named


def test_the_sums_of_all_time_are_those_of_the_hours(tmp_path, clock):
    for _ in range(3):
        agent = Agent(tmp_path, clock)
        for second in range(1, 4):
            clock.wait(1500)
            agent.read(agent.clock.monotonic_seconds() * 1e6 // 1 + second)
            agent.write()
        agent.history.close()
    history = open_history(tmp_path, clock)

    for table in SUMMED:
        by_hour = history.totals(table, START - timedelta(days=1))
        assert history.totals(table).keys() == by_hour.keys() != set()
        for key, amount in history.totals(table).items():
            assert amount.columns() == pytest.approx(by_hour[key].columns())


@pytest.mark.parametrize("table", HOURLY, ids=lambda table: table.name)
def test_the_declared_columns_of_an_hourly_table_are_those_of_the_schema(tmp_path, clock, table):
    open_history(tmp_path, clock).close()

    def columns(name):
        return [row[1] for row in rows(tmp_path / "history.sqlite", f"PRAGMA table_info({name})")]

    assert columns(table.name) == [*table.key, *table.amounts]
    assert columns(table.total or "no_table") == ([*table.key[1:], *table.amounts] if table.total else [])
    assert len(table.value().columns()) == len(table.amounts)
    assert table.value.of() == table.value()


def test_an_end_leaves_out_the_hours_from_it_on(clock):
    clock.utc = START + timedelta(minutes=59, seconds=50)
    agent = begun(None, clock)
    clock.wait(20)
    agent.read(8_000_000 + 20_000_000)
    agent.write()
    later = START + timedelta(hours=1)
    parts = [agent.history.host_totals(*period) for period in ((START, later), (later, None), (START, None))]
    first, second, whole = (part["part_modelled", METERED].energy.central for part in parts)

    assert (first, second, whole) == (11_000_000, 12_000_000, 23_000_000)


def test_a_history_for_reading_is_none_where_there_is_none_and_creates_nothing(tmp_path):
    assert History.open_read_only(tmp_path / "state") is None
    assert not (tmp_path / "state").exists()


def test_a_history_is_read_beside_the_agent_that_writes_it(tmp_path, clock):
    agent = begun(tmp_path, clock)
    view = History.open_read_only(tmp_path)
    OPENED.append(view)
    clock.wait(1)
    agent.read(9_000_000)
    agent.write()

    assert host_totals(view)["part_modelled"].energy.central == 4_000_000
    assert (view.began_at, view.amortised_ratio) == (agent.history.began_at, 0.25)
    assert not hasattr(view, "write")
    view.close()
    agent.history.close()


def test_reading_a_history_that_nobody_writes_leaves_no_trace(tmp_path, clock):
    begun(tmp_path, clock).history.close()
    before = sorted(tmp_path.iterdir())
    view = History.open_read_only(tmp_path)
    OPENED.append(view)

    assert impact_totals(view) == {"scope2": ImpactHour(Bounded(3.0, 6.0, 9.0))}
    view.close()
    assert sorted(tmp_path.iterdir()) == before

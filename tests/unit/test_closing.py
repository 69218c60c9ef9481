# SPDX-License-Identifier: Apache-2.0
"""The sequence of closed hours: when an hour was first written for good, and every change after that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from clocks import HandClock
from histories import METERED, OPENED, open_history
from sites import NOON, Site, told

from agent.accounts.electricity import netted
from agent.accounts.recompute import Knowledge, recomputed
from agent.history.entries import Entries
from agent.history.hourly import HostHour
from agent.history.view import HistoryView
from agent.ledger import EnergyLedger
from agent.place import Place
from agent.stretch import Stretch
from impacts.datasets import load_book
from impacts.values.bounded import Bounded

HOUR = timedelta(hours=1)


class Writer:
    """Draws energy and writes, minute by minute."""

    def __init__(self, directory=None):
        self.clock = HandClock(utc=NOON)
        self.directory = directory
        self.history = open_history(directory, self.clock)
        self.entries = Entries()

    def draws(self, minutes):
        for _ in range(minutes):
            self.clock.wait(60)
            self.draws_late(Stretch.before(self.clock.utc, 60))
            self.writes()

    def draws_late(self, stretch):
        self.entries.add_host("modelled", METERED, HostHour(Bounded(6, 6, 6), 0, stretch.seconds), stretch)

    def writes(self):
        self.history.write(EnergyLedger(), self.entries, 0.0, self.clock.utc)

    @property
    def rows(self):
        return [
            (one.sequence, moment(one.hour) - NOON, one.written_at - NOON, one.amends, one.why)
            for one in self.history.closed_hours()
        ]


def moment(hour):
    return datetime.fromtimestamp(hour, UTC)


def test_an_hour_is_closed_by_the_first_write_a_quarter_of_an_hour_after_its_end():
    writer = Writer()
    writer.draws(74)
    assert writer.rows == []
    writer.draws(200)

    assert writer.rows == [
        (1, 0 * HOUR, timedelta(hours=1, minutes=15), None, ""),
        (2, 1 * HOUR, timedelta(hours=2, minutes=15), None, ""),
        (3, 2 * HOUR, timedelta(hours=3, minutes=15), None, ""),
        (4, 3 * HOUR, timedelta(hours=4, minutes=15), None, ""),
    ]


def test_energy_that_comes_late_amends_the_hour_and_says_so():
    writer = Writer()
    writer.draws(180)
    writer.draws_late(Stretch(NOON, NOON + timedelta(minutes=1)))
    writer.clock.wait(60)
    writer.writes()

    assert writer.rows[-1] == (3, 0 * HOUR, timedelta(hours=3, minutes=1), 1, "energy_late")


def test_the_sequence_goes_on_after_a_restart_with_the_hours_that_ended_meanwhile(tmp_path):
    writer = Writer(tmp_path)
    writer.draws(70)
    writer.history.close()
    writer.clock.wait(5 * 3600)
    writer.history = open_history(tmp_path, writer.clock)
    writer.draws(1)

    assert [(sequence, hour / HOUR) for sequence, hour, *_ in writer.rows] == [(1, 0.0), (2, 1.0)]


def test_a_failed_write_leaves_no_gap(tmp_path):
    writer = Writer(tmp_path)
    writer.draws(80)
    for path in tmp_path.glob("history.sqlite*"):
        path.unlink()
    writer.draws(120)

    assert [sequence for sequence, *_ in writer.rows] == [1, 2]  # of the new file, which knows nothing of the old one's
    assert [hour / HOUR for _, hour, *_ in writer.rows] == [1.0, 2.0]


def test_a_clock_that_is_set_forward_and_back_closes_each_hour_in_its_time():
    writer = Writer()
    writer.draws(30)
    writer.clock.utc += timedelta(days=300)
    writer.draws(1)
    writer.clock.utc -= timedelta(days=300)
    writer.draws(60)
    closed_early = (1, 0 * HOUR, timedelta(days=300, minutes=31), None, "")
    amended_once = (2, 0 * HOUR, timedelta(hours=1, minutes=15), 1, "energy_late")
    assert writer.rows == [closed_early, amended_once]

    writer.clock.utc += timedelta(days=301)
    writer.draws(1)
    assert [(sequence, hour / HOUR) for sequence, hour, *_ in writer.rows[2:]] == [(3, 1.0), (4, 300 * 24.0)]


def test_live_values_that_come_late_and_a_recompute_amend_with_their_reason(tmp_path):
    site = Site(tmp_path / "root")
    site.draws(1.0)
    site.draws(1.0)
    site.clock.wait(1800)
    site.mends()
    site.provider.values_known = (told(NOON, 100),)
    site.mends()
    OPENED.append(site.history)
    known = Knowledge(load_book(), Place("FR"), (), [told(NOON + HOUR, 50)])
    changed = recomputed([], netted(site.history.accounts(NOON)), known)
    site.history.put_version(changed, site.clock.utc)

    assert [
        (one.sequence, moment(one.hour) - NOON, one.version, one.amends, one.why) for one in site.history.closed_hours()
    ] == [
        (1, 0 * HOUR, 0, None, ""),
        (2, 1 * HOUR, 0, None, ""),
        (3, 0 * HOUR, 0, 1, "live_late"),
        (4, 1 * HOUR, 1, 2, "recompute"),
    ]


def test_a_reader_gets_what_follows_what_it_has(tmp_path):
    writer = Writer(tmp_path)
    writer.draws(300)
    view = HistoryView.open_read_only(tmp_path)
    OPENED.append(view)

    assert [one.sequence for one in view.closed_hours(after=2)] == [3, 4]


@pytest.mark.parametrize("minutes", [0, 14])
def test_an_hour_that_is_recomputed_before_it_is_closed_is_closed_once_with_that_version(tmp_path, minutes):
    site = Site(tmp_path / "root")
    site.draws(1.0)
    site.mends()
    OPENED.append(site.history)
    site.clock.wait(60 * minutes)
    known = Knowledge(load_book(), Place("FR"), (), [told(NOON, 50)])
    site.history.put_version(recomputed([], netted(site.history.accounts(NOON)), known), site.clock.utc)
    assert site.history.closed_hours() == []
    site.clock.wait(900)
    site.mends()

    assert [(one.hour, one.version, one.amends, one.why) for one in site.history.closed_hours()] == [
        (int(NOON.timestamp()), 1, None, "")
    ]

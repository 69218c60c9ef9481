# SPDX-License-Identifier: Apache-2.0
"""The history's file damaged, cut off, replaced or removed, at rest and under way."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from clocks import START
from histories import (
    a_text,
    begun,
    closed_history,
    damage_under_way,
    host_totals,
    open_history,
    random_header,
    random_middle,
    rows,
    total,
    use_a_joule,
)

from agent.errors import HistoryDamaged
from agent.history.entries import Entries
from agent.history.hourly import EntryKind
from agent.history.writer import History
from agent.ledger import EnergyLedger


def cut_off(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def a_missing_table(path):
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE host_hour")
    connection.close()


def a_missing_column(path):
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE host_hour RENAME COLUMN basis TO base")
    connection.close()


def another_database(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cookies (name TEXT)")
    connection.close()


def an_unknown_method(path):
    path.write_bytes(path.read_bytes().replace(b"componentcounted", b"componentcaunted"))


DAMAGES = [
    random_header,
    random_middle,
    cut_off,
    a_text,
    a_missing_table,
    a_missing_column,
    another_database,
    an_unknown_method,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_moved_aside_whole_and_a_new_one_begun(tmp_path, clock, damage):
    path = closed_history(tmp_path, clock)
    healthy = path.read_bytes()
    damage(path)
    damaged = path.read_bytes()
    assert damaged != healthy

    history = open_history(tmp_path, clock)

    aside = path.with_name(f"history.sqlite.damaged-{clock.utc_now():%Y%m%dT%H%M%SZ}")
    assert aside.read_bytes() == damaged
    (problem,) = history.problems
    assert (problem.origin, problem.reason) == ("history", "damaged")
    assert str(aside) in problem.what
    assert history.ledger("boot").accounts == {}
    history.write(EnergyLedger(), Entries(), 0.0, clock.utc_now())
    history.close()
    reopened = open_history(tmp_path, clock)
    assert (reopened.problems, reopened.began_at) == ([], clock.utc_now())


def test_files_damaged_within_one_second_are_all_kept(tmp_path, clock):
    for text in ("one" * 100, "two" * 100, "three" * 100):
        (tmp_path / "history.sqlite").write_text(text)
        open_history(tmp_path, clock).close()

    assert sorted(path.read_text()[:3] for path in tmp_path.glob("*damaged*")) == ["one", "thr", "two"]


def test_the_log_of_a_damaged_file_goes_with_it(tmp_path, clock):
    closed_history(tmp_path, clock)
    history = open_history(tmp_path, clock)
    history.write(EnergyLedger(), Entries(), 0.75, clock.utc_now())
    (tmp_path / "state").mkdir()
    for suffix in ("", "-wal"):  # as a kill -9 leaves them
        shutil.copy(tmp_path / f"history.sqlite{suffix}", tmp_path / "state")
    history.close()
    random_middle(tmp_path / "state/history.sqlite")

    (problem,) = open_history(tmp_path / "state", clock).problems

    (aside,) = (tmp_path / "state").glob("*.damaged-*Z")
    assert str(aside) in problem.what
    assert rows(aside, "SELECT amortised_ratio FROM meta") == [(0.75,)]


def test_the_log_of_what_is_no_database_any_more_is_kept_beside_it(tmp_path, clock):
    closed_history(tmp_path, clock)
    history = open_history(tmp_path, clock)
    history.write(EnergyLedger(), Entries(), 0.75, clock.utc_now())
    (tmp_path / "state").mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"history.sqlite{suffix}", tmp_path / "state")
    log = (tmp_path / "state/history.sqlite-wal").read_bytes()
    a_text(tmp_path / "state/history.sqlite")

    open_history(tmp_path / "state", clock)

    assert [path.read_bytes() for path in (tmp_path / "state").glob("*.damaged-*Z-wal")] == [log]


def remove_under_way(directory):
    for path in directory.glob("history.sqlite*"):
        path.unlink()


@pytest.mark.parametrize(("mishap", "kept_aside"), [(damage_under_way, 1), (remove_under_way, 0)])
def test_no_counter_falls_when_the_file_is_lost_while_the_agent_runs(tmp_path, clock, mishap, kept_aside):
    history, ledger = begun(tmp_path, clock, joules=10)
    began_at, entries = history.began_at, Entries()
    for _ in range(2):
        mishap(tmp_path)
        use_a_joule(history, ledger, entries, clock)
        history.write(ledger, entries, 0.5, clock.utc_now())
        use_a_joule(history, ledger, entries, clock)
        history.write(ledger, entries, 0.5, clock.utc_now())
    assert [problem.reason for problem in history.problems] == ["damaged"] * (2 * kept_aside)
    assert len(list(tmp_path.glob("*.damaged-*Z"))) == 2 * kept_aside
    history.close()

    history = open_history(tmp_path, clock)
    assert total(history.ledger("boot")) == 14_000_000
    assert host_totals(history)["part_modelled"].energy.central == 14_000_000
    assert history.impact_totals_by_factor()[
        "scope2", EntryKind.YEARLY, "ember/FR", ""
    ].amount.central == pytest.approx(15.0)
    assert (history.began_at, history.amortised_ratio) == (began_at, 0.5)
    assert host_totals(history, START)["part_modelled"].energy.central == 2_000_000  # hours are lost; their sum is not


def test_reading_a_damaged_history_says_so(tmp_path, clock):
    path = closed_history(tmp_path, clock)
    random_header(path)

    with pytest.raises(HistoryDamaged, match=str(path)):
        History.open_read_only(tmp_path)

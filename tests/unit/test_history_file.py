# SPDX-License-Identifier: Apache-2.0
"""The history's directory, lock and file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import contextmanager

import pytest
from histories import (
    begun,
    closed_history,
    host_totals,
    open_history,
    small_file_system,
)

from agent.errors import ConfigError
from agent.history.file import FILE_NAME, open_for_writing, transaction
from agent.history.hourly import EntryKind, ImpactHour
from agent.history.schema import SCHEMA_VERSION, tables
from agent.history.view import HistoryView
from agent.history.writer import History
from impacts.values.bounded import Bounded


def write_one_row_and_a_bug(connection):
    with transaction(connection):
        connection.execute("INSERT INTO meta VALUES (1, NULL, '', 0.0, 0.0, 0.0)")
        raise ZeroDivisionError


def test_a_transaction_that_ends_in_an_error_of_ours_leaves_nothing(tmp_path):
    connection = open_for_writing(tmp_path / "history.sqlite")
    with pytest.raises(ZeroDivisionError):
        write_one_row_and_a_bug(connection)

    assert connection.execute("SELECT * FROM meta").fetchall() == []
    assert not connection.in_transaction
    connection.close()


def test_an_empty_file_is_a_history_that_was_not_begun(tmp_path, clock):
    (tmp_path / "history.sqlite").touch()

    assert open_history(tmp_path, clock).problems == []


def test_a_second_agent_is_refused_and_told_who_is_first(tmp_path, clock):
    history = open_history(tmp_path, clock)
    with pytest.raises(ConfigError, match=f"process {os.getpid()}.*{tmp_path}.*--state DIR"):
        open_history(tmp_path, clock)
    history.close()

    open_history(tmp_path, clock).close()


def test_the_lock_ends_with_the_process_however_it_dies(tmp_path, clock):
    open_history(tmp_path, clock).close()
    (tmp_path / "lock").write_text("999999\n")

    open_history(tmp_path, clock).close()


def test_a_history_of_a_newer_program_is_left_alone(tmp_path, clock):
    path = closed_history(tmp_path, clock)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET program = '7.1'")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()

    for attempt in (lambda: open_history(tmp_path, clock), lambda: History.open_read_only(tmp_path)):
        with pytest.raises(ConfigError, match=r"newer wattprint.*; install wattprint 7\.1 or a newer one, or"):
            attempt()
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*damaged*"))


def test_of_a_newer_history_that_does_not_say_by_whom_the_program_cannot_be_named(tmp_path, clock):
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE something_else (x)")
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(ConfigError, match=r"its version is 99, this program's 3.*install the newer one again"):
        open_history(tmp_path, clock)


def test_the_directory_is_created_for_the_agent_and_its_group_only(tmp_path, clock):
    open_history(tmp_path / "var/wattprint", clock).close()

    assert (tmp_path / "var/wattprint").stat().st_mode & 0o777 == 0o750


def refused(directory, clock):
    with pytest.raises(ConfigError) as refusal:
        open_history(directory, clock)
    message = str(refusal.value)
    assert "\n" not in message
    assert str(directory) in message
    assert "--state DIR" in message
    return message


def test_a_file_in_place_of_the_directory_is_refused(tmp_path, clock):
    (tmp_path / "file").touch()

    assert "is a file" in refused(tmp_path / "file", clock)
    assert "Not a directory" in refused(tmp_path / "file/state", clock)


def test_a_directory_in_place_of_the_file_is_refused(tmp_path, clock):
    (tmp_path / "history.sqlite").mkdir()

    assert "unable to open database file" in refused(tmp_path, clock)


@contextmanager
def ordinary_user():
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.mark.root
def test_a_directory_that_may_not_be_written_is_refused(tmp_path, clock):
    (tmp_path / "state").mkdir(mode=0o755)
    for directory in (tmp_path, *tmp_path.parents[:-2]):
        directory.chmod(0o755)
    with ordinary_user():
        assert "Permission denied" in refused(tmp_path / "state", clock)
        assert "Permission denied" in refused(tmp_path / "new", clock)


@pytest.mark.root
def test_a_history_that_may_not_be_read_is_named(tmp_path, clock):
    begun(tmp_path / "state", clock)[0].close()
    for directory in (tmp_path, *tmp_path.parents[:-2]):
        directory.chmod(0o755)
    with ordinary_user(), pytest.raises(ConfigError, match="root"):
        History.open_read_only(tmp_path / "state")


@pytest.mark.root
def test_a_full_or_read_only_file_system_is_refused(tmp_path, clock):
    directory = tmp_path / "small"
    with small_file_system(directory, kibibytes=64):
        (directory / "ballast").write_bytes(bytes(60 * 1024))
        assert "full" in refused(directory, clock)
        subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
        assert "Read-only file system" in refused(directory, clock)
        assert "Read-only file system" in refused(directory / "new", clock)


STEM, EMBODIED = "scope2_location_based_co2e", "scope3_embodied_amortised_co2e"


def first_version(directory):
    """Write a history as the first program did: two hours, one of them by two factors."""
    connection = sqlite3.connect(directory / FILE_NAME)
    for statement in tables(1):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES (1, 3000.0, 10000.0, 0.25)")
    host = [(3600, "modelled", 100, 200, 300, 0, 60.0, 0.0), (7200, "part_modelled", 1000, 2001, 3000, 9, 60.0, 0.0)]
    connection.executemany("INSERT INTO host_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?)", host)
    impacts = [
        (3600, STEM, "ember/FR", 1.0, 2.0, 3.0),
        (7200, STEM, "ember/FR", 1.0, 3.0, 5.0),
        (7200, STEM, "ember/DE", 1.0, 1.0, 1.0),
        (7200, EMBODIED, "embodied", 4.0, 5.0, 6.0),
    ]
    connection.executemany("INSERT INTO impact_hour VALUES (?, ?, ?, ?, ?, ?)", impacts)
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def assert_nothing_is_lost(view):
    assert view.amortised_ratio == 0.25
    assert {basis: hour.energy.central for basis, hour in host_totals(view).items()} == {
        "modelled": 200,
        "part_modelled": 2001,
    }
    assert view.impact_totals_by_factor() == {
        # 3/4 of the second hour's energy, as of its grams
        (STEM, EntryKind.YEARLY, "ember/FR", ""): ImpactHour(Bounded(2.0, 5.0, 8.0), Bounded(850, 1701, 2550)),
        (STEM, EntryKind.YEARLY, "ember/DE", ""): ImpactHour(Bounded(1.0, 1.0, 1.0), Bounded(250, 500, 750)),
        (EMBODIED, EntryKind.AMORTISED, "", ""): ImpactHour(Bounded(4.0, 5.0, 6.0)),
    }


def test_an_older_history_is_brought_to_todays_tables_with_all_it_holds(tmp_path, clock):
    first_version(tmp_path)
    for _ in range(2):  # and opened once more
        history = open_history(tmp_path, clock)
        assert history.problems == []
        assert_nothing_is_lost(history)
        history.close()


def test_an_older_history_is_read_without_a_change_to_its_file(tmp_path):
    first_version(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()
    view = HistoryView.open_read_only(tmp_path)
    assert_nothing_is_lost(view)
    view.close()

    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_an_older_history_whose_tables_are_not_its_own_is_moved_aside(tmp_path, clock):
    first_version(tmp_path)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("DROP TABLE impact_hour")
    connection.close()

    assert [problem.reason for problem in open_history(tmp_path, clock).problems] == ["damaged"]

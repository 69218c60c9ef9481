# SPDX-License-Identifier: Apache-2.0
"""What can befall the history's file and its directory."""

from __future__ import annotations

import os
import random
import resource
import shutil
import sqlite3
import subprocess
from contextlib import contextmanager, suppress
from copy import deepcopy

import pytest
from clocks import START, FakeClock

from agent.errors import ConfigError, HistoryDamaged, HistoryWriteFailed
from agent.history import History
from agent.history_file import SCHEMA_VERSION, open_for_writing, transaction
from agent.hours import Entries, HostHour, ImpactHour
from agent.ledger import EnergyLedger
from agent.readings import Boundary, Channel, CounterReading, Method

PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED)


@pytest.fixture
def clock():
    return FakeClock()


OPENED = []


@pytest.fixture(autouse=True)
def nothing_left_open():
    yield
    while OPENED:
        OPENED.pop().close()


def open_history(directory, clock):
    OPENED.append(History.open(directory, clock))
    return OPENED[-1]


def use_a_joule(history, ledger, entries, clock):
    """Book one second at 1 W on a counter that does not wrap."""
    clock.wait(1)
    reading = CounterReading(PACKAGE, clock.monotonic, round((clock.monotonic - 1000) * 1e6), None, "boot")
    (step,) = ledger.record([reading])
    entries.book_channel(step, clock.utc_now())
    energy = HostHour(step.microjoules, step.microjoules, step.microjoules, 0, step.observed_seconds, 0.0)
    entries.book_host("part_modelled", energy, step.observed_seconds, clock.utc_now())
    entries.book_impact("scope2", "ember/FR", ImpactHour(1.0, 1.0, 1.0), step.observed_seconds, clock.utc_now())


def begun(directory, clock, joules=10):
    """Return an open history with its ledger, after so many joules."""
    history = open_history(directory, clock)
    ledger, entries = history.ledger("boot"), Entries()
    for _ in range(joules + 1):
        use_a_joule(history, ledger, entries, clock)
    history.write(ledger, entries, 0.0, clock.utc_now())
    return history, ledger


def fill(history, ledger, years):
    """Write a host's hours of some years, so that the file has more pages than one."""
    entries = Entries()
    for hour in range(24 * 365 * years):
        entries.hosts[(int(START.timestamp()) - 3600 * (hour + 2), "part_modelled")] = HostHour(1, 1, 1, 0, 3600.0, 0.0)
    history.write(ledger, entries, 0.0, START)


def rows(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def total(ledger):
    return ledger.accounts[PACKAGE.key].microjoules


def ends_before_damage(tmp_path, clock):
    history, ledger = begun(tmp_path, clock)
    fill(history, ledger, years=1)
    history.close()
    return tmp_path / "history.sqlite"


def random_header(path):
    damaged = bytearray(path.read_bytes())
    damaged[:100] = random.Random(1).randbytes(100)  # noqa: S311
    path.write_bytes(damaged)


def random_middle(path):
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2 // 4096 * 4096
    damaged[middle : middle + 4096] = random.Random(2).randbytes(4096)  # noqa: S311
    path.write_bytes(damaged)


def cut_off(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def a_text(path):
    path.write_text("this was once a database\n" * 100)


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
    path = ends_before_damage(tmp_path, clock)
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
    ends_before_damage(tmp_path, clock)
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
    ends_before_damage(tmp_path, clock)
    history = open_history(tmp_path, clock)
    history.write(EnergyLedger(), Entries(), 0.75, clock.utc_now())
    (tmp_path / "state").mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"history.sqlite{suffix}", tmp_path / "state")
    log = (tmp_path / "state/history.sqlite-wal").read_bytes()
    a_text(tmp_path / "state/history.sqlite")

    open_history(tmp_path / "state", clock)

    assert [path.read_bytes() for path in (tmp_path / "state").glob("*.damaged-*Z-wal")] == [log]


def write_one_row_and_a_bug(connection):
    with transaction(connection):
        connection.execute("INSERT INTO meta VALUES (1, 0.0, 0.0, 0.0)")
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


def damage_under_way(directory):
    """Overwrite the file in place where the agent has to read it again, because another connection has written."""
    path = directory / "history.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("UPDATE meta SET amortised_ratio = amortised_ratio")
    assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(random.Random(3).randbytes(path.stat().st_size - 4096))  # noqa: S311
    other.close()


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
    assert history.host_totals()["part_modelled"].microjoules == 14_000_000
    assert history.impact_totals_by_factor()[("scope2", "ember/FR")].grams == pytest.approx(15.0)
    assert (history.began_at, history.amortised_ratio) == (began_at, 0.5)
    assert history.host_totals(START)["part_modelled"].microjoules == 2_000_000  # hours are lost; their sum is not


def test_reading_a_damaged_history_says_so(tmp_path, clock):
    path = ends_before_damage(tmp_path, clock)
    random_header(path)

    with pytest.raises(HistoryDamaged, match=str(path)):
        History.open_read_only(tmp_path)


@contextmanager
def small_file_system(directory, kibibytes=192):
    directory.mkdir()
    options = f"size={kibibytes}k"
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("may not mount a file system here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


@contextmanager
def largest_file(size_bytes):
    """Let no file of this process grow beyond this size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write_until_it_fails(history, ledger, entries, clock):
    while True:
        use_a_joule(history, ledger, entries, clock)
        history.write(ledger, entries, 0.0, clock.utc_now())


def fail_to_write(history, ledger, entries, clock, message):
    with pytest.raises(HistoryWriteFailed, match=message):
        write_until_it_fails(history, ledger, entries, clock)
    kept = deepcopy(entries)
    with pytest.raises(HistoryWriteFailed, match=message):
        history.write(ledger, entries, 0.0, clock.utc_now())
    assert entries == kept != Entries()


def fill_up(file_system):
    """Leave no room; return the file that took it."""
    ballast = file_system / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def check_that_nothing_is_lost_or_doubled(directory, clock, ledger):
    history = open_history(directory, clock)
    assert history.problems == []
    assert total(history.ledger("boot")) == total(ledger)
    assert history.host_totals()["part_modelled"].microjoules == total(ledger)
    history.close()


@pytest.mark.root
def test_on_a_full_disk_nothing_is_lost_and_nothing_doubled(tmp_path, clock):
    directory = tmp_path / "small"
    with small_file_system(directory):
        history, ledger = begun(directory, clock)
        entries = Entries()
        for _ in range(3):
            ballast = fill_up(directory)
            fail_to_write(history, ledger, entries, clock, "database or disk is full")
            ballast.unlink()
            history.write(ledger, entries, 0.0, clock.utc_now())
            assert entries == Entries()
        history.close()
        check_that_nothing_is_lost_or_doubled(directory, clock, ledger)


def test_a_damaged_file_on_a_full_disk_is_replaced_as_soon_as_there_is_room(tmp_path, clock):
    history, ledger = begun(tmp_path, clock)
    entries = Entries()
    damage_under_way(tmp_path)
    with largest_file(4096):
        fail_to_write(history, ledger, entries, clock, "disk I/O error")
    history.write(ledger, entries, 0.0, clock.utc_now())
    history.close()

    assert [problem.reason for problem in history.problems] == ["damaged"]
    check_that_nothing_is_lost_or_doubled(tmp_path, clock, ledger)


def test_when_writing_fails_with_an_error_nothing_is_lost_and_nothing_doubled(tmp_path, clock):
    history, ledger = begun(tmp_path, clock)
    entries = Entries()
    with largest_file((tmp_path / "history.sqlite-wal").stat().st_size + 5000):
        fail_to_write(history, ledger, entries, clock, "disk I/O error")
    history.write(ledger, entries, 0.0, clock.utc_now())
    history.close()

    check_that_nothing_is_lost_or_doubled(tmp_path, clock, ledger)


def test_a_death_on_a_full_disk_loses_only_what_was_not_written(tmp_path, clock):
    history, ledger = begun(tmp_path, clock)
    with largest_file((tmp_path / "history.sqlite-wal").stat().st_size + 5000):
        fail_to_write(history, ledger, Entries(), clock, "disk I/O error")
    after_death = tmp_path / "after"
    after_death.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"history.sqlite{suffix}", after_death)
    history.close()

    revived = open_history(after_death, clock)
    restored = revived.ledger("boot")
    entries = Entries()
    use_a_joule(revived, restored, entries, clock)

    assert revived.problems == []
    assert total(restored) == total(ledger) + 1_000_000  # the counter still told it


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
    path = ends_before_damage(tmp_path, clock)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()

    for attempt in (lambda: open_history(tmp_path, clock), lambda: History.open_read_only(tmp_path)):
        with pytest.raises(ConfigError, match="newer wattprint"):
            attempt()
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*damaged*"))


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

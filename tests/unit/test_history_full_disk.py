# SPDX-License-Identifier: Apache-2.0
"""No room, and writes that fail."""

from __future__ import annotations

import shutil
from contextlib import suppress
from copy import deepcopy

import pytest
from histories import (
    begun,
    damage_under_way,
    host_totals,
    largest_file,
    open_history,
    small_file_system,
    total,
    use_a_joule,
)

from agent.errors import HistoryWriteFailed
from agent.history.entries import Entries


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
    assert host_totals(history)["part_modelled"].energy.central == total(ledger)
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

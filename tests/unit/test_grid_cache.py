# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from grid_server import ANSWERS

from agent.grid.cache import Cache, Kept
from agent.grid.values import Value


@pytest.fixture
def kept(grid):
    now = grid.clock.utc
    values = tuple(
        Value(now + timedelta(minutes=at), now + timedelta(minutes=at + 5), 50.25, is_estimated=at > 0)
        for at in (-10, -5, 5)
    )
    return Kept(values, now, now + timedelta(hours=1))


def cache(grid, answers=ANSWERS["energinet"], **changes):
    return Cache(grid.folder, grid.settings(answers, **changes), grid.clock)


def test_what_is_saved_is_loaded_again(grid, kept):
    cache(grid).save(kept)

    assert cache(grid).load() == kept
    assert cache(grid).problems == ()


def test_the_first_time_nothing_is_kept_and_nothing_wrong(grid):
    first = cache(grid)

    assert first.load() == Kept()
    assert first.problems == ()


def test_without_a_state_directory_nothing_is_kept(grid, kept):
    nowhere = Cache(None, grid.settings(), grid.clock)
    nowhere.save(kept)

    assert nowhere.load() == Kept()


@pytest.mark.parametrize("changes", [{"zone": "DK2"}, {"boundary": "life_cycle"}])
def test_values_of_another_zone_or_boundary_are_not_taken(grid, kept, changes):
    cache(grid).save(kept)

    assert cache(grid, **changes).load() == Kept()
    assert list(grid.folder.glob("grid.json.damaged-*")) == []


def test_values_of_another_provider_are_not_taken(grid, kept):
    cache(grid).save(kept)

    assert cache(grid, ANSWERS["electricity_maps"]).load() == Kept()


def damaged(good):
    document = json.loads(good)
    first = document["values"][0]
    yield "empty", b""
    yield "cut", good[: len(good) // 2]
    yield "no text", b"\x00\xff" * 20
    yield "a list", b"[]"
    yield "nested", b"[" * 100_000
    yield "no values", json.dumps({key: document[key] for key in document if key != "values"}).encode()
    for name, value in {
        "negative": [*first[:2], -1, False],
        "text for a number": [*first[:2], "50", False],
        "absurd": [*first[:2], 1e9, False],
        "no offset": ["2026-03-02T10:00:00", first[1], 50, False],
        "ends before it begins": [first[1], first[0], 50, False],
        "lasts a year": ["2025-03-02T10:00:00Z", first[1], 50, False],
        "three fields": first[:3],
        "no list": 3,
    }.items():
        yield name, json.dumps(document | {"values": [value]}).encode()


def test_a_damaged_file_is_moved_aside_and_named(grid, kept):
    file = grid.folder / "grid.json"
    cache(grid).save(kept)
    for number, (name, content) in enumerate(damaged(file.read_bytes()), start=1):
        file.write_bytes(content)
        opened = cache(grid)

        assert opened.load() == Kept(), name
        [problem] = opened.problems
        assert problem.reason == "cache_damaged", name
        aside = sorted(grid.folder.glob("grid.json.damaged-*"))
        assert len(aside) == number
        assert any(path.read_bytes() == content and str(path) in problem.what for path in aside)
        assert not file.exists()


def test_a_file_that_is_moved_aside_stays_named_after_the_next_write(grid, kept):
    (grid.folder / "grid.json").write_bytes(b"{")
    opened = cache(grid)
    opened.load()
    opened.save(kept)

    assert [problem.reason for problem in opened.problems] == ["cache_damaged"]
    assert cache(grid).load() == kept


def test_a_directory_that_is_gone_is_a_problem_until_it_is_back(grid, kept):
    folder = grid.folder / "state"
    opened = Cache(folder, grid.settings(), grid.clock)
    for _ in range(2):
        opened.save(kept)
        assert [problem.reason for problem in opened.problems] == ["cache_not_written"]
    folder.mkdir()
    opened.save(kept)

    assert opened.problems == ()
    assert [file.name for file in folder.iterdir()] == ["grid.json"]


def test_a_full_disk_leaves_what_was_there(grid, kept):
    opened = cache(grid)
    opened.save(kept)
    (grid.folder / "grid.json.new").symlink_to("/dev/full")
    opened.save(replace(kept, values=()))

    assert [problem.reason for problem in opened.problems] == ["cache_not_written"]
    assert cache(grid).load() == kept


def test_a_path_that_is_no_file_is_a_problem(grid):
    (grid.folder / "grid.json").mkdir()
    opened = cache(grid)

    assert opened.load() == Kept()
    assert [problem.reason for problem in opened.problems] == ["cache_unreadable"]


def test_others_may_not_read_it(grid, kept):
    before = os.umask(0)
    try:
        cache(grid).save(kept)
    finally:
        os.umask(before)

    assert (grid.folder / "grid.json").stat().st_mode & 0o777 == 0o640

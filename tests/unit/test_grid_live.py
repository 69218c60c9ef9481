# SPDX-License-Identifier: Apache-2.0
"""What the sampler is given, with the thread that asks and a real server."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from books import shipped
from grid_server import ANSWERS, half_hour

from agent.grid.live import live_intensity
from impacts.factors import Fit

HOUR = timedelta(hours=1)


@pytest.fixture
def start(grid):
    """Begins to ask; what was begun is closed at the end."""
    begun = []

    def begin(answers=ANSWERS["energinet"], **changes):
        begun.append(live_intensity(grid.host, grid.settings(answers, **changes), grid.folder, shipped()))
        return begun[-1]

    yield begin
    grid.server.released.set()
    for live in begun:
        live.close()


def eventually(holds, seconds=60.0):
    for _ in range(round(seconds / 0.01)):
        if holds():
            return True
        time.sleep(0.01)
    return False


def learned(live):
    return eventually(lambda: live.values_known)


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_the_factor_has_its_time_bounds_boundary_and_citation(grid, start, answers):
    began = grid.start_of(answers)
    grid.server.document = answers.of(began, 100)
    live = start(answers)
    assert learned(live)
    newest = live.at(grid.clock.utc)
    shown = newest.factor.value.in_unit("gCO2e/kWh")

    assert (newest.valid_from, newest.valid_until - newest.valid_from) == (began, timedelta(minutes=answers.minutes))
    assert shown.central == pytest.approx(100)
    reach = 0.30 if answers.is_estimated else 0.15
    assert (shown.low, shown.high) == (pytest.approx(100 * (1 - reach)), pytest.approx(100 * (1 + reach)))
    assert newest.factor.value.unit == "gCO2e/J"
    assert newest.factor.boundary == answers.boundary
    assert newest.factor.region == answers.region
    assert newest.factor.citation in newest.factor.value.grounds
    assert len(newest.factor.value.grounds) == 2  # and the assumption about its accuracy
    assert newest.is_estimated == answers.is_estimated
    assert newest.age(grid.clock.utc) == grid.clock.utc - began
    assert live.problems(grid.clock.utc) == []


def test_the_bounds_are_rows_of_a_dataset():
    book = shipped()
    for name in ("live_intensity_accuracy", "live_intensity_estimated_accuracy"):
        match = book.find(name, "power", on=date(2026, 3, 2))
        assert match.fit is Fit.GENERIC


def test_nobody_waits_for_an_answer_that_takes_a_minute(grid, start):
    grid.server.stalls = True
    live = start()
    assert grid.server.asked.wait(10)

    for _ in range(1000):
        assert live.at(grid.clock.utc) is None
        assert live.history(grid.clock.utc - HOUR, grid.clock.utc) == []
        assert live.problems(grid.clock.utc) == []
    assert len(grid.server.requests) == 1  # it is still under way


def test_the_last_value_stands_while_the_next_is_asked_for(grid, start):
    grid.server.document = ANSWERS["energinet"].of(grid.start_of(ANSWERS["energinet"]), 100)
    live = start()
    assert learned(live)

    assert live.at(grid.clock.utc + HOUR).factor == live.at(grid.clock.utc).factor


def test_a_value_that_is_stale_is_no_value_and_a_problem(grid, start):
    grid.server.document = ANSWERS["energinet"].of(grid.start_of(ANSWERS["energinet"]), 100)
    live = start()
    assert learned(live)
    later = grid.clock.utc + 2 * HOUR + timedelta(minutes=5)

    assert live.at(later) is None
    [problem] = live.problems(later)
    assert (problem.origin, problem.reason) == ("grid", "stale")
    assert "yearly factor" in problem.remedy


def test_there_is_no_value_of_the_time_before_the_first(grid, start):
    grid.server.document = ANSWERS["energinet"].of(grid.start_of(ANSWERS["energinet"]), 100)
    live = start()
    assert learned(live)

    assert live.at(grid.clock.utc - HOUR) is None


def test_a_failure_is_a_problem_with_its_remedy(grid, start):
    grid.server.status = 401
    live = start(ANSWERS["electricity_maps"])
    assert eventually(lambda: live.problems(grid.clock.utc))

    [problem] = live.problems(grid.clock.utc)
    assert (problem.origin, problem.reason) == ("grid", "unauthorized")
    assert "Electricity Maps refuses the zone FR" in problem.what
    assert "token" in problem.remedy
    assert live.at(grid.clock.utc) is None


def test_a_token_file_that_others_may_read_is_a_problem(grid, start):
    answers = ANSWERS["electricity_maps"]
    grid.server.document = answers.of(grid.start_of(answers), 100)
    live = start(answers)
    assert learned(live)
    (grid.folder / "grid-token").chmod(0o604)

    assert [problem.reason for problem in live.problems(grid.clock.utc)] == ["token_file_open"]


def test_a_damaged_cache_is_a_problem_and_no_obstacle(grid, start):
    (grid.folder / "grid.json").write_bytes(b"\x00")
    grid.server.document = ANSWERS["energinet"].of(grid.start_of(ANSWERS["energinet"]), 100)
    live = start()
    assert learned(live)

    assert [problem.reason for problem in live.problems(grid.clock.utc)] == ["cache_damaged"]
    assert live.at(grid.clock.utc) is not None


def test_history_is_what_is_known_of_a_time_in_order(grid, start):
    answers = ANSWERS["neso"]
    first = grid.start_of(answers) - HOUR
    hours = [half_hour(first + timedelta(minutes=30 * n), 100 + n, 110 + n if n < 2 else None) for n in range(3)]
    grid.server.document = {"data": hours}
    live = start(answers)
    assert learned(live)

    assert [factor.is_estimated for factor in live.history(first, grid.clock.utc)] == [False, False, True]
    [middle] = live.history(first + timedelta(minutes=30), first + HOUR)
    assert middle.factor.value.in_unit("gCO2e/kWh").central == pytest.approx(111)


def test_after_a_restart_the_kept_value_is_there_at_once(grid, start):
    grid.server.document = ANSWERS["energinet"].of(grid.start_of(ANSWERS["energinet"]), 100)
    before = start()
    assert learned(before)
    before.close()
    grid.server.stalls = True
    after = start()

    assert after.at(grid.clock.utc) == before.at(grid.clock.utc) is not None


def test_close_ends_the_thread_and_is_no_problem(grid, start):
    grid.server.document = ANSWERS["energinet"].of(grid.start_of(ANSWERS["energinet"]), 100)
    live = start()
    assert learned(live)
    live.close(10)

    assert not live._thread.is_alive()  # noqa: SLF001
    assert live.problems(grid.clock.utc) == []
    assert live.at(grid.clock.utc) is not None

# SPDX-License-Identifier: Apache-2.0
"""When a provider is asked, and for what, by a clock that is moved by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from grid_server import ANSWERS, electricity_maps, energinet, half_hour

from agent.grid.cache import Cache
from agent.grid.rounds import Rounds
from agent.grid.values import gaps

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def rounds(grid, answers=ANSWERS["energinet"], random=lambda: 0.0):
    settings = grid.settings(answers)
    cache = Cache(grid.folder, settings, grid.clock)
    return Rounds(grid.asker(answers), cache, settings, grid.clock, random)


def take(grid, taken, until=HOUR):
    """Take turns as the thread does, for so long; return when each request was made."""
    end = grid.clock.utc + until
    at = []
    while grid.clock.utc < end:
        before = len(grid.server.requests)
        wait = taken.turn()
        assert wait > timedelta(0)
        at += [grid.clock.utc] * (len(grid.server.requests) - before)
        grid.clock.wait(wait.total_seconds())
    return at


def now_energinet(grid):
    return energinet(grid.start_of(ANSWERS["energinet"]), 60)


def test_the_first_turn_asks_at_once(grid):
    grid.server.document = now_energinet(grid)
    taken = rounds(grid)
    taken.turn()

    assert len(grid.server.requests) == 1
    assert [value.grams_per_kwh for value in taken.values] == [60]
    assert taken.failure is None


@pytest.mark.parametrize("name", ["electricity_maps", "rte_eco2mix", "neso", "energinet"])
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_it_is_asked_once_in_its_resolution_soon_after_a_value_begins(grid, name, chance):
    answers = ANSWERS[name]
    grid.server.answers = lambda _: answers.of(grid.start_of(answers), 60)
    at = take(grid, rounds(grid, answers, lambda: chance), until=timedelta(hours=6))

    resolution = timedelta(minutes=answers.minutes)
    assert len(at) in {6 * 60 // answers.minutes, 6 * 60 // answers.minutes + 1}
    for moment in at[1:]:
        late = (moment - datetime.fromisoformat("2026-03-02T00:00:00Z")) % resolution
        assert timedelta(0) < late <= resolution * 0.171


def test_no_two_hosts_ask_in_the_same_second(grid):
    grid.server.document = now_energinet(grid)
    waits = {rounds(grid, random=lambda chance=chance: chance / 10).turn() for chance in range(10)}

    assert len(waits) > 1


def test_a_restart_does_not_ask_again(grid):
    grid.server.document = now_energinet(grid)
    before = rounds(grid)
    before.turn()
    grid.clock.wait(20)
    after = rounds(grid)
    wait = after.turn()

    assert len(grid.server.requests) == 1
    assert after.values == before.values
    assert timedelta(0) < wait < timedelta(minutes=6)


def test_a_restart_after_a_while_asks_at_once(grid):
    grid.server.document = now_energinet(grid)
    rounds(grid).turn()
    grid.clock.wait(3600)
    rounds(grid).turn()

    assert len(grid.server.requests) == 2


def test_failures_are_followed_by_ever_longer_waits_up_to_an_hour(grid):
    grid.server.status = 500
    at = take(grid, rounds(grid), until=timedelta(hours=8))
    waits = [after - before for before, after in pairwise(at)]

    assert waits[:3] == [timedelta(seconds=75), timedelta(seconds=150), timedelta(seconds=300)]
    assert waits == sorted(waits)
    assert waits[-1] == HOUR


def test_a_good_answer_ends_the_failure_and_its_waits(grid):
    taken = rounds(grid)
    grid.server.status = 500
    take(grid, taken)
    assert taken.failure.reason == "http_500"
    grid.server.status = 200
    grid.server.answers = lambda _: now_energinet(grid)
    take(grid, taken, until=2 * HOUR)
    assert taken.failure is None

    grid.server.status = 500
    at = take(grid, taken, until=10 * MINUTE)
    assert at[1] - at[0] == timedelta(seconds=75)


def test_what_is_known_stays_known_while_requests_fail(grid):
    grid.server.document = now_energinet(grid)
    taken = rounds(grid)
    taken.turn()
    known = taken.values
    grid.server.status = 500
    take(grid, taken)

    assert taken.values == known


@pytest.mark.parametrize("status", [429, 503])
def test_a_provider_that_is_busy_is_left_alone_until_it_said(grid, status):
    grid.server.status, grid.server.retry_after = status, "7200"
    at = take(grid, rounds(grid), until=timedelta(hours=5))

    assert at[1] - at[0] == timedelta(seconds=7200)


def test_a_restart_does_not_forget_that_it_wants_to_be_left_alone(grid):
    grid.server.status, grid.server.retry_after = 429, "7200"
    rounds(grid).turn()
    grid.clock.wait(60)

    assert rounds(grid).turn() == timedelta(seconds=7140)
    assert len(grid.server.requests) == 1


def test_a_clock_that_is_put_back_years_ends_no_asking(grid):
    grid.clock.utc += timedelta(days=4000)
    grid.server.status, grid.server.retry_after = 429, "7200"
    taken = rounds(grid)
    taken.turn()
    grid.clock.utc -= timedelta(days=4000)
    grid.server.status = 200
    grid.server.document = now_energinet(grid)
    taken.turn()

    assert len(grid.server.requests) == 2


def energinet_knows(grid, but_not=()):
    """Answers with every five minutes of the period that is asked for, as far as they have passed."""

    def answer(path):
        query = parse_qs(urlsplit(path).query)
        at = datetime.fromisoformat(f"{query['start'][0]}+00:00") - HOUR  # winter in Denmark
        end = min(datetime.fromisoformat(f"{query['end'][0]}+00:00") - HOUR, grid.clock.utc)
        records = []
        while at < end:
            if not any(since <= at < until for since, until in but_not):
                records += energinet(at, 60)["records"]
            at += 5 * MINUTE
        return energinet(end, 60) | {"records": records[::-1]}

    return answer


def test_after_an_outage_the_missed_time_is_asked_for(grid):
    grid.server.answers = energinet_knows(grid)
    taken = rounds(grid)
    take(grid, taken)
    grid.server.status = 500
    take(grid, taken, until=timedelta(hours=30))
    grid.server.status = 200
    take(grid, taken, until=2 * HOUR)

    assert gaps(taken.values) == []
    assert taken.values[-1].valid_until - taken.values[0].valid_from > timedelta(hours=33)
    assert taken.missed == []


def test_after_a_long_stop_of_the_agent_the_missed_time_is_asked_for(grid):
    grid.server.answers = energinet_knows(grid)
    take(grid, rounds(grid))
    grid.clock.wait(40 * 3600)
    taken = rounds(grid)
    take(grid, taken)

    assert gaps(taken.values) == []
    assert taken.values[-1].valid_until - taken.values[0].valid_from > timedelta(hours=40)


def test_two_requests_are_never_less_than_a_minute_apart(grid):
    """Energinet answers one a minute."""
    hours_before = [grid.clock.utc + timedelta(hours=hour) for hour in range(-9, -3)]
    grid.server.answers = energinet_knows(grid, [(hour, hour + 15 * MINUTE) for hour in hours_before])
    taken = rounds(grid)
    take(grid, taken)
    grid.clock.wait(12 * 3600)
    at = take(grid, taken)

    assert min(after - before for before, after in pairwise(at)) > timedelta(seconds=60)


def test_what_the_provider_does_not_know_is_asked_for_three_times_and_then_named(grid):
    grid.server.answers = energinet_knows(grid)
    taken = rounds(grid)
    take(grid, taken)
    since = grid.clock.utc
    never = (since + 8 * HOUR, since + 10 * HOUR)
    grid.clock.wait(24 * 3600)
    grid.server.answers = energinet_knows(grid, [never])
    before = len(grid.server.requests)
    at = take(grid, taken, until=4 * HOUR)
    [(missed_since, missed_until)] = taken.missed

    assert missed_since - never[0] < 5 * MINUTE
    assert missed_until - never[1] < 5 * MINUTE
    assert len(grid.server.requests) - before == len(at) <= 4 * 12 + 1 + 3 + 1


def test_a_plan_without_the_past_is_no_failure_of_the_present(grid):
    """Electricity Maps answers 401 to `past-range` on the free plan."""
    answers = ANSWERS["electricity_maps"]

    def answer(path):
        if "past-range" in path:
            grid.server.status = 401
            return {"message": "not part of your plan"}
        grid.server.status = 200
        return electricity_maps(grid.start_of(answers), 60)

    grid.server.answers = answer
    taken = rounds(grid, answers)
    take(grid, taken)
    grid.clock.wait(48 * 3600)
    take(grid, taken, until=6 * HOUR)

    assert sum("past-range" in path for path in grid.server.requests) == 3
    assert taken.failure is None
    assert len(taken.missed) == 1


def test_electricity_maps_is_asked_for_the_last_day_by_what_the_free_plan_has(grid):
    answers = ANSWERS["electricity_maps"]

    def answer(path):
        start = grid.start_of(answers)
        if "history" not in path:
            return electricity_maps(start, 60)
        hours = [electricity_maps(start - timedelta(hours=back), 60 + back) for back in range(24)]
        return {"zone": "FR", "history": hours}

    grid.server.answers = answer
    taken = rounds(grid, answers)
    take(grid, taken)
    grid.clock.wait(10 * 3600)
    take(grid, taken)

    assert [urlsplit(path).path.rpartition("/")[2] for path in grid.server.requests[:4]] == [
        "latest",
        "latest",
        "latest",
        "history",
    ]
    assert gaps(taken.values) == []


def test_the_forecast_of_the_nation_is_replaced_by_what_it_was(grid):
    answers = ANSWERS["neso"]
    start = grid.start_of(answers)
    grid.server.document = {"data": [half_hour(start, 100, None)]}
    taken = rounds(grid, answers)
    taken.turn()
    assert [(value.grams_per_kwh, value.is_estimated) for value in taken.values] == [(100, True)]

    grid.clock.wait(1800)
    grid.server.document = {"data": [half_hour(start, 100, 112), half_hour(start + 30 * MINUTE, 90, None)]}
    take(grid, taken, until=30 * MINUTE)
    assert [(value.grams_per_kwh, value.is_estimated) for value in taken.values] == [(112, False), (90, True)]


def test_values_are_kept_for_ten_days(grid):
    grid.server.answers = lambda _: now_energinet(grid)
    taken = rounds(grid)
    taken.turn()
    grid.clock.wait(10 * 86400 + 3600)
    taken.turn()

    assert len(taken.values) == 1

# SPDX-License-Identifier: Apache-2.0
"""What every provider of live intensity keeps to, against a real HTTP server that answers as its documentation shows."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from grid_server import ANSWERS, TOKEN

from agent.errors import ReadFailed
from agent.grid.providers import PROVIDERS
from impacts.datasets import BOUNDARIES

each_answer = pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
each_entry = pytest.mark.parametrize("entry", PROVIDERS.values(), ids=PROVIDERS)


def failure_of(asker):
    with pytest.raises(ReadFailed) as failure:
        asker.latest()
    assert failure.value.what
    assert failure.value.remedy
    return failure.value.reason


def test_every_provider_has_answers_to_be_tested_with():
    assert {answers.given["provider"] for answers in ANSWERS.values()} == set(PROVIDERS)


def test_the_schema_names_every_provider():
    schema = json.loads((Path(__file__).parents[2] / "agent" / "written" / "config.schema.json").read_text())

    assert schema["properties"]["grid"]["properties"]["provider"]["enum"] == list(PROVIDERS)


@each_entry
def test_a_provider_says_what_it_is(entry):
    zone = {"": "FR", "FR": "FR", "GB": "GB", "DK": "DK1"}[entry.country]
    provider = entry.make(zone, entry.boundaries[0])

    assert set(entry.boundaries) <= set(BOUNDARIES)
    assert provider.citation.url.startswith("https://")
    assert entry.address.startswith("https://")
    assert all([provider.citation.title, provider.citation.entry, provider.citation.locator, provider.citation.licence])


@each_answer
def test_a_good_answer_is_a_value_with_its_time_and_whether_it_is_estimated(grid, answers):
    start = grid.start_of(answers)
    grid.server.document = answers.of(start, 123)
    [value] = grid.asker(answers).latest()

    assert value.valid_from == start
    assert value.valid_until == start + timedelta(minutes=answers.minutes)
    assert value.grams_per_kwh == 123
    assert value.is_estimated == answers.is_estimated


@each_answer
def test_the_provider_names_region_and_boundary(grid, answers):
    settings = grid.settings(answers)

    assert settings.provider().region == answers.region
    assert settings.boundary == answers.boundary


@each_answer
def test_an_empty_answer_is_a_failure(grid, answers):
    grid.server.document = answers.empty

    assert failure_of(grid.asker(answers)) == "empty"


@each_answer
def test_a_null_value_is_a_failure_and_no_zero(grid, answers):
    grid.server.document = answers.of(grid.start_of(answers), None)

    assert failure_of(grid.asker(answers)) == "null_value"


@each_answer
@pytest.mark.parametrize(
    ("grams", "reason"),
    [(-1, "out_of_range"), (3001, "out_of_range"), (10**400, "out_of_range"), ("56", "garbage"), (True, "garbage")],
)
def test_what_is_no_intensity_is_a_failure(grid, answers, grams, reason):
    grid.server.document = answers.of(grid.start_of(answers), grams)

    assert failure_of(grid.asker(answers)) == reason


@each_answer
def test_a_value_that_is_no_number_is_a_failure(grid, answers):
    grid.server.body = json.dumps(answers.of(grid.start_of(answers), float("nan"))).encode()

    assert b"NaN" in grid.server.body
    assert failure_of(grid.asker(answers)) == "out_of_range"


@each_answer
def test_a_value_of_zero_is_a_value(grid, answers):
    """Iceland's direct intensity is 0 for most of the year."""
    grid.server.document = answers.of(grid.start_of(answers), 0)

    assert [value.grams_per_kwh for value in grid.asker(answers).latest()] == [0]


@each_answer
@pytest.mark.parametrize(
    ("status", "reason"), [(401, "unauthorized"), (403, "unauthorized"), (500, "http_500"), (302, "http_302")]
)
def test_another_status_is_a_failure(grid, answers, status, reason):
    grid.server.status = status
    grid.server.document = {"message": "no"}

    assert failure_of(grid.asker(answers)) == reason


@each_answer
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "minutes"), [("120", 2), ("Mon, 02 Mar 2026 10:15:00 GMT", 5), ("9999999", 24 * 60)]
)
def test_a_busy_provider_is_left_alone_as_long_as_it_says_and_a_day_at_most(
    grid, answers, status, retry_after, minutes
):
    grid.server.status, grid.server.retry_after = status, retry_after
    asker = grid.asker(answers)

    assert failure_of(asker) == "busy"
    assert asker.left_alone(grid.clock.utc) == timedelta(minutes=minutes)


@each_answer
@pytest.mark.parametrize("retry_after", ["", "soon", "-5", "Thu, 99 Xyz"])
def test_a_busy_provider_that_says_nothing_sensible_is_a_failure_as_others(grid, answers, retry_after):
    grid.server.status, grid.server.retry_after = 429, retry_after
    asker = grid.asker(answers)

    assert failure_of(asker) == "busy"
    assert not asker.left_alone(grid.clock.utc)


@each_answer
def test_an_answer_that_takes_a_minute_is_given_up_at_the_deadline(grid, answers):
    grid.server.stalls = True

    assert failure_of(grid.asker(answers, deadline_seconds=0.2)) == "timeout"


@each_answer
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b'{"data": [',
        b"\xff\xfe",
        b"null",
        b"{}",
        b'"text"',
        b'{"data": 3, "records": 3, "history": 3}',
        b'{"data": {"data": 3}}',
        b"[" * 100_000,
    ],
    ids=range(10),
)
def test_an_answer_of_another_shape_is_a_failure(grid, answers, body):
    grid.server.body = body

    assert failure_of(grid.asker(answers)) == "garbage"


@each_answer
@pytest.mark.parametrize("row", [None, 3, "x", [], {}, {"datetime": 3, "date_heure": [], "from": {}, "Minutes5UTC": 1}])
def test_rows_of_another_shape_are_a_failure(grid, answers, row):
    grid.server.document = {"zone": "FR", "history": [row], "records": [row], "data": [row]}
    if answers.given["provider"] == "rte_eco2mix":
        grid.server.document = [row]

    assert failure_of(grid.asker(answers)) in {"garbage", "other_zone", "null_value"}


@each_answer
def test_a_value_of_another_zone_is_a_failure(grid, answers):
    if answers.other_zone is None:
        assert answers.of is ANSWERS["neso"].of  # the nation's answers name no zone: there is one
        return
    grid.server.document = answers.of(grid.start_of(answers), 56, answers.other_zone)

    assert failure_of(grid.asker(answers)) == "other_zone"


@each_answer
def test_a_time_is_the_same_in_every_time_zone(grid, answers):
    start = grid.start_of(answers)
    for form in answers.forms:
        grid.server.document = answers.of(start, 56, form=form)
        [value] = grid.asker(answers).latest()

        assert value.valid_from == start
        assert value.valid_from.tzinfo is UTC


@each_answer
def test_a_time_without_an_offset_is_refused_where_one_is_documented(grid, answers):
    def bare(at):
        return f"{at:%Y-%m-%d %H:%M}"

    grid.server.document = answers.of(grid.start_of(answers), 56, form=bare)

    assert failure_of(grid.asker(answers)) == "naive_time"


@each_answer
def test_a_value_of_a_time_to_come_is_a_failure(grid, answers):
    """The provider's clock is an hour ahead, or reports local time as UTC."""
    grid.server.document = answers.of(grid.start_of(answers) + timedelta(hours=1), 56)

    assert failure_of(grid.asker(answers)) == "in_future"


@each_answer
def test_the_token_goes_to_the_provider_that_needs_it_and_to_no_other(grid, answers):
    grid.server.document = answers.of(grid.start_of(answers), 56)
    grid.asker(answers).latest()
    [headers] = grid.server.headers

    needs = bool(PROVIDERS[answers.given["provider"]].token_header)
    assert (TOKEN in headers.values()) == needs
    assert headers["User-Agent"].startswith("wattprint/")


@each_answer
def test_what_a_period_is_asked_for_is_not_longer_than_one_request_may_be(grid, answers):
    grid.server.document = answers.of(grid.start_of(answers), 56)
    until = grid.clock.utc
    grid.asker(answers).past(until - timedelta(days=400), until)
    longest = PROVIDERS[answers.given["provider"]].longest_past

    [request] = grid.server.requests
    assert (until - timedelta(days=400)).strftime("%Y-%m-%dT%H") in request.replace("%3A", ":")
    assert (until - timedelta(days=400) + longest).strftime("%Y-%m-%dT") in request

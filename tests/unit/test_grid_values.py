# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.grid.values import BadRow, Value, gaps, intensity, merged, moment, newest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=1)


def value(at_minute, grams=50.0, minutes=15, *, is_estimated=False):
    start = NOON + timedelta(minutes=at_minute)
    return Value(start, start + timedelta(minutes=minutes), grams, is_estimated)


def test_what_is_learned_later_takes_the_place_of_what_began_with_it():
    forecast, actual = value(0, 100, is_estimated=True), value(0, 120)

    assert merged([forecast], [actual], LONG_AGO) == (actual,)


def test_values_come_in_order_of_time_whatever_their_order_in_the_answer():
    assert merged([value(15)], [value(30), value(0)], LONG_AGO) == (value(0), value(15), value(30))


def test_what_has_ended_long_ago_is_forgotten():
    assert merged([value(0)], [value(15)], NOON + timedelta(minutes=15)) == (value(15),)


def test_a_value_ends_where_the_next_one_begins():
    """Consolidated half hours of RTE meet real-time quarters."""
    half_hour = value(0, minutes=30)

    assert merged([half_hour], [value(15)], LONG_AGO) == (value(0, minutes=15), value(15))


def test_the_value_of_now_is_taken_or_else_the_last_before_it():
    values = (value(0), value(60))

    assert newest(values, NOON) == value(0)
    assert newest(values, NOON + timedelta(minutes=59)) == value(0)
    assert newest(values, NOON + timedelta(hours=9)) == value(60)


def test_a_value_that_has_not_begun_is_not_taken():
    assert newest((value(0),), NOON - timedelta(seconds=1)) is None
    assert newest((), NOON) is None


def test_gaps_lie_between_values_and_the_latest_comes_first():
    values = (value(0), value(15), value(60), value(75), value(120))

    assert gaps(values) == [
        (NOON + timedelta(minutes=90), NOON + timedelta(minutes=120)),
        (NOON + timedelta(minutes=30), NOON + timedelta(minutes=60)),
    ]
    assert gaps(()) == gaps((value(0),)) == []


@given(st.lists(st.tuples(st.integers(-600, 600), st.sampled_from([5, 15, 30, 60])), max_size=30), st.integers(0, 30))
def test_merged_values_never_overlap_and_with_their_gaps_fill_the_time(rows, cut):
    values = [value(at, minutes=minutes) for at, minutes in rows]
    together = merged(values[:cut], values[cut:], LONG_AGO)

    edges = [(v.valid_from, v.valid_until) for v in together] + gaps(together)
    edges.sort()
    assert all(until == since for (_, until), (since, _) in pairwise(edges))
    assert {v.valid_from for v in together} == {v.valid_from for v in values}


def test_a_moment_is_in_utc():
    assert moment("2026-03-02T14:00:00+02:00") == NOON
    assert moment("2026-03-02T12:00Z").tzinfo is UTC
    assert moment(NOON.astimezone(timezone(timedelta(hours=-9))).isoformat()) == NOON


@pytest.mark.parametrize("reported", [None, 5, "", "yesterday", "2026-13-02T00:00Z", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(reported):
    with pytest.raises(BadRow) as refusal:
        moment(reported)

    assert refusal.value.reason == "garbage"


def test_a_time_without_offset_is_refused():
    with pytest.raises(BadRow) as refusal:
        moment("2026-03-02T12:00:00")

    assert refusal.value.reason == "naive_time"


@given(st.one_of(st.none(), st.booleans(), st.text(), st.lists(st.integers()), st.floats(), st.integers()))
def test_an_intensity_is_a_credible_number_or_refused(reported):
    try:
        grams = intensity(reported)
    except BadRow as refusal:
        assert refusal.reason in {"garbage", "out_of_range"}  # noqa: PT017 - either is right
    else:
        assert 0 <= grams <= 3000
        assert grams == reported

# SPDX-License-Identifier: Apache-2.0
"""Which instruments may be used, where and when, and what is said of those that may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from market import hour, instrument

from impacts.market_based.instruments import Delivery, InstrumentKind, Level, accepted, quality_problems

ON = date(2025, 6, 10)
INF = float("inf")


def reasons(*listed, region="FR", on=ON):
    return [problem.reason for problem in quality_problems(listed, region, on)]


def test_the_levels_of_the_hierarchy_are_numbered_from_one():
    """As in table 6.3 of the Scope 2 Guidance."""
    assert [int(level) for level in Level] == [1, 2, 3, 4, 5]
    assert [kind.level for kind in InstrumentKind] == [1, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2024-12-31T23:00", False),
        ("2025-01-01T00:00", True),
        ("2025-12-31T23:00", True),
        ("2026-01-01T00:00", False),
    ],
)
def test_an_instrument_holds_from_its_first_day_to_its_last(moment, holds):
    ppa = instrument("ppa", 20)

    assert ppa.holds_in(hour(moment)) is holds
    assert ppa.joules_in(hour(moment)) == (INF if holds else 0)


def test_without_hours_a_delivery_is_of_all_of_the_day():
    delivers_in = [Delivery().joules_in(hour(f"2025-06-10T{clock:02}:00")) for clock in range(24)]

    assert delivers_in == [INF] * 24


def test_an_hour_that_is_not_listed_has_no_delivery():
    listed = Delivery({hour("2025-06-10T12:00"): 5.0}, joules_per_hour=3.0)

    assert [listed.joules_in(hour(f"2025-06-10T{clock}:00")) for clock in (11, 12)] == [0, 3]


def test_an_instrument_is_for_all_of_the_host_unless_it_is_for_a_share():
    assert instrument("ppa", 20).share == 1.0


def test_two_instruments_that_differ_in_technology_alone_are_the_same():
    assert instrument("ppa", 20, technology="wind") == instrument("ppa", 20, technology="sun")


@pytest.mark.parametrize(
    ("markets", "region", "serves"),
    [
        (("FR",), "FR", True),
        (("FR",), "fr", True),
        (("US",), "US-CAL-CISO", True),  # a zone of the country
        (("US-CAL",), "US", False),
        (("F",), "FR", False),
        (("DE", "FR"), "FR", True),
        (("DE", "FR"), "PL", False),
        ((), "PL", True),  # not said
        ((), "", False),  # nor is the place known: the market may be any other
        (("FR",), "", False),
    ],
)
def test_an_instrument_serves_the_zones_of_its_markets(markets, region, serves):
    assert instrument("ppa", 20, markets=markets).serves(region) is serves


def test_only_documented_instruments_of_the_market_are_accepted():
    good = instrument("ppa", 20, "good")
    undocumented = instrument("ppa", 20, "undocumented", documentation="")
    elsewhere = instrument("ppa", 20, "elsewhere", markets=("PL",))

    assert accepted([undocumented, elsewhere, good], "FR") == (good,)
    assert reasons(undocumented, elsewhere, good) == ["instrument_undocumented", "instrument_of_another_market"]


def test_what_is_wrong_with_an_instrument_is_said_with_its_kind_and_name():
    [undocumented] = quality_problems([instrument("guarantee_of_origin", 0, "wind", documentation="")], "FR", ON)
    [elsewhere] = quality_problems([instrument("ppa", 20, "sun", markets=("PL", "DE"))], "FR", ON)

    assert undocumented.what.startswith("guarantee of origin 'wind' has no documentation")
    assert elsewhere.what.startswith("ppa 'sun' is of the market PL, DE, not of FR")


def test_where_the_place_is_not_known_it_is_the_place_that_is_missing():
    [problem] = quality_problems([instrument("ppa", 20)], "", ON)

    assert (problem.reason, problem.remedy) == ("location_unknown", "set `location` in the config file")


@pytest.mark.parametrize(
    ("begins", "until", "expected"),
    [
        (date(2024, 1, 1), date(2025, 6, 9), ["instrument_expired"]),
        (date(2024, 1, 1), date(2025, 6, 10), []),  # its last day is today
        (date(2025, 7, 1), date(2025, 12, 31), []),  # it will begin
    ],
)
def test_an_instrument_that_has_ended_is_a_problem_from_the_next_day_on(begins, until, expected):
    assert reasons(instrument("ppa", 20, begins=begins, until=until)) == expected


NEXT = instrument("ppa", 20, "next", begins=date(2025, 1, 1), until=date(2025, 12, 31))


@pytest.mark.parametrize(
    ("changes", "is_renewed"),
    [
        ({}, True),
        ({"begins": date(2024, 7, 1)}, True),  # they may overlap
        ({"begins": date(2024, 1, 2)}, True),
        ({"begins": date(2024, 1, 1)}, False),  # it ran beside it
        ({"begins": date(2023, 7, 1)}, False),
        ({"until": ON}, True),
        ({"kind": InstrumentKind.GUARANTEE_OF_ORIGIN}, False),
    ],
)
def test_what_has_ended_is_no_problem_once_one_of_its_kind_has_followed_it(changes, is_renewed):
    ended = instrument("ppa", 20, "ended", begins=date(2024, 1, 1), until=date(2024, 12, 31))

    assert reasons(ended, replace(NEXT, **changes)) == ([] if is_renewed else ["instrument_expired"])


def test_what_has_ended_itself_or_has_no_documentation_renews_nothing():
    ended = instrument("ppa", 20, "ended", begins=date(2024, 1, 1), until=date(2024, 12, 31))

    assert reasons(ended, replace(NEXT, until=date(2025, 6, 9))) == ["instrument_expired"] * 2
    assert reasons(ended, replace(NEXT, documentation="")) == ["instrument_expired", "instrument_undocumented"]

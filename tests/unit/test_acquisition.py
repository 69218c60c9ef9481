# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impacts.embodied.components import Component, EmbodiedImpact
from impacts.lifetime.acquisition import (
    amortised,
    emissions_by_year,
    in_time,
    lots,
    pieces,
    time_problems,
    yearly_figure,
    years_of_use,
)
from impacts.lifetime.amortisation import midnight
from impacts.parts import Inventory, Part, Server
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

LIFE = Estimate.exact(4, "year", Citation("test"))
MEMORY = Part("memory", 4)
LATER = Part("memory", 4, acquired=date(2024, 6, 1))
NOW = datetime(2025, 3, 1, tzinfo=UTC)


def kilograms(value):
    made = Estimate(value * 0.5, value, value * 2, "kgCO2e", (Citation("test"),)).in_unit("gCO2e")
    return work_out("a piece", "made", {"made": made})


def of(server, *made_of):
    return lots([(kilograms(value), part) for value, part in made_of], server, LIFE)


def central(by_year):
    return {year: derivation.estimate.central for year, derivation in by_year.items()}


def reasons(server, *parts):
    return {problem.reason for problem in time_problems(Inventory(server, parts), LIFE, NOW.date())}


def test_parts_of_the_server_and_what_it_has_once_are_one_lot():
    [lot] = of(Server(acquired=date(2022, 3, 1)), (800, None), (200, MEMORY))

    assert (lot.acquired, lot.emissions.central, lot.emissions.unit) == (date(2022, 3, 1), 1e6, "gCO2e")


def test_each_part_is_booked_in_the_year_it_was_acquired():
    booked = emissions_by_year(of(Server(acquired=date(2022, 3, 1)), (200, LATER), (800, None), (100, MEMORY)))

    assert list(booked) == [2022, 2024]
    assert central(booked) == pytest.approx({2022: 900e3, 2024: 200e3})


def test_a_later_part_is_amortised_over_a_service_life_of_its_own():
    """Bought in the last year of its server: it may serve another server for the rest of its life."""
    _, later = of(Server(acquired=date(2021, 6, 1)), (800, None), (200, LATER))

    assert later.ratio(midnight(date(2026, 6, 1)), NOW) == pytest.approx(0.5, abs=1e-3)


def test_what_has_no_date_is_booked_in_no_year_and_amortised_nowhere():
    found = of(Server(), (800, None), (200, LATER))

    assert central(emissions_by_year(found)) == pytest.approx({2024: 200e3, None: 800e3})
    assert amortised(found, NOW) is None
    assert amortised((), NOW) is None


def test_a_machine_bought_used_books_what_its_former_users_have_left():
    """3 of 4 years had passed: 3 x 365 or 366 days of 1461 are 1096; a quarter of 1000 kg is left."""
    server = Server(first_used=date(2019, 3, 1), acquired=date(2022, 3, 1), service_life_years=4)
    booked = emissions_by_year(of(server, (1000, None)))

    assert central(booked) == pytest.approx({2022: 1e6 * (1 - 1096 / 1461)})
    assert booked[2022].estimate.high == pytest.approx(2e6 * (1 - 1096 / 1461))
    assert "bought_used" in reasons(server)


def test_a_machine_bought_after_its_planned_life_books_nothing_and_asks_for_a_longer_one():
    server = Server(first_used=date(2015, 3, 1), acquired=date(2022, 3, 1), service_life_years=4)

    assert central(emissions_by_year(of(server, (1000, None)))) == {2022: 0}
    assert reasons(server) == {"life_over_when_bought"}


def test_what_a_former_owner_put_in_came_with_the_server():
    server = Server(first_used=date(2019, 3, 1), acquired=date(2023, 3, 1))
    added = Part("ssd", 1, acquired=date(2021, 3, 1))

    # 2021-03-01 to 2023-03-01: 730 of 1461 days are the former owner's
    assert central(emissions_by_year(of(server, (100, added)))) == pytest.approx({2023: 1e5 * (1 - 730 / 1461)})


def test_a_part_older_than_its_new_server_was_booked_when_it_was_bought():
    moved = Part("gpu", 1, acquired=date(2021, 3, 1))

    assert central(emissions_by_year(of(Server(acquired=date(2023, 3, 1)), (100, moved)))) == pytest.approx({2021: 1e5})


@pytest.mark.parametrize("retired", [date(2024, 6, 1), date(2025, 1, 1)])
def test_what_has_left_stays_booked_in_full(retired):
    """On the day it came, too: it was manufactured for this server."""
    part = Part("ssd", 1, acquired=date(2024, 6, 1), retired=retired)
    found = of(Server(acquired=date(2022, 3, 1)), (100, part))

    assert central(emissions_by_year(found)) == pytest.approx({2024: 1e5})
    assert amortised(found, NOW).central == pytest.approx(1e5)


def test_the_amortised_emissions_keep_their_bounds():
    found = of(Server(acquired=date(2023, 3, 1)), (1000, None))

    # 2023-03-01 to 2025-03-01: 731 of 1461 days
    assert amortised(found, NOW).central == pytest.approx(1e6 * 731 / 1461)
    assert amortised(found, NOW).high == pytest.approx(2e6 * 731 / 1461)


def test_the_yearly_figure_is_even_over_the_planned_life_and_falls_beyond_it():
    """1000 kg over 4 years: 250 kg a year; kept for 8 years: 125 kg a year."""
    server = Server(acquired=date(2015, 1, 1))
    found = of(server, (1000, None))

    def yearly(year):
        at = datetime(year, 1, 1, tzinfo=UTC)
        return yearly_figure(found, years_of_use(server, LIFE, at)).in_unit("kgCO2e/year").central

    assert [yearly(year) for year in (2014, 2016, 2019, 2023)] == pytest.approx([250, 250, 250, 125], rel=1e-3)
    assert yearly(2023) > yearly(2024)
    assert yearly_figure((), LIFE) is None


def test_a_used_machines_years_count_from_its_first_use():
    server = Server(first_used=date(2015, 3, 1), acquired=date(2022, 3, 1))

    assert years_of_use(server, LIFE, NOW).central == pytest.approx(10, rel=1e-3)
    assert years_of_use(Server(), LIFE, NOW) == LIFE


def test_the_pieces_of_components_follow_their_parts():
    def component(name, parts, *values):
        return Component(name, 1, "bottom_up", tuple(map(kilograms, values)), parts)

    server = Server(acquired=date(2022, 3, 1), service_life_years=4)
    made = (component("memory", (MEMORY, LATER), 100, 200), component("board", (), 700))
    found = in_time(EmbodiedImpact("default", {"gwp": made}, ()), Inventory(server), LIFE, NOW)

    found_pieces = [(piece.estimate.central, part) for piece, part in pieces(made)]
    assert found_pieces == [(1e5, MEMORY), (2e5, LATER), (7e5, None)]
    assert central(found.by_year) == pytest.approx({2022: 8e5, 2024: 2e5})
    # 1096 of 1461 days since 2022-03-01, 273 of 1461 since 2024-06-01
    assert found.amortised.central == pytest.approx((8e5 * 1096 + 2e5 * 273) / 1461)
    assert found.yearly.in_unit("kgCO2e/year").central == pytest.approx(250)


def test_emissions_that_are_not_known_are_booked_nowhere():
    found = in_time(EmbodiedImpact("default", {}, ()), Inventory(Server()), LIFE, NOW)

    assert (found.by_year, found.amortised, found.yearly) == ({}, None, None)


@pytest.mark.parametrize(
    ("server", "part", "reason"),
    [
        (Server(), MEMORY, "acquired_unknown"),
        (Server(acquired=date(2030, 1, 1)), MEMORY, "acquired_in_future"),
        (Server(acquired=date(2020, 1, 1)), MEMORY, "service_life_assumed"),
        (Server(), Part("ssd", 1, acquired=date(2030, 1, 1)), "part_acquired_in_future"),
        (Server(acquired=date(2020, 1, 1)), Part("ssd", 1, retired=date(2019, 1, 1)), "retired_before_acquired"),
    ],
)
def test_what_booking_has_to_assume_is_a_problem(server, part, reason):
    assert reason in reasons(server, part)


def test_a_server_of_which_everything_is_set_has_no_problem():
    assert reasons(Server(acquired=date(2022, 3, 1), service_life_years=4), MEMORY, LATER) == set()
    assert reasons(Server(acquired=date(2022, 3, 1), first_used=date(2022, 5, 1), service_life_years=4)) == set()


DAYS = st.dates(min_value=date(2010, 1, 1), max_value=date(2030, 1, 1))
PARTS = st.builds(Part, st.just("ssd"), st.just(1), acquired=st.none() | DAYS, retired=st.none() | DAYS)
SERVERS = st.builds(
    Server,
    acquired=DAYS,
    first_used=st.none() | DAYS,
    extended_from_years=st.floats(min_value=1, max_value=9),
    extended_on=st.none() | DAYS,
)


@given(SERVERS, st.lists(st.tuples(st.floats(min_value=1, max_value=1e4), st.none() | PARTS), min_size=1, max_size=5))
def test_what_is_booked_in_all_years_is_the_whole_less_the_former_users_part(server, made_of):
    found = of(server, *made_of)
    former = sum(
        lot.emissions.central * lot.ratio(midnight(lot.acquired), NOW)
        for lot in found
        if lot.first_used and lot.first_used < lot.acquired
    )

    whole = sum(value for value, _ in made_of) * 1e3
    assert sum(lot.emissions.central for lot in found) == pytest.approx(whole)
    assert sum(central(emissions_by_year(found)).values()) == pytest.approx(whole - former, abs=1e-6)
    for estimate in (derivation.estimate for derivation in emissions_by_year(found).values()):
        assert 0 <= estimate.low <= estimate.central <= estimate.high


def test_lots_come_in_the_order_of_their_dates_and_what_has_none_at_the_end():
    gone = Part("memory", 4, acquired=date(2024, 6, 1), retired=date(2025, 1, 1))
    found = of(Server(), (800, None), (200, LATER), (100, gone), (50, Part("ssd", 1, acquired=date(2023, 1, 1))))

    assert [(lot.begins, lot.retired) for lot in found] == [
        (date(2023, 1, 1), None),
        (date(2024, 6, 1), date(2025, 1, 1)),
        (date(2024, 6, 1), None),
        (None, None),
    ]


def test_years_come_in_order_whatever_the_order_of_the_lots():
    found = of(Server(), (800, None), (200, LATER), (50, Part("ssd", 1, acquired=date(2023, 1, 1))))

    assert list(emissions_by_year(reversed(found))) == [2023, 2024, None]


def test_a_paper_numbers_its_pieces_and_lots_from_one():
    server = Server(acquired=date(2024, 3, 1))
    found = of(server, (800, None), (200, MEMORY), (100, LATER))

    assert [lot.derivation.formula for lot in found] == ["piece_1 ⊕ piece_2", "piece_1"]
    assert [paper.formula for paper in emissions_by_year(found).values()] == ["lot_1 + lot_2"]


USED = Server(first_used=date(2019, 3, 1), acquired=date(2023, 3, 1))


@pytest.mark.parametrize(
    ("acquired", "dates"),
    [
        (date(2019, 2, 28), (date(2019, 2, 28), None)),  # older than the machine: it was in another one
        (date(2019, 3, 1), (date(2023, 3, 1), date(2019, 3, 1))),  # the first owner's from the first day on
        (date(2023, 2, 28), (date(2023, 3, 1), date(2023, 2, 28))),
        (date(2023, 3, 1), (date(2023, 3, 1), None)),  # new, on the day that the used machine came
        (date(2024, 6, 1), (date(2024, 6, 1), None)),
    ],
)
def test_a_part_of_a_used_machine_came_with_it_if_it_was_put_in_before_it_was_bought(acquired, dates):
    [lot] = of(USED, (100, Part("ssd", 1, acquired=acquired)))

    assert (lot.acquired, lot.first_used) == dates


def test_a_used_machine_without_a_date_of_purchase_keeps_the_dates_of_its_parts():
    found = of(Server(first_used=date(2019, 3, 1)), (800, None), (200, LATER))

    assert [(lot.acquired, lot.first_used) for lot in found] == [(None, date(2019, 3, 1)), (date(2024, 6, 1), None)]
    assert central(emissions_by_year(found)) == pytest.approx({2024: 200e3, None: 800e3})


def test_a_server_whose_planned_life_ends_this_moment_has_served_no_longer_than_planned():
    """2021-03-01 to 2025-03-01 are 1461 days, which are 4 years."""
    assert years_of_use(Server(acquired=date(2021, 3, 1)), LIFE, NOW) == LIFE


def test_a_server_without_a_date_serves_as_long_as_planned_however_short_that_is():
    month = Estimate.exact(1 / 12, "year", Citation("test"))

    assert years_of_use(Server(), month, NOW) == month


def problems(server, *parts):
    return list(time_problems(Inventory(server, parts), LIFE, NOW.date()))


def test_what_is_booked_of_a_used_machine_is_stated_in_percent():
    """3 of 4 years had passed."""
    server = Server(first_used=date(2019, 3, 1), acquired=date(2022, 3, 1), service_life_years=4)

    assert "bought used: 25% of the footprint" in problems(server)[0].what


def test_a_machine_that_is_first_used_on_the_day_it_is_bought_is_new():
    assert reasons(Server(first_used=date(2022, 3, 1), acquired=date(2022, 3, 1), service_life_years=4)) == set()


def test_what_is_acquired_today_does_not_lie_in_the_future():
    today = Part("ssd", 1, acquired=NOW.date())

    assert reasons(Server(acquired=NOW.date(), service_life_years=4), today) == set()


@pytest.mark.parametrize(
    ("server", "part", "is_a_problem"),
    [
        (Server(acquired=date(2022, 3, 1)), Part("ssd", 1, retired=date(2022, 3, 1)), False),  # on the day it came
        (Server(acquired=date(2022, 3, 1)), Part("ssd", 1, retired=date(2022, 2, 28)), True),
        (Server(acquired=date(2022, 3, 1)), Part("ssd", 1, retired=date(2024, 1, 1)), False),
        (Server(acquired=date(2022, 3, 1)), replace(LATER, retired=date(2023, 1, 1)), True),  # itself, not its server
        (Server(), Part("ssd", 1, retired=date(2022, 3, 1)), False),  # nobody knows
    ],
)
def test_a_part_cannot_be_retired_before_it_came(server, part, is_a_problem):
    assert ("retired_before_acquired" in reasons(server, part)) is is_a_problem


def test_a_server_whose_parts_are_not_known_has_no_problem_with_them():
    server = Server(acquired=date(2022, 3, 1), service_life_years=4)

    assert list(time_problems(Inventory(server), LIFE, NOW.date())) == []

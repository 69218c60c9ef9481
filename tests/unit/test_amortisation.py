# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from books import shipped
from hypothesis import given
from hypothesis import strategies as st

from impacts.lifetime.amortisation import Lot, Plan, amortised_ratio, midnight, service_life
from impacts.parts import Server
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

BEGAN = datetime(2022, 3, 1, tzinfo=UTC)
NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # stands in for a date that every lot here has
YEAR = timedelta(days=365.25)


def after(years):
    return BEGAN + years * YEAR


def emitted(grams):
    made = Estimate(grams * 0.5, grams, grams * 2, "gCO2e", (Citation("test"),))
    return work_out("a lot", "made", {"made": made})


@pytest.mark.parametrize(("years", "ratio"), [(0, 0), (-1, 0), (1, 0.25), (2, 0.5), (4, 1), (14, 1)])
def test_the_share_grows_evenly_from_nothing_to_all_of_it(years, ratio):
    assert Plan(4).ratio(BEGAN, after(years)) == pytest.approx(ratio)


def test_the_same_moment_in_another_time_zone_is_the_same_share():
    noon = datetime(2023, 5, 5, 12, tzinfo=UTC)
    assert Plan(4).ratio(BEGAN, noon.astimezone(timezone(timedelta(hours=9)))) == Plan(4).ratio(BEGAN, noon)


@pytest.mark.parametrize(
    ("years", "ratio"),
    [
        (2, 0.5),  # 4 years planned, half of them served when 6 are planned: day of the decision
        (1, 0.25),  # before it the old plan holds: 1 of 4 years
        (3, 0.625),  # the other half over the 4 years that are left: 0.5 + 0.5 x 1/4
        (6, 1.0),
        (9, 1.0),
    ],
)
def test_an_extended_life_spreads_what_is_left_over_the_years_that_are_left(years, ratio):
    plan = Plan(6, years_before=4, changed_on=date(2024, 3, 1))

    assert plan.ratio(BEGAN, after(years)) == pytest.approx(ratio, abs=1e-3)  # 2024-03-01 is 2 years and half a day on


def test_an_extension_after_the_old_plan_was_over_gives_nothing_back():
    late = Plan(8, years_before=4, changed_on=date(2027, 3, 1))

    assert [late.ratio(BEGAN, after(years)) for years in (2, 4.5, 6, 9)] == pytest.approx([0.5, 1, 1, 1])


def test_what_came_after_the_decision_has_the_new_plan_alone():
    plan = Plan(6, years_before=4, changed_on=date(2021, 1, 1))

    assert plan.ratio(BEGAN, after(3)) == pytest.approx(0.5)


def test_a_life_that_is_cut_below_its_age_is_over_at_once():
    plan = Plan(1, years_before=4, changed_on=date(2024, 3, 1))

    assert plan.ratio(BEGAN, after(1.9)) == pytest.approx(0.475)
    assert plan.ratio(BEGAN, after(2.1)) == 1


def test_what_is_left_on_the_day_of_retirement_falls_to_that_day():
    lot = Lot(emitted(100), Plan(4), acquired=BEGAN.date(), retired=date(2023, 3, 1))
    left = midnight(date(2023, 3, 1))

    assert lot.ratio(left, NEVER) == pytest.approx(365 / 1461)  # a year of 365 days of four of 365.25
    assert lot.ratio(left + timedelta(seconds=1), NEVER) == 1
    assert lot.planned_ratio(left + YEAR, NEVER) == pytest.approx(365 / 1461)


def test_amortisation_counts_from_first_use_and_not_from_the_purchase():
    used = Lot(emitted(100), Plan(4), acquired=date(2024, 3, 1), first_used=BEGAN.date())

    assert used.ratio(after(3), NEVER) == pytest.approx(0.75)


def test_what_has_no_date_begins_where_the_caller_says():
    assert Lot(emitted(100), Plan(4)).ratio(after(1), undated=BEGAN) == pytest.approx(0.25)


def test_the_ratio_of_all_weighs_each_lot_by_its_emissions():
    server = Lot(emitted(300), Plan(4), acquired=BEGAN.date())
    memory = Lot(emitted(100), Plan(4), acquired=date(2025, 3, 1))

    # 300 x 1 (of 4.5 years) + 100 x 1.5/4, of 400
    assert amortised_ratio((server, memory), after(4.5), NEVER) == pytest.approx((300 + 37.5) / 400, abs=1e-3)
    assert amortised_ratio((), after(1), NEVER) == 0


DAYS = st.dates(min_value=date(2010, 1, 1), max_value=date(2040, 1, 1))
MOMENTS = st.integers(min_value=0, max_value=55 * 366).map(
    lambda days: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(days)
)
LIVES = st.floats(min_value=0.1, max_value=20)
PLANS = st.builds(Plan, LIVES) | st.builds(Plan, LIVES, LIVES, DAYS)
LOTS = st.builds(
    Lot,
    st.floats(min_value=1, max_value=1e7).map(emitted),
    PLANS,
    acquired=DAYS,
    first_used=st.none() | DAYS,
    retired=st.none() | DAYS,
)


@given(LOTS, MOMENTS, MOMENTS)
def test_no_share_ever_falls_or_passes_all_of_it(lot, one, other):
    earlier, later = sorted([one, other])

    assert 0 <= lot.ratio(earlier, NEVER) <= lot.ratio(later, NEVER) <= 1
    assert lot.planned_ratio(earlier, NEVER) <= lot.planned_ratio(later, NEVER) <= 1


@given(LOTS)
def test_the_amortisation_of_all_years_is_the_whole(lot):
    years = [datetime(year, 1, 1, tzinfo=UTC) for year in range(2009, 2082)]
    of_each = [lot.ratio(ends, NEVER) - lot.ratio(begins, NEVER) for begins, ends in pairwise(years)]

    assert sum(of_each) == pytest.approx(1)


def test_the_inventorys_service_life_comes_before_the_default():
    book = shipped()
    given_years, default = service_life(Server(service_life_years=6), book), service_life(Server(), book)
    assert (given_years.central, given_years.unit) == (6, "year")
    assert (default.low, default.central, default.high, default.unit) == pytest.approx((4, 4, 4, "year"))
    assert default.grounds[0].entry == "service_life"


def test_nothing_is_amortised_at_the_moment_it_begins_whatever_the_plan():
    assert [Plan(years).ratio(BEGAN, BEGAN) for years in (4, 0)] == [0, 0]


def test_a_life_that_is_cut_to_its_age_is_over_on_that_day():
    """2026-03-01 is four years on."""
    cut = Plan(4, years_before=6, changed_on=date(2026, 3, 1))

    assert cut.ratio(BEGAN, after(4)) == pytest.approx(4 / 6)
    assert cut.ratio(BEGAN, after(4.01)) == 1


def test_a_life_that_is_cut_a_little_below_its_age_is_over_as_well():
    assert Plan(3.5, years_before=6, changed_on=date(2026, 3, 1)).ratio(BEGAN, after(4.2)) == 1


def test_a_plan_that_is_changed_in_its_first_year_holds_until_then():
    """On 2022-09-01, after 184 days; the rest is spread over what is left of 8 years."""
    plan = Plan(8, years_before=4, changed_on=date(2022, 9, 1))
    passed = 184 / 1461

    assert plan.ratio(BEGAN, after(0.25)) == pytest.approx(0.0625)
    assert plan.ratio(BEGAN, after(4)) == pytest.approx(passed + (1 - passed) * (4 - 184 / 365.25) / (8 - 184 / 365.25))


def test_a_day_of_change_without_an_earlier_plan_changes_nothing():
    assert Plan(4, changed_on=date(2024, 3, 1)).ratio(BEGAN, after(3)) == pytest.approx(0.75)


def test_a_lot_states_when_it_was_acquired():
    dated, undated = Lot(emitted(1), Plan(4), acquired=BEGAN.date()), Lot(emitted(1), Plan(4))

    assert [dated.when_acquired, undated.when_acquired] == ["2022-03-01", "on a day that is not known"]

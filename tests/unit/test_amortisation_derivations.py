# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impacts.lifetime.amortisation import Lot, Plan, amortised_ratio
from impacts.lifetime.derivations import coming_year_derivation, ratio_derivation
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

NOW = datetime(2025, 3, 1, tzinfo=UTC)
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
EXTENDED = Plan(6, years_before=4, changed_on=date(2024, 3, 1))


def lot(grams, **dates):
    plan = dates.pop("plan", Plan(4))
    made = {"made": Estimate(grams * 0.5, grams, grams * 2, "gCO2e", (Citation("test"),))}
    return Lot(work_out("a lot", "made", made), plan, **dates)


LOTS = {
    "plain": lot(1e6, acquired=date(2022, 3, 1)),
    "extended": lot(2e6, acquired=date(2022, 3, 1), plan=EXTENDED),
    "cut short": lot(2e6, acquired=date(2022, 3, 1), plan=Plan(1, 4, date(2024, 3, 1))),
    "retired": lot(3e6, acquired=date(2022, 3, 1), retired=date(2023, 3, 1)),
    "used": lot(4e6, acquired=date(2024, 3, 1), first_used=date(2023, 3, 1)),
    "undated": lot(5e6),
    "not yet": lot(6e6, acquired=date(2026, 3, 1)),
}


WITH_PLAN_OF_NOW = {"plain", "extended", "used", "undated", "not yet"}


def redone(derivation):
    """Work the printed central corner out as a reader would."""
    line = derivation.worked("central").replace("×", "*").replace("÷", "/").replace("−", "-")
    return eval(line, {"__builtins__": {}, "min": min})  # noqa: S307 - our own text


@pytest.mark.parametrize("name", LOTS)
def test_a_lots_share_can_be_redone_by_hand(name):
    derivation = ratio_derivation((LOTS[name],), NOW, BEGAN)

    assert redone(derivation) == pytest.approx(LOTS[name].ratio(NOW, BEGAN), rel=1e-5)
    assert derivation.result.central == pytest.approx(LOTS[name].ratio(NOW, BEGAN))


def test_the_share_of_all_is_the_sum_of_the_lots_and_each_is_derived():
    lots = tuple(LOTS.values())
    whole = ratio_derivation(lots, NOW, BEGAN)

    assert [item.name for item in whole.inputs if item.name.startswith("passed")] == [
        f"passed_{n}" for n in range(1, 8)
    ]
    assert all(item.derivation for item in whole.inputs)
    assert redone(whole) == pytest.approx(amortised_ratio(lots, NOW, BEGAN), rel=1e-5)
    assert whole.result.low == whole.result.high == pytest.approx(amortised_ratio(lots, NOW, BEGAN))


@pytest.mark.parametrize("name", LOTS)
def test_a_share_rests_on_its_plan_or_on_the_day_it_was_retired(name):
    derivation = ratio_derivation((LOTS[name],), NOW, BEGAN)

    assert set(derivation.leaves) == set(derivation.estimate.grounds)
    assert all(citation in derivation.leaves for citation in LOTS[name].plan.grounds) == (name in WITH_PLAN_OF_NOW)


def test_nothing_is_derived_of_nothing():
    assert ratio_derivation((), NOW, BEGAN) is None


def test_the_coming_year_takes_of_each_lot_its_share_of_that_year():
    lots = (lot(1e6, acquired=date(2023, 3, 1)), LOTS["retired"], LOTS["undated"])
    derivation = coming_year_derivation(lots, NOW, BEGAN)

    # 1000 kg x 1/4, nothing of what has left, 5000 kg x 1/4
    assert derivation.result.in_unit("kgCO2e").central == pytest.approx(1500)
    assert redone(derivation) == pytest.approx(1500, rel=1e-5)
    assert set(derivation.leaves) == set(derivation.estimate.grounds)
    assert derivation.result.low == pytest.approx(750)


DAYS = st.dates(min_value=date(2015, 1, 1), max_value=date(2026, 1, 1))
LIVES = st.floats(min_value=0.1, max_value=20)
ANY_LOT = st.builds(
    lot,
    st.floats(min_value=1, max_value=1e7),
    plan=st.builds(Plan, LIVES) | st.builds(Plan, LIVES, LIVES, DAYS),
    acquired=st.none() | DAYS,
    first_used=st.none() | DAYS,
    retired=st.none() | DAYS,
)


@given(st.lists(ANY_LOT, min_size=1, max_size=3))
def test_the_derivation_of_any_lots_comes_to_the_published_share(lots):
    derivation = ratio_derivation(tuple(lots), NOW, BEGAN)

    assert derivation.result.central == pytest.approx(amortised_ratio(tuple(lots), NOW, BEGAN))
    assert set(derivation.leaves) == set(derivation.estimate.grounds)

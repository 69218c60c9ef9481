# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, date, datetime

import pytest

from impacts.lifetime.amortisation import Lot, Plan, amortised_ratio
from impacts.lifetime.derivations import coming_year_derivation, ratio_derivations
from impacts.values.estimates import Citation, Estimate

NOW = datetime(2025, 3, 1, tzinfo=UTC)
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
EXTENDED = Plan(6, years_before=4, changed_on=date(2024, 3, 1))


def lot(grams, **dates):
    plan = dates.pop("plan", Plan(4))
    return Lot(Estimate(grams * 0.5, grams, grams * 2, "gCO2e", (Citation("test"),)), plan, **dates)


LOTS = {
    "plain": lot(1e6, acquired=date(2022, 3, 1)),
    "extended": lot(2e6, acquired=date(2022, 3, 1), plan=EXTENDED),
    "cut short": lot(2e6, acquired=date(2022, 3, 1), plan=Plan(1, 4, date(2024, 3, 1))),
    "retired": lot(3e6, acquired=date(2022, 3, 1), retired=date(2023, 3, 1)),
    "used": lot(4e6, acquired=date(2024, 3, 1), first_used=date(2023, 3, 1)),
    "undated": lot(5e6),
    "not yet": lot(6e6, acquired=date(2026, 3, 1)),
}


def redone(derivation):
    """Work the central corner out as a reader would."""
    numbers = {item.name: item.value.central for item in derivation.inputs}
    return eval(derivation.formula.replace("×", "*").replace("÷", "/"), {"__builtins__": {}}, numbers)  # noqa: S307


@pytest.mark.parametrize("name", LOTS)
def test_a_lots_share_can_be_redone_by_hand(name):
    [derivation] = ratio_derivations((LOTS[name],), NOW, BEGAN)

    assert redone(derivation) == pytest.approx(LOTS[name].ratio(NOW, BEGAN))
    assert derivation.result.central == pytest.approx(redone(derivation))


def test_the_share_of_all_is_the_sum_of_the_lots_and_each_is_derived():
    lots = tuple(LOTS.values())
    whole, *of_lots = ratio_derivations(lots, NOW, BEGAN)

    assert len(of_lots) == len(lots)
    assert redone(whole) == pytest.approx(amortised_ratio(lots, NOW, BEGAN))


def test_nothing_is_derived_of_nothing():
    assert ratio_derivations((), NOW, BEGAN) == []


def test_the_coming_year_takes_of_each_lot_its_share_of_that_year():
    lots = (lot(1e6, acquired=date(2023, 3, 1)), LOTS["retired"], LOTS["undated"])
    derivation = coming_year_derivation(lots, NOW, BEGAN)

    # 1000 kg x 1/4, nothing of what has left, 5000 kg x 1/4
    assert derivation.result.in_unit("kgCO2e").central == pytest.approx(1500)
    assert redone(derivation) == pytest.approx(1500)
    assert derivation.result.low == pytest.approx(750)

# SPDX-License-Identifier: Apache-2.0
import operator
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market import KWH, hour, instrument, kwh, market_book, market_terms, residual

from impacts.market_based.derivations import market_derivation
from impacts.market_based.emissions import MarketState, Part, market_based
from impacts.values.bounded import Bounded
from impacts.values.derivations import render

NOON = hour("2025-06-10T12:00")


def paper(instruments, energy, *residuals, parts=None):
    terms, _ = market_terms(instruments, market_book(*residuals))
    step = market_based(energy, NOON, MarketState(), terms)
    derivations = list(market_derivation("of the test", parts or step.parts, terms, step.state).all())
    return derivations, "\n\n".join(map(render, derivations)), step


def test_the_paper_shows_energy_instruments_documents_volumes_and_the_residual_mix():
    ppa = instrument("ppa", 20, "Wind 2025", kwh=4, technology="wind")
    _, text, _ = paper((ppa,), kwh(10), residual(300))
    assert text.startswith(
        "scope 2, market-based, of the test\n  formula   instrument_wind_2025 + residual_mix_fr_2025"
    )
    assert "80 + 1800 = 1880 gCO2e" in text
    assert "ppa 'Wind 2025', wind" in text
    assert "4 × 20 = 80 gCO2e" in text
    assert "level 2 of the hierarchy (contract); 2025-01-01 to 2025-12-31; market FR; yearly matching" in text
    assert "volume 4 kWh, used in its period 4 kWh, left 0 kWh" in text
    assert "cancellation statement 2025-0042 of the registry" in text
    assert "residual mix: what no instrument covers" in text
    assert "6 × 300 = 1800 gCO2e" in text
    assert "test, row [test-data: residual_mix:FR:2025] (CC0-1.0)" in text


def test_the_paper_says_why_the_grids_average_stands_in_and_how_its_scope_2_follows():
    _, text, _ = paper((), kwh(10))
    assert "grid average: what no instrument covers" in text
    assert "no residual mix of FR is known" in text
    assert "10 × 60 = 600 gCO2e" in text
    assert "grid, Scope 2: emitted by the power plants" in text


def test_the_result_is_what_was_booked():
    instruments = (instrument("guarantee_of_origin", 0, kwh=3), instrument("ppa", (10, 20, 40), share=0.5))
    derivations, _, step = paper(instruments, kwh(8, 10, 12), residual(300))
    booked = step.grams
    result = derivations[0].result
    assert (result.low, result.central, result.high) == pytest.approx((booked.low, booked.central, booked.high))


def test_bounds_of_parts_that_cannot_hold_at_once_are_narrowed_by_what_is_booked():
    # An instrument that emits more than the residual mix: 12 kWh × 300 alone are less than 9 × 900 + 3 × 300.
    contract = instrument("supplier_contract", 900, kwh=9)
    _, text, _ = paper((contract,), kwh(8, 10, 12), residual(300))
    assert "both(" not in text
    parts = [Part(contract.id, Bounded(4 * KWH, 4 * KWH, 3 * KWH), Bounded(3600, 3600, 2700))]
    parts += [Part("test-data/residual_mix:FR:2025", Bounded(0, 1 * KWH, 3 * KWH), Bounded(0, 300, 900))]
    _, text, _ = paper((contract,), kwh(4, 5, 6), residual(300), parts=parts)
    assert "low       both(2700 + 0, 3600) = 3600 gCO2e" in text
    assert "high      both(3600 + 900, 3900) = 3900 gCO2e" in text
    assert "both      low takes the higher of the two, high the lower, central the first" in text
    assert "not all bounds of the parts can hold at once" in text


def test_what_is_no_longer_in_use_is_shown_as_it_was_booked():
    parts = [
        Part("electricitymaps-yearly/electricity:FR:2024", Bounded(9 * KWH, 10 * KWH, 11 * KWH), Bounded(90, 250, 440))
    ]
    _, text, _ = paper((), kwh(10), residual(300), parts=parts)
    assert "electricitymaps-yearly/electricity:FR:2024, as it was booked" in text
    assert "10 × 25 = 250 gCO2e" in text
    assert "the agent's history, hour by hour" in text


def test_a_factor_that_changed_by_the_hour_is_shown_as_its_mean():
    parts = [Part("test-data/residual_mix:FR:2025", Bounded(*[10 * KWH] * 3), Bounded(2000, 2000, 2000))]
    _, text, _ = paper((), kwh(10), residual(300), parts=parts)
    assert "10 × 200 = 2000 gCO2e" in text
    assert "the factor was not the same in all hours" in text


def test_two_names_that_a_formula_would_spell_alike_stay_two():
    instruments = (instrument("ppa", 20, "a-b", share=0.5), instrument("ppa", 30, "a b", share=0.5))
    derivations, _, _ = paper(instruments, kwh(10), residual(300))
    assert derivations[0].formula == "instrument_a_b + instrument_a_b_1"


def test_the_paper_has_no_word_of_praise():
    _, text, _ = paper((instrument("guarantee_of_origin", 0),), kwh(10), residual(300))
    assert not re.search(r"green|neutral|offset|responsible|clean", text, re.IGNORECASE)


# Bounded in any order, as history adds them up: joules of up to 10 kWh, grams of up to 1 kg a kWh.
CORNERS = st.tuples(*[st.floats(min_value=0, max_value=10)] * 3)
RATIOS = st.tuples(*[st.floats(min_value=0, max_value=1000)] * 3)


@given(st.lists(st.tuples(CORNERS, RATIOS), min_size=1, max_size=4))
def test_the_paper_of_any_history_comes_to_what_is_booked(amounts):
    ids = ["instrument:ppa", "test-data/residual_mix:FR:2025", "elsewhere/1", "elsewhere/2"]
    parts = [
        Part(name, Bounded(*(one * KWH for one in joules)), Bounded(*map(operator.mul, joules, ratios)))
        for name, (joules, ratios) in zip(ids, amounts, strict=False)
    ]
    (whole, *_), _, _ = paper((instrument("ppa", (10, 20, 40)),), kwh(10), residual(300), parts=parts)

    grams = [sum(corner) for corner in zip(*(part.grams.amounts() for part in parts), strict=True)]
    found = whole.estimate
    assert (found.low, found.central, found.high) == pytest.approx(
        (min(grams), grams[1], max(grams)), rel=2e-6, abs=1e-6
    )
    assert set(whole.leaves) == set(found.grounds)

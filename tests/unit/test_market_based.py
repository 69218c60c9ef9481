# SPDX-License-Identifier: Apache-2.0
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market import KWH, instrument, kwh, market_book, market_terms, per_kwh, residual

from impacts.market_based.emissions import (
    MarketState,
    MarketTerms,
    market_based,
    market_intensity,
    used_up_problems,
)
from impacts.market_based.instruments import Delivery, accepted
from impacts.values.bounded import Bounded

HOUR = 1_749_556_800  # 10 June 2025, 12:00 UTC
RESIDUAL = residual(300)

KINDS = st.sampled_from(["guarantee_of_origin", "ppa", "supplier_contract", "supplier_rate"])
DELIVERIES = st.none() | st.builds(
    Delivery,
    joules_by_hour=st.none() | st.dictionaries(st.just(HOUR), st.floats(0, 10).map(lambda amount: amount * KWH)),
    joules_per_hour=st.floats(0, 10).map(lambda amount: amount * KWH),
)


@st.composite
def terms(draw):
    listed = [
        instrument(
            draw(KINDS),
            draw(st.floats(0, 900)),
            f"number {place}",
            share=draw(st.floats(0, 1)),
            kwh=draw(st.floats(0, 30) | st.just(float("inf"))),
            delivery=draw(DELIVERIES),
        )
        for place in range(draw(st.integers(0, 4)))
    ]
    base, _ = market_terms((), market_book(RESIDUAL))
    return MarketTerms(accepted(listed, "FR"), base.fallback)


ENERGIES = st.tuples(st.floats(0, 20), st.floats(0, 20), st.floats(0, 20)).map(lambda drawn: kwh(*sorted(drawn)))


def corners(estimate):
    return estimate.low, estimate.central, estimate.high


@given(terms(), ENERGIES)
def test_what_is_covered_and_what_is_not_make_the_energy(terms, energy):
    step = market_based(energy, HOUR, MarketState(), terms)
    together = sum((part.joules for part in step.parts), Bounded())
    assert together.amounts() == pytest.approx(corners(energy))


@given(terms(), st.lists(ENERGIES, max_size=5))
def test_nothing_covers_more_than_its_volume_its_delivery_or_its_share(terms, energies):
    state = MarketState()
    for energy in energies:
        step = market_based(energy, HOUR, state, terms)
        state = step.state
        for one in terms.instruments:
            joules = next((part.joules for part in step.parts if part.id == one.id), Bounded())
            for covered, drawn in zip(joules.amounts(), corners(energy), strict=True):
                assert 0 <= covered <= one.share * drawn * (1 + 1e-9) + 1e-9
    for one in terms.instruments:
        most = min(one.volume_joules, one.joules_in(HOUR))
        assert all(used <= most * (1 + 1e-9) for used in state.in_period.get(one.id, Bounded()).amounts())


@given(terms(), ENERGIES, ENERGIES)
def test_more_energy_never_emits_less_from_the_same_hour_on(terms, one, other):
    first, second = (market_based(energy, HOUR, MarketState(), terms).grams for energy in (one, other))
    if one.central > other.central:
        first, second = second, first
    assert first.central <= second.central * (1 + 1e-9) + 1e-9


@given(terms(), ENERGIES)
def test_the_parts_grams_make_the_steps(terms, energy):
    step = market_based(energy, HOUR, MarketState(), terms)
    together = sum((part.grams for part in step.parts), Bounded())
    assert together.amounts() == pytest.approx(corners(step.grams))


@given(terms(), ENERGIES, st.integers(2, 7))
def test_an_hour_in_pieces_comes_to_the_same_as_in_one(terms, energy, pieces):
    whole = market_based(energy, HOUR, MarketState(), terms)
    state, grams = MarketState(), 0.0
    for _ in range(pieces):
        step = market_based(energy.scaled(1 / pieces), HOUR, state, terms)
        state = step.state
        grams += step.grams.central
    assert grams == pytest.approx(whole.grams.central, abs=1e-6)
    assert [used.central for used in state.in_period.values()] == pytest.approx(
        [whole.state.in_period[name].central for name in state.in_period], abs=1.0
    )


@given(terms(), st.lists(ENERGIES, max_size=5))
def test_the_state_is_the_sum_of_the_hourly_accounts(terms, energies):
    state, accounts = MarketState(), []
    for place, energy in enumerate(energies):
        hour = HOUR + place // 2 * 3600
        step = market_based(energy, hour, state, terms)
        state = step.state
        accounts += [(hour, part.id, part.joules) for part in step.parts]
    rebuilt = MarketState.of(accounts, terms.instruments)
    last = HOUR + max(0, len(energies) - 1) // 2 * 3600
    for one in terms.instruments:
        for hour in (last, last + 3600):
            assert rebuilt.left(one, hour).amounts() == pytest.approx(state.left(one, hour).amounts(), abs=1.0)


def test_what_was_booked_outside_an_instruments_period_is_not_of_its_volume():
    ppa = instrument("ppa", 20, kwh=5)
    year_before = HOUR - 365 * 86400
    used = Bounded(2 * KWH, 3 * KWH, 4 * KWH)
    state = MarketState.of([(year_before, ppa.id, used), (HOUR, ppa.id, used), (HOUR, "test-data/x", used)], [ppa])
    assert state.in_period == {ppa.id: used}
    assert state.left(ppa, HOUR + 3600) == Bounded(3 * KWH, 2 * KWH, 1 * KWH)


def test_the_order_of_use_is_the_hierarchys_then_the_lists():
    listed = [
        instrument("supplier_rate", 250),
        instrument("ppa", 20),
        instrument("supplier_contract", 100),
        instrument("rec", 0, "second"),
        instrument("guarantee_of_origin", 0, "first"),
    ]
    assert [one.name for one in accepted(listed, "FR")] == [
        "second",
        "first",
        "ppa",
        "supplier_contract",
        "supplier_rate",
    ]


def test_the_intensity_is_that_of_the_next_joule():
    ppa = instrument("ppa", 20, share=0.5, kwh=4)
    terms, _ = market_terms((ppa,), market_book(RESIDUAL))
    fresh = market_intensity(HOUR, MarketState(), terms).in_unit("gCO2e/kWh")
    assert fresh.central == pytest.approx(0.5 * 20 + 0.5 * 300)
    used_up = market_based(kwh(8), HOUR, MarketState(), terms).state
    assert market_intensity(HOUR, used_up, terms).in_unit("gCO2e/kWh").central == pytest.approx(300)


def test_a_step_names_the_rows_and_documents_that_it_rests_on():
    terms, _ = market_terms((instrument("ppa", 20, share=0.5),), market_book(RESIDUAL))
    cited = [str(citation) for citation in market_based(kwh(1), HOUR, MarketState(), terms).grams.grounds]
    assert any("registry" in one for one in cited)
    assert any("residual_mix:FR:2025" in one for one in cited)


def test_an_instrument_that_did_nothing_is_not_among_the_grounds():
    later = instrument("ppa", 20, begins=date(2025, 7, 1))
    terms, _ = market_terms((later,), market_book(RESIDUAL))
    step = market_based(kwh(1), HOUR, MarketState(), terms)
    assert not any("registry" in citation.title and not citation.dataset for citation in step.grams.grounds)
    assert [part.id for part in step.parts] == ["test-data/residual_mix:FR:2025"]


def test_an_unbounded_instrument_stays_unbounded():
    ppa = instrument("ppa", 20)
    terms, _ = market_terms((ppa,), market_book(RESIDUAL, grid=per_kwh(45, 60, 90)))
    state = market_based(kwh(1e6), HOUR, MarketState(), terms).state
    assert state.left(ppa, HOUR).central == float("inf")


def test_a_volume_that_is_used_up_is_a_problem_until_its_period_ends():
    ppa = instrument("ppa", 20, kwh=4)
    terms, _ = market_terms((ppa,), market_book(RESIDUAL))
    nearly = market_based(kwh(3.9), HOUR, MarketState(), terms).state
    assert not list(used_up_problems(HOUR, nearly, terms))
    used_up = market_based(kwh(1), HOUR, nearly, terms).state
    assert [problem.reason for problem in used_up_problems(HOUR, used_up, terms)] == ["instrument_used_up"]
    assert not list(used_up_problems(HOUR + 365 * 86400, used_up, terms))


PPA = instrument("ppa", 20, kwh=4)


def terms_of(*instruments, residuals=(RESIDUAL,), grid=None):
    return market_terms(instruments, market_book(*residuals, grid=grid))[0]


@pytest.mark.parametrize(("missing_joules", "is_used_up"), [(14.3, True), (14.5, False)])
def test_a_volume_counts_as_used_up_a_millionth_before_its_end(missing_joules, is_used_up):
    """The history keeps whole microjoules of many hours: the last joule of 14.4 MJ may never be seen."""
    used = 4 * KWH - missing_joules
    state = MarketState(HOUR, {PPA.id: Bounded(used, used, used)})

    assert bool(list(used_up_problems(HOUR, state, terms_of(PPA)))) is is_used_up


def test_a_volume_of_which_just_a_millionth_is_left_is_used_up():
    used = 4 * KWH * (1 - 1e-6)
    state = MarketState(HOUR, {PPA.id: Bounded(used, used, used)})

    assert list(used_up_problems(HOUR, state, terms_of(PPA)))


def test_what_is_delivered_in_an_hour_is_there_anew_in_the_next():
    ppa = instrument("ppa", 20, delivery=Delivery(joules_per_hour=KWH))
    state = market_based(kwh(3), HOUR, MarketState(), terms_of(ppa)).state

    assert state.left(ppa, HOUR).central == pytest.approx(0)
    assert state.left(ppa, HOUR + 3600).central == pytest.approx(KWH)


def test_the_state_is_of_instruments_alone():
    assert set(market_based(kwh(10), HOUR, MarketState(), terms_of(PPA)).state.in_period) == {PPA.id}


def test_no_energy_rests_on_what_would_have_covered_it():
    """On the fallback: nothing says that an instrument was used."""
    meter, *cited = market_based(kwh(0), HOUR, MarketState(), terms_of(PPA)).grams.grounds

    assert meter.title == "meter"
    assert [citation.entry for citation in cited] == ["residual_mix:FR:2025", "electricity:FR:2025"]


def test_the_intensity_keeps_its_bounds_and_rests_on_the_factors_alone():
    bounded = market_intensity(HOUR, MarketState(), terms_of(residuals=(), grid=per_kwh(45, 60, 90)))

    # a quarter of the life cycle lies before the plants, in this direct factor nothing
    assert corners(bounded.in_unit("gCO2e/kWh")) == pytest.approx((45, 60, 90))
    assert [citation.entry for citation in bounded.grounds] == ["electricity:FR:2025"]


def test_an_instrument_for_everything_leaves_nothing_to_the_fallback():
    step = market_based(kwh(10), HOUR, MarketState(), terms_of(instrument("ppa", 20)))

    assert [part.id for part in step.parts] == ["instrument:ppa"]
    assert step.grams.central == pytest.approx(200)


def test_the_last_joule_of_a_volume_is_covered():
    step = market_based(kwh(10), HOUR, MarketState(), terms_of(instrument("ppa", 20, kwh=0.5 / KWH)))

    assert step.parts[0].joules.central == pytest.approx(0.5)


DIRTY = instrument("supplier_contract", 900, kwh=4)
UNUSED, USED_UP = 0.0, 4 * KWH


@pytest.mark.parametrize(
    ("used", "grams"),
    [
        # low: 1 kWh × 900, central: 1.1 × 900, high: 1.2 × 300
        ((UNUSED, UNUSED, USED_UP), (360, 990, 990)),
        # low: 1 kWh × 900, central: 1.1 × 300, high: 1.2 × 300
        ((UNUSED, USED_UP, USED_UP), (330, 330, 900)),
        # in order already: 1 × 900, 1.1 × 900, 1.2 × 900
        ((UNUSED, UNUSED, UNUSED), (900, 990, 1080)),
        # low: 1 × 300, central: 1.1 × 300, high: 1.2 × 900
        ((USED_UP, USED_UP, UNUSED), (300, 330, 1080)),
        # low: 1 × 300, central: 1.1 × 900, high: 1.2 × 300
        ((USED_UP, UNUSED, USED_UP), (300, 990, 990)),
    ],
)
def test_the_bounds_hold_all_three_where_more_energy_emits_less(used, grams):
    """An instrument may emit more than what follows it; the host that has used it up is then the better one."""
    state = MarketState(HOUR, {DIRTY.id: Bounded(*used)})
    step = market_based(kwh(1, 1.1, 1.2), HOUR, state, terms_of(DIRTY))

    assert corners(step.grams) == pytest.approx(grams)
    assert sum((part.grams for part in step.parts), Bounded()).amounts() == pytest.approx(grams)

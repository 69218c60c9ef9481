# SPDX-License-Identifier: Apache-2.0
"""What the host's energy is booked as, live or by the book, and what is mended when live values come late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sites import KWH_MICROJOULES, LOCATION, MARKET, NOON, UPSTREAM, WATER, Site, contract, told

from agent.accounts.electricity import TAKEN_BACK, Use, netted
from agent.accounts.grid_in_use import HOUR
from agent.history.hours import HostHour
from impacts.market_based.emissions import MarketState


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.history.close()


def reasons(site):
    return {problem.reason for problem in site.use.problems(site.clock.utc)}


def test_a_kwh_is_booked_in_both_scopes_with_its_energy(site):
    site.draws(1.0, seconds=600)
    amounts = {stem: amount for (_, stem, _), amount in site.entries.impacts.items()}

    assert set(amounts) == {LOCATION, MARKET, UPSTREAM, WATER}
    for amount in amounts.values():
        energy = (amount.low_microjoules, amount.microjoules, amount.high_microjoules)
        assert energy == tuple(round(KWH_MICROJOULES * ratio) for ratio in (0.9, 1.0, 1.2))
        assert 0 < amount.low < amount.central < amount.high
    assert amounts[MARKET].central == pytest.approx(amounts[LOCATION].central)


def test_water_is_absent_where_no_dataset_has_the_region(tmp_path):
    site = Site(tmp_path, place="KE")
    site.draws(1.0)
    assert {stem for _, stem, _ in site.entries.impacts} == {LOCATION, MARKET, UPSTREAM}


def test_a_live_value_goes_before_the_yearly_one(site):
    site.provider.values_known = (told(NOON, 100),)
    site.draws(1.0, seconds=1800)
    grid = site.use.grid(site.clock.utc)

    assert (grid.is_live, grid.id) == (True, "live-test/electricity:FR")
    assert site.entries.impacts[int(NOON.timestamp()), LOCATION, grid.id].central == pytest.approx(100)  # it is direct
    assert "not_known_yet" not in reasons(site)


def test_without_a_live_value_that_holds_the_yearly_one_stands_in_and_a_problem_says_so(site):
    assert not site.use.grid(NOON).is_live
    assert "not_known_yet" in reasons(site)


def test_hours_that_are_told_later_are_mended_by_entries_of_their_own(site):
    site.draws(1.0)
    by_year = site.use.grid(NOON).id
    site.provider.values_known = (told(NOON, 100),)
    assert site.mends()
    booked = {one.factor_id: one.amount for one in site.history.booked(NOON) if one.stem == LOCATION}

    assert set(booked) == {by_year, TAKEN_BACK + by_year, "live-test/electricity:FR"}  # the old entry is kept
    assert booked[TAKEN_BACK + by_year].central == -booked[by_year].central
    assert site.grams(LOCATION).central == pytest.approx(100)
    assert site.grams(LOCATION).low == pytest.approx(90)
    assert site.grams(LOCATION).microjoules == KWH_MICROJOULES
    assert site.grams(MARKET).central == pytest.approx(100)
    assert [one.factor_id for one in netted(site.history.booked(NOON)) if one.stem == LOCATION] == [
        "live-test/electricity:FR"
    ]


def test_a_live_value_that_was_held_beyond_its_time_is_mended_when_that_time_is_told(site):
    """50 g/kWh was the last that was told; of the hour after it 500 were told later."""

    class Holding(type(site.provider)):
        def at(self, _now):
            return self.values_known[-1]

    site.provider = Holding((told(NOON - HOUR, 50),))
    site.use = Use(site.use._standing, site.provider, site.history)  # noqa: SLF001 - with another provider
    site.draws(1.0, seconds=1800)
    assert site.use.grid(site.clock.utc).id == "live-test/electricity:FR:held"
    assert site.entries.impacts[int(NOON.timestamp()), LOCATION, "live-test/electricity:FR:held"].central == (
        pytest.approx(50)
    )

    site.clock.wait(3600)
    site.provider.values_known = (told(NOON - HOUR, 50), told(NOON, 500), told(NOON + HOUR, 500))
    site.mends()
    assert site.grams(LOCATION).central == pytest.approx(500)
    assert site.grams(MARKET).central == pytest.approx(500)


def test_the_mean_of_the_hour_mends_it(site):
    site.draws(1.0)
    site.provider.values_known = tuple(told(NOON + timedelta(minutes=30 * n), 100 + 100 * n, 30) for n in (0, 1))
    site.mends()
    assert site.grams(LOCATION).central == pytest.approx(150)


def test_an_hour_that_is_told_in_part_is_left_alone(site):
    site.draws(1.0)
    site.provider.values_known = (told(NOON, 100, minutes=45),)
    assert site.mends() == []


def test_the_hour_that_runs_is_left_alone(site):
    site.draws(1.0, seconds=3599)
    site.provider.values_known = (told(NOON, 100),)
    assert site.mends() == []


def test_nothing_is_mended_twice(site):
    site.draws(1.0)
    site.provider.values_known = (told(NOON, 100),)
    site.mends()
    before = site.grams(LOCATION).central
    site.provider.values_known = (told(NOON, 100), told(NOON + timedelta(hours=1), 90))

    assert site.mends() == []
    assert site.grams(LOCATION).central == before


def test_energy_of_a_past_hour_is_booked_by_that_hours_factor(site):
    """The agent was away over the new year; the counter tells what was used meanwhile."""
    site.clock.utc = datetime(2025, 1, 1, 0, 30, tzinfo=UTC)
    site.draws(2.0, seconds=7200)
    factors = {hour: factor for hour, stem, factor in site.entries.impacts if stem == LOCATION}

    assert [factors[hour][-4:] for hour in sorted(factors)] == ["2025", "2025", "2025"]
    site.clock.utc = datetime(2024, 12, 31, 23, 0, tzinfo=UTC)
    site.entries.clear()
    site.draws(2.0, seconds=7200)
    factors = {hour: factor for hour, stem, factor in site.entries.impacts if stem == LOCATION}
    assert [factors[hour][-4:] for hour in sorted(factors)] == ["2024", "2025"]


def test_an_instrument_covers_its_volume_and_acts_on_the_market_based_figure_alone(tmp_path):
    site = Site(tmp_path, instruments=(contract(kwh=1.5),))
    for _ in range(3):
        site.draws(1.0)
    site.mends()
    covered = site.history.impact_totals_by_factor()[MARKET, "instrument:Windpark"]

    assert covered.microjoules == 1.5 * KWH_MICROJOULES
    assert site.grams(MARKET).central == pytest.approx(site.grams(LOCATION).central / 2)
    assert site.grams(MARKET).microjoules == site.grams(LOCATION).microjoules == 3 * KWH_MICROJOULES


def test_a_restart_knows_what_was_covered(tmp_path):
    site = Site(tmp_path, instruments=(contract(kwh=1.5),))
    site.draws(1.0)
    site.mends()
    site.use = Use(site.use._standing, site.provider, site.history)  # noqa: SLF001 - as after a restart
    site.draws(1.0)
    site.mends()

    assert site.history.impact_totals_by_factor()[MARKET, "instrument:Windpark"].microjoules == 1.5 * KWH_MICROJOULES


def test_an_explanation_uses_nothing_up(tmp_path):
    site = Site(tmp_path, instruments=(contract(kwh=1.5),))
    energy = HostHour(KWH_MICROJOULES, KWH_MICROJOULES, KWH_MICROJOULES)
    site.use.would_book(energy, NOON, MarketState())
    site.draws(1.5)
    site.mends()

    assert site.grams(MARKET).central == pytest.approx(0)


def test_whoever_holds_a_certificate_that_runs_out_is_told_so_before_its_period_ends(tmp_path):
    """A guarantee of 360 J, and a host that draws 180 J twice: nothing is left of it in March."""
    site = Site(tmp_path, instruments=(contract(kwh=360 / 3.6e6),))
    site.draws(180 / 3.6e6, seconds=60)
    assert "instrument_used_up" not in reasons(site)
    site.draws(180 / 3.6e6, seconds=60)

    [problem] = [one for one in site.use.problems(site.clock.utc) if one.reason == "instrument_used_up"]
    assert problem.what == "the volume of 'Windpark' is used up, its period ends on 2026-12-31"
    site.history.close()

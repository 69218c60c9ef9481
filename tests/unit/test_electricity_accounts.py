# SPDX-License-Identifier: Apache-2.0
"""What the host's energy is entered as, live or by the book, and what is mended when live values come late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sites import KWH_MICROJOULES, LOCATION, MARKET, NOON, UPSTREAM, WATER, Site, contract, told

from agent.accounts.electricity import ElectricityAccounts, netted
from agent.accounts.grid_in_use import HOUR
from agent.history.hourly import EntryKind
from agent.history.tables import IMPACTS
from agent.ledger import EnergyLedger

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.history.close()


def written(site, quantity=None):
    """Write, and return what is in the history by then."""
    site.history.write(EnergyLedger({}), site.entries, 0.0, site.clock.utc)
    return [one for one in site.history.counted(EVER) if quantity in {None, one.quantity}]


def reasons(site):
    return {problem.reason for problem in site.electricity.problems(site.clock.utc)}


def test_a_kwh_is_booked_in_both_scopes_with_its_energy(site):
    site.draws(1.0, seconds=600)
    amounts = {one.quantity: one.amount for one in written(site)}

    assert set(amounts) == {LOCATION, MARKET, UPSTREAM, WATER}
    for hour in amounts.values():
        assert hour.energy.amounts() == tuple(round(KWH_MICROJOULES * ratio) for ratio in (0.9, 1.0, 1.2))
        assert 0 < hour.amount.low < hour.amount.central < hour.amount.high
    assert amounts[MARKET].amount.central == pytest.approx(amounts[LOCATION].amount.central)


def test_water_is_absent_where_no_dataset_has_the_region(tmp_path):
    site = Site(tmp_path, place="KE")
    site.draws(1.0)
    assert {one.quantity for one in written(site)} == {LOCATION, MARKET, UPSTREAM}


def test_a_live_value_goes_before_the_yearly_one(site):
    site.provider.values_known = (told(NOON, 100),)
    site.draws(1.0, seconds=1800)
    grid = site.electricity.grid(site.clock.utc)

    assert (grid.kind, grid.factor) == (EntryKind.LIVE, "live-test/electricity:FR")
    [entry] = written(site, LOCATION)
    assert (entry.kind, entry.factor) == (EntryKind.LIVE, "live-test/electricity:FR")
    assert entry.amount.amount.central == pytest.approx(100)  # it is direct
    assert "not_known_yet" not in reasons(site)


def test_without_a_live_value_that_holds_the_yearly_one_stands_in_and_a_problem_says_so(site):
    assert not site.electricity.grid(NOON).is_live
    assert "not_known_yet" in reasons(site)


def test_hours_that_are_told_later_are_mended_by_entries_of_their_own(site):
    site.draws(1.0)
    by_year = site.electricity.grid(NOON).factor
    site.provider.values_known = (told(NOON, 100),)
    assert site.mends()
    entered = {(one.kind, one.factor, one.taken_back): one.amount.amount for one in written(site, LOCATION)}

    old, back = (EntryKind.YEARLY, by_year, False), (EntryKind.YEARLY, by_year, True)
    assert set(entered) == {old, back, (EntryKind.LIVE, "live-test/electricity:FR", False)}  # the old entry is kept
    assert entered[back].central == -entered[old].central
    assert site.grams(LOCATION).central == pytest.approx(100)
    assert site.grams(LOCATION).low == pytest.approx(90)
    assert site.energy(LOCATION) == KWH_MICROJOULES
    assert site.grams(MARKET).central == pytest.approx(100)
    assert [one.factor for one in netted(written(site, LOCATION))] == ["live-test/electricity:FR"]


def test_a_live_value_that_was_held_beyond_its_time_is_mended_when_that_time_is_told(site):
    """50 g/kWh was the last that was told; of the hour after it 500 were told later."""

    class Holding(type(site.provider)):
        def at(self, _now):
            return self.values_known[-1]

    site.provider = Holding((told(NOON - HOUR, 50),))
    site.electricity = ElectricityAccounts(site.electricity._facts, site.provider, site.history)  # noqa: SLF001 - with another provider
    site.draws(1.0, seconds=1800)
    grid = site.electricity.grid(site.clock.utc)
    assert (grid.kind, grid.factor) == (EntryKind.HELD, "live-test/electricity:FR")
    [entry] = written(site, LOCATION)
    assert (entry.kind, entry.factor) == (EntryKind.HELD, "live-test/electricity:FR")
    assert entry.amount.amount.central == pytest.approx(50)

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


def test_hours_of_another_place_are_left_alone(tmp_path):
    """Moved from France to Poland within the hour, and the values that are learned are Poland's."""
    site = Site(tmp_path, place="FR")
    site.draws(0.5, seconds=1800)
    site.moves("PL")
    site.draws(0.5, seconds=1800)
    site.provider.values_known = (told(NOON, 700),)
    site.mends()
    energies = {}
    for one in netted(written(site, LOCATION)):
        energies[one.kind, one.region] = one.amount.energy.central

    assert energies == {
        (EntryKind.YEARLY, "FR"): KWH_MICROJOULES / 2,
        (EntryKind.LIVE, "PL"): KWH_MICROJOULES / 2,
    }


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
    assert years(site) == ["2025", "2025", "2025"]
    site.entries.clear()
    site.clock.utc = datetime(2024, 12, 31, 23, 0, tzinfo=UTC)
    site.draws(2.0, seconds=7200)
    assert years(site) == ["2024", "2025"]


def years(site):
    """The year of each hour's factor, of what is not written yet."""
    factors = {hour: factor for hour, stem, _, factor, *_ in site.entries.of(IMPACTS) if stem == LOCATION}
    return [factors[hour][-4:] for hour in sorted(factors)]


def test_an_instrument_covers_its_volume_and_acts_on_the_market_based_figure_alone(tmp_path):
    site = Site(tmp_path, instruments=(contract(kwh=1.5),))
    for _ in range(3):
        site.draws(1.0)
    site.mends()
    covered = site.history.impact_totals_by_factor()[MARKET, EntryKind.INSTRUMENT, "Windpark", "FR"]

    assert covered.energy.central == 1.5 * KWH_MICROJOULES
    assert site.grams(MARKET).central == pytest.approx(site.grams(LOCATION).central / 2)
    assert site.energy(MARKET) == site.energy(LOCATION) == 3 * KWH_MICROJOULES


def test_a_restart_knows_what_was_covered(tmp_path):
    site = Site(tmp_path, instruments=(contract(kwh=1.5),))
    site.draws(1.0)
    site.mends()
    site.electricity = ElectricityAccounts(site.electricity._facts, site.provider, site.history)  # noqa: SLF001 - as after a restart
    site.draws(1.0)
    site.mends()

    covered = site.history.impact_totals_by_factor()[MARKET, EntryKind.INSTRUMENT, "Windpark", "FR"]
    assert covered.energy.central == 1.5 * KWH_MICROJOULES


def test_whoever_holds_a_certificate_that_runs_out_is_told_so_before_its_period_ends(tmp_path):
    """A guarantee of 360 J, and a host that draws 180 J twice: nothing is left of it in March."""
    site = Site(tmp_path, instruments=(contract(kwh=360 / 3.6e6),))
    site.draws(180 / 3.6e6, seconds=60)
    assert "instrument_used_up" not in reasons(site)
    site.draws(180 / 3.6e6, seconds=60)

    [problem] = [one for one in site.electricity.problems(site.clock.utc) if one.reason == "instrument_used_up"]
    assert problem.what == "the volume of 'Windpark' is used up, its period ends on 2026-12-31"
    site.history.close()

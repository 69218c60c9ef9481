# SPDX-License-Identifier: Apache-2.0
"""Accounts that survive a correction. Each situation is worked out by hand: the host draws 1 kWh in every hour unless it says else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from clocks import HandClock
from histories import METERED
from one_package import OnePackage, one_package, ticks
from sites import KWH_MICROJOULES, LOCATION, MARKET, NOON, UPSTREAM, Site, contract, told
from trees import machine

from agent.accounts.electricity import ElectricityAccounts, netted
from agent.accounts.recompute import Knowledge, recomputed
from agent.cli import main
from agent.history.entries import Entries
from agent.history.hourly import EntryKind, HostHour
from agent.history.periods import statement
from agent.history.view import HistoryView
from agent.history.writer import History
from agent.host_facts import host_facts
from agent.ledger import EnergyLedger
from agent.place import DatedPlaces, Place, Stay
from agent.stretch import Stretch
from agent.written.config import Config
from impacts.facility import Pue
from impacts.market_based.instruments import InstrumentKind
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation, Estimate

HOUR = timedelta(hours=1)
FACILITY_MARKET, FACILITY_LOCATION = "facility_scope2_market_based_co2e", "facility_scope2_location_based_co2e"
TWICE = Pue("pue/report, 2026", Citation("report"), {}, Estimate.exact(2.0, "1", Citation("report")))
GUARANTEE = """
market_based:
  instruments:
    - {{name: GO, kind: guarantee_of_origin, from: 2026-01-01, until: 2026-12-31, volume_kwh: {kwh},
       factor_gco2e_per_kwh: 0, documentation: cancellation 42, market: [FR]}}
"""


def guarantee(kwh):
    """The same, as the agent has it from its config."""
    return replace(contract(kwh=kwh), name="GO")


class Host:
    """A host whose agent is started and stopped, and whose history is recomputed by the command in between."""

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "state"
        self.now = NOON

    def runs(self, hours, *instruments, place="FR", pue=None, places=None, provider=None):
        """Run the agent for some hours from now on, with what its config has by now; return its problems at the end."""
        clock = HandClock(utc=self.now)
        history, entries = History.open(self.state, clock), Entries()
        facts = host_facts(machine(self.folder, clock), Place(place), (), instruments, pue)
        facts = facts if places is None else replace(facts, places=places)
        electricity = ElectricityAccounts(facts, provider, history)
        for _ in range(hours):
            clock.wait(3600)
            stretch, energy = Stretch.before(clock.utc, 3600.0), Bounded(*[KWH_MICROJOULES] * 3)
            entries.add_host("measured", METERED, HostHour(energy, KWH_MICROJOULES, 3600.0), stretch)
            for entry in electricity.entries_of(energy, stretch, "measured"):
                entries.add(entry)
        history.write(EnergyLedger({}), entries, 0.0, clock.utc)
        history.close()
        self.now = clock.utc
        return {one.reason for one in electricity.problems(clock.utc)}

    def recomputes(self, config, first="2026-03-01", last="2026-12-31"):
        """Run the command; return its status."""
        path = self.folder / "config.yaml"
        path.write_text(f"state_directory: {self.state}\n{config}")
        return main(["recompute", "--from", first, "--to", last, "--config", str(path)])

    def accounts(self):
        view = HistoryView.open_read_only(self.state)
        found = netted(view.accounts(NOON - 24 * HOUR))
        view.close()
        return found

    def kwh(self, quantity, **of):
        """The energy of the newest accounts that was entered so: by `factor`, in `region`."""
        return sum(
            one.amount.energy.central / KWH_MICROJOULES
            for one in self.accounts()
            if one.quantity == quantity and all(getattr(one, key) == value for key, value in of.items())
        )

    def grams(self, quantity, hours=slice(None)):
        """The amounts of the newest accounts hour by hour."""
        by_hour = {}
        for one in self.accounts():
            if one.quantity == quantity:
                by_hour[one.hour] = by_hour.get(one.hour, 0.0) + one.amount.amount.central
        return [by_hour[hour] for hour in sorted(by_hour)][hours]


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


# What an instrument covers ------------------------------------------------------------------------------------------


def test_a_certificate_that_is_entered_late_is_used_once(host):
    """6 kWh, then a guarantee of 4 kWh for them: 4 covered. 6 kWh more with the guarantee in the config: 0 of it is left.

    12 kWh in all: 4 by the guarantee, 8 by the grid.
    """
    host.runs(6)
    assert host.recomputes("location: FR\n" + GUARANTEE.format(kwh=4)) == 0
    assert host.kwh(MARKET, factor="GO") == 4
    host.now += 48 * HOUR
    problems = host.runs(6, guarantee(4))

    assert host.kwh(MARKET, factor="GO") == 4
    assert host.kwh(MARKET) == host.kwh(LOCATION) == 12
    assert "instrument_used_up" in problems  # from the first hour on
    assert "no_residual_mix" in problems  # of what the guarantee does not cover any more


def test_what_a_late_certificate_has_left_goes_on_where_the_recomputed_hours_left_off(host):
    """A guarantee of 10 kWh for 6 kWh of the past leaves 4 for the 6 kWh that come."""
    host.runs(6)
    host.recomputes("location: FR\n" + GUARANTEE.format(kwh=10))
    host.runs(6, guarantee(10))

    assert host.kwh(MARKET, factor="GO") == 10
    assert [grams == 0 for grams in host.grams(MARKET)] == [True] * 10 + [False] * 2


def test_a_facility_uses_a_late_certificate_once_too(host):
    """PUE 2: 6 kWh of the host are 12 of the facility. A guarantee of 9 kWh covers 6 of the one and 9 of the other.

    6 hours more: the host's account has 3 kWh of it left, the facility's none. In all 9 kWh each, of 12 and of 24.
    """
    config = "location: FR\npue: {value: 2, source: report, year: 2026}\n" + GUARANTEE.format(kwh=9)
    host.runs(6, pue=TWICE)
    host.recomputes(config)
    assert (host.kwh(MARKET, factor="GO"), host.kwh(FACILITY_MARKET, factor="GO")) == (6, 9)
    host.runs(6, guarantee(9), pue=TWICE)

    assert (host.kwh(MARKET, factor="GO"), host.kwh(FACILITY_MARKET, factor="GO")) == (9, 9)
    assert (host.kwh(MARKET), host.kwh(FACILITY_MARKET)) == (12, 24)


def test_a_partial_recompute_after_a_volume_was_lowered_is_refused_with_the_command_that_does_it(host, capsys):
    """10 kWh allotted: 2 March covers 6, 5 March the 4 that are left. The volume is corrected to 3.

    2 March alone by 3 kWh: 3 and the 4 of 5 March would be 7 kWh of 3. All of the period: 3 and 0.
    """
    host.runs(6, guarantee(10))
    host.now = NOON + 72 * HOUR
    host.runs(6, guarantee(10))
    config = "location: FR\n" + GUARANTEE.format(kwh=3)
    status = host.recomputes(config, last="2026-03-03")
    complaint = capsys.readouterr().err

    assert status == 2
    assert host.kwh(MARKET, factor="GO") == 10  # nothing was written
    assert complaint.count("\n") == 1
    assert "the volume of 'GO' is 3 kWh, and the hours that would stay as they are claim 4 kWh of it" in complaint
    command = complaint.strip().rpartition(": wattprint ")[2]
    assert command == "recompute --from 2026-01-01 --to 2026-12-31"
    assert host.recomputes(config, *command.split()[2::2]) == 0
    assert host.kwh(MARKET, factor="GO") == 3
    assert [grams == 0 for grams in host.grams(MARKET)] == [True] * 3 + [False] * 9


def test_a_recompute_of_the_later_hours_alone_is_refused_where_the_earlier_claim_too_much(host, capsys):
    """6 of 10 kWh were covered on 2 March; of a volume of 3 nothing is left for 5 March, and 6 are claimed all the same."""
    host.runs(6, guarantee(10))
    host.now = NOON + 72 * HOUR
    host.runs(6, guarantee(10))

    assert host.recomputes("location: FR\n" + GUARANTEE.format(kwh=3), first="2026-03-05") == 2
    assert "claim 6 kWh of it" in capsys.readouterr().err


def test_a_partial_recompute_counts_what_later_hours_claim(host):
    """The guarantee of 4 kWh came on 5 March, and covers 4 of its 6 kWh: none is left for 2 March, recomputed alone.

    All of the period recomputed: a volume is used from the first day on, so that 2 March has the 4 and 5 March none.
    """
    host.runs(6)
    host.now = NOON + 72 * HOUR
    host.runs(6, guarantee(4))
    config = "location: FR\n" + GUARANTEE.format(kwh=4)

    assert host.recomputes(config, last="2026-03-03") == 0
    assert [grams == 0 for grams in host.grams(MARKET)] == [False] * 6 + [True] * 4 + [False] * 2
    assert host.recomputes(config) == 0
    assert [grams == 0 for grams in host.grams(MARKET)] == [True] * 4 + [False] * 8


def test_the_agent_says_that_the_accounts_claim_more_than_a_volume_until_they_are_recomputed(host):
    """6 kWh covered of 10; the volume is corrected to 3, and nothing recomputed yet: 3 kWh too much are claimed."""
    host.runs(6, guarantee(10))
    assert "instrument_overclaimed" in host.runs(1, guarantee(3))
    assert host.kwh(MARKET, factor="GO") == 6  # and no more

    host.recomputes("location: FR\n" + GUARANTEE.format(kwh=3))
    assert "instrument_overclaimed" not in host.runs(1, guarantee(3))
    assert host.kwh(MARKET, factor="GO") == 3


# Where the host was --------------------------------------------------------------------------------------------------


def test_a_host_that_moved_keeps_the_place_of_each_hour(host):
    """6 kWh in France, 6 in Poland, whose grid emits more than ten times as much; then all is recomputed in Poland."""
    host.runs(6)
    host.now += 48 * HOUR
    host.runs(6, place="PL")
    before = host.grams(LOCATION)
    host.recomputes("location: PL\n")

    assert host.grams(LOCATION) == before
    assert min(before[6:]) > 10 * max(before[:6])
    assert host.kwh(LOCATION, region="FR") == host.kwh(LOCATION, region="PL") == 6


def test_dated_locations_move_hours_that_were_entered_in_the_wrong_place(host):
    """The host moved on 3 March, the config was edited on 5 March: the 12 hours of 3 and 4 March were entered in France.

    By its dates 6 hours (2 March) are in France and 18 in Poland: at the grams of an hour in each, 6 FR + 18 PL.
    """
    host.runs(6)
    for day in (3, 4, 5):
        host.now = NOON + (day - 2) * 24 * HOUR
        host.runs(6, place="PL" if day == 5 else "FR")
    french, polish = host.grams(LOCATION)[0], host.grams(LOCATION)[-1]
    host.recomputes("location: [{place: FR, until: 2026-03-02}, {place: PL}]\n")

    assert host.grams(LOCATION) == pytest.approx([french] * 6 + [polish] * 18)
    assert (host.kwh(LOCATION, region="FR"), host.kwh(LOCATION, region="PL")) == (6, 18)
    assert host.kwh(MARKET) == host.kwh(UPSTREAM) == 24


def test_a_certificate_of_the_place_before_covers_nothing_after_the_move(host):
    """20 kWh of France, 12 hours there and 12 in Poland by the dates: 12 kWh covered, of the host and (PUE 2) 20 of its facility."""
    moved = DatedPlaces((Stay("FR", date(2026, 3, 2)), Stay("PL", date.max)))  # from 3 March 0:00, after 12 hours
    host.runs(24, guarantee(20), place="PL", places=moved, pue=TWICE)

    assert (host.kwh(LOCATION, region="FR"), host.kwh(LOCATION, region="PL")) == (12, 12)
    assert (host.kwh(MARKET, factor="GO", region="FR"), host.kwh(MARKET, factor="GO", region="PL")) == (12, 0)
    assert (host.kwh(FACILITY_MARKET, factor="GO"), host.kwh(FACILITY_MARKET)) == (20, 48)
    assert host.kwh(FACILITY_LOCATION, region="FR") == 24


def test_the_agent_follows_the_dates_while_it_runs_and_for_energy_of_hours_before(tmp_path):
    """Two hours in one step, one on each side of the move at midnight."""
    site = Site(tmp_path, place="PL")
    site.facts = replace(site.facts, places=DatedPlaces((Stay("FR", date(2026, 3, 2)), Stay("PL", date.max))))
    site.electricity = ElectricityAccounts(site.facts, None, site.history)
    grids = [site.electricity.grid(NOON + hours * HOUR).region for hours in (0, 11, 12, 24)]
    site.clock.utc = datetime(2026, 3, 2, 23, tzinfo=UTC)
    site.draws(2.0, 7200.0)
    site.mends()
    entered = {one.region: one.amount.energy.central for one in site.history.counted(NOON) if one.quantity == LOCATION}

    assert grids == ["FR", "FR", "PL", "PL"]
    assert entered == {"FR": KWH_MICROJOULES, "PL": KWH_MICROJOULES}


@pytest.mark.parametrize("dated", [False, True])
def test_the_mending_of_the_last_days_leaves_the_hours_of_the_place_before_alone(tmp_path, dated):
    """6 hours in France by the yearly factor; then in Poland, whose provider knows 700 g/kWh of those hours, too."""
    site = Site(tmp_path)
    for _ in range(6):
        site.draws(1.0)
    site.moves("PL")
    if dated:
        site.facts = replace(site.facts, places=DatedPlaces((Stay("FR", date(2026, 3, 2)), Stay("PL", date.max))))
    site.provider.values_known = tuple(told(NOON + hours * HOUR, 700) for hours in range(6))
    site.electricity = ElectricityAccounts(site.facts, site.provider, site.history)
    before = site.grams(LOCATION).central

    assert site.mends() == []
    assert site.grams(LOCATION).central == before


def test_a_live_value_of_the_wrong_place_gives_way_to_the_right_one(host):
    """The hour was entered by France's live 50 g/kWh; by the dates it was in Poland."""
    site_values = [told(NOON, 50)]

    class Told:
        values_known = tuple(site_values)

        def at(self, _now):
            return site_values[0]

        def history(self, _since, _until):
            return site_values

        def problems(self, _now):
            return []

    host.runs(1, provider=Told())
    assert host.grams(LOCATION) == pytest.approx([50])
    host.recomputes("location: [{place: PL}]\n")

    assert host.grams(LOCATION)[0] > 200
    assert {one.kind for one in host.accounts() if one.quantity == LOCATION} == {EntryKind.YEARLY}


def test_a_guess_of_today_does_not_move_what_was_guessed_before(tmp_path):
    """By its time zone it was in France, by that of today in Poland; nobody has said either."""
    site = Site(tmp_path)
    site.facts = replace(site.facts, place=Place("FR", inferred=True))
    site.electricity = ElectricityAccounts(site.facts, None, site.history)
    site.draws(1.0)
    site.mends()
    old, book = netted(site.history.accounts(NOON)), site.facts.machine.book

    assert recomputed([], old, Knowledge(book, Place("PL", inferred=True))) == []
    assert recomputed([], old, Knowledge(book, Place("PL"))) != []


# What is not known ---------------------------------------------------------------------------------------------------


def states(view, hours):
    stated = statement(view, NOON, NOON + hours * HOUR)
    return {one.quantity.stem: one.estimate for one in stated.figures}, {
        one.reason: one.what for one in stated.problems
    }


@pytest.mark.parametrize(("may_be_off", "low"), [(False, 12 * 0.9), (True, 0.0)])
def test_half_a_day_without_the_agent_is_stated_with_what_it_could_have_been(tmp_path, may_be_off, low):
    """6 h at 1 kW (0.9 to 1.2), 12 h without the agent, 6 h at 1 kW: 12 kWh are known, 24 were drawn.

    By the hours around 12 h could have been 12 kWh, 10.8 to 14.4; from 0 where the host may have been off.
    """
    site = Site(tmp_path)
    for hours in (6, 6):
        for _ in range(hours):
            site.draws(1.0)
            energy = Bounded(*(round(KWH_MICROJOULES * corner) for corner in (0.9, 1.0, 1.2)))
            site.entries.add_host(
                "measured", METERED, HostHour(energy, 0, 3600.0), Stretch.before(site.clock.utc, 3600.0)
            )
        if site.clock.utc < NOON + 12 * HOUR:
            site.clock.wait(12 * 3600)
            site.entries.add_unobserved(Stretch.before(site.clock.utc, 12 * 3600.0), may_be_off=may_be_off)
    site.mends()
    figures, problems = states(site.history, 24)

    known, could = figures["host_energy"].in_unit("kWh"), figures["host_unobserved_energy"].in_unit("kWh")
    assert known.central == pytest.approx(12)
    assert (could.low, could.central, could.high) == pytest.approx((low, 12, 14.4))
    assert known.low + could.low <= 24 <= known.high + could.high
    assert figures["host_unobserved"].central == pytest.approx(12 * 3600)
    assert f"it could have been 12 kWh ({low:.4g} to 14.4)" in problems["unobserved"]
    assert "hours_missing" not in problems


def test_the_hours_around_bound_a_gap_by_the_lowest_and_the_highest_of_them(tmp_path):
    """1, 3 and 2 kW before a gap of half an hour, 6 kW in the other half of its hour (3 kWh), 4 kW after it.

    Mean power: (1 + 3 + 2 + 3 + 4) kWh in 4.5 h = 13/4.5 kW; of half an hour 13/9 kWh, 0.5 to 3.
    """
    site = Site(tmp_path)
    for kwh, seconds in ((1, 3600.0), (3, 3600.0), (2, 3600.0), (3, 1800.0)):
        site.clock.wait(seconds)
        site.entries.add_host("measured", METERED, exactly(kwh, seconds), Stretch.before(site.clock.utc, seconds))
    site.clock.wait(1800)
    site.entries.add_unobserved(Stretch.before(site.clock.utc, 1800.0), may_be_off=False)
    site.clock.wait(3600)
    site.entries.add_host("measured", METERED, exactly(4, 3600.0), Stretch.before(site.clock.utc, 3600.0))
    site.mends()
    could = states(site.history, 5)[0]["host_unobserved_energy"].in_unit("kWh")

    assert (could.low, could.central, could.high) == pytest.approx((0.5, 13 / 9, 3))


def exactly(kwh, seconds):
    return HostHour(Bounded(*[kwh * KWH_MICROJOULES] * 3), 0, seconds)


def test_sources_that_have_been_silent_up_to_now_are_stated_before_their_absence_is_entered(tmp_path):
    """The history goes from 12:00 to 17:00: energy for 2 h at 1 kW, silence for 3 h. Nobody knows whether the host was off then.

    3 h could have been 3 kWh, 0 to 3; of the hours before 12:00 and after 17:00 the history knows nothing, and says only that.
    """
    site = Site(tmp_path)
    site.mends()
    for _ in range(2):
        site.clock.wait(3600)
        site.entries.add_host("measured", METERED, exactly(1, 3600.0), Stretch.before(site.clock.utc, 3600.0))
    site.clock.wait(3 * 3600)
    site.mends()
    figures, problems = states(site.history, 6)
    could = figures["host_unobserved_energy"].in_unit("kWh")

    assert figures["host_unobserved"].central == 3 * 3600
    assert (could.low, could.central, could.high) == pytest.approx((0, 3, 3))
    assert problems["hours_missing"].startswith("4 of 6 hours have no record at all")
    assert "for 10800 s of it the host may have been off" in problems["unobserved"]


def test_without_any_hour_around_only_the_time_is_stated(tmp_path):
    site = Site(tmp_path)
    site.clock.wait(3600)
    site.entries.add_unobserved(Stretch.before(site.clock.utc, 3600.0), may_be_off=False)
    site.mends()
    figures, problems = states(site.history, 1)

    assert figures.keys() == {"host_unobserved"}
    assert "could have been" not in problems["unobserved"]


def test_the_agent_counts_the_time_in_which_it_did_not_run(tmp_path):
    """1 s until the first reading; then 600 s until it runs again, in another boot, and 1 s until its first reading there: 602.

    It is kept over the next restart, which loses nothing: the counter went on.
    """
    node, config = OnePackage(one_package(tmp_path / "root")), Config(location="FR")
    with node.sampling(config, tmp_path / "state") as sampler:
        before = ticks(sampler, node, 10)
        sampler.write()
    node.clock.reboot(600)
    with node.sampling(config, tmp_path / "state") as sampler:
        after = ticks(sampler, node, 3)
        sampler.write()
    with node.sampling(config, tmp_path / "state") as sampler:
        restarted = ticks(sampler, node, 1)

    name = "wattprint_host_unobserved_seconds_total"
    assert [given.named(name)[0].estimate.central for given in (before, after, restarted)] == pytest.approx(
        [1, 602, 602]
    )


# What is said of instruments -----------------------------------------------------------------------------------------


def said(site):
    return {one.reason: one.what for one in site.electricity.problems(site.clock.utc)}


def test_no_residual_mix_is_missed_where_instruments_cover_everything(tmp_path):
    """Two contracts of a half each; one of them alone leaves the other half to the grid's average."""
    halves = [replace(contract(share=0.5), name=name) for name in ("first", "second")]
    whole, half = (Site(tmp_path, instruments=tuple(of)) for of in (halves, halves[:1]))
    for site in (whole, half):
        site.draws(1.0)

    assert "no_residual_mix" not in said(whole)
    assert "no_residual_mix" in said(half)


def test_a_certificate_is_said_to_be_used_up_in_the_step_that_uses_it_up_and_a_residual_mix_missed_from_then_on(
    tmp_path,
):
    """1.5 kWh: half an hour is left of it after the first hour, nothing after the first half of the second."""
    site = Site(tmp_path, instruments=(contract(kwh=1.5),))
    seen = []
    for seconds in (3600.0, 1799.0, 1.0, 1800.0):
        site.draws(seconds / 3600, seconds)
        seen.append({"instrument_used_up", "no_residual_mix"} & said(site).keys())

    # The high bound draws a fifth more: what it draws is not covered wholly from the 75th minute on.
    assert seen == [
        set(),
        {"no_residual_mix"},
        {"instrument_used_up", "no_residual_mix"},
        {"instrument_used_up", "no_residual_mix"},
    ]


def test_an_instrument_without_a_market_covers_nothing_on_a_host_without_a_place(tmp_path):
    """Criterion 5 of table 7.1: it is of the market in which the electricity is used, and neither is known."""
    nowhere = Site(tmp_path, place="", instruments=(replace(contract(kwh=10), markets=()),))
    nowhere.draws(1.0)
    nowhere.mends()

    assert {one.kind for one in nowhere.history.counted(NOON) if one.quantity == MARKET} == {EntryKind.YEARLY}
    assert said(nowhere)["location_unknown"] == (
        "ppa 'Windpark' may be of another market than this machine: the place of this machine is not known, so it is not applied"
    )


def test_an_instrument_without_a_market_is_applied_where_the_place_is_known_and_that_is_said(tmp_path):
    site = Site(tmp_path, instruments=(replace(contract(kwh=10), markets=()),))
    site.draws(1.0)
    site.mends()

    assert {one.kind for one in site.history.counted(NOON) if one.quantity == MARKET} == {EntryKind.INSTRUMENT}
    assert "does not state its market" in said(site)["instrument_market_unknown"]


def test_a_certificate_of_twenty_years_covers_nothing_and_a_contract_of_twenty_does(tmp_path):
    """Criterion 4 of table 7.1: a certificate's vintage is close to the time of use. A contract is no certificate."""
    years = {"begins": date(2015, 1, 1), "until": date(2035, 12, 31)}
    kinds = (InstrumentKind.GUARANTEE_OF_ORIGIN, InstrumentKind.PPA)
    entered = {}
    for kind in kinds:
        site = Site(tmp_path, instruments=(replace(guarantee(10), kind=kind, **years),))
        site.draws(1.0)
        site.mends()
        by = {entry.kind for entry in site.history.counted(NOON) if entry.quantity == MARKET}
        entered[kind] = (by, "instrument_vintage" in said(site))

    assert entered == {kinds[0]: ({EntryKind.YEARLY}, True), kinds[1]: ({EntryKind.INSTRUMENT}, False)}

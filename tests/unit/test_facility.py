# SPDX-License-Identifier: Apache-2.0
"""The facility's energy and emissions: the host's times the PUE of the hour, corner by corner."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from books import shipped
from histories import METERED, OPENED, impact_totals
from jsonschema import Draft202012Validator
from one_package import OnePackage, one_package, ticks
from sites import KWH_MICROJOULES, LOCATION, MARKET, NOON, UPSTREAM, Site, contract, told

from agent.accounts.electricity import netted
from agent.accounts.recompute import Knowledge, recomputed
from agent.accounts.totals import Totals
from agent.cli import main
from agent.explain.electricity import ElectricityPapers
from agent.history.hourly import HostHour
from agent.history.periods import statement
from agent.ledger import EnergyLedger
from agent.place import Place
from agent.stretch import Stretch
from agent.written.config import Config
from impacts.facility import Pue
from impacts.values.bounded import Bounded
from impacts.values.derivations import render
from impacts.values.estimates import Citation, Estimate

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "recompute.schema.json").read_text(encoding="utf-8"))
REPORT = Citation("PUE: report", locator="config, pue", year=2025)
FACILITY_LOCATION, FACILITY_MARKET, FACILITY_UPSTREAM = (
    "facility_scope2_location_based_co2e",
    "facility_scope2_market_based_co2e",
    "facility_scope3_energy_upstream_co2e",
)
ENERGY = "facility_energy:measured"


def ratio(*corners):
    low, central, high = corners if len(corners) == 3 else corners * 3
    return Estimate(low, central, high, "1", (REPORT,))


def pue(*corners, by_hour=None):
    return Pue("pue/report, 2025", REPORT, by_hour or {}, ratio(*corners) if corners else None)


def hour(number):
    return int(NOON.timestamp()) + number * 3600


class Facility(Site):
    """A host in a facility, whose energy is in the file, too: 1 kWh (0.9 to 1.2) an hour."""

    def draws(self, kwh=1.0, seconds=3600.0):
        super().draws(kwh, seconds)
        energy = Bounded(*(round(kwh * KWH_MICROJOULES * corner) for corner in (0.9, 1.0, 1.2)))
        stretch = Stretch.before(self.clock.utc, seconds)
        self.entries.add_host("measured", METERED, HostHour(energy, 0, seconds), stretch)

    def writes(self):
        self.history.write(EnergyLedger({}), self.entries, 0.0, self.clock.utc)

    def amounts(self, stem):
        self.writes()
        return impact_totals(self.history)[stem].amount.amounts()


@pytest.fixture
def made(tmp_path):
    def make(**given):
        site = Facility(tmp_path, **given)
        OPENED.append(site.history)
        return site

    return make


def test_energy_and_emissions_are_the_hosts_times_the_pue_corner_by_corner(made):
    site = made(pue=pue(1.2, 1.5, 2.0))
    site.draws()

    assert site.amounts(ENERGY) == pytest.approx((0.9 * 1.2 * 3.6e6, 1.5 * 3.6e6, 1.2 * 2.0 * 3.6e6))
    for facilitys, hosts in ((FACILITY_LOCATION, LOCATION), (FACILITY_MARKET, MARKET), (FACILITY_UPSTREAM, UPSTREAM)):
        low, central, high = site.amounts(hosts)
        assert site.amounts(facilitys) == pytest.approx((low * 1.2, central * 1.5, high * 2.0))


def test_without_a_pue_nothing_is_entered_of_a_facility(made):
    site = made()
    site.draws()
    site.writes()

    assert not [stem for stem in impact_totals(site.history) if stem.startswith("facility")]
    assert not [problem for problem in site.electricity.problems(NOON) if problem.origin == "pue"]


def test_each_hour_has_its_own_and_one_without_is_left_out_with_a_problem(made):
    site = made(pue=pue(by_hour={hour(0): ratio(1.2), hour(2): ratio(1.8)}))
    for _ in range(3):
        site.draws()
    _, central, _ = site.amounts(ENERGY)

    assert central == pytest.approx((1.2 + 1.8) * 3.6e6)
    assert [one.reason for one in site.electricity.problems(NOON + timedelta(hours=1)) if one.origin == "pue"] == [
        "hour_unknown"
    ]
    assert not [one for one in site.electricity.problems(NOON) if one.origin == "pue"]


def test_a_step_over_the_full_hour_is_cut_there(made):
    site = made(pue=pue(by_hour={hour(0): ratio(1.0), hour(1): ratio(2.0)}))
    site.draws(2.0, 7200.0)

    assert site.amounts(ENERGY)[1] == pytest.approx((1.0 + 2.0) * 3.6e6)


def test_a_volume_covers_of_the_facility_no_more_than_itself(made):
    """A contract of 1.5 kWh at 0 g: of the host's 1 kWh it covers all, of the facility's 2 kWh three quarters."""
    site = made(pue=pue(2.0), instruments=(contract(kwh=1.5),))
    site.draws()

    assert site.amounts(MARKET)[1] == 0
    assert site.amounts(FACILITY_MARKET)[1] == pytest.approx(0.25 * site.amounts(FACILITY_LOCATION)[1])


def test_a_share_covers_the_same_share_of_both(made):
    site = made(pue=pue(2.0), instruments=(contract(share=0.4),))
    site.draws()

    assert site.amounts(MARKET)[1] == pytest.approx(0.6 * site.amounts(LOCATION)[1])
    assert site.amounts(FACILITY_MARKET)[1] == pytest.approx(0.6 * site.amounts(FACILITY_LOCATION)[1])


def test_what_a_volume_has_covered_is_known_after_a_restart(made):
    site = made(pue=pue(2.0), instruments=(contract(kwh=3),))
    site.draws()
    site.writes()
    site.electricity.go_on_after(site.history)
    site.draws()

    assert site.amounts(FACILITY_MARKET)[1] == pytest.approx(0.25 * site.amounts(FACILITY_LOCATION)[1])


def test_a_live_value_that_comes_late_mends_the_facilitys_hour_too(made):
    site = made(pue=pue(1.5))
    site.draws()
    site.provider.values_known = (told(NOON, 80),)
    site.mends()

    for facilitys, hosts in ((FACILITY_LOCATION, LOCATION), (FACILITY_MARKET, MARKET), (FACILITY_UPSTREAM, UPSTREAM)):
        assert site.amounts(facilitys)[1] == pytest.approx(1.5 * site.amounts(hosts)[1])
    assert site.amounts(LOCATION)[1] == pytest.approx(80)
    assert site.amounts(ENERGY)[1] == pytest.approx(1.5 * 3.6e6)


def papers(site):
    site.writes()
    made = ElectricityPapers(site.facts, site.electricity, site.clock.utc)
    totals = Totals.of(site.history, NOON, None)
    return {(one.quantity.stem, *one.labels): one for one in made.total_figures(totals, "of the test")}


def test_the_papers_come_to_what_is_entered_and_cite_who_states_the_pue(made):
    site = made(pue=pue(1.2, 1.5, 2.0), instruments=(contract(share=0.4),))
    site.draws()
    found = papers(site)

    for key in (("facility_energy", "measured"), (FACILITY_LOCATION,), (FACILITY_MARKET,), (FACILITY_UPSTREAM,)):
        figure = found[key]
        entered = site.amounts(ENERGY if key[0] == "facility_energy" else key[0])
        assert (figure.estimate.low, figure.estimate.central, figure.estimate.high) == pytest.approx(entered)
        assert figure.derivation.estimate.central == pytest.approx(figure.estimate.central)
        assert {REPORT, METERED[0]} <= set(figure.estimate.grounds)
    energy = render(found["facility_energy", "measured"].derivation)
    assert "energy × pue" in energy
    assert "1 × 1.5 = 1.5 kWh" in energy
    assert "PUE: report" in energy


def test_a_pue_that_was_set_before_is_cited_by_its_name(made):
    site = made(pue=pue(1.5))
    site.draws()
    site.facts = replace(site.facts, pue=replace(pue(1.3), name="pue/another, 2026"))
    site.electricity.follow(site.facts)
    site.draws()
    figure = papers(site)["facility_energy", "measured"]

    assert figure.estimate.central == pytest.approx((1.5 + 1.3) * 3.6e6)
    assert figure.derivation.estimate.central == pytest.approx(figure.estimate.central)
    titles = {ground.title for ground in figure.estimate.grounds}
    assert {"the agent's history: pue/report, 2025", "PUE: report"} <= titles


def test_a_statement_of_a_period_has_the_facility_and_names_what_it_leaves_out(made):
    site = made(pue=pue(by_hour={hour(0): ratio(1.5)}))
    for _ in range(2):
        site.draws()
    site.writes()
    stated = statement(site.history, NOON, NOON + timedelta(hours=2))
    found = {(one.quantity.stem, *one.labels): one.estimate.central for one in stated.figures}

    assert found["facility_energy", "measured"] == pytest.approx(1.5 * 3.6e6)
    assert found[FACILITY_LOCATION,] == pytest.approx(1.5 * found[LOCATION,] / 2)
    [missing] = [one for one in stated.problems if one.reason == "pue_missing"]
    assert missing.what.startswith("of 1 kWh of the host's energy no PUE was known")


def test_a_pue_that_is_known_later_is_applied_to_past_hours(made):
    site = made()
    for _ in range(2):
        site.draws()
    site.writes()
    old = netted(site.history.accounts(NOON))
    hosts = site.history.host_hours(NOON, NOON + timedelta(hours=2))
    known = Knowledge(shipped(), Place("FR"), pue=pue(by_hour={hour(1): ratio(1.2, 1.5, 2.0)}), hosts=hosts)
    new = recomputed([], old, known)

    assert {(one.hour, one.quantity) for one in new} == {
        (hour(1), stem) for stem in (ENERGY, FACILITY_LOCATION, FACILITY_MARKET, FACILITY_UPSTREAM)
    }
    by_stem = {one.quantity: one.amount.amount.amounts() for one in new}
    assert by_stem[ENERGY] == pytest.approx((0.9 * 1.2 * 3.6e6, 1.5 * 3.6e6, 1.2 * 2.0 * 3.6e6))
    [host] = [one.amount.amount.amounts() for one in old if one.hour == hour(1) and one.quantity == LOCATION]
    assert by_stem[FACILITY_LOCATION] == pytest.approx((host[0] * 1.2, host[1] * 1.5, host[2] * 2.0))
    assert by_stem[FACILITY_MARKET] == pytest.approx(by_stem[FACILITY_LOCATION])


def test_what_was_entered_by_the_pue_that_is_known_now_does_not_change(made):
    site = made(pue=pue(1.2, 1.5, 2.0), instruments=(contract(kwh=1),))
    for _ in range(2):
        site.draws()
    site.writes()
    hosts = site.history.host_hours(NOON, NOON + timedelta(hours=2))
    known = Knowledge(shipped(), Place("FR"), (contract(kwh=1),), pue=site.facts.pue, hosts=hosts)

    assert recomputed([], netted(site.history.accounts(NOON)), known) == []


def test_better_factors_act_on_the_facility_where_its_pue_is_set_no_more(made):
    site = made(pue=pue(1.5), place="")
    site.draws()
    site.writes()
    old = netted(site.history.accounts(NOON))
    new = recomputed([], old, Knowledge(shipped(), Place("FR")))
    central = {one.quantity: one.amount.amount.central for one in new}

    assert ENERGY not in central
    assert central[FACILITY_LOCATION] == pytest.approx(1.5 * central[LOCATION])
    assert central[FACILITY_MARKET] == pytest.approx(1.5 * central[MARKET])


def named(snapshot, stem):
    return [one.estimate.central for one in snapshot.figures if one.quantity.stem == stem]


def test_the_counters_go_on_after_a_restart_and_never_fall(tmp_path):
    machine = OnePackage(one_package(tmp_path / "root"))
    config = Config(location="FR", pue=pue(1.5))
    with machine.sampling(config, tmp_path / "state") as sampler:
        before = ticks(sampler, machine, 20)
        sampler.write()
    lower = replace(config, pue=replace(pue(1.1), name="pue/lower, 2026"))
    with machine.sampling(lower, tmp_path / "state") as sampler:
        after = ticks(sampler, machine, 20)

    assert named(before, "facility_energy") == pytest.approx([1.5 * named(before, "host_energy")[0]])
    more = named(after, "host_energy")[0] - named(before, "host_energy")[0]
    assert named(after, "facility_energy") == pytest.approx([1.5 * named(before, "host_energy")[0] + 1.1 * more])
    for stem in (FACILITY_LOCATION, FACILITY_MARKET, FACILITY_UPSTREAM):
        assert named(after, stem)[0] > named(before, stem)[0] > 0


def test_without_a_pue_there_are_no_figures_of_a_facility(tmp_path):
    machine = OnePackage(one_package(tmp_path / "root"))
    with machine.sampling(Config(location="FR")) as sampler:
        snapshot = ticks(sampler, machine, 3)

    assert not [one.quantity.stem for one in snapshot.figures if one.quantity.stem.startswith("facility")]


def test_the_command_applies_a_pue_that_is_set_later_to_past_hours_by_basis(tmp_path, capsys):
    machine, state, config = OnePackage(one_package(tmp_path / "root")), tmp_path / "state", tmp_path / "config.yaml"
    with machine.sampling(Config(location="FR"), state) as sampler:
        ticks(sampler, machine, 240, 60.0)
        sampler.write()
    config.write_text(f"location: FR\nstate_directory: {state}\npue: {{value: 1.5, source: report, year: 2025}}\n")

    status = main(
        ["recompute", "--from", "2026-03-02", "--to", "2026-03-02", "--config", str(config), "--format", "json"]
    )
    document = json.loads(capsys.readouterr().out)
    new = {one["quantity"]: one["new"]["central"] for one in document["quantities"]}

    Draft202012Validator(SCHEMA).validate(document)
    assert status == 0
    assert new[FACILITY_LOCATION] == pytest.approx(1.5 * new[LOCATION])
    assert new[FACILITY_UPSTREAM] == pytest.approx(1.5 * new[UPSTREAM])
    [location] = [one["new"] for one in document["quantities"] if one["quantity"] == LOCATION]
    assert new["facility_energy:part_modelled"] == pytest.approx(1.5 * location["energy_joules"])

# SPDX-License-Identifier: Apache-2.0
"""Hours by better factors, as a new version beside the old; and the command that does it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from books import shipped
from clocks import HandClock
from histories import impact_totals, rows
from jsonschema import Draft202012Validator
from market import residual
from sites import KWH_MICROJOULES, LOCATION, MARKET, NOON, UPSTREAM, WATER, Provider, contract, told
from trees import machine

from agent.accounts.electricity import ElectricityAccounts, netted
from agent.accounts.recompute import Knowledge, recomputed
from agent.cli import main
from agent.history.entries import Entries
from agent.history.view import HistoryView
from agent.history.writer import History
from agent.host_facts import host_facts
from agent.ledger import EnergyLedger
from agent.place import Place
from agent.stretch import Stretch
from impacts.factor_book import FactorBook
from impacts.values.bounded import Bounded

HOURS = 6
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "recompute.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def book():
    return shipped()


def begun(root, directory, place="", provider=None, *, inferred=False):
    """A closed history of six hours of 1 kWh, entered where the host was taken to be."""
    clock = HandClock(utc=NOON)
    history = History.open(directory, clock)
    use, entries = (
        ElectricityAccounts(host_facts(machine(root, clock), Place(place, inferred=inferred), ()), provider, history),
        Entries(),
    )
    for _ in range(HOURS):
        clock.wait(3600)
        for entry in use.entries_of(Bounded(*[KWH_MICROJOULES] * 3), Stretch.before(clock.utc, 3600.0), "measured"):
            entries.add(entry)
    history.write(EnergyLedger({}), entries, 0.0, clock.utc)
    accounts = netted(history.accounts(NOON))
    history.close()
    return accounts


def sums(accounts, stem):
    amounts = [one.amount for one in accounts if one.quantity == stem]
    return sum(one.amount.central for one in amounts), sum(one.energy.central for one in amounts)


def test_a_place_that_is_set_later_changes_every_quantity_and_no_energy(tmp_path, book):
    old = begun(tmp_path, None)
    new = recomputed([], old, Knowledge(book, Place("FR")))

    assert {one.quantity for one in new} == {LOCATION, MARKET, UPSTREAM, WATER}
    assert {one.factor for one in new if one.quantity == LOCATION} == {"fr-rte/electricity:FR:2025"}
    for stem in (LOCATION, MARKET, UPSTREAM):
        assert sums(new, stem)[0] < sums(old, stem)[0] / 3
        assert sums(new, stem)[1] == sums(old, stem)[1] == HOURS * KWH_MICROJOULES
    assert sums(new, WATER)[1] == HOURS * KWH_MICROJOULES  # nobody knew it of the world


def test_a_machine_that_moves_keeps_its_past(tmp_path, book):
    """Entered in France; in Poland when the hours are recomputed, which a residual mix of either makes worth while."""
    old = begun(tmp_path, None, "FR")
    assert recomputed([], old, Knowledge(book, Place("PL"))) == []

    mixes = FactorBook((*every_factor(book), residual(300)))  # of France
    new = recomputed([], old, Knowledge(mixes, Place("PL")))
    assert {(one.quantity, one.factor, one.region) for one in new} == {(MARKET, "test-data/residual_mix:FR:2025", "FR")}


def test_live_values_of_the_new_place_are_not_those_of_the_old_one(tmp_path, book):
    old = begun(tmp_path, None, "FR")
    assert recomputed([], old, Knowledge(book, Place("PL"), (), [told(NOON, 700)])) == []


def test_an_hour_in_two_places_is_recomputed_in_both(tmp_path, book):
    """A Windpark of France covers what was drawn there, and nothing of what was drawn in Poland."""
    france, poland = begun(tmp_path, None, "FR"), begun(tmp_path, None, "PL")
    new = recomputed([], [*france, *poland], Knowledge(book, Place("PL"), (contract(kwh=100),)))

    assert {(one.quantity, one.factor, one.region) for one in new} == {
        (MARKET, "Windpark", "FR"),
        (MARKET, "eea-2025/electricity:PL:2024", "PL"),
    }
    assert sums(new, MARKET)[1] == 2 * HOURS * KWH_MICROJOULES


def test_a_place_that_was_guessed_gives_way_to_the_one_that_is_said(tmp_path, book):
    old = begun(tmp_path, None, "DE", inferred=True)
    new = recomputed([], old, Knowledge(book, Place("FR")))

    assert {one.region for one in old} == {""}
    assert {(one.factor, one.region) for one in new if one.quantity == LOCATION} == {
        ("fr-rte/electricity:FR:2025", "FR")
    }


def test_what_is_known_already_changes_nothing(tmp_path, book):
    old = begun(tmp_path, None, "FR")
    assert recomputed([], old, Knowledge(book, Place("FR"))) == []


def test_what_was_booked_live_stays_when_the_provider_is_gone(tmp_path, book):
    provider = Provider(tuple(told(NOON + timedelta(minutes=20 * n), 40 + 7 * n, 20) for n in range(3 * 4)))
    old = begun(tmp_path, None, "FR", provider)

    assert len({one.factor for one in old if one.quantity == LOCATION}) == 2  # live, then by the year
    assert recomputed([], old, Knowledge(book, Place("FR"))) == []


def test_live_values_that_came_later_are_applied(tmp_path, book):
    old = begun(tmp_path, None, "FR")
    new = recomputed([], old, Knowledge(book, Place("FR"), (), [told(NOON, 100), told(NOON + timedelta(hours=1), 50)]))

    assert {one.hour for one in new} == {int(NOON.timestamp()), int(NOON.timestamp()) + 3600}
    assert sums(new, LOCATION) == (pytest.approx(150), 2 * KWH_MICROJOULES)
    assert sums(new, MARKET) == (pytest.approx(150), 2 * KWH_MICROJOULES)


def test_a_residual_mix_that_is_imported_later_acts_on_the_market_based_figure_alone(tmp_path, book):
    old = begun(tmp_path, None, "FR")
    with_mix = FactorBook((*every_factor(book), residual(300)))
    new = recomputed([], old, Knowledge(with_mix, Place("FR")))

    assert {one.quantity for one in new} == {MARKET}
    assert sums(new, MARKET)[0] > 2 * sums(old, MARKET)[0]


def every_factor(book):
    subjects = tuple(name for name in book.subjects() if name.startswith("electricity"))
    for subject in subjects:
        for criterion in book.criteria(subject):
            for region in book.regions(subject, criterion):
                yield from book.of_region(subject, criterion, region)


def test_instruments_go_on_with_what_earlier_hours_have_used(tmp_path, book):
    old = begun(tmp_path, None, "FR")
    known = Knowledge(book, Place("FR"), (contract(kwh=4),))
    first, rest = ([one for one in old if (one.hour < NOON.timestamp() + 3 * 3600) is early] for early in (True, False))
    by_contract = recomputed([], first, known)
    after = recomputed(by_contract, rest, known)

    assert sums([one for one in by_contract if one.factor == "Windpark"], MARKET)[1] == 3 * KWH_MICROJOULES
    assert sums([one for one in after if one.factor == "Windpark"], MARKET)[1] == 1 * KWH_MICROJOULES


def test_hours_of_an_older_program_get_the_quantities_that_it_did_not_have(tmp_path, book):
    old = [one for one in begun(tmp_path, None, "FR") if one.quantity == LOCATION]
    new = recomputed([], old, Knowledge(book, Place("FR")))

    assert {one.quantity for one in new} == {MARKET, UPSTREAM, WATER}
    assert sums(new, MARKET) == (pytest.approx(sums(old, LOCATION)[0]), HOURS * KWH_MICROJOULES)


@pytest.fixture
def recompute(tmp_path, capsys):
    """Runs the command on a history that was booked without a location; the config has one by now."""
    state, config = tmp_path / "state", tmp_path / "config.yaml"
    begun(tmp_path, state)
    config.write_text(f"location: FR\nstate_directory: {state}\n")

    def run(*options, first="2026-03-02", last="2026-03-02"):
        status = main(["recompute", "--from", first, "--to", last, "--config", str(config), *options])
        return status, capsys.readouterr()

    run.state = state
    return run


def view(state):
    return HistoryView.open_read_only(state)


def test_the_command_writes_a_version_keeps_the_old_and_leaves_counters_alone(recompute):
    before = view(recompute.state)
    booked, totals = before.counted(NOON), impact_totals(before)
    before.close()
    status, printed = recompute()
    after = view(recompute.state)

    assert status == 0
    assert "version 1 is written, hours that change: 6" in printed.out
    assert "old  ember-2025/electricity:WORLD:2024: 6 kWh" in printed.out
    assert "new  fr-rte/electricity:FR:2025: 6 kWh" in printed.out
    assert (after.counted(NOON), impact_totals(after)) == (booked, totals)
    assert {one.version for one in after.accounts(NOON) if one.quantity != "scope3_embodied_amortised_co2e"} == {1}
    assert sums(after.accounts(NOON), LOCATION)[0] < sums(booked, LOCATION)[0] / 5
    after.close()


def test_the_command_is_idempotent(recompute):
    recompute()
    status, printed = recompute("--format", "json")
    document = json.loads(printed.out)

    Draft202012Validator(SCHEMA).validate(document)
    assert (status, document["written"], document["version"]) == (0, False, 1)
    assert "nothing changes, nothing is written; the accounts stay version 1" in recompute()[1].out
    assert rows(recompute.state / "history.sqlite", "SELECT version FROM account_version") == [(1,)]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"first": "2026-03-03"}, "--to 2026-03-02 lies before --from 2026-03-03"),
        ({"first": "3/2/2026"}, "--from: '3/2/2026' is no day"),
        ({"last": "2026-02-30"}, "--to: '2026-02-30' is no day"),
        ({"first": "9026-03-02", "last": "9026-03-02"}, "no hour of it is over yet"),
    ],
)
def test_a_bad_range_is_refused_in_one_line(recompute, changes, complaint):
    status, printed = recompute(**changes)
    assert status == 2
    assert complaint in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(("first", "last"), [("2026-03-02", "9999-12-31"), ("0001-01-01", "2026-03-02")])
def test_a_range_that_reaches_beyond_any_history_is_cut(recompute, first, last):
    status, printed = recompute(first=first, last=last)

    assert status == 0
    assert "Traceback" not in printed.err


def test_the_hour_in_which_the_agent_stopped_is_left_to_its_next_start(recompute):
    """The history was last written at the end of its sixth hour: what passed since is booked from there on."""
    recompute(last="2026-03-05")
    accounts = view(recompute.state)
    versions = rows(recompute.state / "history.sqlite", "SELECT MAX(hour) FROM account_hour")
    written_at = accounts.last_written_at
    accounts.close()

    assert versions[0][0] < written_at.timestamp() // 3600 * 3600


def test_without_a_history_none_is_begun(recompute, tmp_path):
    status, printed = recompute("--state", str(tmp_path / "nothing"))
    assert status == 2
    assert "holds no history" in printed.err
    assert not (tmp_path / "nothing").exists()


def test_beside_a_running_agent_it_is_refused(recompute):
    agent = History.open(recompute.state, HandClock())
    status, printed = recompute()
    agent.close()
    assert status == 2
    assert "another wattprint" in printed.err


def test_a_damaged_history_is_left_where_it_is(recompute):
    (recompute.state / "history.sqlite").write_text("this was once a database\n" * 100)
    status, printed = recompute()
    assert status == 1
    assert "damaged" in printed.err
    assert [path.name for path in recompute.state.glob("*damaged*")] == []


def test_a_newer_version_of_some_hours_leaves_the_others(recompute):
    history = History.open(recompute.state, HandClock())
    old = [one for one in netted(history.accounts(NOON)) if one.quantity == LOCATION]
    doubled = [replace(one, amount=one.amount + one.amount) for one in old[:2]]
    history.put_version(doubled, datetime.now(UTC))
    history.put_version([old[1]], datetime.now(UTC))
    versions = {one.hour: one.version for one in history.accounts(NOON) if one.quantity == LOCATION}
    history.close()

    assert [versions[one.hour] for one in old] == [1, 2, 0, 0, 0, 0]

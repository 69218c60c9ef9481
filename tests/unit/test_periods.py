# SPDX-License-Identifier: Apache-2.0
"""Statements of periods, from a history's file alone, against sums over its raw rows."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hardware import lot
from histories import METERED, OPENED, open_history
from sites import KWH_MICROJOULES, LOCATION, MARKET, NOON, UPSTREAM, Site, contract, told

from agent.history.hourly import HostHour
from agent.history.identity import Identity
from agent.history.periods import statement
from agent.history.view import HistoryView
from agent.ledger import EnergyLedger
from agent.stretch import Stretch
from impacts import quantities as q
from impacts.datasets import load_book
from impacts.values.bounded import Bounded

OLD = Path(__file__).parents[1] / "histories_of"
HOUR = timedelta(hours=1)
PERIOD = {1: (datetime(2025, 12, 31, 22, tzinfo=UTC), 4), 2: (datetime(2026, 3, 1, 20, tzinfo=UTC), 6)}


def figures(stated):
    return {(one.quantity.stem, *one.labels): one.estimate for one in stated.figures}


def problems(stated):
    return {one.reason: one.what for one in stated.problems}


def independent(path, begins, ends):
    """The amounts of a period from the rows of the file, without the program's queries: low, central, high by figure."""
    connection = sqlite3.connect(path)
    within = (begins.timestamp(), ends.timestamp())
    newest, sums = {}, defaultdict(lambda: [0.0, 0.0, 0.0])
    query = "SELECT hour, quantity, version FROM account_hour WHERE hour >= ? AND hour < ?"
    for hour, quantity, version in connection.execute(query, within):
        newest[hour, quantity] = max(version, newest.get((hour, quantity), 0))
    columns = "hour, quantity, low, central, high"
    counted = connection.execute(f"SELECT {columns}, 0 FROM impact_hour WHERE hour >= ? AND hour < ?", within)  # noqa: S608
    later = connection.execute(f"SELECT {columns}, version FROM account_hour WHERE hour >= ? AND hour < ?", within)  # noqa: S608
    for hour, quantity, *amounts, version in [*counted, *later]:
        if version == newest.get((hour, quantity), 0):
            sums[quantity,] = [one + other for one, other in zip(sums[quantity,], amounts, strict=True)]
    query = "SELECT basis, low_microjoules, microjoules, high_microjoules FROM host_hour WHERE hour >= ? AND hour < ?"
    for basis, *amounts in connection.execute(query, within):
        key = ("host_energy", basis)
        sums[key] = [one + other / 1e6 for one, other in zip(sums[key], amounts, strict=True)]
    for key, amounts in not_observed(connection, within).items():
        sums[key] = amounts
    connection.close()
    return dict(sums)


def not_observed(connection, within):
    """The time of which nothing is known, and the energy of it by the power of up to 24 observed hours before and after."""
    query = "SELECT hour, unobserved_seconds, off_seconds FROM host_absence_hour WHERE hour >= ? AND hour < ?"
    absent = [row for row in connection.execute(query, within) if row[1]]
    rows = connection.execute(
        "SELECT hour, SUM(observed_seconds), SUM(low_microjoules), SUM(microjoules), SUM(high_microjoules) "
        "FROM host_hour GROUP BY hour ORDER BY hour"
    )
    observed, energy = [row for row in rows if row[1]], [0.0, 0.0, 0.0]
    for hour, seconds, off in absent:
        around = [one for one in observed if one[0] <= hour][-24:] + [one for one in observed if one[0] > hour][:24]
        mean = sum(one[3] for one in around) / sum(one[1] for one in around)
        powers = [
            min(one[2] / one[1] for one in around) * (off is not None),
            mean,
            max(one[4] / one[1] for one in around),
        ]
        energy = [known + power * seconds / 1e6 for known, power in zip(energy, powers, strict=True)]
    seconds = sum(one[1] for one in absent)
    return {("host_unobserved",): [seconds] * 3, ("host_unobserved_energy",): energy} if absent else {}


@pytest.fixture(params=sorted(PERIOD))
def file(request, tmp_path, clock):
    """A migrated history of some hours, with its first hour and their number."""
    shutil.copy(OLD / f"version-{request.param}.sqlite", tmp_path / "history.sqlite")
    open_history(tmp_path, clock).close()
    view = HistoryView.open_read_only(tmp_path)
    OPENED.append(view)
    return tmp_path / "history.sqlite", view, *PERIOD[request.param]


def test_a_statement_is_the_sum_of_its_hours_newest_accounts(file):
    path, view, begins, count = file
    for first in range(count):
        for last in range(first + 1, count + 1):
            period = (begins + first * HOUR, begins + last * HOUR)
            found = figures(statement(view, *period))
            expected = independent(path, *period)
            assert found.keys() == expected.keys() != set()
            for key, estimate in found.items():
                assert (estimate.low, estimate.central, estimate.high) == pytest.approx(expected[key], rel=1e-12), key


def test_a_period_cut_in_two_adds_up_to_the_whole(file):
    _, view, begins, count = file
    ends = begins + count * HOUR
    whole = figures(statement(view, begins, ends))
    for cut in range(1, count):
        parts = [
            figures(statement(view, *half)) for half in ((begins, begins + cut * HOUR), (begins + cut * HOUR, ends))
        ]
        for key, estimate in whole.items():
            for corner in ("low", "central", "high"):
                summed = sum(getattr(part[key], corner) for part in parts if key in part)
                assert summed == pytest.approx(getattr(estimate, corner), rel=1e-12), (key, corner)


class Written(Site):
    """A site whose energy is in the file, too."""

    def draws(self, kwh, seconds=3600.0, basis="part_modelled", grounds=METERED):
        super().draws(kwh, seconds)
        energy = Bounded(*[round(kwh * KWH_MICROJOULES)] * 3)
        stretch = Stretch.before(self.clock.utc, seconds)
        self.entries.add_host(basis, grounds, HostHour(energy, 0, seconds), stretch)

    def states(self, hours, book=None):
        self.history.write(EnergyLedger(), self.entries, 0.0, self.clock.utc)
        return statement(self.history, NOON, NOON + hours * HOUR, book)


@pytest.fixture
def site(tmp_path):
    made = Written(tmp_path, instruments=(contract(kwh=1.5),))
    OPENED.append(made.history)
    return made


def test_energy_is_stated_by_basis_with_what_its_bounds_rest_on(site):
    site.draws(1.0)
    site.draws(0.5, basis="measured", grounds=(replace(METERED[0], entry="another"),))
    found = figures(site.states(2))

    assert found["host_energy", "part_modelled"].central == pytest.approx(3.6e6)
    assert METERED[0] in found["host_energy", "part_modelled"].grounds
    assert METERED[0] not in found["host_energy", "measured"].grounds
    assert {METERED[0], replace(METERED[0], entry="another")} <= set(found[LOCATION,].grounds)


def test_amounts_cite_the_rows_that_they_were_entered_by(site):
    for _ in range(2):
        site.draws(1.0)
    row = ("electricitymaps-yearly", "electricity:FR:2025")
    by_name, by_book = figures(site.states(2)), figures(site.states(2, load_book()))

    assert row in {(ground.dataset, ground.entry) for ground in by_name[LOCATION,].grounds}
    licences = {ground.licence for ground in by_book[LOCATION,].grounds if (ground.dataset, ground.entry) == row}
    assert licences == {"ODbL-1.0"}
    assert "the agent's history: instrument 'Windpark'" in {ground.title for ground in by_book[MARKET,].grounds}
    assert "the agent's history: instrument 'Windpark'" not in {ground.title for ground in by_book[LOCATION,].grounds}
    assert by_book[MARKET,].central == pytest.approx(by_book[LOCATION,].central / 4)


def test_a_row_that_was_taken_back_is_cited_no_more(site):
    site.draws(1.0)
    site.provider.values_known = (told(NOON, 100),)
    site.mends()
    cited = {ground.dataset for ground in figures(site.states(1))[UPSTREAM,].grounds}

    assert "live-test" in cited
    assert "electricitymaps-yearly" not in cited


def test_hardware_is_booked_in_the_period_that_its_day_lies_in_as_it_was_first_known(site):
    first = [lot(1200, date(2026, 3, 2)), lot(80, date(2026, 3, 3)), lot(9, None)]
    site.history.freeze(first, "f" * 64)
    site.draws(1.0)
    site.states(1)
    site.history.freeze([lot(1500, date(2026, 3, 2)), *first[1:]], "f" * 64)
    site.draws(1.0)
    site.states(2)
    day, noon = NOON.replace(hour=0), NOON
    stated = [
        statement(site.history, *period) for period in ((day, noon), (noon, day + 25 * HOUR), (day, day + 25 * HOUR))
    ]

    assert [figures(one).get(("scope3_embodied_booked_co2e", "2026")) for one in stated] == [
        pytest.approx(first[0].emissions),
        pytest.approx(first[1].emissions),
        pytest.approx(first[0].emissions + first[1].emissions),
    ]


def test_nothing_is_said_of_hours_that_are_whole(site):
    site.history.identify(Identity("a" * 64, "node-7", "Dell Inc.", "R640"))
    site.history.freeze([lot(1200)], "f" * 64)
    for _ in range(3):
        site.draws(1.0)

    assert problems(site.states(3)) == {}


def test_what_is_missing_is_said(site):
    site.history.freeze([lot(1200)], "f" * 64)
    site.draws(1.0)
    site.entries.add_unobserved(Stretch.before(NOON + 3.5 * HOUR, 5400.0), may_be_off=True)
    site.entries.add_unobserved(Stretch.before(NOON + 0.5 * HOUR, 60.0), may_be_off=False)
    site.entries.add_off(Stretch.before(NOON + 5 * HOUR, 3600.0))
    said = problems(site.states(7))

    assert said.keys() == {"hours_missing", "unobserved"}
    assert said["hours_missing"].startswith("3 of 7 hours have no record at all")
    assert said["unobserved"].startswith("for 5460 s nothing is known")
    assert "for 5400 s of it the host may have been off" in said["unobserved"]


def test_who_else_the_host_was_is_said_with_the_time_of_the_change(site):
    for name in ("before", "node-7", "node-8"):
        site.history.identify(Identity("a" * 64, name, "Dell Inc.", ""))
        site.draws(1.0)
        site.states(1)
    said = problems(statement(site.history, NOON + HOUR, NOON + 4 * HOUR))["identity_changed"]

    assert said == (
        "the host is not the same in all hours: host name 'before' until 2026-03-02 14:00 UTC, then 'node-7'; "
        "host name 'node-7' until 2026-03-02 15:00 UTC, then 'node-8'"
    )
    assert "identity_changed" not in problems(statement(site.history, NOON + 3 * HOUR, NOON + 4 * HOUR))


def test_a_move_is_said(site):
    site.draws(1.0)
    site.moves("PL")
    site.draws(1.0)
    site.moves("")
    site.draws(1.0)

    assert problems(site.states(3))["place_changed"].startswith(
        "the host was in a place that nobody has said and FR and PL"
    )
    assert "place_changed" not in problems(site.states(1))


def test_accounts_that_were_recomputed_are_said_with_their_version(file):
    _, view, begins, count = file
    said = problems(statement(view, begins, begins + count * HOUR))

    assert said.get("recomputed", "") == (
        ""
        if count == 4
        else "the accounts of 3 hours are version 1, recomputed on 2026-11-25 05:59 UTC by wattprint 0.1.0"
    )
    assert "hardware_unknown" in said  # an earlier program did not keep it
    assert "unobserved" in said


def test_parts_that_retire_revise_nothing_however_their_sum_is_rounded(site):
    day = date(2026, 3, 2)
    for lots in ([lot(0.0003, day)], [lot(0.0001, day), lot(0.0002, day, retired=day)]):
        site.history.freeze(lots, "f" * 64)
        site.draws(1.0)
        site.states(1)

    assert 0.0001 * 1000 + 0.0002 * 1000 != 0.0003 * 1000  # in the last digit
    assert "embodied_revised" not in problems(statement(site.history, NOON.replace(hour=0), NOON + HOUR))


def test_what_was_booked_otherwise_than_it_is_known_now_is_said(site):
    for kg in (1200, 1500):
        site.history.freeze([lot(kg, date(2026, 3, 2)), lot(9, None)], "f" * 64)
        site.draws(1.0)
        site.states(1)
    said = problems(statement(site.history, NOON.replace(hour=0), NOON + HOUR))

    assert (
        said["embodied_revised"]
        == "what was acquired on 2026-03-02 was booked at 1200 kgCO2e and is known to be 1500 now"
    )
    assert "booked in no year" in said["acquired_unknown"]
    assert "embodied_revised" not in problems(site.states(1))  # of a period in which it was not booked


@pytest.mark.parametrize(("begins", "ends"), [(NOON + HOUR, NOON), (NOON + timedelta(minutes=1), NOON + HOUR)])
def test_what_is_no_period_of_whole_hours_is_refused(site, begins, ends):
    with pytest.raises(ValueError, match="no period of whole hours"):
        statement(site.history, begins, ends)


def test_an_empty_period_has_no_figures_and_nothing_is_zero(site):
    site.history.freeze([lot(1200)], "f" * 64)
    site.draws(1.0)
    site.states(1)
    before = statement(site.history, NOON - 2 * HOUR, NOON)

    assert before.figures == ()
    assert problems(before).keys() == {"hours_missing"}
    assert statement(site.history, NOON, NOON).problems == ()


def test_figures_are_of_the_catalogue_with_a_derivation_each(site):
    site.history.freeze([lot(1200, date(2026, 3, 2))], "f" * 64)
    site.draws(1.0)
    site.states(1)
    stated = statement(site.history, NOON.replace(hour=0), NOON + HOUR)

    assert {one.quantity for one in stated.figures} == {
        q.HOST_ENERGY,
        q.SCOPE2_LOCATION_BASED,
        q.SCOPE2_MARKET_BASED,
        q.ENERGY_UPSTREAM,
        q.USE_WATER,
        q.EMBODIED_BOOKED,
    }
    for figure in stated.figures:
        assert figure.derivation.estimate == figure.estimate
        assert set(figure.derivation.leaves) == set(figure.estimate.grounds)
    assert stated.subject == "2026-03-02 00:00 to 2026-03-02 13:00 UTC"

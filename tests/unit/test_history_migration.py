# SPDX-License-Identifier: Apache-2.0
"""Files of earlier programs (tests/histories_of), in today's tables: what they held, and what they did not know.

The expected numbers were read from the old files with sqlite3 alone.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from histories import OPENED, open_history, rows

from agent.history.entries import Entries
from agent.history.grounds import grounds_id
from agent.history.hourly import EntryKind
from agent.history.schema import tables
from agent.history.view import HistoryView
from impacts.values.estimates import Citation

OLD = Path(__file__).parents[1] / "histories_of"
LOCATION, MARKET = "scope2_location_based_co2e", "scope2_market_based_co2e"
UPSTREAM, WATER, EMBODIED = "scope3_energy_upstream_co2e", "use_water", "scope3_embodied_amortised_co2e"
FR, PL = "electricitymaps-yearly/electricity:FR:2025", "electricitymaps-yearly/electricity:PL:2025"
LIVE, RIVER = "live-test/electricity:FR", "wri-2020-water/electricity:FR:2020"
YEARLY, HELD = EntryKind.YEARLY, EntryKind.HELD
EVER = datetime(2000, 1, 1, tzinfo=UTC)

# Version, host energy in microjoules, grams or litres and microjoules by quantity, kind, factor and region.
TOTALS = {
    1: (
        2_797_309_200_000,
        {
            (LOCATION, YEARLY, FR, "FR"): (12.052903333333333, None),
            (LOCATION, YEARLY, PL, "PL"): (219.348255, None),
            (EMBODIED, EntryKind.AMORTISED, "", ""): (150.86080415, 0),
            (EMBODIED, EntryKind.RETIRED, "", ""): (19246.40657084189, 0),
        },
    ),
    2: (
        4_197_001_200_000,
        {
            (LOCATION, YEARLY, FR, "FR"): (18.66886265818401 - 2.7693652546444882, 2_484_711_320_000 - 368_585_560_000),
            (LOCATION, EntryKind.LIVE, LIVE, "FR"): (82.27078533333332, 1_959_568_800_000),
            (LOCATION, HELD, LIVE, "FR"): (19.012482999999996 - 11.59929944444444, 956_456_200_000 - 835_149_560_000),
            (MARKET, YEARLY, FR, "FR"): (15.934552659927428 - 0.035055256387904916, 2_120_791_400_000 - 4_665_640_000),
            (MARKET, EntryKind.INSTRUMENT, "Windpark", "FR"): (2.2, 720_000_000_000),
            (MARKET, EntryKind.LIVE, LIVE, "FR"): (56.874173333333346, 1_239_568_800_000),
            (MARKET, HELD, LIVE, "FR"): (19.012482999999996 - 11.59929944444444, 956_456_200_000 - 835_149_560_000),
            (UPSTREAM, YEARLY, FR, "FR"): (4.603702782283761 - 0.6829197236810662, 2_484_711_320_000 - 368_585_560_000),
            (UPSTREAM, EntryKind.LIVE, LIVE, "FR"): (20.287804901371477, 1_959_568_800_000),
            (UPSTREAM, HELD, LIVE, "FR"): (4.688438845354749 - 2.8603631674113843, 956_456_200_000 - 835_149_560_000),
            (WATER, YEARLY, RIVER, "FR"): (4.282923141233333, 4_197_001_200_000),
            (EMBODIED, EntryKind.AMORTISED, "", ""): (228.4547618447682, 0),
            (EMBODIED, EntryKind.RETIRED, "", ""): (18398.35728952772, 0),
        },
    ),
}


@pytest.fixture(params=sorted(TOTALS))
def old(request, tmp_path):
    """The version, and a directory with its file."""
    shutil.copy(OLD / f"version-{request.param}.sqlite", tmp_path / "history.sqlite")
    return request.param, tmp_path


def assert_that_it_holds_all(version, view):
    energy, amounts = TOTALS[version]
    [((basis, grounds), host)] = view.host_totals().items()
    found = view.impact_totals_by_factor()

    assert (basis, host.energy.central) == ("part_modelled", energy)
    assert grounds == (Citation("kept by an earlier version, which did not keep grounds"),)
    assert found.keys() == amounts.keys()
    for key, (amount, microjoules) in amounts.items():
        assert found[key].amount.central == pytest.approx(amount), key
        assert microjoules is None or found[key].energy.central == microjoules, key


def test_a_file_is_brought_to_todays_tables_with_all_it_holds(old, clock):
    version, directory = old
    assert rows(directory / "history.sqlite", "PRAGMA user_version") == [(version,)]
    for _ in range(2):  # and opened once more
        history = open_history(directory, clock)
        assert history.problems == []
        assert_that_it_holds_all(version, history)
        history.close()
    assert rows(directory / "history.sqlite", "PRAGMA user_version") == [(3,)]


def test_a_file_is_read_without_a_change_to_it(old):
    version, directory = old
    before = (directory / "history.sqlite").read_bytes()
    view = HistoryView.open_read_only(directory)
    OPENED.append(view)
    assert_that_it_holds_all(version, view)

    assert (directory / "history.sqlite").read_bytes() == before
    assert [path.name for path in directory.iterdir()] == ["history.sqlite"]


def test_a_migrated_file_has_the_very_tables_of_a_new_one(old, clock):
    _, directory = old
    open_history(directory, clock).close()
    found = rows(directory / "history.sqlite", "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")

    assert sorted(sql for (sql,) in found) == sorted(tables(3))


def test_the_ledger_goes_on(old, clock):
    version, directory = old
    ledger = open_history(directory, clock).ledger("22222222-2222-4222-8222-222222222222")
    packages = {name: ledger.accounts["rapl", name].microjoules for name in ("package-0", "package-1")}

    assert (
        packages
        == {
            1: {"package-0": 798_000_000_000, "package-1": 684_000_000_000},
            2: {"package-0": 1_218_000_000_000, "package-1": 1_044_000_000_000},
        }[version]
    )


def test_unobserved_time_is_kept_and_nobody_knows_whether_the_host_was_off(old, clock):
    version, directory = old
    open_history(directory, clock).close()
    found = rows(directory / "history.sqlite", "SELECT unobserved_seconds, off_seconds FROM host_absence_hour")

    assert found == [({1: 600.0, 2: 900.0}[version], None)]


def test_an_hour_in_two_places_is_known_in_both(tmp_path, clock):
    shutil.copy(OLD / "version-1.sqlite", tmp_path / "history.sqlite")
    entries = [one for one in open_history(tmp_path, clock).counted(EVER) if one.quantity == LOCATION]
    regions = {}
    for one in entries:
        regions.setdefault(datetime.fromtimestamp(one.hour, UTC).hour, set()).add(one.region)

    assert regions == {22: {"FR"}, 23: {"FR"}, 0: {"FR", "PL"}, 1: {"PL"}}


def test_recomputed_accounts_stay_the_newest(tmp_path, clock):
    shutil.copy(OLD / "version-2.sqlite", tmp_path / "history.sqlite")
    history = open_history(tmp_path, clock)
    accounts = history.accounts(EVER)
    sums = {}
    for one in accounts:
        sums[one.quantity, one.version] = sums.get((one.quantity, one.version), 0.0) + one.amount.amount.central

    assert history.newest_version() == 1
    assert sums[MARKET, 1] == pytest.approx(6.309946149822885 + 30.948745333333328)
    assert {one.region for one in accounts if one.quantity != EMBODIED} == {"FR"}
    assert not any(one.kind is EntryKind.INSTRUMENT and one.version for one in accounts)


def test_its_hours_are_in_the_sequence_as_they_were_last_written(old, clock):
    version, directory = old
    history = open_history(directory, clock)
    closed = history.closed_hours()
    [(last_written,)] = rows(directory / "history.sqlite", "SELECT last_written_at_utc_seconds FROM meta")
    hours = rows(directory / "history.sqlite", "SELECT DISTINCT hour FROM host_hour ORDER BY hour")

    assert [one.sequence for one in closed] == list(
        range(1, {1: 4, 2: 6}[version])
    )  # the last hour is not over for long
    assert [(one.hour,) for one in closed] == hours[: len(closed)]
    assert {(one.written_at.timestamp(), one.amends, one.why) for one in closed} == {(last_written, None, "migrated")}
    assert rows(directory / "history.sqlite", "SELECT hour, why FROM open_hour") == [(hours[len(closed)][0], "")]


def test_a_name_of_its_own_is_made_with_the_first_write(old, clock):
    _, directory = old
    history = open_history(directory, clock)
    assert history.host_uuid is None
    history.write(history.ledger("boot"), Entries(), history.amortised_ratio, clock.utc_now())
    made = history.host_uuid
    history.close()

    assert len(made) == 36
    assert open_history(directory, clock).host_uuid == made


def test_version_1_gives_its_grams_the_energy_that_they_were_of(tmp_path, clock):
    shutil.copy(OLD / "version-1.sqlite", tmp_path / "history.sqlite")
    found = open_history(tmp_path, clock).impact_totals_by_factor()
    energies = [found[LOCATION, YEARLY, factor, region].energy.central for factor, region in ((FR, "FR"), (PL, "PL"))]

    assert sum(energies) == pytest.approx(2_797_309_200_000, abs=1)
    assert energies[0] == pytest.approx(1_119_753_600_000 + 745_810_800_000 * 2.4105806666666663 / 75.5266656666666663)


def test_the_grounds_that_an_earlier_program_did_not_keep_have_the_id_that_they_would_get():
    """The id stands in the step from version 2 to 3: it must be the one by which today's program knows the set."""
    step = (Path(__file__).parents[2] / "agent/history/history_2_to_3.sql").read_text(encoding="utf-8")

    assert step.count(grounds_id((Citation("kept by an earlier version, which did not keep grounds"),))) == 2

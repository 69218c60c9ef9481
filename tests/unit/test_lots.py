# SPDX-License-Identifier: Apache-2.0
"""The hardware in the history: what was known when, and what is booked of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from clocks import START
from hardware import ACQUIRED, ROW, lot
from histories import open_history

from agent.history.entries import Entries
from agent.history.lots import bookings
from agent.inventory.digest import inventory_digest
from agent.ledger import EnergyLedger
from impacts.lifetime.amortisation import Plan
from impacts.parts import Inventory, Part, Server
from impacts.values.estimates import Estimate


@pytest.fixture
def keep(clock):
    """Keeps lots in one history, an hour after the ones before, and returns the sets that are there."""
    history = open_history(None, clock)

    def keep(*lots, inventory="f" * 64):
        clock.wait(3600)
        history.freeze(lots, inventory)
        history.write(EnergyLedger(), Entries(), 0.0, clock.utc_now())
        return history.lot_sets()

    return keep


def booked(sets):
    return {(one.acquired, one.retired): one.booked.central for one in bookings(sets)}


def test_a_set_is_kept_with_all_that_it_rests_on(keep):
    plan = Plan(6.0, 4.0, date(2026, 1, 1))
    [known] = keep(lot(1200), lot(80, date(2025, 9, 1), retired=date(2026, 2, 1), plan=plan))

    assert (known.since, known.inventory_sha256) == (START + timedelta(hours=1), "f" * 64)
    assert known.datasets == ("test-footprints-2025",)
    server, drive = known.lots
    assert (server.acquired, server.first_used, server.retired) == (ACQUIRED, None, None)
    assert (server.service_life_years, server.extended_from_years, server.extended_on) == (4.0, None, None)
    assert server.emissions == Estimate(600e3, 1200e3, 3600e3, "gCO2e", (ROW,))
    assert (drive.service_life_years, drive.extended_from_years, drive.extended_on) == (6.0, 4.0, date(2026, 1, 1))
    assert drive.retired == date(2026, 2, 1)


def test_the_same_lots_are_kept_once_and_any_change_is_another_set(keep):
    keep(lot(1200))
    assert len(keep(lot(1200))) == 1
    assert len(keep(lot(1200), inventory="e" * 64)) == 2
    assert len(keep(lot(1200, plan=Plan(5.0)), inventory="e" * 64)) == 3
    assert len(keep(lot(1200, dataset="test-footprints-2026", plan=Plan(5.0)), inventory="e" * 64)) == 4
    assert len(keep(inventory="e" * 64)) == 5


def test_what_was_booked_stays_when_a_dataset_is_renewed(keep):
    keep(lot(1200))
    sets = keep(lot(1500, dataset="test-footprints-2026"))

    assert booked(sets) == {(ACQUIRED, None): 1200e3}
    [server] = bookings(sets)
    assert [ground.dataset for ground in server.booked.grounds] == ["test-footprints-2025"]


def test_a_later_part_is_booked_with_its_own_day(keep):
    keep(lot(1200))
    sets = keep(lot(1500), lot(80, date(2026, 2, 1)))

    assert booked(sets) == {(ACQUIRED, None): 1200e3, (date(2026, 2, 1), None): 80e3}


def test_a_part_that_retires_moves_nothing_of_what_was_booked(keep):
    keep(lot(1200))
    sets = keep(lot(1100), lot(100, retired=date(2026, 2, 1)))

    assert booked(sets) == {(ACQUIRED, None): 1200e3}


def test_a_day_that_is_corrected_is_booked_once(keep):
    keep(lot(1200))
    sets = keep(lot(1200, date(2025, 3, 1)))

    assert booked(sets) == {(date(2025, 3, 1), None): 1200e3}


def test_what_was_hidden_for_a_while_is_booked_as_at_first(keep):
    keep(lot(1200), lot(80, date(2025, 9, 1)))
    keep(lot(1200))
    sets = keep(lot(1200), lot(95, date(2025, 9, 1)))

    assert booked(sets) == {(ACQUIRED, None): 1200e3, (date(2025, 9, 1), None): 80e3}


def test_of_what_was_bought_used_the_former_users_share_is_not_booked(keep):
    [known] = keep(lot(1200, first_used=ACQUIRED - timedelta(days=2 * 365.25), plan=Plan(4.0)))

    assert known.lots[0].emissions.central == 1200e3
    assert known.lots[0].booked.central == pytest.approx(600e3, rel=2e-3)


def test_the_digest_of_an_inventory_follows_what_is_in_it():
    one = Inventory(Server(model="R640", acquired=ACQUIRED), (Part("ssd", 2, capacity_gb=960.0),))
    same = Inventory(Server(model="R640", acquired=ACQUIRED), (Part("ssd", 2, capacity_gb=960.0),))
    other = Inventory(Server(model="R640", acquired=ACQUIRED), (Part("ssd", 3, capacity_gb=960.0),))

    assert inventory_digest(one) == inventory_digest(same) != inventory_digest(other)
    assert len(inventory_digest(one)) == 64


def test_lots_go_into_the_file_that_takes_the_place_of_a_lost_one(tmp_path, clock):
    history = open_history(tmp_path, clock)
    history.freeze([lot(1200)], "f" * 64)
    history.write(EnergyLedger(), Entries(), 0.0, clock.utc_now())
    named = history.host_uuid
    for path in tmp_path.glob("history.sqlite*"):
        path.unlink()
    history.write(EnergyLedger(), Entries(), 0.0, datetime(2026, 5, 1, tzinfo=UTC))

    assert booked(history.lot_sets()) == {(ACQUIRED, None): 1200e3}
    assert history.host_uuid != named  # another history, whose sequence begins anew

# SPDX-License-Identifier: Apache-2.0
"""The hardware as it was known at a time: what was acquired together, with its emissions and what is booked of it.

A set of lots is kept whenever anything of it has changed. What is booked of a lot (docs/adr/0011) is what the first set
says that has it; later sets revise what is known of it and never what was booked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from agent.history.grounds import Grounds, grounds_id, put_grounds
from agent.version import VERSION
from impacts.lifetime.acquisition import emissions_acquired
from impacts.values.bounded import Bounded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from impacts.lifetime.amortisation import Lot
    from impacts.values.estimates import Estimate

_GRAMS = "gCO2e"


@dataclass(frozen=True, slots=True)
class FrozenLot:
    """What was acquired together, and what is booked of it: all of it, less what former users had amortised."""

    acquired: date | None
    first_used: date | None
    retired: date | None
    service_life_years: float
    extended_from_years: float | None
    extended_on: date | None
    emissions: Estimate  # gCO2e
    booked: Estimate  # gCO2e, with the same grounds

    @property
    def key(self) -> tuple[date | None, date | None]:
        """By what it is found again in another set; a part that retires leaves it as it was."""
        return self.acquired, self.first_used


@dataclass(frozen=True, slots=True)
class LotSet:
    """The lots of a host as they were known from a moment on."""

    since: datetime
    lots: tuple[FrozenLot, ...]
    inventory_sha256: str
    datasets: tuple[str, ...]  # ids, each of one release
    program: str = VERSION  # that worked them out


def frozen(lots: Iterable[Lot], inventory_sha256: str, since: datetime) -> LotSet:
    """Return lots as a history keeps them."""
    kept = tuple(map(_frozen, lots))
    datasets = {ground.dataset for one in kept for ground in one.emissions.grounds if ground.dataset}
    return LotSet(since, kept, inventory_sha256, tuple(sorted(datasets)))


def put_lots(connection: sqlite3.Connection, known: LotSet) -> None:
    """Keep a set of lots, if it is another than the last."""
    last = connection.execute("SELECT * FROM lot_set ORDER BY sequence DESC LIMIT 1").fetchone()
    about = (known.program, known.inventory_sha256, json.dumps(known.datasets))
    rows = [_columns(one) for one in known.lots]
    if last is not None and last[2:] == about and _rows(connection, last[0]) == rows:
        return
    sequence = connection.execute(
        "INSERT INTO lot_set VALUES (NULL, ?, ?, ?, ?)", (known.since.timestamp(), *about)
    ).lastrowid
    put_grounds(connection, (one.emissions.grounds for one in known.lots))
    marks = ", ".join("?" * (len(_COLUMNS) + 2))
    numbered = ((sequence, number, *row) for number, row in enumerate(rows))
    connection.executemany(f"INSERT INTO lot VALUES ({marks})", numbered)  # noqa: S608  constants


def read_lot_sets(connection: sqlite3.Connection, grounds: Mapping[str, Grounds]) -> list[LotSet]:
    """Return all sets in order of time."""
    sets = connection.execute("SELECT * FROM lot_set ORDER BY sequence").fetchall()
    return [
        LotSet(
            datetime.fromtimestamp(since, UTC),
            tuple(_frozen_lot(row, grounds) for row in _rows(connection, sequence)),
            inventory_sha256,
            tuple(json.loads(datasets)),
            program,
        )
        for sequence, since, program, inventory_sha256, datasets in sets
    ]


def bookings(sets: Sequence[LotSet]) -> list[FrozenLot]:
    """Return the lots of the newest set, each as it was first kept.

    What is no longer in the newest set is not booked: its days were corrected, or it never was there.
    """
    first: dict[tuple[date | None, date | None], list[FrozenLot]] = {}
    for known in sets:
        for key, lots in _by_key(known).items():
            first.setdefault(key, lots)
    return [one for key in (_by_key(sets[-1]) if sets else ()) for one in first[key]]


def _by_key(known: LotSet) -> dict[tuple[date | None, date | None], list[FrozenLot]]:
    by_key: dict[tuple[date | None, date | None], list[FrozenLot]] = {}
    for one in known.lots:
        by_key.setdefault(one.key, []).append(one)
    return by_key


_COLUMNS = (
    *("acquired", "first_used", "retired"),
    *("service_life_years", "extended_from_years", "extended_on"),
    *("low_grams", "grams", "high_grams"),
    *("booked_low_grams", "booked_grams", "booked_high_grams"),
    "grounds",
)


def _frozen(lot: Lot) -> FrozenLot:
    plan, of_it = lot.plan, emissions_acquired(lot).estimate
    return FrozenLot(
        acquired=lot.acquired,
        first_used=lot.first_used,
        retired=lot.retired,
        service_life_years=plan.years,
        extended_from_years=plan.years_before,
        extended_on=plan.changed_on,
        emissions=replace(lot.emissions, grounds=of_it.grounds),
        booked=of_it,
    )


def _columns(one: FrozenLot) -> tuple[Any, ...]:
    return (
        *map(_text, (one.acquired, one.first_used, one.retired)),
        *(one.service_life_years, one.extended_from_years, _text(one.extended_on)),
        *Bounded.of(one.emissions).amounts(),
        *Bounded.of(one.booked).amounts(),
        grounds_id(one.emissions.grounds),
    )


def _rows(connection: sqlite3.Connection, sequence: int) -> list[tuple[Any, ...]]:
    query = f"SELECT {', '.join(_COLUMNS)} FROM lot WHERE sequence = ? ORDER BY number"  # noqa: S608  constants
    return connection.execute(query, (sequence,)).fetchall()


def _frozen_lot(row: tuple[Any, ...], grounds: Mapping[str, Grounds]) -> FrozenLot:
    acquired, first_used, retired, years, years_before, extended_on, *grams, rests_on = row
    emissions, of_it = Bounded(*grams[:3]), Bounded(*grams[3:])
    return FrozenLot(
        acquired=_day(acquired),
        first_used=_day(first_used),
        retired=_day(retired),
        service_life_years=years,
        extended_from_years=years_before,
        extended_on=_day(extended_on),
        emissions=emissions.estimate(_GRAMS, *grounds[rests_on]),
        booked=of_it.estimate(_GRAMS, *grounds[rests_on]),
    )


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)

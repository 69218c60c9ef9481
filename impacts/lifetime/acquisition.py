# SPDX-License-Identifier: Apache-2.0
"""Acquisition: in which year a footprint counts in full, by lots of what was acquired together, and per year of use.

GHG Protocol, Corporate Value Chain (Scope 3) Standard, category 2: all of it is booked in the year of acquisition, and
never depreciated. The decisions are in docs/adr/0011-time.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING

from impacts.lifetime.amortisation import Lot, Plan, midnight, years_between
from impacts.problems import Problem
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from impacts.embodied.components import Component, EmbodiedImpact
    from impacts.parts import Inventory, Part, Server
    from impacts.values.derivations import Derivation

_LEFT_BY_FORMER_USERS = Citation("inventory: first_used and acquired; what former users had not amortised")
_MEND = "correct it in the inventory file"


@dataclass(frozen=True, slots=True)
class InTime:
    """The embodied emissions of a server in time, in base units; None is not known."""

    by_year: dict[int | None, Derivation]  # of acquisition; under None what has no date
    amortised: Estimate | None  # so far, the time of former users included
    yearly: Estimate | None  # per year of use, so far and planned
    years: Estimate  # of use, so far and planned


def in_time(impact: EmbodiedImpact, inventory: Inventory, service_life: Estimate, at: datetime) -> InTime:
    """Return the emissions by year of acquisition, how far they are amortised at a moment, and their yearly figure."""
    server = inventory.server
    of_server = lots(pieces(impact.components("gwp")), server, service_life, impact.sum_sign)
    years = years_of_use(server, service_life, at)
    return InTime(emissions_by_year(of_server), amortised(of_server, at), yearly_figure(of_server, years), years)


def pieces(components: Iterable[Component]) -> Iterator[tuple[Derivation, Part | None]]:
    """Return what the components are made of, each with its part; None for what a server has once."""
    return (piece for component in components for piece in zip_longest(component.derivations, component.parts))


def lots(
    made_of: Iterable[tuple[Derivation, Part | None]], server: Server, service_life: Estimate, sum_sign: str = " ⊕ "
) -> tuple[Lot, ...]:
    """Return the lots of a server: what has the same dates is one, the earliest first, without a date at the end.

    The errors of two pieces of one kind go the same way, those of two kinds are added up by `sum_sign`.
    """
    plan = _plan(server, service_life)
    by_dates: dict[tuple[date | None, date | None, date | None], dict[str, list[Derivation]]] = {}
    for number, (piece, part) in enumerate(made_of):
        kind = part.kind if part else f"piece {number}"
        by_dates.setdefault(_dates(part, server), {}).setdefault(kind, []).append(piece)
    found = [Lot(_together(of_lot.values(), sum_sign), plan, *dates) for dates, of_lot in by_dates.items()]
    return tuple(sorted(found, key=lambda lot: (lot.begins or date.max, lot.retired or date.max)))


def _plan(server: Server, service_life: Estimate) -> Plan:
    return Plan(service_life.central, server.extended_from_years, server.extended_on, service_life.grounds)


def _together(kinds: Iterable[list[Derivation]], sum_sign: str) -> Derivation:
    inputs: dict[str, Derivation] = {}
    terms = []
    for of_kind in kinds:
        named = {f"piece_{number}": piece for number, piece in enumerate(of_kind, len(inputs) + 1)}
        inputs |= named
        terms.append(" + ".join(named) if len(named) == 1 else f"({' + '.join(named)})")
    return work_out("embodied of what was acquired together", sum_sign.join(terms), inputs)


def _dates(part: Part | None, server: Server) -> tuple[date | None, date | None, date | None]:
    """Return when a part was acquired, first used, and retired."""
    retired = part.retired if part else None
    if part is None or part.acquired is None:
        return server.acquired, server.first_used, retired
    if server.first_used and server.acquired and server.first_used <= part.acquired < server.acquired:
        return server.acquired, part.acquired, retired  # a former owner put it in: it came with the server
    return part.acquired, None, retired


def emissions_acquired(lot: Lot) -> Derivation:
    """Return the emissions that the organisation takes on with a lot: all, less what former users had amortised."""
    title = f"embodied, taken on with what was acquired {lot.when_acquired}"
    if lot.acquired is None or lot.first_used is None or lot.first_used >= lot.acquired:
        return work_out(title, "emissions", {"emissions": lot.derivation})
    at = midnight(lot.acquired)
    left = Estimate.exact(1.0 - lot.ratio(at, undated=at), "1", _LEFT_BY_FORMER_USERS, *lot.plan.grounds)
    return work_out(title, "emissions × left", {"emissions": lot.derivation, "left": left})


def emissions_by_year(of_server: Iterable[Lot]) -> dict[int | None, Derivation]:
    """Return the emissions taken on in each year, in order; under None what has no date of acquisition."""
    by_year: dict[int | None, list[Derivation]] = {}
    for lot in of_server:
        by_year.setdefault(lot.acquired.year if lot.acquired else None, []).append(emissions_acquired(lot))
    years = sorted(by_year, key=lambda year: (year is None, year))
    return {year: _of_year(year, by_year[year]) for year in years}


def _of_year(year: int | None, papers: list[Derivation]) -> Derivation:
    inputs = {f"lot_{number}": paper for number, paper in enumerate(papers, 1)}
    title = f"embodied, acquired and booked in {year or 'a year that is not known'}"
    return work_out(title, " + ".join(inputs), inputs)


def amortised(of_server: tuple[Lot, ...], at: datetime) -> Estimate | None:
    """Return what of all lots is amortised by `at`, the time of former users included; None without every date."""
    if not of_server or any(lot.begins is None for lot in of_server):
        return None
    return total(lot.emissions.scaled(lot.ratio(at, undated=at)) for lot in of_server)


def years_of_use(server: Server, service_life: Estimate, at: datetime) -> Estimate:
    """Return the years that the server shall serve in all, or has served by `at` where that is longer."""
    begins = server.first_used or server.acquired
    age = years_between(midnight(begins), at) if begins else 0.0
    if age <= service_life.central:
        return service_life
    return Estimate.exact(age, "year", Citation(f"inventory: in use since {begins}, longer than planned"))


def yearly_figure(of_server: tuple[Lot, ...], years: Estimate) -> Estimate | None:
    """Return the emissions of all lots per year of use, so far and planned; it falls once the plan is over."""
    return total(lot.emissions for lot in of_server) / years if of_server else None


def time_problems(inventory: Inventory, service_life: Estimate, on: date) -> Iterator[Problem]:
    """Return what has to be assumed of acquisition and service life."""
    server = inventory.server
    if server.acquired is None:
        what = "the date of acquisition is not known: nothing is booked in a year, and the agent "
        what += (
            "amortises from first use on" if server.first_used else "takes the service life to begin with its history"
        )
        yield _problem("acquired_unknown", what, "set `acquired` under `server` in the inventory file")
    elif server.first_used is not None and server.first_used < server.acquired:
        yield _bought_used(server, server.acquired, server.first_used, service_life)
    if server.service_life_years is None:
        what = f"the service life is not known: {service_life.central:g} years stand in, a convention of accounting"
        yield _problem("service_life_assumed", what, "set `service_life_years` under `server`")
    yield from _implausible_dates(inventory, on)


def _bought_used(server: Server, acquired: date, first_used: date, service_life: Estimate) -> Problem:
    plan = _plan(server, service_life)
    left = 1.0 - plan.ratio(midnight(first_used), midnight(acquired))
    if left <= 0:
        return _problem(
            "life_over_when_bought",
            f"the planned {service_life.central:g} years were over when the server was bought used: nothing is booked",
            "set `service_life_years` to the years it shall serve in all, from first use to the end of its second life",
        )
    return _problem(
        "bought_used",
        f"bought used: {left:.0%} of the footprint is booked, the rest is its former users'; the first owner booked "
        "the whole, and the GHG Protocol leaves it open what a later one has to book",
        "say so where you report it, or remove `first_used` to book the whole",
    )


def _implausible_dates(inventory: Inventory, on: date) -> Iterator[Problem]:
    server = inventory.server
    if server.acquired is not None and server.acquired > on:
        what = f"the date of acquisition, {server.acquired}, lies in the future: nothing is amortised before it"
        yield _problem("acquired_in_future", what, "correct `acquired` in the inventory file")
    for part in inventory.parts or ():
        acquired = part.acquired or server.acquired
        if part.acquired is not None and part.acquired > on:
            what = f"a {part.kind} part was acquired in the future, on {part.acquired}: nothing is amortised before it"
            yield _problem("part_acquired_in_future", what, _MEND)
        if part.retired is not None and acquired is not None and part.retired < acquired:
            what = f"a {part.kind} part was retired on {part.retired}, before it was acquired on {acquired}"
            yield _problem("retired_before_acquired", what, _MEND)


def _problem(reason: str, what: str, remedy: str) -> Problem:
    return Problem("inventory", reason, what, remedy)

# SPDX-License-Identifier: Apache-2.0
"""Statements of a period, from a history's file alone: the figures of its hours by the newest accounts, and what is to be said.

A period is of whole hours, from `begins` on and before `ends`. Nothing in it depends on the rest of the file but what was
booked when: a period cut in two adds up to the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.history.hourly import EntryKind, ImpactHour, facility_basis
from agent.history.lots import bookings
from agent.history.period_problems import period_problems
from agent.history.unobserved import unobserved
from agent.stretch import hour_of, moment_of
from impacts import quantities as q
from impacts.factor_book import cited_row
from impacts.figures import Figure
from impacts.lifetime.amortisation import midnight
from impacts.statements import Statement
from impacts.values.bounded import NOTHING, in_joules
from impacts.values.derivations import RESULT, work_out
from impacts.values.estimates import Citation, Estimate, merge_grounds, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from agent.history.grounds import Grounds
    from agent.history.hourly import HostHour
    from agent.history.lots import FrozenLot, LotSet
    from agent.history.unobserved import Unobserved
    from agent.history.view import AccountTotals, HistoryView
    from impacts.factor_book import FactorBook
    from impacts.quantities import Quantity

_OF_ENERGY = (q.SCOPE2_LOCATION_BASED, q.SCOPE2_MARKET_BASED, q.ENERGY_UPSTREAM, q.USE_WATER)
_OF_FACILITY = (q.FACILITY_SCOPE2_LOCATION_BASED, q.FACILITY_SCOPE2_MARKET_BASED, q.FACILITY_ENERGY_UPSTREAM)
_ENTERED = Citation("the agent's history: what was entered in the hours of the period")
_AROUND = Citation("the agent's history: the host's power in the observed hours around, a day of them on each side")
_IN_NO_OTHER = "in no other figure: the mean of the hours around, the lowest and the highest; low is nothing where it may have been off"


def statement(view: HistoryView, begins: datetime, ends: datetime, book: FactorBook | None = None) -> Statement:
    """Return the figures and problems of the hours from `begins` on and before `ends` (UTC).

    With a book the rows of datasets that amounts were entered by are cited as it has them, else by their names alone.

    Raises:
        ValueError: the period is not of whole hours.
        HistoryDamaged: the file cannot be read.
    """
    if any(moment_of(hour_of(moment)) != moment for moment in (begins, ends)) or ends < begins:
        raise ValueError(f"{begins} to {ends} is no period of whole hours")
    subject = f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC"
    energies = view.host_totals(begins, ends)
    accounts = view.account_totals(begins, ends)
    sets = view.lot_sets()
    booked = [one for one in bookings(sets) if one.acquired and begins <= midnight(one.acquired) < ends]
    energy_grounds = merge_grounds(*(grounds for _, grounds in energies))
    not_observed = unobserved(view, begins, ends)
    figures = (
        *_energy_figures(energies, subject),
        *_unobserved_figures(not_observed, energy_grounds, subject),
        *_idle_figure(accounts, energy_grounds, view, subject),
        *_use_figures(accounts, energy_grounds, subject, book),
        *_facility_figures(accounts, energy_grounds, subject, book),
        *_amortised_figure(accounts, sets, subject),
        *_booked_figures(booked),
    )
    problems = tuple(period_problems(view, begins, ends, accounts, booked, not_observed))
    return Statement(subject, begins, ends, figures, problems)


def _energy_figures(energies: dict[tuple[str, Grounds], HostHour], period: str) -> Iterator[Figure]:
    """Return the host's energy by basis."""
    for basis in dict.fromkeys(basis for basis, _ in energies):
        of_basis = {grounds: hour.energy for (other, grounds), hour in energies.items() if other == basis}
        microjoules = sum(of_basis.values(), NOTHING)
        joules = in_joules(microjoules)
        entered = joules.estimate("J", _ENTERED, *merge_grounds(*of_basis))
        yield _figure(
            q.HOST_ENERGY, (basis,), entered, f"energy of the host, {basis.replace('_', ' ')}, {period}", basis
        )


def _unobserved_figures(missed: Unobserved, energy: Grounds, period: str) -> Iterator[Figure]:
    """Return the time of which nothing is known, where there is any, and what the host's energy could have been in it."""
    if not missed.seconds:
        return
    seconds = Estimate.exact(missed.seconds, "s", _ENTERED)
    yield _figure(q.HOST_UNOBSERVED, (), seconds, f"time of which nothing is known, {period}")
    if missed.joules is not None:
        watts = missed.joules.each(lambda joules: joules / missed.seconds)
        inputs = {"unobserved": seconds, "power": watts.estimate("J/s", _AROUND, *merge_grounds(energy))}
        title = f"what the host's energy could have been when nothing is known of it, {period}"
        paper = work_out(title, "unobserved × power", inputs, _IN_NO_OTHER)
        yield Figure.derived(q.HOST_UNOBSERVED_ENERGY, (), paper)


def _idle_figure(accounts: AccountTotals, energy: Grounds, view: HistoryView, period: str) -> Iterator[Figure]:
    """Return the energy that was spent idle, with what the idle power rests on."""
    ids = [factor for stem, _, factor, _ in accounts if stem == q.HOST_IDLE_ENERGY.stem]
    if ids:
        sets = view.grounds()
        yield _amount(q.HOST_IDLE_ENERGY, accounts, merge_grounds(*(sets[one] for one in ids), energy), period)


def _facility_figures(
    accounts: AccountTotals, energy: Grounds, period: str, book: FactorBook | None
) -> Iterator[Figure]:
    """Return the facility's energy by basis and what its use emits, of the hours whose PUE was known."""
    of_facility = [(facility_basis(stem), pue, hour) for (stem, _, pue, _), hour in accounts.items()]
    entered = [(basis, pue, hour) for basis, pue, hour in of_facility if basis is not None]
    grounds = merge_grounds(energy, *((Citation(f"the agent's history: {pue}"),) for _, pue, _ in entered))
    for basis in dict.fromkeys(basis for basis, _, _ in entered):
        joules = sum((hour.amount for other, _, hour in entered if other == basis), NOTHING)
        title = f"energy of the facility, {basis.replace('_', ' ')}, {period}"
        estimate = joules.estimate("J", _ENTERED, *grounds)
        yield _figure(q.FACILITY_ENERGY, (basis,), estimate, title, basis)
    yield from _use_figures(accounts, grounds, period, book, _OF_FACILITY)


def _use_figures(
    accounts: AccountTotals,
    energy: Grounds,
    period: str,
    book: FactorBook | None,
    quantities: Iterable[Quantity] = _OF_ENERGY,
) -> Iterator[Figure]:
    """Return what the use of the energy emits and consumes."""
    for quantity in quantities:
        if any(stem == quantity.stem for stem, *_ in accounts):
            # What was taken back whole stands for nothing.
            by = (
                (kind, factor)
                for (stem, kind, factor, _), hour in accounts.items()
                if stem == quantity.stem and hour.energy
            )
            cited = (_cited(kind, factor, book) for kind, factor in by)
            yield _amount(quantity, accounts, (*energy, *cited), period)


def _amortised_figure(accounts: AccountTotals, sets: Sequence[LotSet], period: str) -> Iterator[Figure]:
    """Return what the hours have amortised of the hardware, with the grounds of all that it was known to be."""
    quantity = q.EMBODIED_AMORTISED
    if any(stem == quantity.stem for stem, *_ in accounts):
        grounds = merge_grounds(*(one.emissions.grounds for known in sets for one in known.lots))
        yield _amount(quantity, accounts, grounds, period)


def _booked_figures(booked: Iterable[FrozenLot]) -> Iterator[Figure]:
    """Return what was acquired in the period, by year, as it was first booked."""
    by_year: dict[str, list[Estimate]] = {}
    for one in booked:
        by_year.setdefault(f"{one.acquired:%Y}", []).append(one.booked)
    for year, emissions in sorted(by_year.items()):
        yield _figure(q.EMBODIED_BOOKED, (year,), total(emissions), f"embodied, acquired and booked in {year}")


def _amount(quantity: Quantity, accounts: AccountTotals, grounds: Grounds, period: str) -> Figure:
    hours = (hour for (stem, *_), hour in accounts.items() if stem == quantity.stem)
    entered = sum(hours, ImpactHour()).amount.estimate(quantity.unit, _ENTERED, *merge_grounds(grounds))
    return _figure(quantity, (), entered, f"{quantity.stem}, {period}")


def _figure(quantity: Quantity, labels: tuple[str, ...], entered: Estimate, title: str, method: str = "") -> Figure:
    units = dict.fromkeys(("entered", RESULT), quantity.unit)
    return Figure.derived(quantity, labels, work_out(title, "entered", {"entered": entered}, units=units), method)


def _cited(kind: EntryKind, factor: str, book: FactorBook | None) -> Citation:
    """Return what an amount was entered by, as far as it is known still."""
    if kind is EntryKind.INSTRUMENT:
        return Citation(f"the agent's history: instrument '{factor}'")
    return cited_row(factor, book)

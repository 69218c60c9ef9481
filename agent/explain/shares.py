# SPDX-License-Identifier: Apache-2.0
"""What was entered by one factor in a period: its energy and its amount, of totals or of the hours of a history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.accounts.totals import FactorInUse, factor_of
from agent.history.hourly import ImpactHour, label
from agent.stretch import moment_of
from impacts.values.bounded import in_joules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.accounts.totals import Totals
    from agent.history.hourly import Entry
    from impacts.values.bounded import Bounded


@dataclass(frozen=True, slots=True)
class Share:
    """The amount of a quantity that was entered by one factor."""

    by: FactorInUse
    amount: ImpactHour
    hours: tuple[int, ...] = ()  # sorted; none where a total does not know them

    @property
    def label(self) -> str:
        """The factor as people read it."""
        return label(self.by.kind, self.by.factor)

    @property
    def joules(self) -> Bounded:
        """The energy that the amount is of."""
        return in_joules(self.amount.energy)

    @property
    def span(self) -> str:
        """Which hours it is of; empty where they are not known."""
        if not self.hours:
            return ""
        first, last = (f"{moment_of(hour):%Y-%m-%d %H:%M}" for hour in (self.hours[0], self.hours[-1]))
        return f"the hour of {first} UTC" if first == last else f"{len(self.hours)} hours, {first} to {last} UTC"


def shares_of_totals(totals: Totals) -> dict[str, list[Share]]:
    """Return what was entered by each factor, by quantity, the largest first, without what was taken back whole."""
    return {
        quantity: _largest_first(Share(by, amount) for by, amount in by_factor.items() if amount.energy)
        for quantity, by_factor in totals.impacts.items()
    }


def shares_of_entries(entries: Iterable[Entry]) -> dict[str, list[Share]]:
    """Return the sums by factor of netted entries, by quantity, the largest first."""
    sums: dict[str, dict[FactorInUse, ImpactHour]] = {}
    hours: dict[tuple[str, FactorInUse], set[int]] = {}
    for one in entries:
        by, of_quantity = factor_of(one), sums.setdefault(one.quantity, {})
        of_quantity[by] = of_quantity.get(by, ImpactHour()) + one.amount
        hours.setdefault((one.quantity, by), set()).add(one.hour)
    return {
        quantity: _largest_first(
            Share(by, amount, tuple(sorted(hours[quantity, by]))) for by, amount in of_quantity.items()
        )
        for quantity, of_quantity in sums.items()
    }


def _largest_first(shares: Iterable[Share]) -> list[Share]:
    return sorted(shares, key=lambda one: -one.amount.energy.central)

# SPDX-License-Identifier: Apache-2.0
"""What a figure rests on: the working papers of one quantity, down to dataset rows and counter files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from agent.accounts.electricity import netted
from agent.accounts.totals import Totals
from agent.explain.electricity import OF_FACILITY, QUANTITIES, ElectricityPapers
from agent.explain.embodied import amortised_figure, amortised_ratio_figure, coming_year
from agent.explain.power import EVER, host_energy_figures, idle_energy_figure
from agent.explain.shares import shares_of_entries
from agent.stretch import hour_of, moment_of
from impacts import quantities as q

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from agent.accounts.electricity import ElectricityAccounts
    from agent.history.view import HistoryView
    from agent.host_facts import HostFacts
    from impacts.figures import Figure
    from impacts.quantities import Quantity
    from impacts.snapshots import Snapshot
    from impacts.values.derivations import Derivation

JUST_TAKEN = "of the two samples just taken"

_CRITERIA = {q.EMBODIED: "gwp", q.EMBODIED_ADPE: "adpe", q.EMBODIED_PRIMARY_ENERGY: "pe"}
# Where there is a history, these are explained by it alone: two samples would state something else.
_OF_THE_HISTORY_ALONE = {q.SCOPE2_MARKET_TO_LOCATION, q.EMBODIED_AMORTISED, q.EMBODIED_AMORTISED_RATIO}
# The quantities whose papers follow those of a quantity, because it is made of them.
_BESIDE = {
    q.HOST_ENERGY: (q.HOST_POWER,),
    q.HOST_IDLE_POWER: (q.HOST_POWER,),
    q.HOST_IDLE_ENERGY: (q.HOST_IDLE_POWER, q.HOST_ENERGY),
    q.HOST_MEASURED_ENERGY: (q.HOST_POWER,),
    q.CHANNEL_ENERGY: (q.CHANNEL_POWER,),
    q.SCOPE2_MARKET_TO_LOCATION: (q.SCOPE2_MARKET_BASED, q.SCOPE2_LOCATION_BASED),
    **dict.fromkeys(QUANTITIES, (q.HOST_ENERGY, q.HOST_POWER)),
    q.FACILITY_ENERGY: (q.HOST_ENERGY, q.HOST_POWER),
    **dict.fromkeys(OF_FACILITY, (q.FACILITY_ENERGY, q.HOST_ENERGY, q.HOST_POWER)),
}


@dataclass(frozen=True)
class Explanation:
    """The working papers of the figures of two samples and, where there is one, of the history beside them."""

    snapshot: Snapshot
    facts: HostFacts
    electricity: ElectricityAccounts  # as it goes on after the history
    history: HistoryView | None  # of the agent that runs on this host

    def of(self, quantity: Quantity) -> list[Derivation]:
        """Return the derivations of a quantity, the figure itself first; none where the agent has only observed it."""
        papers = [*self._own(quantity)]
        if papers:
            papers += [paper for beside in _BESIDE.get(quantity, ()) for paper in self._own(beside)]
        if quantity is q.EMBODIED_AMORTISED:
            papers += self._still_to_come()
        return list(dict.fromkeys(one for paper in papers for one in paper.all()))

    def _own(self, quantity: Quantity) -> Iterator[Derivation]:
        if quantity in _CRITERIA:
            yield from self._whole(_CRITERIA[quantity])
            return
        of_history = _papers(self._history_figures, quantity)
        yield from of_history
        if not of_history or quantity not in _OF_THE_HISTORY_ALONE:
            for paper in _papers(self.snapshot.figures, quantity):
                yield replace(paper, title=paper.title.replace(EVER, JUST_TAKEN))

    def _whole(self, criterion: str) -> Iterator[Derivation]:
        """The sum over components, where the criterion can be computed."""
        whole = self.facts.embodied.derivation(criterion)
        yield from () if whole is None else (whole,)

    def _still_to_come(self) -> Iterator[Derivation]:
        """What the coming year amortises, and the whole of it."""
        year = coming_year(self.facts, self.snapshot.taken_at, self._began_at)
        yield from () if year is None else (year,)
        yield from self._whole("gwp")

    @cached_property
    def _history_figures(self) -> tuple[Figure, ...]:
        """The figures of all time, by the newest accounts."""
        history = self.history
        return () if history is None or history.began_at is None else tuple(self._figures_of(history, history.began_at))

    def _figures_of(self, history: HistoryView, began_at: datetime) -> Iterator[Figure]:
        at, totals = self.snapshot.taken_at, Totals.of(history, began_at, None)
        papers = ElectricityPapers(self.facts, self.electricity, at)
        yield from host_energy_figures(totals, EVER)
        yield from idle_energy_figure(totals, EVER)
        accounts = netted(history.accounts(moment_of(hour_of(began_at))))
        version = history.newest_version()
        period = f"{EVER}, version {version} of the accounts" if version else EVER
        yield from papers.figures(shares_of_entries(accounts), totals, period)
        yield from papers.ratio_figure(totals)
        yield from amortised_figure(self.facts, totals, EVER)
        yield from amortised_ratio_figure(self.facts, at, began_at)

    @property
    def _began_at(self) -> datetime:
        """When the history of the running agent began, else when the snapshot's period did."""
        began_at = self.history.began_at if self.history is not None else None
        return began_at or self.snapshot.statements[-1].begins


def _papers(figures: Iterable[Figure], quantity: Quantity) -> list[Derivation]:
    return [one.derivation for one in figures if one.quantity is quantity and one.derivation is not None]


DERIVED = frozenset(
    {
        q.HOST_POWER,
        *_CRITERIA,
        *_OF_THE_HISTORY_ALONE,
        *_BESIDE,
        q.CHANNEL_POWER,
        q.GRID_LOCATION_BASED,
        q.GRID_MARKET_BASED,
        q.EMBODIED_BOOKED,
    }
)

# SPDX-License-Identifier: Apache-2.0
"""What a figure rests on: the working papers of one quantity, down to dataset rows and counter files."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from agent.explain.electricity import UseExplanation
from agent.explain.embodied import coming_year
from agent.history.hours import ImpactHour
from impacts import quantities as q
from impacts.lifetime.derivations import ratio_derivation
from impacts.values.derivations import RESULT, work_out
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from agent.accounts.electricity import Use
    from agent.history.view import HistoryView
    from agent.host_facts import Standing
    from agent.wholehost.host_step import HostStep
    from impacts.quantities import Quantity
    from impacts.snapshots import Snapshot
    from impacts.values.derivations import Derivation


def _energy_of(step: HostStep | None) -> ImpactHour | None:
    if step is None:
        return None
    low, central, high = map(int, step.microjoules.amounts())
    return ImpactHour(0, 0, 0, low, central, high)


class Explanation:
    """The working papers of every quantity: of the figures of a snapshot, and of the history where there is one."""

    def __init__(
        self, snapshot: Snapshot, standing: Standing, use: Use, step: HostStep | None, history: HistoryView | None
    ) -> None:
        self._snapshot = snapshot
        self._standing = standing
        self._step = step
        self._history = history  # of the agent that runs on this host, if there is one
        self._use = UseExplanation(standing, use, history, snapshot.taken_at)

    def of(self, quantity: Quantity) -> list[Derivation]:
        """Return the derivations of a quantity, the figure itself first; none where the agent has only observed it."""
        derive = self.derivations.get(quantity)
        if derive is None:
            return []
        return list(dict.fromkeys(one for derivation in derive(self, quantity) for one in derivation.all()))

    def _papers(self, quantity: Quantity) -> Iterable[Derivation]:
        """The papers of the snapshot's figures."""
        figures = self._snapshot.named(quantity.name)
        return (figure.derivation for figure in figures if figure.derivation is not None)

    def _use_of(self, quantity: Quantity) -> list[Derivation]:
        """A counter of what the use of electricity emits, then the energy that it is of."""
        papers = self._use.of(quantity, _energy_of(self._step))
        return [*papers, *self._host_energy(q.HOST_ENERGY)] if papers else []

    def _host_energy(self, _quantity: Quantity) -> list[Derivation]:
        """The whole history's energy as it is entered there, and how a step of it comes about."""
        return [*self._entered_energy(), *([self._step.energy] if self._step is not None else [])]

    def _measured_share(self, quantity: Quantity) -> list[Derivation]:
        return [*self._papers(quantity), *self._papers(q.HOST_POWER)]

    def _entered_energy(self) -> list[Derivation]:
        """Return the host energy of the running agent's history, if there is one."""
        hours = self._history.host_totals().values() if self._history is not None else ()
        if self._history is None or not hours:
            return []
        ground = Citation(f"the agent's history, table host_hour, since {self._history.began_at:%Y-%m-%d %H:%M} UTC")
        amounts = zip(*((hour.low_microjoules, hour.microjoules, hour.high_microjoules) for hour in hours), strict=True)
        low, central, high = (sum(amount) * JOULES_PER_MICROJOULE for amount in amounts)
        inputs = {"entered": Estimate(low, central, high, "J", (ground,))}
        units = {"entered": "kWh", RESULT: "kWh"}
        return [work_out("energy of the host since the history began", "entered", inputs, units=units)]

    def _channel_energies(self, quantity: Quantity) -> list[Derivation]:
        return [*self._papers(quantity), *self._papers(q.CHANNEL_POWER)]

    def _embodied(self, criterion: str) -> list[Derivation]:
        """The sum over components first, then each component."""
        whole = self._standing.embodied.derivation(criterion)
        return [] if whole is None else [whole]

    def _amortised(self, _quantity: Quantity) -> list[Derivation]:
        """What the history has entered, and what the coming year amortises."""
        year = coming_year(self._standing, self._snapshot.taken_at, self._began_at)
        return [] if year is None else [*self._amortised_so_far(), year, *self._embodied("gwp")]

    def _amortised_so_far(self) -> list[Derivation]:
        history, whole = self._history, self._standing.embodied.derivation("gwp")
        if history is None or not history.amortised_ratio or whole is None:
            return []
        share = Citation("the agent's history, table meta: share amortised so far")
        inputs: dict[str, Derivation | Estimate] = {
            "embodied": whole,
            "share": Estimate.exact(history.amortised_ratio, "1", share),
        }
        note = "exact while the embodied figure has been what it is now; its bounds, while all is of one date"
        return [work_out("embodied, amortised since the history began", "embodied × share", inputs, note)]

    def _amortised_ratio(self, _quantity: Quantity) -> list[Derivation]:
        """The share of all lots, then of each."""
        ratio = ratio_derivation(self._standing.lots, self._snapshot.taken_at, self._began_at)
        return [] if ratio is None else [ratio]

    @property
    def _began_at(self) -> datetime:
        """When the history of the running agent began, else this look at the host."""
        began_at = self._history.began_at if self._history is not None else None
        return began_at or self._snapshot.statements[-1].begins

    # How each quantity is derived. What is not here the agent has only observed.
    derivations: ClassVar[dict[Quantity, Callable[[Explanation, Quantity], Iterable[Derivation]]]] = {
        q.HOST_POWER: _papers,
        q.HOST_ENERGY: _host_energy,
        q.HOST_MEASURED_ENERGY: _measured_share,
        q.CHANNEL_POWER: _papers,
        q.CHANNEL_ENERGY: _channel_energies,
        q.SCOPE2_LOCATION_BASED: _use_of,
        q.SCOPE2_MARKET_BASED: _use_of,
        q.SCOPE2_MARKET_TO_LOCATION: lambda self, _: self._use.ratio(),
        q.ENERGY_UPSTREAM: _use_of,
        q.USE_WATER: _use_of,
        q.GRID_LOCATION_BASED: lambda self, _: self._use.grid(),
        q.GRID_MARKET_BASED: lambda self, _: self._use.next_kwh(),
        q.EMBODIED: lambda self, _: self._embodied("gwp"),
        q.EMBODIED_ADPE: lambda self, _: self._embodied("adpe"),
        q.EMBODIED_PRIMARY_ENERGY: lambda self, _: self._embodied("pe"),
        q.EMBODIED_BOOKED: _papers,
        q.EMBODIED_AMORTISED: _amortised,
        q.EMBODIED_AMORTISED_RATIO: _amortised_ratio,
    }

# SPDX-License-Identifier: Apache-2.0
"""Everything there is to say of a moment: the figures of the rooms below, the factors behind them, and the problems."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from agent.explain.electricity import ElectricityPapers
from agent.explain.embodied import amortised_figure, amortised_ratio_figure, embodied_figures
from agent.explain.factors import factor_figures
from agent.explain.power import (
    EVER,
    OBSERVED,
    channel_figures,
    host_energy_figures,
    host_figures,
    idle_energy_figure,
    unobserved_figure,
)
from agent.explain.taught import taught_figures
from agent.loop.host_problems import host_problems
from agent.version import VERSION
from impacts import quantities as q
from impacts.figures import Figure
from impacts.snapshots import Snapshot
from impacts.statements import Statement
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.accounts.accounts import Accounts
    from agent.accounts.totals import Totals
    from agent.host_facts import HostFacts
    from agent.loop.source_set import SourceSet, Watched
    from agent.loop.state import LoopState
    from impacts.problems import Problem
    from impacts.quantities import Quantity


class Evaluation:
    """Composes a snapshot, given what holds for as long as the hardware stays the same."""

    def __init__(self, facts: HostFacts) -> None:
        self.facts = facts
        self._constant = tuple(_constant_figures(facts))

    def follow(self, facts: HostFacts) -> None:
        """Go on with other hardware."""
        self.facts = facts
        self._constant = tuple(_constant_figures(facts))

    def snapshot(self, state: LoopState, accounts: Accounts, sources: SourceSet) -> Snapshot:
        """Return everything there is to say now."""
        papers = ElectricityPapers(self.facts, accounts.electricity, state.at)
        since_start, today, ever = (
            Statement(subject, totals.begins, state.at, tuple(self._total_figures(papers, totals, subject)))
            for subject, totals in (
                ("since the agent started", accounts.since_start),
                ("today (UTC)", accounts.today),
                (EVER, accounts.ever),
            )
        )
        figures = (
            *host_figures(state.present.host_step),
            *ever.figures,
            *papers.ratio_figure(accounts.ever),
            *amortised_ratio_figure(self.facts, state.at, accounts.ever.begins),
            *_channel_figures(state, accounts, sources),
            *papers.grid_figures(),
            *taught_figures(state.taught),
            *self._constant,
        )
        return Snapshot(
            taken_at=state.at,
            figures=(
                *figures,
                *factor_figures(figures, self.facts.machine.book, papers.matches(accounts.ever)),
                *_loop_figures(state),
                *(figure for watched in sources.watched for figure in _source_figures(watched)),
            ),
            problems=tuple(dict.fromkeys(self._problems(state, accounts, sources))),
            sources=tuple(watched.state for watched in sources.watched),
            statements=(since_start, today, ever),
        )

    def _total_figures(self, papers: ElectricityPapers, totals: Totals, period: str) -> Iterator[Figure]:
        """Return the counters of a period: host energy by basis, what its use emits, embodied share."""
        yield from host_energy_figures(totals, period)
        yield from idle_energy_figure(totals, period)
        yield from unobserved_figure(totals)
        yield from papers.total_figures(totals, period)
        yield from amortised_figure(self.facts, totals, period)

    def _problems(self, state: LoopState, accounts: Accounts, sources: SourceSet) -> Iterator[Problem]:
        yield from host_problems(self.facts, state, sources)
        yield from (problem for watched in sources.watched for problem in watched.problems)
        yield from state.problems
        yield from accounts.problems
        yield from accounts.electricity.problems(state.at)
        yield from self.facts.problems_on(state.at.date())


def _channel_figures(state: LoopState, accounts: Accounts, sources: SourceSet) -> Iterator[Figure]:
    of_channels = accounts.ledger.accounts
    for channel in sources.channels:
        if channel.key in of_channels:
            yield from channel_figures(of_channels[channel.key], state.present.steps.get(channel.key))


def _constant_figures(facts: HostFacts) -> Iterator[Figure]:
    """Return what does not change while the hardware stays the same."""
    yield from embodied_figures(facts)
    server = facts.machine.inventory.server
    models = ", ".join(dict.fromkeys(part.model for part in facts.serving.of_kind("cpu") if part.model))
    yield _info(q.HOST, (server.manufacturer or "", server.model or "", models, str(server.virtual).lower()))
    yield _info(q.BUILD, (VERSION, platform.python_version()))


def _loop_figures(state: LoopState) -> Iterator[Figure]:
    yield _observed(q.SAMPLER_TICKS, (), state.ticks)
    yield _observed(q.SAMPLER_MISSED_TICKS, (), state.missed_ticks)


def _source_figures(watched: Watched) -> Iterator[Figure]:
    if not watched.state.found:
        return  # nothing is down that is not there
    name = watched.entry.name
    yield _observed(q.SOURCE_UP, (name,), float(watched.up))
    if watched.last_read_at is not None:
        yield _observed(q.SOURCE_READ_DURATION, (name,), watched.read_seconds)
        yield _observed(q.SOURCE_LAST_READ, (name,), watched.last_read_at.timestamp())
    for reason, count in watched.failures.items():
        yield _observed(q.SOURCE_READ_FAILURES, (name, reason), count)


def _info(quantity: Quantity, labels: tuple[str, ...]) -> Figure:
    return _observed(quantity, labels, 1.0)


def _observed(quantity: Quantity, labels: tuple[str, ...], value: float) -> Figure:
    return Figure(quantity, labels, Estimate.exact(value, quantity.unit, OBSERVED))

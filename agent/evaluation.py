# SPDX-License-Identifier: Apache-2.0
"""Ledger + inventory + factor book -> figures and problems. Works out once what is constant, the rest at every tick."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from agent.hours import HostHour, ImpactHour
from agent.version import VERSION
from agent.wholehost.balance import Basis
from impacts import quantities as q
from impacts.amortisation import amortised_ratio
from impacts.electricity import location_based
from impacts.estimates import Citation, Estimate, merge_grounds
from impacts.figures import Figure, Snapshot
from impacts.problems import Problem
from impacts.statements import Statement
from impacts.units import SECONDS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from agent.readings import Channel
    from agent.sampler import Progress
    from agent.source_set import SourceSet, Watched
    from agent.standing import Standing
    from agent.totals import Totals
    from agent.wholehost.balance import HostStep
    from impacts.quantities import Quantity

OBSERVED = Citation("the agent's own observation")
_MICRO = 1e-6
_EMBODIED = {"gwp": q.EMBODIED, "adpe": q.EMBODIED_ADPE, "pe": q.EMBODIED_PRIMARY_ENERGY}


class Evaluation:
    """What a host's energy and hardware mean, given what stands for as long as the agent runs."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._constant = tuple(_constant_figures(standing))
        self._measured_by: dict[str, Citation] = {}

    @property
    def grid_factor_id(self) -> str:
        """The dataset row of the grid's carbon intensity, as the history names it."""
        citation = self._standing.grid.factor.citation
        return f"{citation.dataset}/{citation.entry}"

    def scope2(self, step: HostStep) -> ImpactHour:
        """Return grams: the host's joules times the grid's average intensity, corner by corner."""
        energy = _estimate_of(step, 1.0, "J", (OBSERVED,))
        return _grams(location_based(energy, self._standing.grid.factor.value))

    def amortised_ratio(self, at: datetime, began_at: datetime) -> float:
        """Return the share of the service life that has passed; without a date of acquisition it begins with the history."""
        acquired = self._standing.machine.inventory.server.acquired or began_at
        return amortised_ratio(acquired, self._standing.service_life.central, at)

    def service_life_share(self, seconds: float, at: datetime, began_at: datetime) -> float:
        """Return how much of the service life `seconds` are; nothing once it is over."""
        if self.amortised_ratio(at, began_at) >= 1:
            return 0.0
        return max(0.0, seconds) / (self._standing.service_life.central * SECONDS_PER_YEAR)

    def embodied_share(self, share: float) -> ImpactHour | None:
        """Return a share of the embodied emissions in grams; None while they are not known."""
        whole = self._standing.embodied_emissions
        return None if whole is None else _grams(whole.scaled(share))

    def snapshot(self, progress: Progress, sources: SourceSet) -> Snapshot:
        """Return everything there is to say now."""
        problems = [watched.problem for watched in sources.watched if watched.problem is not None]
        problems = [*_basis_problems(progress, sources), *problems, *progress.problems, *self._standing.problems]
        return Snapshot(
            taken_at=progress.at,
            figures=(
                *self._host_figures(progress),
                *self._channel_figures(progress, sources),
                *self._constant,
                *_loop_figures(progress),
                *(figure for watched in sources.watched for figure in _source_figures(watched)),
            ),
            problems=tuple(dict.fromkeys(problems)),
            sources=tuple(watched.state for watched in sources.watched),
            statements=(
                self._statement("since the agent started", progress.since_start, progress.at),
                self._statement("today (UTC)", progress.today, progress.at),
                self._statement("since the history began", progress.ever, progress.at),
            ),
        )

    def _host_figures(self, progress: Progress) -> Iterator[Figure]:
        step = progress.host_step
        if step is not None:
            watts = _estimate_of(step, 1 / step.seconds, "W", self._host_grounds(step.basis))
            yield Figure(q.HOST_POWER, (step.basis.value,), watts, step.basis.value)
            measured = min(1.0, step.measured_microjoules / step.microjoules) if step.microjoules else 0.0
            yield Figure(q.HOST_MEASURED_ENERGY, (), Estimate.exact(measured, "1", OBSERVED))
        yield from self._total_figures(progress.ever)
        yield Figure(
            q.EMBODIED_AMORTISED_RATIO,
            (),
            Estimate.exact(
                self.amortised_ratio(progress.at, progress.ever.begins), "1", *self._standing.service_life.grounds
            ),
        )

    def _total_figures(self, totals: Totals) -> Iterator[Figure]:
        """Return the counters of a period: host energy by basis, Scope 2, embodied share."""
        for basis, energy in totals.hosts.items():
            joules = _estimate_of(energy, 1.0, "J", self._host_grounds(Basis(basis)))
            yield Figure(q.HOST_ENERGY, (basis,), joules, basis)
        bases = [self._host_grounds(Basis(basis)) for basis in totals.hosts]
        grounds = {
            q.SCOPE2_LOCATION_BASED: merge_grounds(*bases, self._standing.grid.factor.value.grounds),
            q.EMBODIED_AMORTISED: self._standing.embodied_grounds,
        }
        for quantity, why in grounds.items():
            grams = totals.impacts.get(quantity.stem)
            if grams is not None and why:
                yield Figure(quantity, (), Estimate(grams.low_grams, grams.grams, grams.high_grams, "gCO2e", why))

    def _statement(self, subject: str, totals: Totals, ends: datetime) -> Statement:
        return Statement(subject, totals.begins, ends, tuple(self._total_figures(totals)))

    def _host_grounds(self, basis: Basis) -> tuple[Citation, ...]:
        return self._standing.model_grounds if basis is Basis.MODELLED else self._standing.counted_grounds

    def _channel_figures(self, progress: Progress, sources: SourceSet) -> Iterator[Figure]:
        for channel in sources.channels:
            account = progress.ledger.accounts.get(channel.key)
            if account is None:
                continue
            grounds = (self._measured_by.setdefault(channel.source, _measured_by(channel.source, sources)),)
            labels = (channel.source, channel.name, channel.component)
            energy = _bounded(channel, account.microjoules * _MICRO, "J", grounds)
            yield Figure(q.CHANNEL_ENERGY, (*labels, channel.method.value), energy, channel.method.value)
            unobserved = Estimate.exact(account.unobserved_seconds, "s", OBSERVED)
            yield Figure(q.CHANNEL_UNOBSERVED, (channel.source, channel.name), unobserved)
            step = progress.steps.get(channel.key)
            if step is not None and step.observed_seconds > 0:
                watts = step.microjoules * _MICRO / step.observed_seconds
                power = _bounded(channel, watts, "W", grounds)
                yield Figure(q.CHANNEL_POWER, labels, power, channel.method.value)


def _grams(emissions: Estimate) -> ImpactHour:
    return ImpactHour(emissions.low, emissions.central, emissions.high)


def _estimate_of(energy: HostStep | HostHour, per: float, unit: str, grounds: tuple[Citation, ...]) -> Estimate:
    """Return microjoules with their bounds as an estimate in `unit`."""
    scale = _MICRO * per
    return Estimate(
        energy.low_microjoules * scale, energy.microjoules * scale, energy.high_microjoules * scale, unit, grounds
    )


def _bounded(channel: Channel, value: float, unit: str, grounds: tuple[Citation, ...]) -> Estimate:
    """Return a channel's value with the bounds of its accuracy."""
    return Estimate(value * channel.low_ratio, value, value * channel.high_ratio, unit, grounds)


def _measured_by(source: str, sources: SourceSet) -> Citation:
    measures = next(watched.entry.measures for watched in sources.watched if watched.entry.name == source)
    return Citation(f"source {source}: {measures}")


def _constant_figures(standing: Standing) -> Iterator[Figure]:
    """Return what does not change while the agent runs."""
    yield Figure(q.GRID_LOCATION_BASED, (), standing.grid.factor.value)
    for criterion, quantity in _EMBODIED.items():
        for component in standing.embodied.components(criterion):
            yield Figure(quantity, (component.name,), component.estimate, component.method)
    for match in standing.factors_in_use:
        yield _info(
            q.FACTOR,
            (match.factor.subject, match.factor.citation.dataset, match.factor.citation.entry, match.fit.value),
        )
    server = standing.machine.inventory.server
    models = ", ".join(dict.fromkeys(part.model for part in standing.machine.inventory.of_kind("cpu") if part.model))
    yield _info(q.HOST, (server.manufacturer or "", server.model or "", models, str(server.virtual).lower()))
    yield _info(q.BUILD, (VERSION, platform.python_version()))


def _info(quantity: Quantity, labels: tuple[str, ...]) -> Figure:
    return Figure(quantity, labels, Estimate.exact(1.0, "1", OBSERVED))


def _loop_figures(progress: Progress) -> Iterator[Figure]:
    yield Figure(q.SAMPLER_TICKS, (), Estimate.exact(progress.ticks, "1", OBSERVED))
    yield Figure(q.SAMPLER_MISSED_TICKS, (), Estimate.exact(progress.missed_ticks, "1", OBSERVED))


def _source_figures(watched: Watched) -> Iterator[Figure]:
    name = watched.entry.name
    yield Figure(q.SOURCE_UP, (name,), Estimate.exact(float(watched.up), "1", OBSERVED))
    if watched.last_read_at is not None:
        yield Figure(q.SOURCE_READ_DURATION, (name,), Estimate.exact(watched.read_seconds, "s", OBSERVED))
        yield Figure(q.SOURCE_LAST_READ, (name,), Estimate.exact(watched.last_read_at.timestamp(), "s", OBSERVED))
    for reason, count in watched.failures.items():
        yield Figure(q.SOURCE_READ_FAILURES, (name, reason), Estimate.exact(count, "1", OBSERVED))


def _basis_problems(progress: Progress, sources: SourceSet) -> list[Problem]:
    """Say why the host's power is not measured."""
    if progress.host_step is None and progress.ticks == 1:
        return []  # every counter needs a second look
    if progress.host_step is not None and progress.host_step.basis is Basis.PART_MODELLED:
        return [
            Problem(
                "host",
                "part_modelled",
                "no meter at the power supplies: what lies between the counted components and the inlet is modelled",
                "give the agent an inlet meter where the server has one; `wattprint doctor` lists what it looks for",
            )
        ]
    whys = [
        f"{state.source}: {state.why_not}" for state in (watched.state for watched in sources.watched) if state.why_not
    ]
    remedies = [watched.state.remedy for watched in sources.watched if watched.state.remedy]
    remedy = "; ".join(remedies) or "`wattprint doctor` says what each source needs"
    reasons = "; ".join(whys) or "no counter told anything"
    if progress.host_step is None:
        return [Problem("host", "power_unknown", f"nothing tells the host's power ({reasons})", remedy)]
    what = f"no power counter could be read, so power is modelled from load, with wide bounds ({reasons})"
    return [Problem("host", "modelled", what, remedy)]

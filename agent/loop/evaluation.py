# SPDX-License-Identifier: Apache-2.0
"""Ledger + inventory + factor book -> figures and problems. Works out once what is constant, the rest at every tick."""

from __future__ import annotations

import platform
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.readings import Method
from agent.version import VERSION
from agent.wholehost.balance import Basis
from impacts import quantities as q
from impacts.electricity.grid import ELECTRICITY
from impacts.figures import Figure
from impacts.lifetime.acquisition import booked_by_year
from impacts.lifetime.amortisation import amortised_ratio
from impacts.problems import Problem
from impacts.snapshots import Snapshot
from impacts.statements import Statement
from impacts.values.bounded import NOTHING, Bounded
from impacts.values.estimates import Citation, Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from agent.accounts.electricity import Use
    from agent.accounts.totals import Totals
    from agent.host_facts import Standing
    from agent.loop.progress import Progress
    from agent.loop.source_set import SourceSet, Watched
    from agent.readings import Channel
    from impacts.factors import FactorMatch
    from impacts.quantities import Quantity

OBSERVED = Citation("the agent's own observation")
_MICRO = 1e-6
_EMBODIED = {"gwp": q.EMBODIED, "adpe": q.EMBODIED_ADPE, "pe": q.EMBODIED_PRIMARY_ENERGY}


class Evaluation:
    """What a host's energy and hardware mean, given what stands for as long as the agent runs."""

    def __init__(self, standing: Standing, use: Use) -> None:
        self.standing = standing
        self.use = use
        self._constant = tuple(_constant_figures(standing))
        self._factors: tuple[frozenset[Citation], tuple[Figure, ...]] = (frozenset(), ())
        self._measured_by: dict[str, Citation] = {}

    def follow(self, standing: Standing) -> None:
        """Go on with other hardware: what follows is worked out with it, what is booked stays booked."""
        self.standing = standing
        self.use.follow(standing)
        self._constant = tuple(_constant_figures(standing))

    def amortised_ratio(self, at: datetime, began_at: datetime) -> float:
        """Return the amortised share of the embodied emissions; what has no date begins with the history."""
        return amortised_ratio(self.standing.lots, at, began_at)

    def amortised_within(self, seconds: float, at: datetime, began_at: datetime) -> Bounded:
        """Return the grams that the `seconds` up to `at` amortise: of each lot as its plan says for just that time."""
        since = at - timedelta(seconds=max(0.0, seconds))
        grams = (
            Bounded.of(lot.emissions.scaled(lot.planned_ratio(at, began_at) - lot.planned_ratio(since, began_at)))
            for lot in self.standing.lots
        )
        return sum(grams, NOTHING)

    def left_unamortised(self, at: datetime, began_at: datetime) -> Bounded:
        """Return the grams that were not amortised of what has been retired since the history began."""
        grams = (
            Bounded.of(lot.emissions.scaled(1.0 - lot.planned_ratio(at, began_at)))
            for lot in self.standing.lots
            if lot.retired is not None and began_at.date() <= lot.retired and lot.has_left(at)
        )
        return sum(grams, NOTHING)

    @property
    def embodied_grams(self) -> Bounded | None:
        """The embodied emissions of the whole host; None while they are not known."""
        whole = self.standing.embodied_emissions
        return None if whole is None else Bounded.of(whole)

    def snapshot(self, progress: Progress, sources: SourceSet) -> Snapshot:
        """Return everything there is to say now."""
        problems = [watched.problem for watched in sources.watched if watched.problem is not None]
        problems = [*self._host_problems(progress, sources), *problems, *progress.problems]
        problems += [*self.use.problems(progress.at), *self.standing.problems_on(progress.at.date())]
        return Snapshot(
            taken_at=progress.at,
            figures=(
                *self._host_figures(progress),
                *self._channel_figures(progress, sources),
                *self.use.intensities(progress.at),
                *self._constant,
                *self._factor_figures(progress),
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

    def _factor_figures(self, progress: Progress) -> tuple[Figure, ...]:
        """Return the factors behind the figures of this moment; worked out again only when they change."""
        grid, step = self.use.grid(progress.at), progress.host_step
        matches = (*grid.matches, self.use.terms(progress.at).fallback.match)
        rows = {*self.standing.embodied_factors, *(match.factor.citation for match in matches)}
        # Not other years and datasets of the same grid, by which shares and bounds were worked out.
        rows.update(row for row in grid.split.upstream.grounds if not row.entry.startswith(f"{ELECTRICITY}:"))
        if step is not None:
            modelled = {channel.name for channel, _ in step.terms if channel.method is Method.MODELLED}
            terms = (term for term in self.standing.model.terms if term.name in modelled)
            rows.update(step.overhead.grounds, *(term.grounds for term in terms))
        if rows != self._factors[0]:
            fits = {match.factor.citation: match for match in matches}
            shown = (self._factor_figure(row, fits) for row in sorted(rows, key=_by_row) if row.dataset)
            self._factors = (frozenset(rows), tuple(shown))
        return self._factors[1]

    def _factor_figure(self, row: Citation, fits: dict[Citation, FactorMatch]) -> Figure:
        match = fits.get(row) or self.standing.machine.book.cited(row)
        return _info(q.FACTOR, (match.factor.subject, row.dataset, row.entry, match.fit.value))

    def _host_problems(self, progress: Progress, sources: SourceSet) -> list[Problem]:
        basis = progress.host_step.basis if progress.host_step else None
        problems = _basis_problems(progress, sources)
        if basis is Basis.MODELLED:
            problems += self.standing.model.problems
        cards = self.standing.serving.of_kind("gpu")
        if (
            cards
            and basis in {Basis.MODELLED, Basis.PART_MODELLED}
            and not any(c.component == "gpu" and c.method is not Method.MODELLED for c in sources.channels)
        ):
            what = "no source tells the power of the GPUs: a guess between idle and full load stands in for it"
            problems.append(Problem("host", "gpu_modelled", what, "compare the host with a meter at the plug"))
        return problems

    def _host_figures(self, progress: Progress) -> Iterator[Figure]:
        step = progress.host_step
        if step is not None:
            energy = Bounded(step.low_microjoules, step.microjoules, step.high_microjoules)
            watts = _estimate_of(energy, 1 / step.seconds, "W", self._host_grounds(step.basis))
            yield Figure(q.HOST_POWER, (step.basis.value,), watts, step.basis.value)
            measured = min(1.0, step.measured_microjoules / step.microjoules) if step.microjoules else 0.0
            yield Figure(q.HOST_MEASURED_ENERGY, (), Estimate.exact(measured, "1", OBSERVED))
        yield from self._total_figures(progress.ever, progress.at)
        yield from _market_to_location(progress.ever)
        yield Figure(
            q.EMBODIED_AMORTISED_RATIO,
            (),
            Estimate.exact(
                self.amortised_ratio(progress.at, progress.ever.begins), "1", *self.standing.service_life.grounds
            ),
        )

    def _total_figures(self, totals: Totals, at: datetime) -> Iterator[Figure]:
        """Return the counters of a period: host energy by basis, what its use emits, embodied share."""
        for basis, energy in totals.hosts.items():
            joules = _estimate_of(energy.energy, 1.0, "J", self._host_grounds(Basis(basis)))
            yield Figure(q.HOST_ENERGY, (basis,), joules, basis)
        bases = [self._host_grounds(Basis(basis)) for basis in totals.hosts]
        for quantity, why in self._use_grounds(at):
            yield from _total_figure(quantity, totals, merge_grounds(*bases, why))
        yield from _total_figure(q.EMBODIED_AMORTISED, totals, self.standing.embodied_grounds)

    def _use_grounds(self, at: datetime) -> Iterator[tuple[Quantity, tuple[Citation, ...]]]:
        """Return what the figures of the use of electricity rest on now, beside the energy."""
        grid, terms = self.use.grid(at), self.use.terms(at)
        yield q.SCOPE2_LOCATION_BASED, grid.split.scope2.grounds
        instruments = (one.factor.grounds for one in terms.instruments)
        yield q.SCOPE2_MARKET_BASED, merge_grounds(*instruments, terms.fallback.intensity.grounds)
        yield q.ENERGY_UPSTREAM, grid.split.upstream.grounds
        if grid.water is not None:
            yield q.USE_WATER, grid.water.factor.value.grounds

    def _statement(self, subject: str, totals: Totals, ends: datetime) -> Statement:
        return Statement(subject, totals.begins, ends, tuple(self._total_figures(totals, ends)))

    def _host_grounds(self, basis: Basis) -> tuple[Citation, ...]:
        return self.standing.model_grounds if basis is Basis.MODELLED else self.standing.counted_grounds

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


def _total_figure(quantity: Quantity, totals: Totals, grounds: tuple[Citation, ...]) -> Iterator[Figure]:
    """Return the amount of a quantity, if there is any. Corrections may leave a rounding below zero."""
    booked = totals.impacts.get(quantity.stem)
    if booked is not None and grounds:
        low, central, high = (max(0.0, amount) for amount in booked.amount.amounts())
        yield Figure(quantity, (), Estimate(min(low, central), central, max(central, high), quantity.unit, grounds))


def _market_to_location(totals: Totals) -> Iterator[Figure]:
    location, market = (
        totals.impacts.get(quantity.stem) for quantity in (q.SCOPE2_LOCATION_BASED, q.SCOPE2_MARKET_BASED)
    )
    if location is None or market is None or not market.energy.central:
        return
    # By joule: an older program has booked location-based emissions alone.
    by_location, by_market = (one.amount.central / max(1, one.energy.central) for one in (location, market))
    if by_location > 0:
        ratio = Estimate.exact(max(0.0, by_market) / by_location, "1", OBSERVED)
        yield Figure(q.SCOPE2_MARKET_TO_LOCATION, (), ratio)


def _estimate_of(energy: Bounded, per: float, unit: str, grounds: tuple[Citation, ...]) -> Estimate:
    """Return microjoules with their bounds as an estimate in `unit`."""
    scale = _MICRO * per
    return Estimate(energy.low * scale, energy.central * scale, energy.high * scale, unit, grounds)


def _bounded(channel: Channel, value: float, unit: str, grounds: tuple[Citation, ...]) -> Estimate:
    """Return a channel's value with the bounds of its accuracy."""
    return Estimate(value * channel.accuracy.low, value, value * channel.accuracy.high, unit, grounds)


def _measured_by(source: str, sources: SourceSet) -> Citation:
    measures = next(watched.entry.measures for watched in sources.watched if watched.entry.name == source)
    return Citation(f"source {source}: {measures}")


def _constant_figures(standing: Standing) -> Iterator[Figure]:
    """Return what does not change while the agent runs."""
    for criterion, quantity in _EMBODIED.items():
        for component in standing.embodied.components(criterion):
            yield Figure(quantity, (component.name,), component.estimate, component.method)
    for year, emissions in booked_by_year(standing.lots).items():
        if year is not None:
            yield Figure(q.EMBODIED_BOOKED, (str(year),), emissions)
    server = standing.machine.inventory.server
    models = ", ".join(dict.fromkeys(part.model for part in standing.serving.of_kind("cpu") if part.model))
    yield _info(q.HOST, (server.manufacturer or "", server.model or "", models, str(server.virtual).lower()))
    yield _info(q.BUILD, (VERSION, platform.python_version()))


def _info(quantity: Quantity, labels: tuple[str, ...]) -> Figure:
    return Figure(quantity, labels, Estimate.exact(1.0, "1", OBSERVED))


def _loop_figures(progress: Progress) -> Iterator[Figure]:
    yield Figure(q.SAMPLER_TICKS, (), Estimate.exact(progress.ticks, "1", OBSERVED))
    yield Figure(q.SAMPLER_MISSED_TICKS, (), Estimate.exact(progress.missed_ticks, "1", OBSERVED))


def _source_figures(watched: Watched) -> Iterator[Figure]:
    if not watched.state.found:
        return  # nothing is down that is not there
    name = watched.entry.name
    yield Figure(q.SOURCE_UP, (name,), Estimate.exact(float(watched.up), "1", OBSERVED))
    if watched.last_read_at is not None:
        yield Figure(q.SOURCE_READ_DURATION, (name,), Estimate.exact(watched.read_seconds, "s", OBSERVED))
        yield Figure(q.SOURCE_LAST_READ, (name,), Estimate.exact(watched.last_read_at.timestamp(), "s", OBSERVED))
    for reason, count in watched.failures.items():
        yield Figure(q.SOURCE_READ_FAILURES, (name, reason), Estimate.exact(count, "1", OBSERVED))


def _by_row(citation: Citation) -> tuple[str, str]:
    return (citation.dataset, citation.entry)


def _basis_problems(progress: Progress, sources: SourceSet) -> list[Problem]:
    """Say why the host's power is not measured."""
    if progress.host_step is None and progress.ticks == 1:
        return []  # every counter needs a second look
    basis = progress.host_step.basis if progress.host_step else None
    if basis in {Basis.MEASURED, Basis.CALIBRATED}:
        return []
    if basis is Basis.PART_MODELLED:
        return [
            Problem(
                "host",
                "part_modelled",
                "no meter at the power supplies: what lies between the counted components and the inlet is modelled",
                "give the agent the server's inlet meter: `wattprint doctor` says what IPMI, Redfish and hwmon lack here",
            )
        ]
    states = [watched.state for watched in sources.watched]
    # What is there and cannot be read; else what could be had.
    telling = [state for state in states if state.found and state.why_not]
    telling = telling or [state for state in states if state.why_not and state.remedy]
    reasons = "; ".join(f"{state.source}: {state.why_not}" for state in telling) or "no counter told anything"
    remedies = "; ".join(state.remedy for state in telling if state.remedy)
    remedy = remedies or "`wattprint doctor` says what each source needs"
    if basis is None:
        return [Problem("host", "power_unknown", f"nothing tells the host's power ({reasons})", remedy)]
    what = f"no power counter could be read, so power is modelled from load, with wide bounds ({reasons})"
    return [Problem("host", "modelled", what, remedy)]

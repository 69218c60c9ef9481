# SPDX-License-Identifier: Apache-2.0
"""Live intensity for the sampler: a thread asks for it, and readers get the last known value without waiting."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.grid.asker import Asker
from agent.grid.cache import Cache
from agent.grid.rounds import Rounds
from agent.grid.values import newest
from impacts.factors import Factor
from impacts.problems import Problem
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from agent.clock import Clock
    from agent.grid.provider import Provider
    from agent.grid.settings import GridSettings
    from agent.grid.values import Value
    from agent.host import Host
    from impacts.factor_book import FactorBook

_ACCURACY, _ESTIMATED_ACCURACY = "live_intensity_accuracy", "live_intensity_estimated_accuracy"


@dataclass(frozen=True, slots=True)
class LiveFactor:
    """The grid's factor over some minutes or an hour: g CO2e per joule with bounds, boundary and citation."""

    factor: Factor
    valid_from: datetime
    valid_until: datetime
    zone: str  # as the provider names it; the factor's region is the datasets' name
    is_estimated: bool  # by the provider, for lack of a measurement; or a forecast of the current time

    def age(self, now: datetime) -> timedelta:
        """Return how long ago the time that it is valid for began."""
        return now - self.valid_from


class LiveIntensity:
    """One zone's intensity. Every method but `close` returns at once, from what the thread has learned."""

    def __init__(self, settings: GridSettings, rounds: Rounds, cache: Cache, accuracy: Accuracy) -> None:
        self._settings = settings
        self._provider = settings.provider()
        self._rounds = rounds
        self._cache = cache
        self._accuracy = accuracy
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="grid-intensity", daemon=True)
        self._thread.start()

    @property
    def values_known(self) -> tuple[Value, ...]:
        """Everything that is known: another object whenever something was learned."""
        return self._rounds.values

    def at(self, now: datetime) -> LiveFactor | None:
        """Return the factor that is valid now, else the last before it; None if there is none or it is stale."""
        value = newest(self._rounds.values, now)
        if value is None or now - value.valid_from > self._settings.stale_after:
            return None
        return self._factor(value)

    def history(self, since: datetime, until: datetime) -> list[LiveFactor]:
        """Return the factors known of a time, those learned later included, in order; up to ten days back."""
        values = self._rounds.values
        return [self._factor(value) for value in values if value.valid_from < until and value.valid_until > since]

    def problems(self, now: datetime) -> list[Problem]:
        """Return the problems of the token's file, the cache and the last request, and what is missing."""
        found = [Problem("grid", "token_file_open", what, remedy) for what, remedy in self._settings.notes]
        found += self._cache.problems
        failure = self._rounds.failure
        if failure is not None:
            found.append(Problem("grid", failure.reason, failure.what, failure.remedy))
        found += self._missing(now)
        if not (self._thread.is_alive() or self._stopped.is_set()):
            found.append(Problem("grid", "bug", "the thread that asks ended", "report it with the agent's log"))
        return found

    def close(self, seconds: float = 2.0) -> None:
        """End the thread; a request that is under way is given this long and then left alone."""
        self._stopped.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._stopped.wait(self._rounds.turn().total_seconds())

    def _missing(self, now: datetime) -> list[Problem]:
        title = self._settings.entry.title
        found = []
        value = newest(self._rounds.values, now)
        if value is not None and now - value.valid_from > self._settings.stale_after:
            what = f"the newest intensity that {title} reports is of {value.valid_from:%Y-%m-%d %H:%M} UTC"
            remedy = "see the other problems of the grid; until a newer value is known, the yearly factor stands in"
            found.append(Problem("grid", "stale", what, remedy))
        missed = self._rounds.missed
        if missed:
            since, until = missed[0]
            what = f"{title} does not report the intensity from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
            remedy = "the yearly factor stands in for that time; the plan of the token may not include the past"
            found.append(Problem("grid", "past_missing", what, remedy))
        return found

    def _factor(self, value: Value) -> LiveFactor:
        return _factor(value, self._settings, self._provider, self._accuracy)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The true intensity divided by the reported one, with bounds."""

    of_measurements: Estimate
    of_estimates: Estimate

    @classmethod
    def of(cls, book: FactorBook, clock: Clock) -> Accuracy:
        """Return the accuracies that the datasets assume."""
        on = clock.utc_now().date()
        rows = (book.find(name, "power", on=on).factor.value for name in (_ACCURACY, _ESTIMATED_ACCURACY))
        return cls(*rows)


def live_intensity(host: Host, settings: GridSettings, state: Path | None, book: FactorBook) -> LiveIntensity:
    """Begin to ask. `state` is the state directory, which exists; None: nothing is kept."""
    web = host.web_client(settings.address, ca=True, proxy=settings.proxy)
    cache = Cache(state, settings, host.clock)
    rounds = Rounds(Asker(web, settings, host.clock), cache, settings, host.clock, random.random)
    return LiveIntensity(settings, rounds, cache, Accuracy.of(book, host.clock))


def kept_intensity(host: Host, settings: GridSettings, state: Path, book: FactorBook) -> list[LiveFactor]:
    """Return what the agent has learned and kept in its state directory, in order of time; nobody is asked."""
    provider, accuracy = settings.provider(), Accuracy.of(book, host.clock)
    kept = Cache(state, settings, host.clock).load()
    return [_factor(value, settings, provider, accuracy) for value in kept.values]


def _factor(value: Value, settings: GridSettings, provider: Provider, accuracy: Accuracy) -> LiveFactor:
    reach = accuracy.of_estimates if value.is_estimated else accuracy.of_measurements
    reported = Estimate.exact(value.grams_per_kwh, "gCO2e/kWh", provider.citation)
    return LiveFactor(
        factor=Factor(
            citation=provider.citation,
            value=(reported * reach).in_unit("gCO2e/J"),
            criterion="gwp",
            subject="electricity",
            boundary=settings.boundary,
            valid_from=value.valid_from.date(),
            valid_until=value.valid_until.date(),
            region=provider.region,
        ),
        valid_from=value.valid_from,
        valid_until=value.valid_until,
        zone=settings.zone,
        is_estimated=value.is_estimated,
    )

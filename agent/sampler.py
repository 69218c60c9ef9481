# SPDX-License-Identifier: Apache-2.0
"""The loop: read -> record -> balance -> evaluate -> publish. It runs on the agent's own clock, never in a scrape."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import HistoryWriteFailed
from agent.hours import Entries, HostHour
from agent.totals import Totals
from impacts.problems import Problem
from impacts.quantities import EMBODIED_AMORTISED, SCOPE2_LOCATION_BASED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from agent.evaluation import Evaluation
    from agent.history import History
    from agent.host import Host
    from agent.ledger import EnergyLedger, EnergyStep
    from agent.source_set import SourceSet
    from agent.wholehost.balance import HostBalance, HostStep
    from impacts.figures import Snapshot

logger = logging.getLogger("wattprint")


@dataclass
class Progress:
    """What the loop knows at the end of a tick: all that an evaluation needs."""

    at: datetime
    started_at: datetime
    ledger: EnergyLedger
    ever: Totals
    since_start: Totals
    today: Totals
    amortised_ratio: float
    steps: dict[tuple[str, str], EnergyStep]  # the last of each channel
    host_step: HostStep | None = None  # the last that was booked
    ticks: int = 0
    missed_ticks: int = 0
    problems: tuple[Problem, ...] = ()  # of the loop itself


class Sampler:
    """Reads all sources at every tick and publishes an immutable snapshot."""

    def __init__(
        self, host: Host, sources: SourceSet, balance: HostBalance, history: History, evaluation: Evaluation
    ) -> None:
        self._clock = host.clock
        self.sources = sources
        self._balance = balance
        self.history = history
        self._evaluation = evaluation
        self._entries = Entries()
        self._written_at = self._clock.monotonic_seconds()
        self._write_problem: tuple[Problem, ...] = ()
        self.progress = _progress(history, host)
        self.latest: Snapshot | None = None

    def tick(self, patience_seconds: float = 0.0) -> Snapshot:
        """Take one sample, book it and publish the snapshot; with patience, slow sources are waited for."""
        progress = self.progress
        steps = progress.ledger.record(self.sources.read(patience_seconds))
        progress.at = self._clock.utc_now()
        progress.ticks += 1
        if progress.at.date() != progress.today.begins.date():
            progress.today = Totals(progress.at.replace(hour=0, minute=0, second=0, microsecond=0))
        for step in steps:
            self._entries.book_channel(step, progress.at)
            progress.steps[step.channel.key] = step
        host_step = self._balance.book(self.sources.channels, steps, self._clock.monotonic_seconds())
        if host_step is not None:
            self._book_host(host_step)
        self._book_amortisation()
        progress.problems = (*self._balance.problems, *self.history.problems, *self._write_problem)
        self.latest = self._evaluation.snapshot(progress, self.sources)
        return self.latest

    def run(self, interval_seconds: float, write_seconds: float, stopped: Callable[[], bool]) -> None:
        """Tick at fixed times until stopped; times that could not be kept are counted and never caught up."""
        due = self._clock.monotonic_seconds() + interval_seconds
        while True:
            self._clock.wait(due - self._clock.monotonic_seconds())
            if stopped():
                return
            self.tick()
            if self._clock.monotonic_seconds() - self._written_at >= write_seconds:
                self.write()
            late = self._clock.monotonic_seconds() - due
            missed = int(late // interval_seconds)
            self.progress.missed_ticks += missed
            due += (missed + 1) * interval_seconds

    def write(self) -> None:
        """Write the history; what could not be written is kept and tried again at the next turn."""
        progress = self.progress
        self._written_at = self._clock.monotonic_seconds()
        try:
            self.history.write(progress.ledger, self._entries, progress.amortised_ratio, self._clock.utc_now())
        except HistoryWriteFailed as failure:
            if not self._write_problem:
                logger.warning("%s", failure)
            self._write_problem = (
                Problem(
                    "history",
                    "write_failed",
                    str(failure),
                    "make room or mend the file system; nothing is lost while the agent runs",
                ),
            )
        else:
            self._write_problem = ()

    def _book_host(self, step: HostStep) -> None:
        progress = self.progress
        progress.host_step = step
        energy = HostHour(
            step.low_microjoules, step.microjoules, step.high_microjoules, step.measured_microjoules, step.seconds, 0.0
        )
        self._entries.book_host(step.basis.value, energy, step.seconds, progress.at)
        grams = self._evaluation.scope2(step)
        self._entries.book_impact(
            SCOPE2_LOCATION_BASED.stem, self._evaluation.grid_factor_id, grams, step.seconds, progress.at
        )
        for totals in (progress.ever, progress.since_start, progress.today):
            totals.add_host(step.basis.value, energy)
            totals.add_impact(SCOPE2_LOCATION_BASED.stem, grams)

    def _book_amortisation(self) -> None:
        """Book the share of the embodied emissions that fell due; a clock set back books nothing twice."""
        progress = self.progress
        ratio = self._evaluation.amortised_ratio(progress.at, progress.ever.begins)
        if progress.ticks == 1 and self.history.began_at is None:
            progress.amortised_ratio = ratio  # what fell due before the first sample is not of this history
        share = ratio - progress.amortised_ratio
        if share <= 0:
            return
        progress.amortised_ratio = ratio
        grams = self._evaluation.embodied_share(share)
        if grams is None:
            return
        self._entries.book_impact(EMBODIED_AMORTISED.stem, "embodied", grams, 0.0, progress.at)
        for totals in (progress.ever, progress.since_start, progress.today):
            totals.add_impact(EMBODIED_AMORTISED.stem, grams)


def _progress(history: History, host: Host) -> Progress:
    """Take up where the history left off."""
    now = host.clock.utc_now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Progress(
        at=now,
        started_at=now,
        ledger=history.ledger(host.boot_id()),
        ever=Totals.of(history, history.began_at or now, None),
        since_start=Totals(now),
        today=Totals.of(history, midnight, midnight),
        amortised_ratio=history.amortised_ratio,
        steps={},
    )

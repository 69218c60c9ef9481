# SPDX-License-Identifier: Apache-2.0
"""The loop: read -> record -> balance -> evaluate -> publish. It runs on the agent's own clock, never in a scrape."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.accounts.electricity import Use
from agent.accounts.totals import Totals
from agent.errors import HistoryDamaged, HistoryWriteFailed
from agent.history.channel_rows import FIRST_CREDIBLE_SECONDS
from agent.history.entries import Entries
from agent.history.hourly import EntryKind, HostHour, ImpactHour
from agent.loop.evaluation import Evaluation
from agent.loop.floors import Published
from agent.loop.progress import Progress
from agent.stretch import Stretch
from impacts.problems import Problem
from impacts.quantities import EMBODIED_AMORTISED
from impacts.values.bounded import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from agent.accounts.grid_in_use import Live
    from agent.history.writer import History
    from agent.host import Host
    from agent.ledger import EnergyStep
    from agent.loop.hotplug import HardwareWatch
    from agent.loop.source_set import SourceSet
    from agent.wholehost.balance import HostBalance, HostStep
    from impacts.snapshots import Snapshot

logger = logging.getLogger("wattprint")

# A step speaks of the present until this many times its own length has passed: then the power is not known.
SPEAKS_FOR = 2.0


class Sampler:
    """Reads all sources at every tick and publishes an immutable snapshot."""

    def __init__(  # noqa: PLR0913 - the parts of the loop
        self,
        host: Host,
        sources: SourceSet,
        balance: HostBalance,
        history: History,
        hardware: HardwareWatch,
        *,
        live: Live | None = None,
    ) -> None:
        self._clock = host.clock
        self.sources = sources
        self._balance = balance
        self.history = history
        self._published = Published(history.directory)
        self._hardware = hardware
        self.evaluation = Evaluation(hardware.standing, Use(hardware.standing, live, history))
        self._entries = Entries()
        now = self._clock.monotonic_seconds()
        self._written_at = now
        self._told_at: dict[tuple[str, str], float] = {}
        self._host_told_at = self._amortised_until = now - history.seconds_away()
        retired = history.impact_totals_by_factor().get((EMBODIED_AMORTISED.stem, EntryKind.RETIRED, ""))
        self._left_by_retired = (retired or ImpactHour()).amount
        self._write_problem: tuple[Problem, ...] = ()
        self.progress = _progress(history, host)
        self.latest: Snapshot | None = None

    def tick(self, patience_seconds: float = 0.0) -> Snapshot:
        """Take one sample, book it and publish the snapshot; with patience, slow sources are waited for."""
        self._follow_hardware()
        progress = self.progress
        progress.at = self._clock.utc_now()
        if progress.at.date() != progress.today.begins.date():
            self._begin_day()  # which writes: first of all, so that ledger and hours are written of the same moment
        steps = progress.ledger.record(self.sources.read(patience_seconds))
        progress.ledger.interrupt(self.sources.interrupted)
        now = self._clock.monotonic_seconds()
        progress.at = self._clock.utc_now()
        progress.ticks += 1
        for step in steps:
            self._entries.add_channel(step, progress.at)
        self._let_speak(steps, now)
        host_step = self._balance.book(self.sources.channels, steps, now)
        if host_step is not None:
            self._book_host(host_step, now)
        elif progress.host_step and now - self._host_told_at > SPEAKS_FOR * progress.host_step.seconds:
            progress.host_step = None
        self._book_amortisation(now)
        progress.problems = (*self._balance.problems, *self.history.problems, *self._write_problem)
        snapshot = self.evaluation.snapshot(progress, self.sources)
        self.latest = replace(snapshot, figures=self._published.never_below(snapshot.figures))
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

    def close(self) -> None:
        """Give back the file of published values."""
        self._published.close()

    def write(self) -> None:
        """Write the history; what could not be written is kept and tried again at the next turn."""
        progress = self.progress
        self._written_at = self._clock.monotonic_seconds()
        try:
            self.history.write(progress.ledger, self._entries, progress.amortised_share, self._clock.utc_now())
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
            try:
                self._mend_hours()
            except HistoryDamaged as damage:  # read again when the provider has told more
                logger.warning("the hours cannot be mended: %s", damage)

    def _follow_hardware(self) -> None:
        """Go on with the parts that are there now, should they have changed."""
        standing = self._hardware.news()
        if standing is not None:
            self.sources.follow(standing.serving_machine)
            self.evaluation.follow(standing)

    def _begin_day(self) -> None:
        """Begin the totals of today anew: from what is in the history, should the clock have been set back to it."""
        self.write()
        try:
            self.progress.today = _today(self.history, self.progress.at, self.progress.ever.begins)
        except HistoryDamaged as damage:
            logger.warning("today begins without what the history has of it: %s", damage)
            self.progress.today = Totals(self.progress.at)

    def _let_speak(self, steps: Sequence[EnergyStep], now: float) -> None:
        """Keep each channel's last step for as long as it says something of the present, and no longer."""
        spoken = self.progress.steps
        for step in steps:
            spoken[step.channel.key] = step
            self._told_at[step.channel.key] = now
        silent = [key for key, step in spoken.items() if now - self._told_at[key] > SPEAKS_FOR * step.observed_seconds]
        for key in silent:
            del spoken[key]

    def _book_host(self, step: HostStep, now: float) -> None:
        progress = self.progress
        progress.host_step = step
        # What the channels could not tell between two bookings, such as the time of a reboot.
        unobserved = max(0.0, now - self._host_told_at - step.seconds)
        self._host_told_at = now
        energy = Bounded(step.low_microjoules, step.microjoules, step.high_microjoules)
        whole = HostHour(energy, step.measured_microjoules, step.seconds, unobserved)
        stretch = Stretch.before(progress.at, step.seconds)
        self._entries.add_host(step.basis.value, whole, stretch)
        for totals in progress.periods:
            totals.add_host(step.basis.value, whole, stretch)
        for entry in self.evaluation.use.entries_of(energy, stretch):
            self._entries.add(entry)
            for totals in progress.periods:
                totals.add_impact(entry.quantity, entry.amount, stretch)

    def _mend_hours(self) -> None:
        """Book what live values that came late make of hours that were booked without them; the old entries stay."""
        progress = self.progress
        for entry in self.evaluation.use.corrections(self.history, progress.at):
            self._entries.add(entry)
            progress.ever.add(entry.quantity, entry.amount)
            for totals in (progress.since_start, progress.today):
                totals.correct(entry)

    def _book_amortisation(self, now: float) -> None:
        """Book the embodied emissions of the time that has passed, and what retired parts have left of theirs."""
        at, began_at = self.progress.at, self.progress.ever.begins
        if at.timestamp() < FIRST_CREDIBLE_SECONDS:
            return  # what passes until the clock is set is booked then
        seconds = now - self._amortised_until
        self._amortised_until = now
        self._book_embodied(EntryKind.AMORTISED, self.evaluation.amortised_within(seconds, at, began_at), seconds)
        left = self.evaluation.left_unamortised(at, began_at).less(self._left_by_retired)
        if left:
            self._book_embodied(EntryKind.RETIRED, left, 0.0)

    def _book_embodied(self, kind: EntryKind, grams: Bounded, seconds: float) -> None:
        """Book grams of the amortisation, and never more than the whole."""
        progress = self.progress
        whole = self.evaluation.embodied_grams
        if whole is None:
            return
        stem = EMBODIED_AMORTISED.stem
        entered = progress.ever.impacts.get(stem, ImpactHour()).amount
        grams = grams.at_most(whole.less(entered))
        amount, stretch = ImpactHour(grams), Stretch.before(progress.at, max(0.0, seconds))
        self._entries.add_impact(stem, kind, amount, stretch)
        if kind is EntryKind.RETIRED:
            self._left_by_retired += grams
        for totals in progress.periods:
            totals.add_impact(stem, amount, stretch)
        share = progress.ever.impacts[stem].amount.central / whole.central if whole.central else 0.0
        progress.amortised_share = min(1.0, share)


def _progress(history: History, host: Host) -> Progress:
    """Take up where the history left off."""
    now = host.clock.utc_now()
    began_at = history.began_at or now
    return Progress(
        at=now,
        ledger=history.ledger(host.boot_id()),
        ever=Totals.of(history, began_at, None),
        since_start=Totals(now),
        today=_today(history, now, began_at),
        amortised_share=history.amortised_ratio,
        steps={},
    )


def _today(history: History, now: datetime, began_at: datetime) -> Totals:
    """Return the totals of the UTC day so far, or of as much of it as the history has seen."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Totals.of(history, max(midnight, min(began_at, now)), midnight)

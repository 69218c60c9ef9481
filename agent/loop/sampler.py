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
from agent.history.hours import Entries, HostHour, ImpactHour
from agent.loop.evaluation import Evaluation
from agent.loop.floors import Floors
from agent.loop.progress import Progress
from agent.loop.publication import Publication
from impacts.problems import Problem
from impacts.quantities import EMBODIED_AMORTISED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from agent.accounts.grid_in_use import Live
    from agent.history.writer import History
    from agent.host import Host
    from agent.ledger import EnergyStep
    from agent.loop.hotplug import HardwareWatch
    from agent.loop.source_set import SourceSet
    from agent.wholehost.balance import HostBalance
    from agent.wholehost.host_step import HostStep
    from impacts.snapshots import Snapshot

logger = logging.getLogger("wattprint")

# A step speaks of the present until this many times its own length has passed: then the power is not known.
SPEAKS_FOR = 2.0

# Why embodied emissions are booked, as the history names it in the place of a factor.
_PASSED = "embodied"
_RETIRED = "embodied, left by retired parts"


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
        self._floors = Floors(history.directory)
        self._hardware = hardware
        self.evaluation = Evaluation(hardware.standing, Use(hardware.standing, live, history))
        self._entries = Entries()
        now = self._clock.monotonic_seconds()
        self._written_at = now
        self._told_at: dict[tuple[str, str], float] = {}
        self._host_told_at = self._amortised_until = now - history.seconds_away()
        retired = history.impact_totals_by_factor().get((EMBODIED_AMORTISED.stem, _RETIRED))
        self._booked_of_retired = retired or ImpactHour()
        self._write_problem: tuple[Problem, ...] = ()
        self.progress = _progress(history, host)
        self._publication = Publication(self._snapshot)

    @property
    def latest(self) -> Snapshot | None:
        """The figures and problems of the last tick; None before the first. Any thread may ask."""
        return self._publication.latest()

    def tick(self, patience_seconds: float = 0.0) -> None:
        """Take one sample and enter it; with patience, slow sources are waited for."""
        with self._publication.changing():
            self._follow_hardware()
            self._take_sample(patience_seconds)

    def _take_sample(self, patience_seconds: float) -> None:
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
            self._entries.book_channel(step, progress.at)
        self._let_speak(steps, now)
        host_step = self._balance.step(self.sources.channels, steps, now)
        if host_step is not None:
            self._book_host(host_step, now)
        elif progress.host_step and now - self._host_told_at > SPEAKS_FOR * progress.host_step.seconds:
            progress.host_step = None
        self._book_amortisation(now)
        progress.problems = (*self._balance.problems, *self.history.problems, *self._write_problem)

    def _snapshot(self) -> Snapshot:
        """Work out what there is to say, with no counter below what was published before."""
        snapshot = self.evaluation.snapshot(self.progress, self.sources)
        return replace(snapshot, figures=self._floors.never_below(snapshot.figures))

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
        self._floors.close()

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
        low, central, high = map(int, step.microjoules.amounts())
        energy = HostHour(
            low,
            central,
            high,
            step.measured_microjoules,
            step.seconds,
            unobserved,
        )
        self._entries.book_host(step.basis.value, energy, step.seconds, progress.at)
        for totals in progress.periods:
            totals.add_host(step.basis.value, energy, totals.share_of(step.seconds, progress.at))
        for booking in self.evaluation.use.bookings(energy, step.seconds, progress.at):
            self._entries.book(booking)
            for totals in progress.periods:
                totals.add_impact(booking.stem, booking.amount, totals.share_of(step.seconds, progress.at))

    def _mend_hours(self) -> None:
        """Book what live values that came late make of hours that were booked without them; the old entries stay."""
        progress = self.progress
        for booking in self.evaluation.use.corrections(self.history, progress.at):
            self._entries.book(booking)
            progress.ever.add_impact(booking.stem, booking.amount, 1.0)
            for totals in (progress.since_start, progress.today):
                totals.correct(booking.hour, booking.stem, booking.amount)

    def _book_amortisation(self, now: float) -> None:
        """Book the embodied emissions of the time that has passed, and what retired parts have left of theirs."""
        at, began_at = self.progress.at, self.progress.ever.begins
        if at.timestamp() < FIRST_CREDIBLE_SECONDS:
            return  # what passes until the clock is set is booked then
        seconds = now - self._amortised_until
        self._amortised_until = now
        self._book_embodied(_PASSED, self.evaluation.amortised_within(seconds, at, began_at), seconds)
        left = self.evaluation.left_unamortised(at, began_at).less(self._booked_of_retired)
        if any(left.amounts()):
            self._book_embodied(_RETIRED, left, 0.0)

    def _book_embodied(self, why: str, grams: ImpactHour, seconds: float) -> None:
        """Book grams of the amortisation, and never more than the whole."""
        progress = self.progress
        whole = self.evaluation.embodied_grams
        if whole is None:
            return
        stem = EMBODIED_AMORTISED.stem
        booked = progress.ever.impacts.get(stem, ImpactHour())
        grams = grams.at_most(whole.less(booked))
        self._entries.book_impact(stem, why, grams, seconds, progress.at)
        if why == _RETIRED:
            self._booked_of_retired.add(grams)
        for totals in progress.periods:
            totals.add_impact(stem, grams, totals.share_of(seconds, progress.at))
        progress.amortised_share = (
            min(1.0, progress.ever.impacts[stem].central / whole.central) if whole.central else 0.0
        )


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

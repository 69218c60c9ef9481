# SPDX-License-Identifier: Apache-2.0
"""The loop: read -> record -> balance -> enter -> publish. It runs on the agent's own clock, never in a scrape."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.loop.floors import Floors
from agent.loop.publication import Publication
from agent.loop.state import LoopState
from agent.wholehost.siblings.taught import ANCHOR
from impacts.configurations import configuration_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.accounts.accounts import Accounts
    from agent.clock import Clock
    from agent.loop.evaluation import Evaluation
    from agent.loop.hotplug import HardwareWatch
    from agent.loop.source_set import SourceSet
    from agent.wholehost.balance import HostBalance
    from agent.wholehost.host_step import HostStep
    from agent.wholehost.siblings.learning import Learning
    from impacts.snapshots import Snapshot


class Sampler:
    """Reads all sources at every tick, hands what they report over to the accounts, and publishes snapshots."""

    def __init__(  # noqa: PLR0913 - the parts of the loop
        self,
        clock: Clock,
        *,
        sources: SourceSet,
        balance: HostBalance,
        accounts: Accounts,
        evaluation: Evaluation,
        hardware: HardwareWatch,
        learning: Learning,
    ) -> None:
        self._clock = clock
        self.sources = sources
        self._balance = balance
        self.accounts = accounts
        self.evaluation = evaluation
        self._hardware = hardware
        self._learning = learning
        self.state = LoopState(clock.utc_now())
        self._floors = Floors(accounts.history.directory)
        self._publication = Publication(self._snapshot)
        self._written_at = clock.monotonic_seconds()

    @property
    def latest(self) -> Snapshot | None:
        """The figures and problems of the last tick; None before the first. Any thread may ask."""
        return self._publication.latest()

    def tick(self, patience_seconds: float = 0.0) -> None:
        """Take one sample and enter it; with patience, slow sources are waited for."""
        with self._publication.changing():
            self._follow_hardware()
            self.accounts.begin_day_if_new(self._clock.utc_now())
            steps = self.accounts.ledger.record(self.sources.read(patience_seconds))
            self.accounts.ledger.interrupt(self.sources.interrupted)
            now, at = self._clock.monotonic_seconds(), self._clock.utc_now()
            self.accounts.enter_channels(steps, at)
            host_step = self._balance.step(self.sources.channels, steps, now)
            if host_step is not None:
                self.accounts.enter_host(host_step, now, at)
            self.accounts.pass_time(now, at)
            self.state.at = at
            self.state.ticks += 1
            self.state.present.take(steps, host_step, now)
            self.state.problems = self._balance.problems
            self._learn(host_step, now)

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
            self.state.missed_ticks += missed
            due += (missed + 1) * interval_seconds

    def write(self) -> None:
        """Write the history now, and mend the hours of which more is known; whoever asks meanwhile is not held up."""
        for anchor, state in self._balance.calibration_states.items():
            self.accounts.history.keep_calibration(anchor, state)
        self.accounts.write()
        with self._publication.changing():
            self.accounts.mend_hours()
        self._written_at = self._clock.monotonic_seconds()

    def close(self) -> None:
        """Publish for the last time, and close the file of published values."""
        self._publication.end()
        self._floors.close()

    def _follow_hardware(self) -> None:
        """Go on with the parts that are there now, should they have changed."""
        facts = self._hardware.changed_facts()
        if facts is not None:
            self.sources.follow(facts.serving_machine)
            self.accounts.follow(facts)
            self.evaluation.follow(facts)
            self._learning.follow(configuration_of(facts.serving))

    def _learn(self, step: HostStep | None, now: float) -> None:
        """Let an inlet meter teach what the host draws at which load; the next write keeps it."""
        state = self._learning.state if self._learning.take(self.sources.cpu_load, step, now) else None
        if state is not None:
            self.accounts.history.keep_calibration(ANCHOR, state)
        self.state.taught = self._learning.taught

    def _snapshot(self) -> Snapshot:
        """Work out what there is to say, with no counter below what was published before."""
        snapshot = self.evaluation.snapshot(self.state, self.accounts, self.sources)
        return replace(snapshot, figures=self._floors.never_below(snapshot.figures))

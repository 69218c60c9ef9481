# SPDX-License-Identifier: Apache-2.0
"""The accounts of a host: its ledger, what its energy and hardware are entered as by the hour, and the totals of periods.

What is entered is kept until it is written to the history; what could not be written is kept and tried again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.accounts.electricity import ElectricityAccounts
from agent.accounts.embodied import EmbodiedAccounts
from agent.accounts.totals import FactorInUse, Totals, factor_of
from agent.errors import HistoryDamaged, HistoryWriteFailed
from agent.history.channel_rows import FIRST_CREDIBLE_SECONDS
from agent.history.entries import Entries
from agent.history.hourly import EntryKind, HostHour, ImpactHour
from agent.history.identity import identity_of
from agent.inventory.digest import inventory_digest
from agent.stretch import Stretch
from impacts.problems import Problem
from impacts.quantities import EMBODIED_AMORTISED
from impacts.values.bounded import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from agent.accounts.grid_in_use import Live
    from agent.history.writer import History
    from agent.host import Host
    from agent.host_facts import HostFacts
    from agent.ledger import EnergyStep
    from agent.wholehost.host_step import HostStep
    from impacts.values.derivations import Derivation

logger = logging.getLogger("wattprint")

_AMORTISED = EMBODIED_AMORTISED.stem

# Readings and ticks differ by this much in time, and nothing is missing.
_NO_ABSENCE_SECONDS = 1.0


class Accounts:
    """Enters what every tick brings. One thread changes them."""

    def __init__(self, host: Host, facts: HostFacts, history: History, live: Live | None = None) -> None:
        self._clock = host.clock
        self.history = history
        self.ledger = history.ledger(host.boot_id())
        self.electricity = ElectricityAccounts(facts, live, history)
        self._host = host
        self._state_facts(facts)
        now, at = self._clock.monotonic_seconds(), self._clock.utc_now()
        self._host_until = now - history.seconds_away()  # up to which host energy is entered, or known to be missing
        left = history.impact_totals_by_factor().get((_AMORTISED, EntryKind.RETIRED, "", ""), ImpactHour())
        self.embodied = EmbodiedAccounts(facts, self._host_until, left.amount)
        self._entries = Entries()
        self._write_problem: tuple[Problem, ...] = ()
        began_at = history.began_at or at
        self.ever = Totals.of(history, began_at, None)
        self.since_start = Totals(at)
        self.today = _today(history, at, began_at)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What keeps the accounts from being written, or has."""
        return (*self.history.problems, *self._write_problem)

    @property
    def amortised_ratio(self) -> float:
        """The share of the embodied emissions that is entered as amortised: 0 to 1."""
        whole, entered = self.embodied.whole, self.ever.impact(_AMORTISED)
        if whole is None or entered is None or not whole.central:
            return self.history.amortised_ratio
        return min(1.0, entered.amount.central / whole.central)

    def follow(self, facts: HostFacts) -> None:
        """Go on with other hardware: what is entered stays."""
        self.electricity.follow(facts)
        self.embodied.facts = facts
        self._state_facts(facts)

    def _state_facts(self, facts: HostFacts) -> None:
        """Let the history keep who the host is and of what it consists."""
        inventory = facts.machine.inventory
        self.history.identify(identity_of(self._host, inventory.server))
        self.history.freeze(facts.lots, inventory_digest(inventory))

    def enter_channels(self, steps: Sequence[EnergyStep], at: datetime) -> None:
        """Enter the channels' steps that end at a moment."""
        for step in steps:
            self._entries.add_channel(step, at)

    def enter_host(self, step: HostStep, now: float, at: datetime) -> None:
        """Enter the host's energy, and what its use emits, of a step that ends now (monotonic seconds)."""
        self._enter_absence(now, step.seconds, at)
        energy = step.microjoules
        whole = HostHour(energy, step.measured_microjoules, step.seconds)
        stretch = Stretch.before(at, step.seconds, step.shape)
        basis, grounds = step.basis.value, step.power.estimate.grounds
        self._entries.add_host(basis, grounds, whole, stretch)
        for totals in self._periods:
            totals.add_host(basis, grounds, whole, stretch)
        for entry in self.electricity.entries_of(energy, stretch, basis):
            self._entries.add(entry)
            for totals in self._periods:
                totals.add_stretch(entry.quantity, factor_of(entry), entry.amount, stretch)
        if step.idle is not None:
            self._enter_idle(step.idle, step, stretch)

    def _enter_idle(self, idle: Derivation, step: HostStep, stretch: Stretch) -> None:
        """Enter what the host would have drawn in a step with nothing to do."""
        amount, grounds = ImpactHour(step.idle_joules, step.microjoules), idle.estimate.grounds
        name = self._entries.add_idle(grounds, amount, stretch)
        for totals in self._periods:
            totals.add_idle(name, grounds, amount, stretch)

    def _enter_absence(self, now: float, observed: float, at: datetime) -> None:
        """Enter what no step is of, such as the time of a reboot, of the seconds since the last one."""
        passed = now - self._host_until
        if passed - observed < _NO_ABSENCE_SECONDS:
            self._host_until += min(passed, observed)  # steps are of the readings' moments, which ticks follow
            return
        self._host_until = now
        begins, ends = at - timedelta(seconds=passed), at - timedelta(seconds=observed)
        booted = min(max(begins, at - timedelta(seconds=now)), ends)
        for stretch, may_be_off in ((Stretch(begins, booted), True), (Stretch(booted, ends), False)):
            if stretch.seconds > 0:
                self._entries.add_unobserved(stretch, may_be_off=may_be_off)
                for totals in self._periods:
                    totals.add_unobserved(stretch)

    def pass_time(self, now: float, at: datetime) -> None:
        """Enter the embodied emissions of the time up to now (monotonic seconds)."""
        if at.timestamp() < FIRST_CREDIBLE_SECONDS:
            return  # what passes until the clock is set is entered then
        entered = self.ever.impact(_AMORTISED)
        so_far = NOTHING if entered is None else entered.amount
        for kind, grams, seconds in self.embodied.pass_time(now, at, self.ever.begins, so_far):
            amount, stretch = ImpactHour(grams), Stretch.before(at, seconds)
            self._entries.add_impact(_AMORTISED, kind, amount, stretch)
            for totals in self._periods:
                totals.add_stretch(_AMORTISED, FactorInUse(kind, "", ""), amount, stretch)

    def begin_day_if_new(self, at: datetime) -> None:
        """Begin the totals of today anew on another UTC day: with what the history has of it, should the clock be set back."""
        if at.date() == self.today.begins.date():
            return
        self.write()  # first of all, so that ledger and hours are written of the same moment
        self.mend_hours()
        try:
            self.today = _today(self.history, at, self.ever.begins)
        except HistoryDamaged as damage:
            logger.warning("today begins without what the history has of it: %s", damage)
            self.today = Totals(at)

    def write(self) -> None:
        """Write the history; what could not be written is kept and tried again at the next turn."""
        try:
            self.history.write(self.ledger, self._entries, self.amortised_ratio, self._clock.utc_now())
        except HistoryWriteFailed as failure:
            if not self._write_problem:
                logger.warning("%s", failure)
            remedy = "make room or mend the file system; nothing is lost while the agent runs"
            self._write_problem = (Problem("history", "write_failed", str(failure), remedy),)
        else:
            self._write_problem = ()

    def mend_hours(self) -> None:
        """Enter what live values that came late make of hours that were entered without them; the old entries stay."""
        if self._write_problem:
            return  # everything that was entered must be in the history
        try:
            corrections = self.electricity.corrections(self.history, self._clock.utc_now())
        except HistoryDamaged as damage:  # read again when the provider knows more
            logger.warning("the hours cannot be mended: %s", damage)
            return
        for entry in corrections:
            self._entries.add(entry)
            for totals in self._periods:
                totals.correct(entry)

    @property
    def _periods(self) -> tuple[Totals, Totals, Totals]:
        return self.ever, self.since_start, self.today


def _today(history: History, now: datetime, began_at: datetime) -> Totals:
    """Return the totals of the UTC day so far, or of as much of it as the history has seen."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Totals.of(history, max(midnight, min(began_at, now)), midnight)

# SPDX-License-Identifier: Apache-2.0
"""The composition root: config -> machine, sources, history, sampler, deliveries."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from agent.accounts.accounts import Accounts
from agent.clock import SystemClock
from agent.config_file import config_of
from agent.history.writer import History
from agent.host_facts import HostFacts, host_facts
from agent.inventory.detection import detect
from agent.inventory.file import read_inventory
from agent.inventory.merge import written_over
from agent.loop.evaluation import Evaluation
from agent.loop.hotplug import HardwareWatch
from agent.loop.sampler import Sampler
from agent.loop.source_set import SourceSet
from agent.machine import Machine
from agent.place import check_locations, place_of
from agent.sources.table import SOURCES
from agent.wholehost.balance import HostBalance
from agent.wholehost.calibration.calibrations import Kept
from agent.wholehost.siblings.learning import Learning
from agent.wholehost.siblings.taught import ANCHOR
from agent.written.factor_book import book_of
from impacts.configurations import configuration_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from agent.clock import Clock
    from agent.grid.live import LiveIntensity
    from agent.history.view import HistoryView
    from agent.host import Host
    from agent.written.config import Config
    from impacts.parts import Inventory
    from impacts.problems import Problem
    from impacts.snapshots import Snapshot

ONCE_SECONDS = 1.0
ONCE_PATIENCE_SECONDS = 15.0  # for slow sources, of which a BMC may take that long

LONGEST_LOOK_SECONDS = 2.0  # for which the agent, when it ends, waits for a look at the hardware

_LOOK_AGAIN_SECONDS = 0.02


def build_machine(host: Host, config: Config) -> tuple[Machine, tuple[Problem, ...]]:
    """Detect what the machine is made of; what its inventory file states goes before what is detected."""
    inventory, problems = _inventory(host, config)
    book, unread = book_of(host, config)
    return Machine(host, inventory, book, config.sources), (*problems, *unread)


def _inventory(host: Host, config: Config) -> tuple[Inventory, tuple[Problem, ...]]:
    inventory, problems = detect(host)
    if config.inventory_file is None:
        return inventory, problems
    return written_over(read_inventory(config.inventory_file), inventory, problems)


def build_facts(host: Host, config: Config) -> HostFacts:
    """Return what holds while the hardware stays the same.

    Raises:
        ConfigError: the inventory file cannot be used, or no dataset knows the location.
    """
    machine, problems = build_machine(host, config)
    check_locations(machine.book, config.locations)
    place = place_of(config.said_location, host, machine.book)
    return replace(host_facts(machine, place, problems, config.instruments, config.pue), places=config.places)


def renewed_facts(facts: HostFacts, config: Config) -> HostFacts:
    """Return what holds now: the hardware is looked at again, and the inventory file is read again.

    Raises:
        ConfigError: the inventory file cannot be used.
    """
    inventory, problems = _inventory(facts.machine.host, config)
    problems = (
        *problems,
        *(one for one in facts.found_problems if one.origin == "factors"),  # of the factor book, which stays
    )
    machine = replace(facts.machine, inventory=inventory)
    renewed = host_facts(machine, facts.place, problems, facts.instruments, facts.pue)
    return replace(renewed, places=facts.places)


@contextmanager
def sampling(host: Host, config: Config, state: Path | None, learned: HistoryView | None = None) -> Iterator[Sampler]:
    """Open the history (None: in memory) and the sources, and give a sampler over them; close all at the end.

    `learned` is the history whose calibrations the sampler begins with, if not its own.
    """
    facts = build_facts(host, config)
    with ExitStack() as stack:
        history = History.open(state, host.clock)
        stack.callback(history.close)
        sources = SourceSet(facts.serving_machine, SOURCES)
        stack.callback(sources.close)
        balance = HostBalance(facts.overheads, _kept_calibrations(learned or history, host.clock))
        live = stack.enter_context(_live(host, config, facts, state))
        hardware = HardwareWatch(facts, lambda before: renewed_facts(before, config))
        stack.callback(hardware.finish, LONGEST_LOOK_SECONDS)
        accounts = Accounts(host, facts, history, live)
        sampler = Sampler(
            host.clock,
            sources=sources,
            balance=balance,
            accounts=accounts,
            evaluation=Evaluation(facts),
            hardware=hardware,
            learning=_learning(facts, history),
        )
        stack.callback(sampler.close)
        yield sampler


def _kept_calibrations(history: HistoryView, clock: Clock) -> dict[str, Kept]:
    """Return what meters have taught of the fast channels, with the time since then by the wall clock."""
    now = clock.utc_now()
    return {
        anchor: Kept(text, max(0.0, (now - at).total_seconds()))
        for anchor, (at, text) in history.calibrations().items()
        if anchor != ANCHOR  # that is what siblings are taught
    }


def _learning(facts: HostFacts, history: History) -> Learning:
    """Go on learning from the inlet meter where the history leaves off."""
    kept = history.calibration(ANCHOR)
    return Learning(configuration_of(facts.serving), None if kept is None else kept[1])


@contextmanager
def _live(host: Host, config: Config, facts: HostFacts, state: Path | None) -> Iterator[LiveIntensity | None]:
    """Ask for the live intensity in a thread, where the config names a provider, but not for a captured machine."""
    if config.grid is None or not isinstance(host.clock, SystemClock):
        yield None
        return
    from agent.grid.live import live_intensity  # noqa: PLC0415 - loads `requests`, which most hosts do not need

    live = live_intensity(host, config.grid, state, facts.machine.book)
    try:
        if state is None:  # two samples and no more: without its first answer they would never be live
            _wait_for(live, host.clock)
        yield live
    finally:
        live.close()


def _wait_for(live: LiveIntensity, clock: Clock) -> None:
    """Wait until something is known or has failed, for as long as for a slow source."""
    end = clock.monotonic_seconds() + ONCE_PATIENCE_SECONDS
    while not (live.values_known or live.problems(clock.utc_now())) and clock.monotonic_seconds() < end:
        clock.wait(_LOOK_AGAIN_SECONDS)


def sample_once(host: Host, config_path: Path | None) -> Snapshot:
    """Take two samples one second apart, without a history."""
    with sampling(host, config_of(host, config_path), None) as sampler:
        return sample_twice(host, sampler)


def sample_twice(host: Host, sampler: Sampler) -> Snapshot:
    """Take two samples one second apart, waiting for slow sources."""
    sampler.tick(ONCE_PATIENCE_SECONDS)
    host.clock.wait(ONCE_SECONDS)
    sampler.tick(ONCE_PATIENCE_SECONDS)
    snapshot = sampler.latest
    assert snapshot is not None  # noqa: S101 - two ticks are over
    return snapshot


@contextmanager
def serving(host: Host, config: Config, state: Path | None) -> Iterator[tuple[Sampler, list[str]]]:
    """Deliver the snapshots of a sampler; give the sampler and where to find them. The history is written at the end.

    Raises:
        ConfigError: a delivery cannot start, found before anything is written; or the state directory cannot be used.
    """
    from agent.deliveries.table import DELIVERIES  # noqa: PLC0415 - the other commands deliver nothing

    with ExitStack() as stack:
        deliveries = []
        for entry in DELIVERIES:
            delivery = entry.open(config, lambda: sampler.latest, host.clock)
            if delivery is not None:
                stack.callback(delivery.stop)
                deliveries.append(delivery)
        sampler = stack.enter_context(sampling(host, config, state))
        stack.callback(sampler.write)
        for delivery in deliveries:
            delivery.start()
        yield sampler, [delivery.announcement for delivery in deliveries]

# SPDX-License-Identifier: Apache-2.0
"""Histories to try, and what can befall them."""

from __future__ import annotations

import random
import resource
import sqlite3
import subprocess
from contextlib import contextmanager
from datetime import timedelta

import pytest
from clocks import START

from agent.history.entries import Entries
from agent.history.hourly import EntryKind, HostHour, ImpactHour
from agent.history.writer import History
from agent.readings import Boundary, Channel, CounterReading, Method
from agent.stretch import Stretch
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation

METERED = (Citation("a meter of these tests", "test-data", "meter_accuracy"),)
OPENED = []  # closed after each test

PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED)


def open_history(directory, clock):
    OPENED.append(History.open(directory, clock))
    return OPENED[-1]


def host_totals(history, since=None):
    """Return the host's energy by basis, whatever it rests on."""
    totals = {}
    for (basis, _), energy in history.host_totals(since).items():
        totals[basis] = totals.get(basis, HostHour()) + energy
    return totals


def impact_totals(history, since=None):
    """Return the amounts by quantity, whatever they were entered by."""
    totals = {}
    for (quantity, *_), amount in history.impact_totals_by_factor(since).items():
        totals[quantity] = totals.get(quantity, ImpactHour()) + amount
    return totals


def use_a_joule(history, ledger, entries, clock):
    """Pass one second at 1 W on a counter that does not wrap."""
    clock.wait(1)
    reading = CounterReading(PACKAGE, clock.monotonic, round((clock.monotonic - 1000) * 1e6), None, "boot")
    (step,) = ledger.record([reading])
    entries.add_channel(step, clock.utc_now())
    stretch = Stretch.before(clock.utc_now(), step.observed_seconds)
    energy = HostHour(Bounded(*[step.microjoules] * 3), 0, step.observed_seconds)
    entries.add_host("part_modelled", METERED, energy, stretch)
    entries.add_impact("scope2", EntryKind.YEARLY, ImpactHour(Bounded(1.0, 1.0, 1.0)), stretch, "ember/FR")


def begun(directory, clock, joules=10):
    """Return an open history with its ledger, after so many joules."""
    history = open_history(directory, clock)
    ledger, entries = history.ledger("boot"), Entries()
    for _ in range(joules + 1):
        use_a_joule(history, ledger, entries, clock)
    history.write(ledger, entries, 0.0, clock.utc_now())
    return history, ledger


def fill(history, ledger, years):
    """Write a host's hours of some years, so that the file has more pages than one."""
    entries = Entries()
    for hour in range(24 * 365 * years):
        ends = START - timedelta(hours=hour + 1)
        entries.add_host("part_modelled", METERED, HostHour(Bounded(1, 1, 1), 0, 3600.0), Stretch.before(ends, 3600))
    history.write(ledger, entries, 0.0, START)


def closed_history(directory, clock):
    """Return the path of a history of some pages that nobody has open."""
    history, ledger = begun(directory, clock)
    fill(history, ledger, years=1)
    history.close()
    return directory / "history.sqlite"


def total(ledger):
    return ledger.accounts[PACKAGE.key].microjoules


def rows(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def random_header(path):
    damaged = bytearray(path.read_bytes())
    damaged[:100] = random.Random(1).randbytes(100)  # noqa: S311
    path.write_bytes(damaged)


def random_middle(path):
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2 // 4096 * 4096
    damaged[middle : middle + 4096] = random.Random(2).randbytes(4096)  # noqa: S311
    path.write_bytes(damaged)


def a_text(path):
    path.write_text("this was once a database\n" * 100)


def damage_under_way(directory):
    """Overwrite the file in place where the agent has to read it again, because another connection has written."""
    path = directory / "history.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("UPDATE meta SET amortised_ratio = amortised_ratio")
    assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(random.Random(3).randbytes(path.stat().st_size - 4096))  # noqa: S311
    other.close()


@contextmanager
def small_file_system(directory, kibibytes=512):
    directory.mkdir()
    options = f"size={kibibytes}k"
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("may not mount a file system here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


@contextmanager
def largest_file(size_bytes):
    """Let no file of this process grow beyond this size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

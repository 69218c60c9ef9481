# SPDX-License-Identifier: Apache-2.0
"""`kill -9` at random moments: every joule that the counter still told is counted, and none is counted twice.

The counter's whole truth is known here. The history is read with sqlite3 alone, from a copy, because opening the
file itself would recover its log and so do a part of the agent's work.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

KILLS = 50
WATTS = (500.0, 990.0)  # below the 1000 W that are plausible for a processor package
WRAPS_AFTER = 20_000_000_001  # 20 kJ: at 1000 W one wrap at most within 20 s, which a few restarts do not take
BEGINS_AT = 19_000_000_000
PATIENCE_SECONDS = 120.0
SEED = random.SystemRandom().randrange(2**32)
DICE = random.Random(SEED)  # noqa: S311  nothing secret


class SimulatedMachine:
    """A root directory with one package whose counter advances in real time and wraps."""

    def __init__(self, root: Path) -> None:
        self.root = root
        zone = root / "sys/class/powercap/intel-rapl:0"
        write(zone / "name", "package-0\n")
        write(zone / "max_energy_range_uj", f"{WRAPS_AFTER}\n")
        write(root / "proc/sys/kernel/random/boot_id", "0b5a9b0e-6d8e-4f3c-9d4c-52d5d5a4f0aa\n")
        write(root / "proc/stat", "cpu  100 0 100 1000 0 0 0 0 0 0\ncpu0 100 0 100 1000 0 0 0 0 0 0\n")
        write(root / "proc/meminfo", "MemTotal: 16384000 kB\n")
        write(
            root / "proc/cpuinfo",
            "processor: 0\nvendor_id: GenuineIntel\nmodel name: Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz\n",
        )
        self._descriptor = os.open(zone / "energy_uj", os.O_WRONLY | os.O_CREAT, 0o600)
        self.used_microjoules = 0
        self._show()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def work(self) -> None:
        self._thread.start()

    def rest(self) -> None:
        """Use no more energy."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(DICE.uniform(0.002, 0.01)):
            now = time.monotonic()
            self.used_microjoules += round(DICE.uniform(*WATTS) * (now - before) * 1e6)
            before = now
            self._show()

    def _show(self) -> None:
        # One write of always the same length: a reader sees the old value or the new one.
        os.pwrite(self._descriptor, f"{(BEGINS_AT + self.used_microjoules) % WRAPS_AFTER:020d}\n".encode(), 0)


class Agent:
    """`wattprint run` on the simulated machine."""

    def __init__(self, machine: SimulatedMachine, folder: Path) -> None:
        command = [
            Path(sys.executable).with_name("wattprint"),
            "run",
            "--root",
            machine.root,
            "--listen",
            "127.0.0.1:0",
        ]
        options = ["--state", folder / "state", "--config", folder / "config.yaml"]
        self._output = folder / "output"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen([*command, *options], stdout=output, stderr=subprocess.STDOUT)

    def end(self, number: signal.Signals) -> int:
        """Send the signal and return the exit status."""
        assert self._process.poll() is None, self._output.read_text()
        self._process.send_signal(number)
        return self._process.wait(PATIENCE_SECONDS)

    def remove(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def counted_joules(self) -> float:
        """Return the package's energy by the exposition; NaN while there is none."""
        address = re.search(r"http://127\.0\.0\.1:\d+/metrics", self._output.read_text())
        if address is None:
            return float("nan")
        try:
            with urllib.request.urlopen(address[0], timeout=5) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError:  # 503: no snapshot yet
            return float("nan")
        value = re.search(
            r'^wattprint_channel_energy_joules_total\{.*channel="package-0".*\} (\S+)$', text, re.MULTILINE
        )
        return float(value[1]) if value else float("nan")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def query(folder: Path, sql: str) -> tuple:
    """Return one row of a copy of the history."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in (folder / "state").glob("history.sqlite*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, copy)
    connection = sqlite3.connect(copy / "history.sqlite")
    try:
        return connection.execute(sql).fetchone()
    finally:
        connection.close()


def package(folder: Path) -> tuple[int, float, int]:
    """Return total, unobserved seconds and the last value of the counter, as the history has them."""
    return query(
        folder, "SELECT microjoules, unobserved_seconds, counter_microjoules FROM channel WHERE name = 'package-0'"
    )


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "config.yaml", json.dumps({"sampling": {"interval_seconds": 0.1, "write_seconds": 0.2}}))
    return tmp_path


@pytest.fixture
def machine(folder):
    machine = SimulatedMachine(folder / "root")
    yield machine
    machine.rest()


@pytest.fixture
def start(machine, folder):
    """Start an agent; none is left behind, whatever the test comes to."""
    agents = []

    def begin() -> Agent:
        agents.append(Agent(machine, folder))
        return agents[-1]

    yield begin
    for agent in agents:
        agent.remove()


def test_fifty_kills_lose_no_joule_and_count_none_twice(machine, folder, start):
    print(f"seed {SEED}")
    started_at = time.monotonic()
    agent = start()
    wait_until(lambda: (folder / "state/history.sqlite").exists() and has_baseline(folder), "the first write")
    seconds_to_first_write = time.monotonic() - started_at
    machine.work()
    agent.end(signal.SIGKILL)

    totals = [0]
    while len(totals) < KILLS or BEGINS_AT + machine.used_microjoules < 2 * WRAPS_AFTER:
        agent = start()
        time.sleep(DICE.uniform(0.2, 2.5) * seconds_to_first_write)
        assert agent.end(signal.SIGKILL) == -signal.SIGKILL
        microjoules, unobserved_seconds, counter = package(folder)
        # What is counted is what the counter told up to the read that was written, to the microjoule.
        assert (BEGINS_AT + microjoules) % WRAPS_AFTER == counter % WRAPS_AFTER
        assert totals[-1] <= microjoules <= machine.used_microjoules
        assert unobserved_seconds == 0
        totals.append(microjoules)

    agent = start()
    wait_until(lambda: agent.counted_joules() > totals[-1] / 1e6, "figures of the last run")
    machine.rest()
    truth = machine.used_microjoules
    wait_until(lambda: agent.counted_joules() == pytest.approx(truth / 1e6, rel=1e-12), f"{truth} µJ in the exposition")
    assert agent.end(signal.SIGTERM) == 0

    assert package(folder)[:2] == (truth, 0.0)
    assert query(
        folder, "SELECT SUM(microjoules), TOTAL(unobserved_seconds) FROM channel_hour WHERE channel = 'package-0'"
    ) == (truth, 0.0)
    assert query(folder, "PRAGMA quick_check") == ("ok",)
    assert not list((folder / "state").glob("*damaged*"))
    # The test has tested something: kills came before as well as after a write.
    assert 10 < len(set(totals)) < len(totals)


def has_baseline(folder: Path) -> bool:
    try:
        return package(folder) is not None
    except sqlite3.OperationalError:  # the tables are not there yet
        return False

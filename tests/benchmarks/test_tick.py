# SPDX-License-Identifier: Apache-2.0
"""What a tick costs: system calls, counted by strace, and processor time beside that of reading the files plainly."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.recording.captured import open_root
from agent.wiring import sampling
from agent.written.config import Config

HOSTS = Path(__file__).parent.parent / "hosts"
SERVER = HOSTS / "intel-2s-cascadelake-dram"

# Prints nothing but marks: the system calls between two of them are those of a hundred ticks.
PROGRAM = """
import os, sys
from pathlib import Path
from agent.recording.captured import open_root
from agent.written.config import Config
from agent.wiring import sampling
with open_root(Path(sys.argv[1])) as host, sampling(host, Config(), None) as sampler:
    sampler.tick()
    host.clock.wait(1)
    sampler.tick()
    os.path.exists("/begin")
    for _ in range(100):
        host.clock.wait(0.01)
        sampler.tick()
    os.path.exists("/end")
"""


def calls_of_a_hundred_ticks() -> dict[str, int]:
    strace = ["strace", "-f", "-qq", "-e", "signal=none", sys.executable, "-c", PROGRAM, str(SERVER)]
    trace = subprocess.run(strace, capture_output=True, text=True, check=True).stderr
    between = trace.partition('"/begin"')[2].partition('"/end"')[0]
    names = re.findall(r"^(?:\[pid +\d+\] )?(\w+)\(", between, re.MULTILINE)
    return {name: names.count(name) for name in set(names)}


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: apt-get install strace")
def test_a_tick_reads_each_counter_once_and_does_nothing_else():
    """Four counters and /proc/stat: five reads a tick, and an fstat for each counter that stands still here."""
    calls = calls_of_a_hundred_ticks()
    print(f"\nsystem calls of 100 ticks: {calls}")

    assert calls.pop("pread64") == 5 * 100
    assert calls.pop("newfstatat", 0) + calls.pop("fstat", 0) <= 4 * 100 + 1
    assert sum(calls.values()) < 20


def test_the_time_of_a_tick_beside_plain_reads_of_the_same_files():
    with open_root(SERVER) as host, sampling(host, Config(), None) as sampler:
        files = [*host.root.glob("sys/class/powercap/*/energy_uj"), host.path("/proc/stat")]
        plain = seconds_of(lambda: [path.read_text() for path in files])
        tick = seconds_of(sampler.tick)
    print(f"\na tick takes {tick / plain:.1f} times as long as reading its {len(files)} files plainly")


def seconds_of(action, times: int = 300) -> float:
    began = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - began) / times

# SPDX-License-Identifier: Apache-2.0
"""What one read of each source costs on captured trees: system calls by strace, and milliseconds. For docs/sources.toml."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOSTS = Path(__file__).parent.parent / "hosts"
MACHINES = {
    "rapl": "intel-2s-cascadelake-dram",
    "model": "intel-2s-cascadelake-dram",
    "acpi_power_meter": "acpi-power-meter",
    "psu_input": "pmbus-psus",
    "hwmon": "nvidia-grace",
    "cray": "cray-ex",
}

# The system calls between the marks are those of a hundred reads of values that have just changed.
PROGRAM = """
import os, sys, time
from pathlib import Path
from agent.recording.captured import open_root
from agent.inventory.detection import detect
from agent.machine import Machine
from agent.sources.table import SOURCES
from impacts.datasets import load_book
entry = next(entry for entry in SOURCES if entry.name == sys.argv[1])
with open_root(Path(sys.argv[2])) as host:
    source = entry.open(Machine(host, detect(host)[0], load_book()))
    source.read()
    os.path.exists("/begin")
    began = time.perf_counter()
    for _ in range(100):
        source.read()
    seconds = time.perf_counter() - began
    os.path.exists("/end")
    print(len(source.channels), seconds / 100 * 1000)
"""


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: apt-get install strace")
@pytest.mark.parametrize(("name", "machine"), MACHINES.items())
def test_a_read_is_a_few_system_calls_for_each_channel(name, machine):
    program = [sys.executable, "-c", PROGRAM, name, str(HOSTS / machine)]
    strace = ["strace", "-f", "-qq", "-e", "signal=none", *program]
    trace = subprocess.run(strace, capture_output=True, text=True, check=True).stderr
    between = trace.partition('"/begin"')[2].partition('"/end"')[0]
    calls = len(re.findall(r"^(?:\[pid +\d+\] )?\w+\(", between, re.MULTILINE)) / 100
    plain = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    channels, milliseconds = plain.split()
    print(f"\n{name}: {channels} channels, {calls:.0f} system calls, {float(milliseconds):.3f} ms a read")

    assert calls <= 2 * int(channels) + 8

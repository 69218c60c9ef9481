# SPDX-License-Identifier: Apache-2.0
"""Prometheus' own node exporter reads the same trees: where both read, they agree to the last digit."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from books import shipped

from agent.errors import SourceAbsent
from agent.inventory.detection import detect
from agent.machine import Machine
from agent.readings import CounterReading
from agent.recording.captured import open_root
from agent.sources.table import SOURCES

HOSTS = Path(__file__).parent.parent / "hosts"
RAPL = ["amd-2s-epyc-mirrored-dies", "intel-2s-cascadelake-dram", "intel-2s-sapphirerapids-psys", "acpi-power-meter"]
HWMON = ["acpi-power-meter", "pmbus-psus", "nvidia-grace", "ampere-altra", "amdgpu-server"]
SAMPLE = re.compile(r"^node_(rapl|hwmon)_(\w+?)\{(.*)\} (\S+)$", re.MULTILINE)
POWER_OR_ENERGY = re.compile(r"power_(average_|input_)?watts?|energy_joule_total")

pytestmark = pytest.mark.node_exporter


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def node_exporter(root):
    """Give what the exporter says of a tree, and end it."""
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus-node-exporter",
        f"--path.sysfs={root}/sys",
        f"--web.listen-address={address}",
        "--collector.disable-defaults",
        "--collector.rapl",
        "--collector.hwmon",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield scraped(f"http://{address}/metrics")
        finally:
            process.terminate()


def scraped(url):
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"{url} does not answer")


def readings(host, names):
    """Return what our sources say, as the exporter's numbers: joules and watts."""
    machine = Machine(host, detect(host)[0], shipped())
    for entry in SOURCES:
        if entry.name in names:
            with opened(entry, machine) as source:
                yield from source.read() if source else ()


@contextmanager
def opened(entry, machine):
    try:
        source = entry.open(machine)
    except SourceAbsent:
        yield None
        return
    yield source
    source.close()


def with_old_device_folders(root):
    """Give each chip of its own a device to link to, as sysfs does: the exporter tells chips apart by it."""
    for chip in sorted(root.glob("sys/class/hwmon/hwmon*")):
        device = root / "sys/devices" / f"test-{chip.name}"
        device.parent.mkdir(parents=True, exist_ok=True)
        if (chip / "device").is_dir():
            shutil.move(chip / "device", device)
        device.mkdir(exist_ok=True)
        (chip / "device").symlink_to(device)


@pytest.mark.parametrize("machine", RAPL)
def test_rapl_joules_are_the_exporters(machine):
    with open_root(HOSTS / machine) as host:
        ours = Counter(reading.microjoules * 1e-6 for reading in readings(host, {"rapl"}))
        with node_exporter(host.root) as text:
            theirs = Counter(float(value) for kind, _, _, value in SAMPLE.findall(text) if kind == "rapl")

    assert ours
    assert rounded(ours) <= rounded(theirs)


@pytest.mark.parametrize("machine", HWMON)
def test_hwmon_watts_are_the_exporters(machine):
    with open_root(HOSTS / machine) as host:
        with_old_device_folders(host.root)
        ours = Counter(map(value_of, readings(host, {"acpi_power_meter", "psu_input", "hwmon"})))
        with node_exporter(host.root) as text:
            theirs = Counter(
                float(value)
                for kind, name, _, value in SAMPLE.findall(text)
                if kind == "hwmon" and POWER_OR_ENERGY.fullmatch(name)
            )

    assert ours
    assert rounded(ours) <= rounded(theirs)


def value_of(reading):
    return reading.microjoules * 1e-6 if isinstance(reading, CounterReading) else reading.watts


def rounded(values):
    """Floats of microunits, told apart by the last digit that the kernel prints."""
    return Counter({f"{value:.6f}": count for value, count in values.items()})

# SPDX-License-Identifier: Apache-2.0
"""The installed agent with a library of NVIDIA cards: what fails on a card stays on that card."""

from __future__ import annotations

import re
import time

import pytest
from trees import processor, write, zone

FIRST, SECOND = "gpu-0000:10:00.0", "gpu-0000:11:00.0"
PATIENCE_SECONDS = 60.0

pytestmark = pytest.mark.gcc


class GpuServer:
    """A running agent on a machine with one processor package and two cards of 300 W and 150 W."""

    def __init__(self, agent, faults) -> None:
        self.agent = agent
        self.faults = faults

    def value(self, name: str, **labels: str) -> float | None:
        return value(self.agent.get("/metrics"), name, **labels)

    def last_read(self, source: str) -> float | None:
        return self.value("source_last_read_timestamp_seconds", source=source)

    def joules(self, card: str) -> float:
        return self.value("channel_energy_joules_total", source="nvidia", channel=card) or 0.0

    def failures(self, reason: str) -> float:
        return self.value("source_read_failures_total", source="nvidia", reason=reason) or 0.0

    def until(self, condition) -> None:
        ends = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < ends, self.agent.get("/metrics")
            time.sleep(0.1)


def value(text: str, name: str, **labels: str) -> float | None:
    for line in text.splitlines():
        if line.startswith(f"wattprint_{name}{{") and all(f'{key}="{is_}"' in line for key, is_ in labels.items()):
            return float(re.split(r"} ", line)[1])
    return None


@pytest.fixture
def server(start, fake_nvml, tmp_path):
    root, faults = tmp_path / "root", tmp_path / "faults"
    root.mkdir()
    processor(root)
    write(root, zone("intel-rapl:0", "package-0", 5))
    faults.write_text("")
    environment = {"LD_LIBRARY_PATH": str(fake_nvml), "FAKE_NVML_MW": "300000,150000"}
    options = ("--state", tmp_path / "state", "--root", root)
    running = GpuServer(start(*options, FAKE_NVML_CONTROL=str(faults), **environment), faults)
    running.until(lambda: running.joules(FIRST) > 0 and running.joules(SECOND) > 0)
    return running


def test_the_published_energy_of_a_card_grows_as_it_draws(server):
    def joules_and_seconds():
        text = server.agent.get("/metrics")
        seconds = value(text, "source_last_read_timestamp_seconds", source="nvidia")
        return *(value(text, "channel_energy_joules_total", channel=card) for card in (FIRST, SECOND)), seconds

    before = joules_and_seconds()
    server.until(lambda: joules_and_seconds()[2] >= before[2] + 5)
    first, second, seconds = (after - at_once for at_once, after in zip(before, joules_and_seconds(), strict=True))

    assert first / seconds == pytest.approx(300, rel=0.2)  # the time is that of the tick, a little after the read
    assert first == pytest.approx(2 * second, rel=0.005)  # both cards are read at the same moments


def test_a_lost_card_is_counted_as_a_failure_and_the_other_one_goes_on(server):
    server.faults.write_text("0:lost")
    server.until(lambda: server.failures("gpu_lost") >= 1)
    lost, other = server.joules(FIRST), server.joules(SECOND)
    server.until(lambda: server.joules(SECOND) > other + 300)

    assert server.joules(FIRST) == lost
    assert server.value("source_up", source="nvidia") == 1
    assert 'reason="read_failed"' in server.agent.get("/metrics")


def test_a_call_that_hangs_is_counted_and_holds_up_neither_the_other_sources_nor_the_stop(server):
    server.faults.write_text("0:hang=120")
    server.until(lambda: server.failures("deadline") == 1)

    seen = set()
    server.until(lambda: seen.add(server.last_read("rapl")) or len(seen) >= 5)
    assert server.failures("deadline") == 1
    assert server.agent.stop() == 0  # within half of the time that the call hangs

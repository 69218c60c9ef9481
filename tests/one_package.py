# SPDX-License-Identifier: Apache-2.0
"""A machine of one package that draws 100 W while its CPUs idle; its time passes by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clocks import HandClock
from trees import RANGE, processor, set_counter, set_load, write, zone

from agent.host import Host
from agent.wiring import sampling

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from agent.loop.sampler import Sampler
    from agent.written.config import Config
    from impacts.snapshots import Snapshot

WATTS = 100


def one_package(root: Path) -> Path:
    """Write the machine's files and return their root."""
    processor(root)
    write(root, zone("intel-rapl:0", "package-0", 0))
    return root


class OnePackage:
    """The machine in time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = HandClock()
        self.seconds = 0.0  # of use

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.wait(seconds)
        self.seconds += seconds
        set_counter(self.root, "intel-rapl:0", round(WATTS * self.seconds * 1e6) % RANGE)
        set_load(self.root, busy=0, idle=1000 + round(self.seconds * 400))

    def sampling(self, config: Config, state: Path | None = None) -> AbstractContextManager[Sampler]:
        """Run a process of the agent on the machine."""
        return sampling(Host(self.root, self.clock), config, state)


def ticks(sampler: Sampler, machine: OnePackage, count: int, seconds: float = 1.0) -> Snapshot:
    """Let time pass in steps with a tick at the end of each; return the last snapshot."""
    for _ in range(count):
        machine.passes(seconds)
        sampler.tick()
        snapshot = sampler.latest
    return snapshot

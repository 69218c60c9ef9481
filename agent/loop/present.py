# SPDX-License-Identifier: Apache-2.0
"""What is still of the present: the last step of each channel and of the host, until it has grown old."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.ledger import EnergyStep
    from agent.wholehost.host_step import HostStep

# A step is of the present until this many times its own length has passed: then the power is not known.
PRESENT_FOR = 2.0


@dataclass
class Present:
    """The last steps. One that is too old is none: its power is unknown, and not what it was."""

    steps: dict[tuple[str, str], EnergyStep] = field(default_factory=dict)  # by channel
    host_step: HostStep | None = None
    _since: dict[tuple[str, str], float] = field(default_factory=dict)
    _host_since: float = 0.0

    def take(self, steps: Iterable[EnergyStep], host_step: HostStep | None, now: float) -> None:
        """Take the steps of a tick, and drop those that have grown old by now (monotonic seconds)."""
        for step in steps:
            self.steps[step.channel.key] = step
            self._since[step.channel.key] = now
        old = [key for key, step in self.steps.items() if now - self._since[key] > PRESENT_FOR * step.observed_seconds]
        for key in old:
            del self.steps[key]
        if host_step is not None:
            self.host_step, self._host_since = host_step, now
        elif self.host_step is not None and now - self._host_since > PRESENT_FOR * self.host_step.seconds:
            self.host_step = None

# SPDX-License-Identifier: Apache-2.0
"""What the loop knows at the end of a tick, beside the accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.loop.present import Present

if TYPE_CHECKING:
    from datetime import datetime

    from agent.wholehost.siblings.taught import Taught
    from impacts.problems import Problem


@dataclass
class LoopState:
    """When the last tick was, what is of the present, and how the loop goes."""

    at: datetime  # UTC
    present: Present = field(default_factory=Present)
    ticks: int = 0
    missed_ticks: int = 0
    problems: tuple[Problem, ...] = ()  # of the balance
    taught: Taught | None = None  # what the inlet meter has taught

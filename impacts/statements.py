# SPDX-License-Identifier: Apache-2.0
"""Statements: the figures of one host or organisation over a period, with its problems: what a report renders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from impacts.figures import Figure
    from impacts.problems import Problem


@dataclass(frozen=True, slots=True)
class Statement:
    """The figures of `subject` from `begins` to `ends` (UTC)."""

    subject: str  # what the period is called: "since the agent started", "today (UTC)"
    begins: datetime
    ends: datetime
    figures: tuple[Figure, ...]
    problems: tuple[Problem, ...] = ()

# SPDX-License-Identifier: Apache-2.0
"""Figures: estimates of catalogued quantities, ready to publish, and the immutable snapshot of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from impacts.estimates import Estimate
    from impacts.problems import Problem
    from impacts.quantities import Quantity
    from impacts.statements import Statement


@dataclass(frozen=True, slots=True)
class Figure:
    """One published value: a quantity, the values of its labels in the catalogue's order, and the estimate."""

    quantity: Quantity
    labels: tuple[str, ...]
    estimate: Estimate
    method: str = ""  # how the number came about: counted, integrated, modelled, bottom_up, archetype …

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.quantity.labels):
            raise ValueError(f"{self.quantity.name} has the labels {self.quantity.labels}, not {self.labels}")

    @property
    def label_pairs(self) -> dict[str, str]:
        """The labels by name."""
        return dict(zip(self.quantity.labels, self.labels, strict=True))


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a kind of counter says of itself on this host, for `doctor` and the landing page."""

    source: str
    found: bool
    readable: bool
    why_not: str = ""  # empty when readable
    remedy: str = ""  # the command or step that mends it; empty when nothing is to be mended
    channels: tuple[str, ...] = ()
    measures: str = ""  # one line: what it would tell
    notes: tuple[str, ...] = ()  # what was left out of it, and why


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the agent has to say at one moment. Swapped in whole by one writer, read by any number of readers."""

    taken_at: datetime  # UTC
    figures: tuple[Figure, ...]
    problems: tuple[Problem, ...] = ()
    sources: tuple[SourceState, ...] = ()
    statements: tuple[Statement, ...] = field(default=())  # since the start, today

    def named(self, name: str) -> list[Figure]:
        """Return the figures of one quantity; empty when it is not known."""
        return [figure for figure in self.figures if figure.quantity.name == name]

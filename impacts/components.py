# SPDX-License-Identifier: Apache-2.0
"""Components: what a server's manufacture is made of, by criterion, whichever profile computed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impacts.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impacts.derivations import Derivation
    from impacts.problems import Problem


@dataclass(frozen=True, slots=True)
class Component:
    """The manufacture of all parts of one kind."""

    name: str  # a kind of part, or board, case, assembly; server for a manufacturer's figure
    count: int
    estimate: Estimate  # in base units
    method: str  # manufacturer, bottom_up or archetype
    derivations: tuple[Derivation, ...]  # their results add up to the estimate

    @property
    def grounds(self) -> tuple[Citation, ...]:
        """What it rests on."""
        return self.estimate.grounds


@dataclass(frozen=True, slots=True)
class EmbodiedImpact:
    """A server's manufacture, by criterion. A criterion that cannot be computed is absent, and a problem says so."""

    profile: str
    criteria: Mapping[str, tuple[Component, ...]]
    problems: tuple[Problem, ...]

    def components(self, criterion: str) -> tuple[Component, ...]:
        """Return the components of one criterion; none if it could not be computed."""
        return self.criteria.get(criterion, ())

    def total(self, criterion: str) -> Estimate | None:
        """Return the sum in base units; None if it could not be computed."""
        components = self.components(criterion)
        return total(component.estimate for component in components) if components else None

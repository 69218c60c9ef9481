# SPDX-License-Identifier: Apache-2.0
"""Components: what a server's manufacture is made of, by criterion, whichever profile computed it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impacts.parts import Part
    from impacts.problems import Problem

INVENTORY = Citation("inventory")
ONE = Estimate.exact(1, "unit", Citation("one per server"))


@dataclass(frozen=True)
class Component:
    """The manufacture of all parts of one kind.

    Its method is the best that is published of it. In the order of precedence:

    - manufacturer: its figure, in the inventory file
    - published_product: the published footprint of the same product, less its parts
    - part_lca: a published life-cycle assessment of the very part
    - bottom_up: material times a constant
    - manufacturer_level: what the manufacturer publishes for its other products, less their parts
    - pooled_level: what all manufacturers publish, less the parts
    - archetype: a common server, for want of anything known
    - guest_share: a share of a common server under a virtual machine
    """

    name: str  # a kind of part; fixed_part, board, case, assembly; server for a manufacturer's figure of the whole
    count: int
    method: str  # or several, the weightiest first
    derivations: tuple[Derivation, ...]  # of each group of equal parts, at least one, in base units
    parts: tuple[Part | None, ...] = ()  # one for each derivation; None, or none at all: what the server has once

    @cached_property
    def derivation(self) -> Derivation:
        """How the whole follows from its groups of parts."""
        if len(self.derivations) == 1:
            return self.derivations[0]
        groups = {f"{self.name}_{number}": group for number, group in enumerate(self.derivations, start=1)}
        return work_out(f"embodied: {self.name}", " + ".join(groups), groups)

    @property
    def estimate(self) -> Estimate:
        """The whole, in base units."""
        return self.derivation.estimate

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
    common_errors: bool = False  # what is wrong of one component is wrong of all

    def components(self, criterion: str) -> tuple[Component, ...]:
        """Return the components of one criterion; none if it could not be computed."""
        return self.criteria.get(criterion, ())

    def derivation(self, criterion: str) -> Derivation | None:
        """Return how the sum follows from its components; None if it could not be computed."""
        components = {component.name: component.derivation for component in self.components(criterion)}
        title = f"embodied, cradle to gate ({criterion})"
        return work_out(title, self.sum_sign.join(components), components) if components else None

    @property
    def sum_sign(self) -> str:
        """How components are added up: what is wrong of one is seldom wrong of another, unless they have it in common."""
        return " + " if self.common_errors else " ⊕ "

    def total(self, criterion: str) -> Estimate | None:
        """Return the sum in base units; None if it could not be computed."""
        whole = self.derivation(criterion)
        return None if whole is None else whole.estimate

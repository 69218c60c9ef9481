# SPDX-License-Identifier: Apache-2.0
"""Figures: estimates of catalogued quantities, ready to publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impacts.quantities import Quantity
    from impacts.values.derivations import Derivation
    from impacts.values.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Figure:
    """One published value: a quantity, the values of its labels in the catalogue's order, and the estimate."""

    quantity: Quantity
    labels: tuple[str, ...]
    estimate: Estimate
    method: str = ""  # how the number came about: counted, integrated, modelled, bottom_up, archetype …
    derivation: Derivation | None = None  # the working paper; None: the agent has observed the number itself

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.quantity.labels):
            raise ValueError(f"{self.quantity.name} has the labels {self.quantity.labels}, not {self.labels}")

    @classmethod
    def derived(cls, quantity: Quantity, labels: tuple[str, ...], derivation: Derivation, method: str = "") -> Figure:
        """Return the figure that a derivation results in, with its bounds and grounds."""
        return cls(quantity, labels, derivation.estimate, method, derivation)

    @property
    def label_pairs(self) -> dict[str, str]:
        """The labels by name."""
        return dict(zip(self.quantity.labels, self.labels, strict=True))

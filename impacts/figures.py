# SPDX-License-Identifier: Apache-2.0
"""Figures: estimates of catalogued quantities, ready to publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impacts.quantities import Quantity
    from impacts.values.estimates import Estimate


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

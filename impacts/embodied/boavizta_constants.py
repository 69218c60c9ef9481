# SPDX-License-Identifier: Apache-2.0
"""What the profile `boavizta` takes from the datasets: factors without bounds, and attributes for what is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from impacts.embodied.components import INVENTORY
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook


@dataclass(frozen=True, slots=True)
class Constants:
    """The factors of one criterion, and the attributes that stand in for unknown ones."""

    book: FactorBook
    criterion: str

    def factor(self, subject: str) -> Estimate:
        """Return the impact per unit of a material or piece, without bounds: the program has none."""
        value = self.book.find(subject, self.criterion, on=date.max).factor.value
        return Estimate.exact(value.central, value.unit, *value.grounds)

    def attribute(self, *subjects: str) -> Estimate:
        """Return the first default attribute that the datasets have, with the program's own bounds."""
        subject = next((name for name in subjects if "attribute" in self.book.criteria(name)), subjects[-1])
        return self.book.find(subject, "attribute", on=date.max).factor.value

    def known(self, value: float | None, unit: str, *subjects: str) -> Estimate:
        """Return what the inventory says, else the default."""
        return Estimate.exact(value, unit, INVENTORY) if value is not None else self.attribute(*subjects)

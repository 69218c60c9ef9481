# SPDX-License-Identifier: Apache-2.0
"""The machine: a host to read, what it is made of, and the factors that apply to it. What a source may build on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.host import Host
    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory
    from impacts.values.estimates import Estimate


@dataclass(frozen=True)
class Machine:
    """A host, its inventory and the factor book."""

    host: Host
    inventory: Inventory
    book: FactorBook
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # the config's `sources`, by source

    def accuracy(self, name: str) -> Estimate:
        """Return what the truth may be, as ratios of what an interface reports: the datasets' row `NAME_accuracy`.

        Raises:
            FactorMissing: there is no such row; every source needs one, because it makes the bounds.
        """
        return self.book.find(f"{name}_accuracy", "power", on=self.host.clock.utc_now().date()).factor.value

    @property
    def disabled(self) -> frozenset[str]:
        """The names of the sources that are switched off."""
        return frozenset(name for name, setting in self.settings.items() if not setting.get("enabled", True))

# SPDX-License-Identifier: Apache-2.0
"""The machine: a host to read, what it is made of, and the factors that speak of it. What a source may build on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.host import Host
    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory


@dataclass(frozen=True)
class Machine:
    """A host, its inventory and the factor book."""

    host: Host
    inventory: Inventory
    book: FactorBook
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # the config's `sources`, by source

    @property
    def disabled(self) -> frozenset[str]:
        """The names of the sources that are switched off."""
        return frozenset(name for name, setting in self.settings.items() if not setting.get("enabled", True))

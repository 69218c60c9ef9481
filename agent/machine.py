# SPDX-License-Identifier: Apache-2.0
"""The machine: a host to read, what it is made of, and the factors that speak of it. What a source may build on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.host import Host
    from impacts.factors import FactorBook
    from impacts.parts import Inventory


@dataclass(frozen=True)
class Machine:
    """A host, its inventory and the factor book."""

    host: Host
    inventory: Inventory
    book: FactorBook

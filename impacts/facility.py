# SPDX-License-Identifier: Apache-2.0
"""The facility that a host stands in: its power usage effectiveness (PUE, ISO/IEC 30134-2), as its operator states it.

PUE is the energy of the whole facility over that of its IT equipment: cooling, distribution and lighting lie in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impacts.values.estimates import Citation, Estimate


@dataclass(frozen=True, slots=True)
class Pue:
    """The PUE by hour (its UTC start in Unix seconds), and the one that holds where no hour's own is known."""

    name: str  # by which the history knows it
    citation: Citation
    by_hour: Mapping[int, Estimate]
    otherwise: Estimate | None = None

    def at(self, hour: int) -> Estimate | None:
        """Return the PUE of an hour; None if it is not known."""
        return self.by_hour.get(hour, self.otherwise)

# SPDX-License-Identifier: Apache-2.0
"""A sibling: one host, and what its inlet meter has taught of its power by CPU load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from impacts.configurations import Configuration
    from impacts.values.bounded import Bounded


@dataclass(frozen=True, slots=True)
class Sibling:
    """Power (W) at each load of which the host knows enough, with what its meter's accuracy and its errors allow."""

    host: str
    configuration: Configuration
    powers: dict[float, Bounded]  # by load, 0 to 1
    residual_watts: float  # the standard deviation of five minutes about it


def distinct(siblings: Iterable[Sibling]) -> list[Sibling]:
    """Return each host once: two Prometheus servers that scrape it, or a history that is given twice, show it twice."""
    found = {(one.configuration, frozenset(one.powers.items()), one.residual_watts): one for one in siblings}
    return list(found.values())

# SPDX-License-Identifier: Apache-2.0
"""What `wattprint power --learn` answers: the power of servers by configuration and load, from what their meters taught.

Of each load the siblings' mean stands, with the bounds of one server more: its spread between them, what five minutes
differ by on each of them, and the accuracy of their meters. The spread of few siblings is not known from them; a stated one
counts as much as `_PRIOR_DEGREES` siblings more. A row for any memory and drives stands beside those of the configurations, for hosts
that have no sibling of their own configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING

from impacts.problems import Problem
from impacts.values.bounded import Bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from agent.wholehost.siblings.sibling import Sibling
    from impacts.configurations import Configuration
    from impacts.factor_book import FactorBook

LICENCE = "own use"

_PRIOR_DEGREES = 4
_COVERED = 0.95


@dataclass(frozen=True, slots=True)
class SiblingFactor:
    """The power (W) of servers of a configuration at a load, and from how many siblings it is known."""

    configuration: Configuration
    load: float
    power: Bounded
    siblings: int
    learned_from: str  # for the citation

    def row(self) -> dict[str, str]:
        """Return the row of the file, by column."""
        parts = self.configuration
        return {
            "manufacturer": parts.manufacturer,
            "product": parts.product,
            "cpus": parts.cpus,
            "memory": parts.memory,
            "cards": parts.cards,
            "drives": parts.drives,
            "load": f"{self.load:g}",
            "low_watts": f"{self.power.low:.4g}",
            "watts": f"{self.power.central:.4g}",
            "high_watts": f"{self.power.high:.4g}",
            "siblings": str(self.siblings),
            "source": self.learned_from,
            "licence": LICENCE,
        }


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations over the mean, before the siblings show their own."""

    of_equals: float
    of_parts: float  # beside it, where memory or drives differ

    @classmethod
    def of(cls, book: FactorBook, on: date) -> Spreads:
        """Return what the datasets state."""
        named = (
            book.find(f"sibling_{name}", "power", on=on).factor.value.central for name in ("spread", "parts_spread")
        )
        return cls(*named)


def sibling_factors(siblings: Sequence[Sibling], spreads: Spreads, learned_from: str) -> list[SiblingFactor]:
    """Return the factors of every configuration among the siblings, then those of any memory and drives."""
    groups: dict[Configuration, list[Sibling]] = {}
    for sibling in siblings:
        groups.setdefault(sibling.configuration, []).append(sibling)
        groups.setdefault(sibling.configuration.of_any_parts, []).append(sibling)
    return [
        SiblingFactor(configuration, load, power, siblings, learned_from)
        for configuration, members in sorted(groups.items(), key=lambda group: (group[0].is_of_any_parts, group[0]))
        for load, power, siblings in _by_load(members, _expected(configuration, spreads))
    ]


def _by_load(members: Sequence[Sibling], expected: float) -> Iterator[tuple[float, Bounded, int]]:
    """Yield each load that a sibling knows, the power at it, and how many know it."""
    for load in sorted({load for member in members for load in member.powers}):
        known = [member for member in members if load in member.powers]
        yield load, _power(known, load, expected), len(known)


def sibling_problems(siblings: Sequence[Sibling]) -> Iterator[Problem]:
    """Yield a problem for each configuration that one host alone has taught."""
    for configuration in sorted({sibling.configuration for sibling in siblings}):
        hosts = [sibling.host for sibling in siblings if sibling.configuration == configuration]
        if len(hosts) == 1:
            what = f"one host alone has taught the power of {configuration} ({hosts[0]}): the bounds are wide"
            yield Problem("siblings", "single_sibling", what, "make the meter of another one of them readable")


def _expected(configuration: Configuration, spreads: Spreads) -> float:
    """Return the spread that is expected between siblings."""
    if configuration.is_of_any_parts:
        return sqrt(spreads.of_equals**2 + spreads.of_parts**2)
    return spreads.of_equals


def _power(siblings: Sequence[Sibling], load: float, expected: float) -> Bounded:
    """Return the power of one more server at a load that each of at least one sibling knows."""
    powers = [sibling.powers[load] for sibling in siblings]
    mean = fmean(power.central for power in powers)
    own = fmean(sibling.residual_watts / sibling.powers[load].central for sibling in siblings)
    reach = _reach([power.central / mean for power in powers], expected, own)
    low = fmean(power.low / power.central for power in powers)
    high = fmean(power.high / power.central for power in powers)
    return Bounded(mean * max(0.0, 1 - reach) * low, mean, mean * (1 + reach) * high)


def _reach(ratios: Sequence[float], expected: float, own: float) -> float:
    """Return how far one server more may lie from the mean, as a ratio: the prediction interval of Student's t.

    `ratios` are the siblings' powers over their mean, `own` the relative residual of each.
    """
    count = len(ratios)
    degrees = _PRIOR_DEGREES + count - 1
    variance = (_PRIOR_DEGREES * expected**2 + sum((ratio - 1) ** 2 for ratio in ratios)) / degrees
    return _student(degrees) * sqrt(variance * (1 + 1 / count) + own**2)


def _student(degrees: int) -> float:
    """Return the quantile of Student's t, by the expansion of Abramowitz and Stegun, 26.7.5: within 0.3 % from 4 degrees on."""
    z = NormalDist().inv_cdf((1 + _COVERED) / 2)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3

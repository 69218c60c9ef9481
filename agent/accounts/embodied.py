# SPDX-License-Identifier: Apache-2.0
"""The embodied emissions in time: what passes is amortised, what retired parts have left falls to the day they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.history.hourly import EntryKind
from impacts.values.bounded import NOTHING, Bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from agent.host_facts import HostFacts
    from impacts.lifetime.amortisation import Lot
    from impacts.values.estimates import Estimate


@dataclass(slots=True)
class EmbodiedAccounts:
    """How far the lots of the hardware are entered as amortised, and never more than the whole (docs/adr/0009)."""

    facts: HostFacts
    until: float  # monotonic seconds up to which time is entered
    left_by_retired: Bounded = NOTHING  # grams that are entered of what retired parts had left

    def pass_time(
        self, now: float, at: datetime, began_at: datetime, entered: Bounded
    ) -> Iterator[tuple[EntryKind, Bounded, float]]:
        """Return what has to be entered for the time up to now: kind, grams and the seconds that they are of.

        `entered` is what was before (grams). What has no date of acquisition begins with the history, at `began_at`.
        """
        whole = self.whole
        seconds, self.until = max(0.0, now - self.until), now
        if whole is None:
            return
        passed = _sum(self._amortised(seconds, at, began_at)).at_most(whole.less(entered))
        yield EntryKind.AMORTISED, passed, seconds
        left = _sum(self._left(at, began_at)).less(self.left_by_retired).at_most(whole.less(entered + passed))
        if left:
            self.left_by_retired += left
            yield EntryKind.RETIRED, left, 0.0

    @property
    def whole(self) -> Bounded | None:
        """The embodied emissions of the whole host in grams; None while they are not known."""
        emissions = self.facts.embodied_emissions
        return None if emissions is None else Bounded.of(emissions)

    def _amortised(self, seconds: float, at: datetime, began_at: datetime) -> Iterator[Estimate]:
        """What the `seconds` up to `at` amortise: of each lot as its plan has it for just that time."""
        since = at - timedelta(seconds=seconds)
        for lot in self.facts.lots:
            ratio = lot.planned_ratio(at, began_at) - lot.planned_ratio(since, began_at)
            yield lot.emissions.scaled(ratio)

    def _left(self, at: datetime, began_at: datetime) -> Iterator[Estimate]:
        """What was not amortised of the lots that have been retired since the history began."""
        for lot in self.facts.lots:
            if _left_since(lot, at, began_at):
                yield lot.emissions.scaled(1.0 - lot.planned_ratio(at, began_at))


def _left_since(lot: Lot, at: datetime, began_at: datetime) -> bool:
    return lot.retired is not None and began_at.date() <= lot.retired and lot.has_left(at)


def _sum(emissions: Iterable[Estimate]) -> Bounded:
    return sum(map(Bounded.of, emissions), NOTHING)

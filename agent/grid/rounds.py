# SPDX-License-Identifier: Apache-2.0
"""When a provider is asked, and for what: the newest values at its own resolution, then the ones that were missed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from agent.errors import ReadFailed
from agent.grid.asker import LONGEST_RETRY_AFTER
from agent.grid.cache import Kept
from agent.grid.values import gaps, merged

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.clock import Clock
    from agent.grid.asker import Asker
    from agent.grid.cache import Cache
    from agent.grid.settings import GridSettings
    from agent.grid.values import Value

logger = logging.getLogger("wattprint")

KEPT = timedelta(days=10)
MOST_TRIES = 3  # for a missed time: a provider may never have its values

# After a failure the wait doubles, from FIRST_WAIT up to LONGEST_WAIT. FIRST_WAIT is also kept between two requests:
# Energinet answers one a minute.
FIRST_WAIT = timedelta(seconds=75)
LONGEST_WAIT = timedelta(hours=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rounds:
    """The state between requests. One thread calls `turn`; others read `values`, `failure` and `missed`."""

    def __init__(
        self, asker: Asker, cache: Cache, settings: GridSettings, clock: Clock, random: Callable[[], float]
    ) -> None:
        self.failure: ReadFailed | None = None
        self._asker = asker
        self._cache = cache
        self._settings = settings
        self._clock = clock
        self._random = random  # from 0 to 1, so that a thousand hosts do not ask in the same second
        self._failures = 0
        self._tries: dict[datetime, int] = {}  # by a gap's beginning
        kept = cache.load()
        now = clock.utc_now()
        self.values = merged(kept.values, (), now - KEPT)
        self._asked_at = kept.asked_at
        self._due_at = now if kept.asked_at is None else self._next(min(kept.asked_at, now))
        asker.leave_alone_until = kept.leave_alone_until

    @property
    def missed(self) -> list[tuple[datetime, datetime]]:
        """The times without a known value that are no longer asked for."""
        return [gap for gap in gaps(self.values) if self._tries.get(gap[0], 0) >= MOST_TRIES]

    def turn(self) -> timedelta:
        """Ask for what is due, if anything, and return how long to wait until the next turn."""
        now = self._clock.utc_now()
        if self._due_at > now + LONGEST_RETRY_AFTER:  # the clock was put back
            self._due_at = now
        left_alone = self._asker.left_alone(now)
        if left_alone:
            return left_alone
        if now >= self._due_at:
            return self._ask_latest(now)
        gap = self._gap()
        return self._due_at - now if gap is None else self._ask_past(gap, now)

    def _ask_latest(self, now: datetime) -> timedelta:
        try:
            learned = self._asker.latest()
        except ReadFailed as failure:
            return self._fail(failure, now)
        self._failures, self.failure = 0, None
        self._asked_at, self._due_at = now, self._next(now)
        self._learn(learned, now)
        return self._until_next(now)

    def _ask_past(self, gap: tuple[datetime, datetime], now: datetime) -> timedelta:
        self._tries[gap[0]] = self._tries.get(gap[0], 0) + 1
        try:
            self._learn(self._asker.past(*gap), now)
        except ReadFailed as failure:
            logger.info("grid: no values from %s to %s: %s", *gap, failure)
        return self._until_next(now)

    def _learn(self, learned: list[Value], now: datetime) -> None:
        self.values = merged(self.values, learned, now - KEPT)
        self._tries = {since: tries for since, tries in self._tries.items() if since > now - KEPT}
        self._save()

    def _fail(self, failure: ReadFailed, now: datetime) -> timedelta:
        if self.failure is None or self.failure.reason != failure.reason:
            logger.warning("grid: %s", failure)
        self.failure = failure
        wait = min(FIRST_WAIT * (1 << self._failures), LONGEST_WAIT) * (1 + 0.2 * self._random())
        self._failures = min(self._failures + 1, 10)
        if self._asker.left_alone(now):
            self._save()
        self._due_at = now + wait
        return wait

    def _until_next(self, now: datetime) -> timedelta:
        """Return the wait until the next request, which comes sooner where something was missed."""
        until_due = max(timedelta(0), self._due_at - now)
        return until_due if self._gap() is None else min(FIRST_WAIT, until_due)

    def _gap(self) -> tuple[datetime, datetime] | None:
        """Return what was missed and is worth asking for, the latest first."""
        return next((gap for gap in gaps(self.values) if self._tries.get(gap[0], 0) < MOST_TRIES), None)

    def _next(self, after: datetime) -> datetime:
        """Return a moment soon after the provider's next value begins."""
        resolution = self._settings.entry.resolution
        begins = after - (after - _EPOCH) % resolution + resolution
        return begins + resolution * (0.02 + 0.15 * self._random())

    def _save(self) -> None:
        self._cache.save(Kept(self.values, self._asked_at, self._asker.leave_alone_until))

# SPDX-License-Identifier: Apache-2.0
"""The snapshot in force: worked out when somebody asks, once a tick at most, and never changed after that."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impacts.snapshots import Snapshot

# A source that hangs within a tick must not hold up whoever asks: the snapshot before is given in its place.
LONGEST_WAIT_SECONDS = 1.0


class Publication:
    """Keeps the loop, which changes what there is to say, apart from those who ask for it in threads of their own."""

    def __init__(self, evaluate: Callable[[], Snapshot]) -> None:
        self._evaluate = evaluate
        self._lock = threading.Lock()
        self._is_stale = False
        self._has_ended = False
        self._latest: Snapshot | None = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold everybody off for the time of a tick; what was published before is stale after it."""
        with self._lock:
            yield
            self._is_stale = True

    def latest(self) -> Snapshot | None:
        """Return the snapshot of the last tick; None before the first."""
        if not self._lock.acquire(timeout=LONGEST_WAIT_SECONDS):
            return self._latest
        try:
            return self._renewed()
        finally:
            self._lock.release()

    def end(self) -> None:
        """Work the last snapshot out, which stays in force: sources and files that a new one needs are about to close."""
        with self._lock:
            self._renewed()
            self._has_ended = True

    def _renewed(self) -> Snapshot | None:
        if self._is_stale and not self._has_ended:
            self._latest = self._evaluate()
            self._is_stale = False
        return self._latest

# SPDX-License-Identifier: Apache-2.0
"""Slow sources in a thread of their own: one read at a time, a deadline, back-off; nobody ever waits for a device.

A thread that hangs in a device's driver cannot be ended: it is left alone, counted, and dies with the process.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from agent.errors import ReadFailed
from agent.loop.attempt import Answer, attempt, attempt_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.clock import Clock
    from agent.sources.source import Pace, Source

# After each failure in a row the wait doubles, up to this many intervals.
LONGEST_BACK_OFF = 16

_LOOK_SECONDS = 0.02


class Worker:
    """Opens and reads one source in its own thread, at its own pace; `collect` never blocks."""

    def __init__(self, open_source: Callable[[], Source], pace: Pace, clock: Clock) -> None:
        self.source: Source | None = None
        self._open = open_source
        self._pace = pace
        self._clock = clock
        self._answers: deque[Answer] = deque(maxlen=100)
        self._stopped = threading.Event()
        self._wanted = threading.Event()
        self._busy_since: float | None = None
        self._begun = 0  # how many attempts were begun, and the number of the last that was answered
        self._answered = 0
        self._is_reported_late = False
        self._thread = threading.Thread(target=self._work, name="slow-source", daemon=True)
        self._thread.start()

    def collect(self) -> list[Answer]:
        """Return the answers since the last call; an attempt past its deadline gives one, a failure."""
        answers = [self._answers.popleft() for _ in range(len(self._answers))]
        since = self._busy_since
        if since is not None and not self._is_reported_late:
            waited = self._clock.monotonic_seconds() - since
            if waited > self._pace.deadline_seconds:
                self._is_reported_late = True
                answers.append(_too_late(waited))
        return answers

    def collect_within(self, seconds: float) -> list[Answer]:
        """Ask for a read now and wait for its answer, for commands that take two samples and end.

        An answer that was begun earlier may be of the moment before: it is given too, and not waited for.
        """
        earlier = self._begun if self._answered else 0
        self._wanted.set()
        for _ in range(round(seconds / _LOOK_SECONDS)):  # by real time: a recorded clock stands still
            if self._answered > earlier:
                break
            self._stopped.wait(_LOOK_SECONDS)
        return self.collect()

    def stop(self) -> None:
        """Have the thread close its source and end, as soon as the device lets it."""
        self._stopped.set()
        self._wanted.set()

    def wait_for_end(self, seconds: float) -> None:
        """Return when the thread has closed its source and ended, or after `seconds`."""
        self._thread.join(max(0.0, seconds))

    def _work(self) -> None:
        failures = 0
        while True:
            self._wanted.clear()
            if self._stopped.is_set():  # looked at after the wish is cleared: a stop in between would be lost
                break
            self._begun += 1
            answer = self._answer()
            # Where one of several devices fails, the others are read on at their pace.
            failures = failures + 1 if answer.trouble is not None and not answer.readings else 0
            self._answers.append(answer)
            self._answered = self._begun
            intervals = min(2**failures, LONGEST_BACK_OFF)
            self._wanted.wait(max(0.0, self._pace.interval_seconds * intervals - answer.seconds))
        if self.source is not None:
            self.source.close()

    def _answer(self) -> Answer:
        """Return what an attempt gives; one that took too long gives nothing: it is out of date."""
        self._is_reported_late = False
        began = self._busy_since = self._clock.monotonic_seconds()
        answer = self._attempt()
        self._busy_since = None
        if answer.reason == "gone" and self.source is not None:
            self.source.close()
            self.source = None
        seconds = self._clock.monotonic_seconds() - began
        if seconds <= self._pace.deadline_seconds:
            return answer
        late = _too_late(seconds)
        return Answer((), seconds, late.trouble, "" if self._is_reported_late else late.reason)

    def _attempt(self) -> Answer:
        """Open the source if it is not open, and read it."""
        if self.source is None:
            opened = attempt_open(self._open, self._clock)
            if isinstance(opened, Answer):
                return opened
            self.source = opened
        return attempt(self.source, self._clock)


def _too_late(seconds: float) -> Answer:
    trouble = ReadFailed(
        f"no answer within {seconds:.0f} s", reason="deadline", remedy="see whether the device is busy or broken"
    )
    return Answer((), seconds, trouble, trouble.reason)

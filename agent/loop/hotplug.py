# SPDX-License-Identifier: Apache-2.0
"""Hardware that comes and goes while the agent runs: looked for once a minute, and detected anew beside the loop."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.inventory.watch import difference, hardware_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.host_facts import HostFacts

logger = logging.getLogger("wattprint")

LOOK_SECONDS = 60.0


class HardwareWatch:
    """Compares the names of the hardware with those of the last look; detects anew where they differ.

    Both happen in a thread of its own: firmware tables and slow drives must not delay a tick.
    """

    def __init__(self, facts: HostFacts, rebuild: Callable[[HostFacts], HostFacts]) -> None:
        self._host = facts.machine.host
        self.facts = facts
        self._rebuild = rebuild
        self._names = hardware_names(self._host)
        self._unsettled = False  # a drive may have a name before it has a size
        self._look_at = self._host.clock.monotonic_seconds() + LOOK_SECONDS
        self._thread: threading.Thread | None = None
        self._changed: HostFacts | None = None
        self._complaint = ""

    def changed_facts(self) -> HostFacts | None:
        """Return the new facts, once after each change. Never waits: a look under way gives its result to a later call."""
        if self._thread is not None and self._thread.is_alive():
            return None
        changed, self._changed = self._changed, None
        now = self._host.clock.monotonic_seconds()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._thread = threading.Thread(target=self._look, name="hardware", daemon=True)
            self._thread.start()
        return changed

    def finish(self, seconds: float) -> None:
        """Wait for a look that is under way."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _look(self) -> None:
        names = hardware_names(self._host)
        has_changed = names != self._names
        if not has_changed and not self._unsettled:
            return
        try:
            found = self._rebuild(self.facts)
        except ConfigError as error:  # the inventory file, edited meanwhile
            self._complain(f"the hardware has changed and is not detected anew: {error}")
            return
        self._names, self._unsettled, self._complaint = names, has_changed, ""
        known = self.facts
        if (found.machine.inventory, found.found_problems) == (known.machine.inventory, known.found_problems):
            return
        changed = difference(known.machine.inventory, found.machine.inventory) or "the parts are the same"
        logger.warning("the hardware has changed and was detected anew: %s", changed)
        self.facts = self._changed = found

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            logger.warning("%s", complaint)
        self._complaint = complaint

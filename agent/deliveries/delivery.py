# SPDX-License-Identifier: Apache-2.0
"""What a delivery is: opened before anything else, started once there is something to deliver, stopped at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from impacts.snapshots import Snapshot

if TYPE_CHECKING:
    from agent.clock import Clock
    from agent.written.config import Config

Latest = Callable[[], Snapshot | None]  # the snapshot in force; any thread may ask


class Delivery(Protocol):
    """Brings snapshots to somebody, in threads of its own."""

    @property
    def announcement(self) -> str:
        """Where the figures are to be found, for whoever starts the agent."""

    def start(self) -> None:
        """Begin; return at once."""

    def stop(self) -> None:
        """End, also if it was never started."""


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """A line of the table. `open` gives None where the config does not ask for this delivery.

    It raises ConfigError where the delivery cannot be had, before anything is written.
    """

    name: str
    open: Callable[[Config, Latest, Clock], Delivery | None]

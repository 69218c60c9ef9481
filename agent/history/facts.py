# SPDX-License-Identifier: Apache-2.0
"""What the agent states beside the hours: who the host is, its hardware, its calibrations. Each write keeps what is new of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.history.identity import put_identity
from agent.history.lots import put_lots

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from agent.history.identity import Identity
    from agent.history.lots import LotSet


@dataclass
class Facts:
    """What holds now; None and nothing where the agent has not stated it."""

    identity: Identity | None = None
    lots: LotSet | None = None
    calibrations: dict[str, tuple[datetime, str]] = field(default_factory=dict)  # by anchor: since when, and the state

    def put(self, connection: sqlite3.Connection, at: datetime) -> None:
        """Keep everything, in the transaction that is open."""
        if self.identity is not None:
            put_identity(connection, self.identity, at)
        if self.lots is not None:
            put_lots(connection, self.lots)
        for anchor, (since, state) in self.calibrations.items():
            row = (anchor, since.timestamp(), state)
            connection.execute("INSERT OR REPLACE INTO calibration VALUES (?, ?, ?)", row)

# SPDX-License-Identifier: Apache-2.0
"""The hourly tables. Each is declared here, once, and created by history.sql; entries, writer and view go by these lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agent.history.hourly import ChannelHour, HostHour, Hour, ImpactHour

if TYPE_CHECKING:
    from collections.abc import Sequence

# Hour 0 holds what an earlier file had counted that was damaged while the agent ran: part of all time, of no hour.
CARRIED_HOUR = 0

Value = TypeVar("Value", bound=Hour)
Key = tuple[Any, ...]  # the hour first


@dataclass(frozen=True)
class HourlyTable(Generic[Value]):
    """A table with a row for each hour and key: the columns of the key, the hour first, then those of the amounts."""

    name: str
    key: tuple[str, ...]
    amounts: tuple[str, ...]
    value: type[Value]  # its `columns` are the amounts
    carried: bool = (
        False  # into a new file, should this one be lost while the agent runs: its sums are part of all time
    )

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def select_one(self) -> str:
        """The query for the amounts of a key."""
        return f"SELECT {', '.join(self.amounts)} FROM {self.name} WHERE ({', '.join(self.key)}) = ({marks(self.key)})"  # noqa: S608  constants

    @property
    def select_sums(self) -> str:
        """The query for the sums of all hours from one on, by the key without the hour."""
        key = ", ".join(self.key[1:])
        sums = ", ".join(f"SUM({column})" for column in self.amounts)
        return f"SELECT {key}, {sums} FROM {self.name} WHERE hour >= ? GROUP BY {key}"  # noqa: S608  constants


def marks(values: Sequence[object]) -> str:
    """Return as many question marks as SQL needs for the values."""
    return ", ".join("?" for _ in values)


_BOUNDS = ("low_microjoules", "microjoules", "high_microjoules")
IMPACT_AMOUNTS = ("low", "central", "high", *_BOUNDS)

CHANNELS = HourlyTable(
    "channel_hour",
    ("hour", "source", "channel"),
    ("microjoules", "observed_seconds", "unobserved_seconds"),
    ChannelHour,
)
HOSTS = HourlyTable(
    "host_hour",
    ("hour", "basis"),
    (*_BOUNDS, "measured_microjoules", "observed_seconds", "unobserved_seconds"),
    HostHour,
    carried=True,
)
IMPACTS = HourlyTable("impact_hour", ("hour", "quantity", "factor"), IMPACT_AMOUNTS, ImpactHour, carried=True)

HOURLY: tuple[HourlyTable[Any], ...] = (CHANNELS, HOSTS, IMPACTS)

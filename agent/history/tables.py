# SPDX-License-Identifier: Apache-2.0
"""The hourly tables. Each is declared here, once, and created by history.sql; entries, writer and view go by these lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agent.history.hourly import ChannelHour, HostAbsence, HostHour, Hour, ImpactHour, WorkloadHour

if TYPE_CHECKING:
    from collections.abc import Sequence

Value = TypeVar("Value", bound=Hour)
Key = tuple[Any, ...]  # the hour first


@dataclass(frozen=True)
class HourlyTable(Generic[Value]):
    """A table with a row for each hour and key: the columns of the key, the hour first, then those of the amounts."""

    name: str
    key: tuple[str, ...]
    amounts: tuple[str, ...]
    value: type[Value]  # its `columns` are the amounts
    total: str = ""  # the table of its sums over all time, by the key without the hour; empty: there is none

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def select_one(self) -> str:
        """The query for the amounts of a key."""
        return f"SELECT {', '.join(self.amounts)} FROM {self.name} WHERE ({', '.join(self.key)}) = ({marks(self.key)})"  # noqa: S608  constants

    @property
    def select_sums(self) -> str:
        """The query for the sums from the hour `since` on and before `until`, by the key without the hour."""
        key = ", ".join(self.key[1:])
        sums = ", ".join(f"SUM({column})" for column in self.amounts)
        return f"SELECT {key}, {sums} FROM {self.name} WHERE hour >= :since AND hour < :until GROUP BY {key}"  # noqa: S608  constants

    @property
    def select_total(self) -> str:
        """The query for the sums over all time."""
        return f"SELECT {', '.join((*self.key[1:], *self.amounts))} FROM {self.total}"  # noqa: S608  constants


def marks(values: Sequence[object]) -> str:
    """Return as many question marks as SQL needs for the values."""
    return ", ".join("?" for _ in values)


_ENERGY = ("low_microjoules", "microjoules", "high_microjoules")

CHANNELS = HourlyTable(
    "channel_hour",
    ("hour", "source", "channel"),
    ("microjoules", "observed_seconds", "unobserved_seconds"),
    ChannelHour,
)
HOSTS = HourlyTable(
    "host_hour",
    ("hour", "basis", "grounds"),
    (*_ENERGY, "measured_microjoules", "observed_seconds"),
    HostHour,
    total="host_total",
)
ABSENCES = HourlyTable("host_absence_hour", ("hour",), ("unobserved_seconds", "off_seconds"), HostAbsence)
IMPACTS = HourlyTable(
    "impact_hour",
    ("hour", "quantity", "kind", "factor", "region", "taken_back"),
    ("low", "central", "high", *_ENERGY),
    ImpactHour,
    total="impact_total",
)
WORKLOADS = HourlyTable("workload_hour", ("hour", "kind", "workload"), _ENERGY, WorkloadHour)

HOURLY: tuple[HourlyTable[Any], ...] = (CHANNELS, HOSTS, ABSENCES, IMPACTS, WORKLOADS)
SUMMED: tuple[HourlyTable[Any], ...] = tuple(table for table in HOURLY if table.total)

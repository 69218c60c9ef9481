# SPDX-License-Identifier: Apache-2.0
"""Hourly entries that are not written yet: energy per channel and for the host, impacts by quantity and factor.

An hour is the UTC hour's start in Unix seconds. A step over several hours is spread over them by time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.ledger import EnergyStep

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US


class _Hour:
    """Amounts that add up, field by field."""

    __slots__: tuple[str, ...] = ()

    def amounts(self) -> tuple[Any, ...]:
        """Return the amounts in the order of the fields."""
        return tuple(getattr(self, name) for name in self.__slots__)

    def add(self, other: Self) -> None:
        """Add every amount of `other` to this."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class ChannelHour(_Hour):
    """What one channel counted in an hour, and for how long it did and did not."""

    microjoules: int = 0
    observed_seconds: float = 0.0
    unobserved_seconds: float = 0.0


@dataclass(slots=True)
class HostHour(_Hour):
    """The host's energy in an hour on one basis, with bounds and the part that was measured."""

    low_microjoules: int = 0
    microjoules: int = 0
    high_microjoules: int = 0
    measured_microjoules: int = 0
    observed_seconds: float = 0.0
    unobserved_seconds: float = 0.0


@dataclass(slots=True)
class ImpactHour(_Hour):
    """The amount of one quantity in an hour by one factor, in the quantity's base unit, and the energy it is of, if any.

    An amount that is taken back is an entry below zero.
    """

    low: float = 0.0
    central: float = 0.0
    high: float = 0.0
    low_microjoules: int = 0
    microjoules: int = 0
    high_microjoules: int = 0

    def less(self, other: ImpactHour) -> ImpactHour:
        """Return what is left after `other` is taken away; never less than nothing."""
        return ImpactHour(*(max(0, a - b) for a, b in zip(self.amounts(), other.amounts(), strict=True)))

    def at_most(self, other: ImpactHour) -> ImpactHour:
        """Return the same, no amount above that of `other`."""
        return ImpactHour(*map(min, self.amounts(), other.amounts()))

    def taken_back(self) -> ImpactHour:
        """Return the entry that makes this one nothing."""
        return ImpactHour(*(-amount for amount in self.amounts()))


class Booking(NamedTuple):
    """An amount of one quantity in an hour by one factor."""

    hour: int
    stem: str
    factor_id: str
    amount: ImpactHour
    version: int = 0  # of the accounts; 0: as it was booked when it happened


ChannelKey = tuple[int, str, str]  # hour, source, channel
HostKey = tuple[int, str]  # hour, basis
ImpactKey = tuple[int, str, str]  # hour, quantity's stem, factor's id

Hour = TypeVar("Hour", ChannelHour, HostHour, ImpactHour)
Key = TypeVar("Key", ChannelKey, HostKey, ImpactKey)


@dataclass
class Entries:
    """The hourly entries since the last write; `History.write` adds them to the file and clears them."""

    channels: dict[ChannelKey, ChannelHour] = field(default_factory=dict)
    hosts: dict[HostKey, HostHour] = field(default_factory=dict)
    impacts: dict[ImpactKey, ImpactHour] = field(default_factory=dict)

    def book_channel(self, step: EnergyStep, ends_at: datetime) -> None:
        """Add a channel's step, which lasted for its observed and unobserved seconds."""
        seconds = step.observed_seconds + step.unobserved_seconds
        whole = ChannelHour(step.microjoules, step.observed_seconds, step.unobserved_seconds)
        for hour, part in by_hour(whole, seconds, ends_at):
            self.channels.setdefault((hour, *step.channel.key), ChannelHour()).add(part)

    def book_host(self, basis: str, whole: HostHour, seconds: float, ends_at: datetime) -> None:
        """Add the host's energy of the `seconds` up to `ends_at`."""
        for hour, part in by_hour(whole, seconds, ends_at):
            self.hosts.setdefault((hour, basis), HostHour()).add(part)

    def book_impact(self, stem: str, factor_id: str, whole: ImpactHour, seconds: float, ends_at: datetime) -> None:
        """Add the amount of the quantity called `stem` that fell to the `seconds` up to `ends_at`."""
        for hour, part in by_hour(whole, seconds, ends_at):
            self.impacts.setdefault((hour, stem, factor_id), ImpactHour()).add(part)

    def book(self, booking: Booking) -> None:
        """Add an amount to its hour."""
        self.impacts.setdefault(booking[:3], ImpactHour()).add(booking.amount)

    def clear(self) -> None:
        """Forget everything, because it is written."""
        self.channels.clear()
        self.hosts.clear()
        self.impacts.clear()


def by_hour(whole: Hour, seconds: float, ends_at: datetime) -> Iterator[tuple[int, Hour]]:
    """Cut `whole` at the full hours, by time. The parts of an integer add up to it, wherever it is cut."""
    length = max(1, round(seconds * _SECOND_US))
    end = (ends_at - _EPOCH) // timedelta(microseconds=1)
    begin = at = end - length
    while at < end:
        hour = at - at % _HOUR_US
        until = min(end, hour + _HOUR_US)
        parts: list[Any] = [_cut(amount, at - begin, until - begin, length) for amount in whole.amounts()]
        yield hour // _SECOND_US, type(whole)(*parts)
        at = until


def _cut(amount: float, begin: int, end: int, length: int) -> float:
    if isinstance(amount, int):
        return amount * end // length - amount * begin // length
    return amount * ((end - begin) / length)

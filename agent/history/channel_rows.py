# SPDX-License-Identifier: Apache-2.0
"""Accounts of the ledger <-> rows of the history's channel table, over restarts and reboots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from agent.ledger import Account, ChannelState
from agent.readings import Boundary, Channel, Method

if TYPE_CHECKING:
    from agent.clock import Clock

# The epoch of a state from before this boot. No reading has it, so the next one is a reset.
ANOTHER_BOOT = "another boot"

# Where the kernel gives no boot id, boots are distinguished by when they began, as precisely as clocks are set.
_SAME_BOOT_SECONDS = 5.0

# A clock before this is not set (a machine without a battery starts in 1970): the time since is not known.
FIRST_CREDIBLE_SECONDS = datetime(2020, 1, 1, tzinfo=UTC).timestamp()


class ChannelRow(NamedTuple):
    """A row of the channel table, its columns in their order."""

    source: str
    name: str
    component: str
    boundary: str
    method: str
    within: str | None
    microjoules: int
    unobserved_seconds: float
    boot_id: str  # of the boot whose seconds at_monotonic_seconds are
    epoch: str
    at_monotonic_seconds: float
    at_utc_seconds: float
    counter_microjoules: int | None
    watts: float | None


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both clocks, in one boot."""

    boot_id: str  # empty if the kernel does not say
    monotonic_seconds: float
    utc_seconds: float

    @classmethod
    def now(cls, boot_id: str, clock: Clock) -> Moment:
        """Read both clocks."""
        return cls(boot_id, clock.monotonic_seconds(), clock.utc_now().timestamp())


def row_of(account: Account, state: ChannelState, now: Moment) -> ChannelRow:
    """Return what is to be kept of an account and its last reading."""
    channel = account.channel
    return ChannelRow(
        source=channel.source,
        name=channel.name,
        component=channel.component,
        boundary=channel.boundary.value,
        method=channel.method.value,
        within=channel.within,
        microjoules=account.microjoules,
        unobserved_seconds=account.unobserved_seconds,
        boot_id=now.boot_id,
        epoch=state.epoch,
        at_monotonic_seconds=state.at_monotonic_seconds,
        at_utc_seconds=now.utc_seconds - (now.monotonic_seconds - state.at_monotonic_seconds),
        counter_microjoules=state.microjoules,
        watts=state.watts,
    )


def account_of(row: ChannelRow, now: Moment) -> Account:
    """Return the account, its last reading in this boot's seconds.

    The channel has what the row holds; its source's own takes its place with the next reading.
    """
    boundary, method = Boundary(row.boundary), Method(row.method)
    channel = Channel(row.source, row.name, row.component, boundary, method, row.within)
    return Account(channel, row.microjoules, row.unobserved_seconds, _state_of(row, now))


def _state_of(row: ChannelRow, now: Moment) -> ChannelState:
    away_seconds = now.utc_seconds - row.at_utc_seconds if row.at_utc_seconds >= FIRST_CREDIBLE_SECONDS else 0.0
    if _is_same_boot(row.boot_id, now, row.at_monotonic_seconds, away_seconds):
        return ChannelState(row.at_monotonic_seconds, row.epoch, row.counter_microjoules, row.watts)
    # Another boot's seconds cannot be compared with ours; how long it was, only the wall clock knows.
    at_monotonic_seconds = now.monotonic_seconds - max(0.0, away_seconds)
    return ChannelState(at_monotonic_seconds, ANOTHER_BOOT, row.counter_microjoules, row.watts)


def _is_same_boot(boot_id: str, now: Moment, at_monotonic_seconds: float, away_seconds: float) -> bool:
    if boot_id != now.boot_id or at_monotonic_seconds > now.monotonic_seconds:
        return False
    return bool(boot_id) or abs(now.monotonic_seconds - at_monotonic_seconds - away_seconds) < _SAME_BOOT_SECONDS

# SPDX-License-Identifier: Apache-2.0
"""Counter arithmetic: from readings to energy, never more than was really used.

`advance` is pure. A step is only booked where exactly one amount of energy explains the two values seen;
everything else adds nothing to the energy and its time to the unobserved seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import inf, nan
from typing import TYPE_CHECKING

from agent.readings import CounterReading, Method, PowerReading, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent.readings import Channel

# A read may be preempted between its clock and its counter; a plausible power is judged over this much more time.
TIMESTAMP_SLACK_SECONDS = 1.0

# Power read less often than this is no integral any more. BMCs are read every 10 to 60 s.
LONGEST_INTEGRATION_SECONDS = 120.0


class Outcome(StrEnum):
    """What became of a reading."""

    FIRST = "first"  # a baseline: adds nothing
    COUNTED = "counted"
    WRAPPED = "wrapped"  # counted over one wrap of the counter
    INTEGRATED = "integrated"
    RESET = "reset"  # another epoch: the counter started anew
    GAP = "gap"  # what happened is not known


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel's last reading: all that the next one needs."""

    at_monotonic_seconds: float
    epoch: str
    microjoules: int | None = None  # of a counter
    watts: float | None = None  # of a power


@dataclass(frozen=True, slots=True)
class EnergyStep:
    """What one reading added to its channel."""

    channel: Channel
    microjoules: int
    observed_seconds: float
    unobserved_seconds: float
    outcome: Outcome
    at_monotonic_seconds: float | None = None  # when it was read; a slow source is read some time before the tick


def advance(state: ChannelState | None, reading: Reading) -> tuple[ChannelState, EnergyStep]:
    """Return the channel's new state and the energy since its last reading."""
    new_state = _state_of(reading)
    if state is None:
        return new_state, EnergyStep(reading.channel, 0, 0.0, 0.0, Outcome.FIRST)
    elapsed = reading.at_monotonic_seconds - state.at_monotonic_seconds
    if elapsed < 0 and state.epoch == reading.epoch:
        # What an earlier reading shows is booked already; as the baseline, its value would be counted twice.
        return state, EnergyStep(reading.channel, 0, 0.0, 0.0, Outcome.GAP)
    microjoules, outcome = _energy(state, reading, elapsed)
    observed = outcome in {Outcome.COUNTED, Outcome.WRAPPED, Outcome.INTEGRATED}
    known, unknown = (elapsed, 0.0) if observed else (0.0, max(0.0, elapsed))
    at = reading.at_monotonic_seconds
    return new_state, EnergyStep(reading.channel, microjoules, known, unknown, outcome, at)


def _state_of(reading: Reading) -> ChannelState:
    if isinstance(reading, CounterReading):
        return ChannelState(reading.at_monotonic_seconds, reading.epoch, microjoules=reading.microjoules)
    return ChannelState(reading.at_monotonic_seconds, reading.epoch, watts=reading.watts)


def _energy(state: ChannelState, reading: Reading, elapsed: float) -> tuple[int, Outcome]:
    if state.epoch != reading.epoch:
        return 0, Outcome.RESET
    if isinstance(reading, CounterReading):
        return (0, Outcome.RESET) if state.microjoules is None else _counted(state.microjoules, reading, elapsed)
    return (0, Outcome.RESET) if state.watts is None else _integrated(state.watts, reading, elapsed)


def _counted(before: int, reading: CounterReading, elapsed: float) -> tuple[int, Outcome]:
    """Return the one amount of energy that explains both values, if there is just one.

    The energy is the difference plus a whole number of wraps. With P the highest plausible power, it is at
    most P times the time elapsed; the smallest candidate is the answer if the next one lies beyond that.
    """
    wrap = reading.wraps_after_microjoules
    if wrap is not None and max(before, reading.microjoules) > wrap:
        return 0, Outcome.GAP  # the counter is above the range that it states
    most = reading.channel.plausible_watts * (elapsed + TIMESTAMP_SLACK_SECONDS) * 1e6
    difference, outcome = reading.microjoules - before, Outcome.COUNTED
    if difference < 0:
        if wrap is None:
            return 0, Outcome.GAP
        difference, outcome = difference + wrap, Outcome.WRAPPED
    if difference > most or (wrap is not None and difference + wrap <= most):
        return 0, Outcome.GAP
    return difference, outcome


def _integrated(watts_before: float, reading: PowerReading, elapsed: float) -> tuple[int, Outcome]:
    """Return power times time: the reading's own mean where it covers the step, else the trapezoid."""
    covered = reading.averaged_over_seconds is not None and reading.averaged_over_seconds >= elapsed
    ends = (reading.watts, reading.watts if covered else watts_before)
    if elapsed > LONGEST_INTEGRATION_SECONDS or not all(_is_plausible(watts, reading.channel) for watts in ends):
        return 0, Outcome.GAP
    return round(sum(ends) / 2 * elapsed * 1e6), Outcome.INTEGRATED


def _is_plausible(watts: float, channel: Channel) -> bool:
    """Whether it is a power, not a sensor's code for "unknown" (4294967295 mW, a negative, NaN). A model has no code."""
    return 0 <= watts <= channel.plausible_watts or (channel.method is Method.MODELLED and 0 <= watts < inf)


@dataclass
class Account:
    """A channel's total since its history began."""

    channel: Channel
    microjoules: int = 0
    unobserved_seconds: float = 0.0
    state: ChannelState | None = None


@dataclass
class EnergyLedger:
    """The accounts of all channels by (source, channel). Its only change is `record`; totals never fall."""

    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)

    def record(self, readings: Iterable[Reading]) -> list[EnergyStep]:
        """Book each reading and return the steps."""
        return [self._book(reading) for reading in readings]

    def interrupt(self, keys: Iterable[tuple[str, str]]) -> None:
        """Let no power be integrated over a time in which its source reported none. Counters count on meanwhile."""
        for key in keys:
            account = self.accounts.get(key)
            if account is not None and account.state is not None and account.state.watts is not None:
                account.state = replace(account.state, watts=nan)

    def _book(self, reading: Reading) -> EnergyStep:
        account = self.accounts.get(reading.channel.key)
        if account is None:
            account = self.accounts[reading.channel.key] = Account(reading.channel)
        account.channel = reading.channel
        account.state, step = advance(account.state, reading)
        account.microjoules += step.microjoules
        account.unobserved_seconds += step.unobserved_seconds
        return step

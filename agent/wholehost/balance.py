# SPDX-License-Identifier: Apache-2.0
"""The balance of the whole host: from the channels' energy to what entered the chassis, without counting twice.

The ways there, in order of preference (`overlap.ways`):

- an inlet meter: `measured`. (Extending it between its readings by the fast channels belongs here, too.)
- psys, where it covers the platform on the DC side, over the efficiency of the power supplies;
- the counted components plus a model of memory and drives, times what the rest of a host adds: board, fans,
  network, power supply losses. Both are `part_modelled`;
- the model alone: `modelled`.

A stretch of time is booked once, by the best way that could tell all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method
from agent.wholehost.meters import MeterComparison
from agent.wholehost.overlap import Way, contents, outermost_components, ways
from impacts.problems import Problem
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.ledger import EnergyStep

# A channel that has told nothing for longer than this, and than a few of its usual intervals, is not waited for.
PATIENCE_SECONDS = 30.0
PATIENCE_INTERVALS = 2.5

# What contains other channels and shows less than this share of their power does not really contain them. A meter
# that averages may lag behind them for a while: only a lasting contradiction is a problem.
MUST_COVER_RATIO = 0.95
LASTING_SECONDS = 60.0
_TELLING_MICROJOULES = 5_000_000  # below 5 J a counter with steps of 1 J tells nothing

_NOTHING_BETWEEN = Estimate.exact(1.0, "1", Citation("the meter stands at the inlet: nothing lies between"))

Key = tuple[str, str]


class Basis(StrEnum):
    """What a stretch of host energy is known by."""

    MEASURED = "measured"
    CALIBRATED = "calibrated"
    PART_MODELLED = "part_modelled"
    MODELLED = "modelled"


@dataclass(frozen=True, slots=True)
class HostStep:
    """Energy at the power supplies' inlets over a stretch of time, with its bounds and the part that was measured."""

    basis: Basis
    low_microjoules: int
    microjoules: int
    high_microjoules: int
    measured_microjoules: int
    seconds: float
    terms: tuple[tuple[Channel, int], ...]  # the channels that went in, and their microjoules
    overhead: Estimate  # what their sum was multiplied with
    overhead_divides: bool  # … or divided by


@dataclass(frozen=True, slots=True)
class Overheads:
    """What lies between the components and the inlet: `rest` multiplies components, `psu_efficiency` divides psys."""

    rest: Estimate
    psu_efficiency: Estimate


@dataclass(slots=True)
class _Pending:
    """What a channel has told since the last booking."""

    channel: Channel
    microjoules: int = 0
    observed_seconds: float = 0.0
    unobserved_seconds: float = 0.0


class HostBalance:
    """Adds up the host from the steps of each tick. Feed it every step; it books when the best way has told."""

    def __init__(self, overheads: Overheads) -> None:
        self._overheads = overheads
        self._channels: Sequence[Channel] = ()
        self._ways: list[Way] = []
        self._pending: dict[Key, _Pending] = {}
        self._told_at: dict[Key, float] = {}
        self._usual_seconds: dict[Key, float] = {}  # the length of each channel's last step
        self._booked_until: dict[Key, float] = {}  # of channels that told nothing in the tick of a booking
        self._contradictions: dict[str, _Contradiction] = {}
        self._at = 0.0
        self._meters = MeterComparison()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the balance has had to leave out for a while."""
        lasting = (found for found in self._contradictions.values() if self._at - found.since > LASTING_SECONDS)
        silent = (channel for way in self._ways for channel in way.anchors if self._is_silent(channel, self._at))
        return (
            *(found.problem for found in lasting),
            *self._meters.problems,
            *(_silence(channel) for channel in silent if channel.key in self._told_at),
        )

    def book(self, channels: Sequence[Channel], steps: Sequence[EnergyStep], at: float) -> HostStep | None:
        """Take the steps of the tick at `at` (monotonic seconds); return the stretch that can now be booked, if any."""
        self._at = at
        self._know(channels)
        self._meters.compare(self._ways, steps, at)
        for step in steps:
            self._take(step, at)
        usable = [spoken for way in self._ways if (spoken := self._without_silent(way, at)).anchors]
        waited_for = next((way for way in usable if self._is_waited_for(way, at)), None)
        if waited_for is not None and not self._has_told(waited_for, at):
            return None
        told = (self._by_way(way) for way in usable)
        booked = next((stretch for stretch in told if stretch is not None), None) or self._modelled()
        self._begin_stretch(at)
        return booked

    def _know(self, channels: Sequence[Channel]) -> None:
        if channels == self._channels:
            return
        self._channels = list(channels)
        self._ways = ways(channels)

    def _take(self, step: EnergyStep, at: float) -> None:
        key = step.channel.key
        elapsed = step.observed_seconds + step.unobserved_seconds
        booked_until = self._booked_until.pop(key, None)
        # A step that reaches back over time that is booked already counts by what lies after it.
        share = 1.0 if booked_until is None or elapsed <= 0 else min(1.0, (at - booked_until) / elapsed)
        pending = self._pending.setdefault(key, _Pending(step.channel))
        pending.microjoules += round(step.microjoules * share)
        pending.observed_seconds += step.observed_seconds * share
        pending.unobserved_seconds += step.unobserved_seconds * share
        self._told_at[key] = at
        if step.observed_seconds:
            self._usual_seconds[key] = step.observed_seconds

    def _without_silent(self, way: Way, at: float) -> Way:
        """Return the way without what has fallen silent: one lost component leaves the others measured.

        Where the model speaks for a component, it does so for all of it; else just the silent channel is missing.
        """
        if way.boundary is not Boundary.COMPONENT:
            return way
        silent = {channel for channel in way.anchors if self._is_silent(channel, at)}
        modelled = {channel.component for channel in self._channels if channel.method is Method.MODELLED}
        left_to_model = {channel.component for channel in silent} & modelled
        anchors = (c for c in way.anchors if c not in silent and c.component not in left_to_model)
        return Way(way.boundary, tuple(anchors))

    def _has_told(self, way: Way, at: float) -> bool:
        """Whether the way's channels have told, and the model of what they leave out has told any of the same time."""
        told = [self._pending[channel.key] for channel in way.anchors if channel.key in self._pending]
        if len(told) < len(way.anchors):
            return False
        if way.boundary is not Boundary.COMPONENT or not all(map(_is_complete, told)):
            return True
        models = [channel for channel in self._channels if channel.method is Method.MODELLED]
        awaited = [channel for channel in models if not self._is_silent(channel, at)]
        return all(
            channel.key in self._pending and self._pending[channel.key].observed_seconds > 0 for channel in awaited
        )

    def _is_waited_for(self, way: Way, at: float) -> bool:
        """Whether all of the way's channels have told a step before, and not too long ago."""
        return all(c.key in self._usual_seconds and not self._is_silent(c, at) for c in way.anchors)

    def _is_silent(self, channel: Channel, at: float) -> bool:
        """Whether a channel has told nothing for long, or nothing at all yet."""
        told_at = self._told_at.get(channel.key)
        usual = PATIENCE_INTERVALS * self._usual_seconds.get(channel.key, 0.0)
        return told_at is None or at - told_at > max(PATIENCE_SECONDS, usual)

    def _begin_stretch(self, at: float) -> None:
        self._booked_until |= {channel.key: at for channel in self._channels if self._told_at.get(channel.key) != at}
        self._pending = {}

    def _by_way(self, way: Way) -> HostStep | None:
        """Return the stretch by one way; None if it could not tell all of it or contradicts what it contains."""
        told = [self._pending[channel.key] for channel in way.anchors if channel.key in self._pending]
        if len(told) < len(way.anchors) or not all(map(_is_complete, told)):
            return None
        if way.boundary is Boundary.COMPONENT:
            covered = {component for pending in told for component in contents(pending.channel.component)}
            rest = [pending for pending in self._model_terms() if pending.channel.component not in covered]
            return _stretch(Basis.PART_MODELLED, told, rest, self._overheads.rest)
        if self._contradicts(way, told):
            return None
        if way.boundary is Boundary.PLATFORM:
            return _stretch(Basis.PART_MODELLED, told, [], self._overheads.psu_efficiency, dividing=True)
        return _stretch(Basis.MEASURED, told, [], _NOTHING_BETWEEN)

    def _modelled(self) -> HostStep | None:
        return _stretch(Basis.MODELLED, [], self._model_terms(), self._overheads.rest)

    def _model_terms(self) -> list[_Pending]:
        return [pending for pending in self._pending.values() if pending.channel.method is Method.MODELLED]

    def _contradicts(self, way: Way, told: Sequence[_Pending]) -> bool:
        """Check that a meter shows no less than what it contains; if it does, the next way tells this stretch."""
        measured = [channel for channel in self._channels if channel.method is not Method.MODELLED]
        inside = [self._pending[c.key] for c in outermost_components(measured) if c.key in self._pending]
        contained = sum(map(_watts, inside))
        shown = sum(map(_watts, told))
        tells = sum(pending.microjoules for pending in inside) > _TELLING_MICROJOULES
        if not tells or shown >= MUST_COVER_RATIO * contained:
            self._contradictions.pop(way.name, None)
            return False
        what = f"{way.name} shows {shown:.4g} W where the components in it show {contained:.4g} W: it is left out"
        remedy = "compare it with a meter at the plug; the host is worked out without it"
        since = self._contradictions[way.name].since if way.name in self._contradictions else self._at
        problem = Problem(way.anchors[0].source, "below_its_components", what, remedy)
        self._contradictions[way.name] = _Contradiction(since, problem)
        return True


@dataclass(frozen=True, slots=True)
class _Contradiction:
    """A meter below its own components, since when."""

    since: float
    problem: Problem


def _silence(channel: Channel) -> Problem:
    what = f"{channel.source}/{channel.name} has told nothing for a while: its energy is modelled, or in no figure"
    return Problem(channel.source, "silent", what, "`wattprint doctor` says what the source lacks")


def _watts(pending: _Pending) -> float:
    return pending.microjoules * 1e-6 / pending.observed_seconds if pending.observed_seconds else 0.0


def _stretch(
    basis: Basis,
    measured: Sequence[_Pending],
    modelled: Sequence[_Pending],
    overhead: Estimate,
    *,
    dividing: bool = False,
) -> HostStep | None:
    """Return the terms with their overhead; None if they have told of no time.

    A modelled term that could speak for a part of the stretch only, as after a restart, is taken at its mean for all.
    """
    seconds = max((pending.observed_seconds for pending in measured or modelled), default=0.0)
    if seconds <= 0:
        return None
    for pending in modelled:
        if 0 < pending.observed_seconds < seconds:
            pending.microjoules = round(pending.microjoules * seconds / pending.observed_seconds)
    terms = [*measured, *modelled]
    low, central, high = overhead.low, overhead.central, overhead.high
    if dividing:
        low, central, high = 1 / high, 1 / central, 1 / low
    return HostStep(
        basis,
        round(low * sum(term.microjoules * term.channel.accuracy.low for term in terms)),
        round(central * sum(term.microjoules for term in terms)),
        round(high * sum(term.microjoules * term.channel.accuracy.high for term in terms)),
        sum(term.microjoules for term in measured),
        seconds,
        tuple((term.channel, term.microjoules) for term in terms),
        overhead,
        dividing,
    )


def _is_complete(pending: _Pending) -> bool:
    return pending.observed_seconds > 0 and pending.unobserved_seconds == 0

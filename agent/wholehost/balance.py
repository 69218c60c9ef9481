# SPDX-License-Identifier: Apache-2.0
"""The balance of the whole host: from the channels' energy to what entered the chassis, without counting twice.

In order of preference (an inlet meter will stand before these):

- psys, where it covers the platform on the DC side, over the efficiency of the power supplies;
- the counted components plus a model of memory and drives, times what the rest of a host adds: board, fans,
  network, power supply losses. Both are `part_modelled`;
- the model alone: `modelled`.

A stretch of time is booked once: measured where every counted channel could tell it, else modelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from agent.readings import Boundary, Channel, Method
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.ledger import EnergyStep
    from impacts.estimates import Estimate

# Counted channels that stay silent longer than this have their time booked by the model.
PATIENCE_SECONDS = 30.0

# psys that shows less than this share of the packages it should contain does not cover the platform.
PSYS_MUST_COVER_RATIO = 0.95
_TELLING_MICROJOULES = 5_000_000  # below 5 J a counter with steps of 1 J tells nothing


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


@dataclass(slots=True)
class _Pending:
    """What a channel has told since the last booking."""

    channel: Channel
    microjoules: int = 0
    observed_seconds: float = 0.0
    unobserved_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Overheads:
    """What lies between the components and the inlet: `rest` multiplies components, `psu_efficiency` divides psys."""

    rest: Estimate
    psu_efficiency: Estimate


@dataclass
class HostBalance:
    """Adds up the host from the steps of each tick. Feed it every step; it books when the counted channels have told."""

    channels: Sequence[Channel]
    overheads: Overheads
    _pending: dict[tuple[str, str], _Pending] = field(default_factory=dict)
    _already_modelled: set[tuple[str, str]] = field(default_factory=set)
    psys_contradicted: bool = False

    def book(self, steps: Iterable[EnergyStep]) -> HostStep | None:
        """Take one tick's steps; return the stretch that can now be booked, if any."""
        for step in steps:
            self._take(step)
        anchors = self._anchors()
        told = [self._pending[channel.key] for channel in anchors if channel.key in self._pending]
        if anchors and len(told) == len(anchors):
            return self._counted(told) if all(_complete(pending) for pending in told) else self._modelled()
        silent = any(pending.observed_seconds > PATIENCE_SECONDS for pending in self._pending.values())
        if anchors and not silent:
            return None
        self._already_modelled.update(channel.key for channel in anchors if channel.key not in self._pending)
        return self._modelled()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the balance had to leave out."""
        if not self.psys_contradicted:
            return ()
        return (
            Problem(
                "rapl",
                "psys_below_packages",
                "psys shows less than the packages it should contain, so it does not cover the platform and is left out",
                "nothing to do; the host is worked out from packages and memory",
            ),
        )

    def _take(self, step: EnergyStep) -> None:
        key = step.channel.key
        pending = self._pending.setdefault(key, _Pending(step.channel))
        if key in self._already_modelled:
            # This step reaches back over time that the model has booked: the model books what is left of it, too.
            self._already_modelled.discard(key)
            return
        pending.microjoules += step.microjoules
        pending.observed_seconds += step.observed_seconds
        pending.unobserved_seconds += step.unobserved_seconds

    def _anchors(self) -> list[Channel]:
        """Return the counted channels that make up the host: psys alone, or else the outermost components."""
        counted = [channel for channel in self.channels if channel.method is not Method.MODELLED]
        platform = [channel for channel in counted if channel.boundary is Boundary.PLATFORM]
        if platform and not self.psys_contradicted:
            return platform
        platforms = {channel.name for channel in platform}
        return [
            channel
            for channel in counted
            if channel.boundary is Boundary.COMPONENT and (channel.within is None or channel.within in platforms)
        ]

    def _counted(self, told: Sequence[_Pending]) -> HostStep | None:
        if told[0].channel.boundary is Boundary.PLATFORM:
            if self._contradicts(told):
                self.psys_contradicted = True
                return self._counted_components()
            return self._close(told, [], self.overheads.psu_efficiency, dividing=True)
        return self._with_modelled_rest(told)

    def _counted_components(self) -> HostStep | None:
        told = [self._pending[channel.key] for channel in self._anchors() if channel.key in self._pending]
        return (
            self._with_modelled_rest(told) if told and all(_complete(pending) for pending in told) else self._modelled()
        )

    def _contradicts(self, platform: Sequence[_Pending]) -> bool:
        contained = sum(
            pending.microjoules
            for pending in self._pending.values()
            if pending.channel.component == "cpu" and pending.channel.within in {psys.channel.name for psys in platform}
        )
        shown = sum(pending.microjoules for pending in platform)
        return contained > _TELLING_MICROJOULES and shown < PSYS_MUST_COVER_RATIO * contained

    def _with_modelled_rest(self, told: Sequence[_Pending]) -> HostStep | None:
        covered = {pending.channel.component for pending in told}
        modelled = [pending for pending in self._model_terms() if pending.channel.component not in covered]
        return self._close(told, modelled, self.overheads.rest)

    def _modelled(self) -> HostStep | None:
        return self._close([], self._model_terms(), self.overheads.rest)

    def _model_terms(self) -> list[_Pending]:
        return [pending for pending in self._pending.values() if pending.channel.method is Method.MODELLED]

    def _close(
        self, counted: Sequence[_Pending], modelled: Sequence[_Pending], overhead: Estimate, *, dividing: bool = False
    ) -> HostStep | None:
        """Book the terms with their overhead, and begin the next stretch."""
        terms = [*counted, *modelled]
        seconds = max((pending.observed_seconds for pending in counted or modelled), default=0.0)
        self._pending = {}
        if seconds <= 0:
            return None
        low, central, high = (overhead.low, overhead.central, overhead.high)
        if dividing:
            low, central, high = 1 / high, 1 / central, 1 / low
        return HostStep(
            Basis.PART_MODELLED if counted else Basis.MODELLED,
            round(low * sum(term.microjoules * term.channel.low_ratio for term in terms)),
            round(central * sum(term.microjoules for term in terms)),
            round(high * sum(term.microjoules * term.channel.high_ratio for term in terms)),
            sum(term.microjoules for term in counted),
            seconds,
            tuple((term.channel, term.microjoules) for term in terms),
            overhead,
            dividing,
        )


def _complete(pending: _Pending) -> bool:
    return pending.observed_seconds > 0 and pending.unobserved_seconds == 0

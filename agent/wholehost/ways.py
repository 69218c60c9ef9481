# SPDX-License-Identifier: Apache-2.0
"""The ways to the host's energy: an inlet meter, the platform's counter, counted components, the load model.

Each knows whether it can be used now, whether its channels are worth waiting for, and which step they make. A further
way is a class and a place in `ways`; the calibrated one, with all that it rests on, is in `calibration/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from agent.readings import Boundary, Channel, Method
from agent.wholehost.host_step import Basis, HostStep, host_step, modelled_idle_power, taught_idle_power
from agent.wholehost.overlap import contents, meters, outermost_components

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.wholehost.calibration.calibrations import Calibrations
    from agent.wholehost.contradictions import Contradictions
    from agent.wholehost.reports import Report, Reports
    from impacts.values.derivations import Derivation
    from impacts.values.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Overheads:
    """What lies between the components and the inlet.

    `delivery` is what voltage regulators and fans make of a watt that a component counts. `psu_efficiency` is the share of a
    further watt at the inlets that arrives behind the power supplies; what they lose anyway is a term of the load model.
    """

    delivery: Estimate
    psu_efficiency: Estimate


SIBLINGS = "siblings"  # the method of a host's power
_SUPPLIES = "psu"  # the component of the load model's term for what they lose whatever they deliver


class Way(Protocol):
    """One way to the host's energy."""

    @property
    def anchors(self) -> tuple[Channel, ...]:
        """The channels that it rests on."""

    def usable(self, reports: Reports) -> bool:
        """Whether any of its channels is not silent."""

    def awaited(self, reports: Reports) -> bool:
        """Whether its channels report regularly, so that a step by this way is worth waiting for."""

    def has_reported(self, reports: Reports) -> bool:
        """Whether all that a step by this way needs has been reported."""

    def step(self, reports: Reports) -> HostStep | None:
        """Return the step since the last one; None if it does not know all of that time."""


@dataclass(frozen=True)
class _WholeHostMeter:
    """A meter of one source that contains the components, wherever it stands."""

    anchors: tuple[Channel, ...]
    contradictions: Contradictions

    @property
    def name(self) -> str:
        """What it is called in problems."""
        raise NotImplementedError

    def usable(self, reports: Reports) -> bool:
        """Whether any of its channels is not silent."""
        return not all(map(reports.is_silent, self.anchors))

    def awaited(self, reports: Reports) -> bool:
        """Whether all of its channels report regularly."""
        return _report_regularly(self.anchors, reports)

    def has_reported(self, reports: Reports) -> bool:
        """Whether each of its channels has reported."""
        return len(reports.of(self.anchors)) == len(self.anchors)

    def _shown(self, reports: Reports) -> list[Report]:
        """Return what it shows of all the time; nothing where it contradicts the components inside."""
        shown = _complete(self.anchors, reports)
        return [] if shown and self.contradictions.found(self.name, shown, reports) else shown


@dataclass(frozen=True)
class InletMeter(_WholeHostMeter):
    """A meter at the power supplies' inlets: `measured`."""

    idle: Derivation | None = None  # by the load model, until the meter has taught it

    @property
    def name(self) -> str:
        """What it is called in problems: `ipmi_dcmi`."""
        return self.anchors[0].source

    def step(self, reports: Reports) -> HostStep | None:
        """Return the sum of its channels, unless it contradicts the components inside."""
        step = host_step(Basis.MEASURED, self._shown(reports), [], "measured", {})
        return step and replace(step, idle=self.idle)


@dataclass(frozen=True)
class PlatformCounter(_WholeHostMeter):
    """A counter of the whole board behind the power supplies, with what they lose: `part_modelled`."""

    psu_efficiency: Estimate

    @property
    def name(self) -> str:
        """What it is called in problems: `rapl psys`, `cray node`."""
        return ", ".join(f"{channel.source} {channel.name}" for channel in self.anchors)

    def step(self, reports: Reports) -> HostStep | None:
        """Return the board's energy over the supplies' efficiency, unless it contradicts the components inside."""
        lost = [report for report in reports.modelled() if report.channel.component == _SUPPLIES]
        overhead = {"psu_efficiency": self.psu_efficiency}
        return host_step(
            Basis.PART_MODELLED, self._shown(reports), lost, "(measured + modelled) ÷ psu_efficiency", overhead
        )


@dataclass(frozen=True, slots=True)
class CountedComponents:
    """Counted components, the model of all that is not counted, and what the supplies lose: `part_modelled`."""

    anchors: tuple[Channel, ...]
    overheads: Overheads
    idle: Derivation | None = None

    def usable(self, reports: Reports) -> bool:
        """Whether any of its channels is not silent."""
        return bool(self._not_silent(reports))

    def awaited(self, reports: Reports) -> bool:
        """Whether the counters that are not silent report regularly."""
        return _report_regularly(self._not_silent(reports), reports)

    def has_reported(self, reports: Reports) -> bool:
        """Whether each counter has reported, and the model where one of them has a gap."""
        anchors = self._not_silent(reports)
        here = reports.of(anchors)
        if len(here) < len(anchors):
            return False
        return not all(report.is_complete for report in here) or _models_have_reported(reports)

    def step(self, reports: Reports) -> HostStep | None:
        """Return the counted components as they are delivered, with the modelled rest beside them, at the inlets."""
        counted = _complete(self._not_silent(reports), reports)
        if not counted:
            return None
        covered = {component for report in counted for component in contents(report.channel.component)}
        beside = [report for report in reports.modelled() if report.channel.component not in covered]
        overhead = {"delivery": self.overheads.delivery, "psu_efficiency": self.overheads.psu_efficiency}
        step = host_step(
            Basis.PART_MODELLED, counted, beside, "(measured × delivery + modelled) ÷ psu_efficiency", overhead
        )
        return step and replace(step, idle=self.idle)

    def _not_silent(self, reports: Reports) -> tuple[Channel, ...]:
        """Return the counters that are not silent: where a card is lost, the processor stays measured.

        Where one of a component's counters is silent, the model stands in for the whole component. Without a model,
        only the silent counter is missing.
        """
        silent = {channel.key: channel.component for channel in self.anchors if reports.is_silent(channel)}
        if not silent:
            return self.anchors
        modelled = {channel.component for channel in reports.channels if channel.method is Method.MODELLED}
        left_to_model = set(silent.values()) & modelled
        return tuple(c for c in self.anchors if c.key not in silent and c.component not in left_to_model)


@dataclass(frozen=True, slots=True)
class LoadModelled:
    """The load model alone: `modelled`, the way that is always open."""

    psu_efficiency: Estimate
    idle: Derivation | None = None
    anchors: tuple[Channel, ...] = ()

    def usable(self, reports: Reports) -> bool:  # noqa: ARG002 - it rests on no counter
        """Always."""
        return True

    def awaited(self, reports: Reports) -> bool:  # noqa: ARG002 - same
        """Never: it is the last way, and makes do with what is there."""
        return False

    def has_reported(self, reports: Reports) -> bool:  # noqa: ARG002 - same
        """Always: it makes do with what is there."""
        return True

    def step(self, reports: Reports) -> HostStep | None:
        """Return what the model has reported."""
        overhead = {"psu_efficiency": self.psu_efficiency}
        step = host_step(Basis.MODELLED, [], reports.modelled(), "modelled ÷ psu_efficiency", overhead)
        return step and replace(step, idle=self.idle)


@dataclass(frozen=True, slots=True)
class TaughtBySiblings:
    """What inlet meters of siblings have taught of hosts like this one, at its load: `modelled`, before the load model."""

    channels: tuple[Channel, ...]
    idle: Derivation | None
    anchors: tuple[Channel, ...] = ()

    def usable(self, reports: Reports) -> bool:
        """Whether the load is known."""
        return not all(map(reports.is_silent, self.channels))

    def awaited(self, reports: Reports) -> bool:  # noqa: ARG002 - it rests on no counter
        """Never: as the load model, it makes do with what is there."""
        return False

    def has_reported(self, reports: Reports) -> bool:
        """Whether the load has been reported."""
        return bool(reports.of(self.channels))

    def step(self, reports: Reports) -> HostStep | None:
        """Return what the siblings draw at the load that was reported."""
        step = host_step(Basis.MODELLED, [], reports.of(self.channels), "modelled", {})
        return step and replace(step, method=SIBLINGS, idle=self.idle)


def ways(
    channels: Sequence[Channel],
    overheads: Overheads,
    contradictions: Contradictions,
    calibrations: Calibrations | None = None,
) -> list[Way]:
    """Return the ways to the host's energy, the best first.

    `channels` come in the order of the source table, which is the order of preference.
    """
    measured = [channel for channel in channels if channel.method is not Method.MODELLED]
    components = tuple(outermost_components(measured))
    modelled = [channel for channel in channels if channel.method is Method.MODELLED]
    idle = modelled_idle_power(
        [one for one in modelled if one.boundary is Boundary.COMPONENT], overheads.psu_efficiency
    )
    found: list[Way] = []
    for anchors in meters(measured, Boundary.INLET):
        meter = InletMeter(anchors, contradictions, idle)
        found += [*(calibrations.while_reporting(meter.name, contradictions) if calibrations else ()), meter]
    return [
        *found,
        *(calibrations.while_silent(contradictions) if calibrations else ()),
        *(
            PlatformCounter(anchors, contradictions, overheads.psu_efficiency)
            for anchors in meters(measured, Boundary.PLATFORM)
        ),
        *([CountedComponents(components, overheads, idle)] if components else []),
        *(TaughtBySiblings(taught, taught_idle_power(taught)) for taught in meters(modelled, Boundary.INLET)),
        LoadModelled(overheads.psu_efficiency, idle),
    ]


def _report_regularly(anchors: Sequence[Channel], reports: Reports) -> bool:
    """Whether all channels report regularly, and did so not too long ago."""
    return all(reports.has_usual_interval(channel) and not reports.is_silent(channel) for channel in anchors)


def _complete(anchors: Sequence[Channel], reports: Reports) -> list[Report]:
    """Return the reports of the channels; none unless each channel has one that is complete."""
    found = reports.of(anchors)
    return found if len(found) == len(anchors) and all(report.is_complete for report in found) else []


def _models_have_reported(reports: Reports) -> bool:
    """Whether each modelled channel that is not silent has reported some of the same time."""
    models = [channel for channel in reports.channels if channel.method is Method.MODELLED]
    awaited = [channel for channel in models if not reports.is_silent(channel)]
    here = reports.of(awaited)
    return len(here) == len(awaited) and all(report.observed_seconds > 0 for report in here)

# SPDX-License-Identifier: Apache-2.0
"""The calibrations of a host, one for each inlet meter, over changes of its hardware and restarts of the agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.wholehost.calibration.calibration import Calibration, keys_of
from agent.wholehost.calibration.regressors import regressors
from agent.wholehost.calibration.state import (
    StateDamaged,
    meter_in,
    restore,
    signature,
    signature_in,
    state_text,
)
from agent.wholehost.calibration.way import CalibratedWay
from agent.wholehost.host_step import Basis
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.ledger import EnergyStep
    from agent.readings import Channel
    from agent.wholehost.calibration.regressors import Regressor
    from agent.wholehost.calibration.state import Signature
    from agent.wholehost.contradictions import Contradictions

_MOST_PARKED = 4  # sets of hardware whose calibration is kept while another one is in the machine


@dataclass(frozen=True, slots=True)
class Kept:
    """The state of a calibration as the history kept it, so many seconds ago."""

    text: str
    age_seconds: float


@dataclass
class Calibrations:
    """The calibrations by the names of their meters."""

    psu_efficiency: float
    kept: dict[str, Kept] = field(default_factory=dict)  # states that are not in use yet
    by_meter: dict[str, Calibration] = field(default_factory=dict)
    _parked: dict[str, dict[Signature, Calibration]] = field(default_factory=dict)
    _damaged: dict[str, Problem] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The states that could not be used, and the calibrations that learn anew."""
        return (*self._damaged.values(), *(_learning(one) for one in self.by_meter.values() if one.relearns))

    @property
    def states(self) -> dict[str, str]:
        """What a restart needs, by meter, of those that have learned anything."""
        return {name: state_text(one) for name, one in self.by_meter.items() if one.readings}

    def follow(self, channels: Sequence[Channel], meters: Sequence[tuple[Channel, ...]]) -> None:
        """Go on with the channels that are there now; a meter that is gone has its calibration all the same."""
        found = regressors(channels)
        there = {anchors[0].source: anchors for anchors in meters} | self._kept_meters(meters)
        for name, anchors in there.items():
            known = self.by_meter.get(name)
            if known is None or known.keys != keys_of(anchors):
                self.by_meter[name] = Calibration.begun(anchors, (), self.psu_efficiency)
            else:
                known.anchors = anchors
        for name, known in self.by_meter.items():
            self.by_meter[name] = self._for(known, found)

    def take(self, steps: Sequence[EnergyStep], at: float) -> None:
        """Take the steps of the tick at `at` (monotonic seconds)."""
        for calibration in self.by_meter.values():
            calibration.take(steps, at)

    def while_reporting(self, meter: str, contradictions: Contradictions) -> list[CalibratedWay]:
        """Return the way of a meter that reports, and is slow."""
        known = self.by_meter.get(meter)
        return [] if known is None else [CalibratedWay(known, Basis.MEASURED, contradictions)]

    def while_silent(self, contradictions: Contradictions) -> list[CalibratedWay]:
        """Return the ways of meters that are silent."""
        return [CalibratedWay(one, Basis.CALIBRATED, contradictions) for one in self.by_meter.values()]

    def _kept_meters(self, there: Sequence[tuple[Channel, ...]]) -> dict[str, tuple[Channel, ...]]:
        """Return the meters of the history that are not there now."""
        names = {anchors[0].source for anchors in there} | self.by_meter.keys()
        found = {}
        for name, kept in self.kept.items():
            if name not in names and name not in self._damaged:
                try:
                    found[name] = meter_in(kept.text)
                except StateDamaged as damage:
                    self._damage(name, damage)
        return found

    def _for(self, known: Calibration, found: tuple[Regressor, ...]) -> Calibration:
        """Return the calibration for the regressors that there are now: the same, one from before, or a new one."""
        wanted = signature(found)
        if signature(known.regressors) == wanted:
            known.use(found)
            return known
        parked = self._parked.setdefault(known.name, {})
        if known.readings:
            parked[signature(known.regressors)] = known
            while len(parked) > _MOST_PARKED:
                parked.pop(next(iter(parked)))
        following = parked.pop(wanted, None)
        if following is not None:
            following.silent_seconds = 0.0  # it does not know what the meter did meanwhile
        following = following or self._restored(known, found) or self._new(known, found)
        following.succeed(known)
        return following

    def _restored(self, known: Calibration, found: tuple[Regressor, ...]) -> Calibration | None:
        """Return what the history has of just these regressors."""
        kept = self.kept.get(known.name)
        if kept is None or known.name in self._damaged:
            return None
        made = Calibration.begun(known.anchors, found, self.psu_efficiency)
        try:
            if signature_in(kept.text) != signature(found) or keys_of(meter_in(kept.text)) != known.keys:
                return None
            restore(made, kept.text, kept.age_seconds)
            del self.kept[known.name]
        except StateDamaged as damage:
            self._damage(known.name, damage)
            return None
        return made

    def _new(self, known: Calibration, found: tuple[Regressor, ...]) -> Calibration:
        made = known.for_others(found, self.psu_efficiency)
        if known.readings:
            made.relearns = _difference(known.regressors, found)
        elif known.name in self.kept and known.name not in self._damaged and found:
            made.relearns = "what the history has of it is of other components"
        return made

    def _damage(self, name: str, damage: StateDamaged) -> None:
        what = f"the calibration by {name} in the history cannot be used: {damage}"
        self._damaged[name] = Problem(name, "calibration_damaged", what, "none is needed: it is learned anew")


def _difference(before: tuple[Regressor, ...], now: tuple[Regressor, ...]) -> str:
    """State which components have come, gone or changed."""
    old, new = ({one.component: one.keys for one in each} for each in (before, now))
    changed = ", ".join(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
    return f"the channels that follow the load have changed ({changed or 'their order'})"


def _learning(calibration: Calibration) -> Problem:
    what = f"the calibration by {calibration.name} is learned anew: {calibration.relearns}"
    remedy = "none is needed: until it is learned, the meter's readings are used as they come"
    return Problem(calibration.name, "calibration_learns_anew", what, remedy)

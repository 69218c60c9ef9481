# SPDX-License-Identifier: Apache-2.0
"""A step of the whole host: the energy of a stretch of time at the power supplies' inlets, and how it is worked out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from agent.wholehost.channel_power import CLOCK, channel_power, formula_name
from impacts.values.bounded import NOTHING, Bounded
from impacts.values.derivations import RESULT, Derivation, work_out
from impacts.values.estimates import Estimate
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agent.readings import Channel
    from agent.wholehost.reports import Report

_JOULES = {RESULT: "J"}


class Basis(StrEnum):
    """What the energy of a host step is known by."""

    MEASURED = "measured"
    CALIBRATED = "calibrated"
    PART_MODELLED = "part_modelled"
    MODELLED = "modelled"


@dataclass(frozen=True, slots=True)
class HostStep:
    """Energy at the inlets over the last `seconds`, its bounds, what it rests on, and the part that was measured."""

    basis: Basis
    power: Derivation  # W, the mean
    energy: Derivation  # J
    seconds: float
    measured_microjoules: int
    channels: tuple[Channel, ...]  # that went in
    idle: Derivation | None = None  # W: what the host draws while nothing runs; None: not known
    shape: tuple[tuple[float, int], ...] = ()  # how it is spread inside: seconds and microjoules of smaller steps
    method: str = ""  # by what it is known, where the basis does not say it: siblings

    @property
    def idle_joules(self) -> Bounded:
        """What of the energy the host would have drawn with nothing to do: nothing while its idle power is not known."""
        if self.idle is None:
            return NOTHING
        idle, power = Bounded.of(self.idle.estimate), Bounded.of(self.power.estimate)
        return idle.at_most(power).each(lambda watts: watts * self.seconds)

    @property
    def microjoules(self) -> Bounded:
        """The energy in whole microjoules."""
        return Bounded.of(self.energy.estimate).each(lambda joules: round(joules / JOULES_PER_MICROJOULE))


def host_step(
    basis: Basis,
    measured: Sequence[Report],
    modelled: Sequence[Report],
    formula: str,
    overhead: Mapping[str, Estimate],
) -> HostStep | None:
    """Return the step of the host that the reports make up; None if they cover no time.

    In `formula`, `measured` and `modelled` are the sums of those reports, and the names of `overhead` are what lies
    between the channels and the inlet. A modelled report that covers only a part of the time, as after a restart, counts
    with its mean power for all of it.
    """
    seconds = max((report.observed_seconds for report in measured or modelled), default=0.0)
    if seconds <= 0:
        return None
    powers: dict[str, Derivation] = {}
    for report in measured:
        powers[_unused_name(report, powers)] = channel_power(report.channel, report.microjoules, seconds)
    names = list(powers)
    for report in modelled:
        of_seconds = report.observed_seconds if 0 < report.observed_seconds < seconds else seconds
        powers[_unused_name(report, powers)] = channel_power(report.channel, report.microjoules, of_seconds)
    sums = {"measured": names, "modelled": list(powers)[len(names) :]}
    power = work_out(
        f"power of the host, {basis.value.replace('_', ' ')}",
        with_sums(formula, sums),
        {**powers, **overhead},
        note="mean since the last step",
    )
    time = Estimate.exact(seconds, "s", CLOCK)
    energy = work_out("energy of the host", "power × seconds", {"power": power, "seconds": time}, units=_JOULES)
    channels = tuple(report.channel for report in (*measured, *modelled))
    # What is calibrated is known by a meter that is silent now: counters under it are an input, and nothing of it is measured.
    counted = 0 if basis is Basis.CALIBRATED else sum(report.microjoules for report in measured)
    return HostStep(basis, power, energy, seconds, counted, channels)


def modelled_idle_power(channels: Sequence[Channel], psu_efficiency: Estimate) -> Derivation | None:
    """Return what the load model states of the host while nothing runs (W); None without a modelled channel."""
    idle = _idle_by_name(channels)
    if not idle:
        return None
    formula = with_sums("modelled ÷ psu_efficiency", {"modelled": list(idle)})
    return work_out(
        "power of the host while nothing runs, modelled", formula, {**idle, "psu_efficiency": psu_efficiency}
    )


def taught_idle_power(channels: Sequence[Channel]) -> Derivation | None:
    """Return what siblings have taught of the host while nothing runs (W); None without a modelled channel."""
    idle = _idle_by_name(channels)
    return work_out("power of the host while nothing runs, by its siblings", " + ".join(idle), idle) if idle else None


def _idle_by_name(channels: Sequence[Channel]) -> dict[str, Estimate]:
    return {formula_name(one): one.model.idle for one in channels if one.model is not None}


def with_sums(formula: str, sums: Mapping[str, Sequence[str]]) -> str:
    """Return the formula with sums of names in place of the words that stand for them.

    A sum gets brackets where it is multiplied or divided; one of no names falls away from what it is added to.
    """
    for word, names in sums.items():
        if not names:
            formula = formula.replace(f"({word} + ", "(").replace(f" + {word}", "")
            continue
        joined = " + ".join(names)
        is_factor = len(names) > 1 and (f"{word} ×" in formula or f"{word} ÷" in formula)
        formula = formula.replace(word, f"({joined})" if is_factor else joined)
    return formula


def _unused_name(report: Report, powers: Mapping[str, Derivation]) -> str:
    """Return what the formula calls the channel; two sources may have channels of one name."""
    name = formula_name(report.channel)
    return f"{report.channel.source}_{name}" if name in powers else name

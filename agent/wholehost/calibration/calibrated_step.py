# SPDX-License-Identifier: Apache-2.0
"""The host's step by a calibration: the formula, its inputs and what a reader needs to judge them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot
from typing import TYPE_CHECKING

from agent.readings import Method
from agent.wholehost.calibration.alignment import Sampling
from agent.wholehost.channel_power import CLOCK, channel_power, formula_name
from agent.wholehost.host_step import Basis, HostStep
from impacts.values.derivations import RESULT, Derivation, work_out
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.wholehost.calibration.calibration import Calibration
    from agent.wholehost.calibration.energy_series import Row
    from agent.wholehost.reports import Report

_QUIETEST = Citation("the minute in which the channels of the component have shown least so far")
_BESIDE = {
    "square": Citation(
        "the components' power, squared, over 1 kW: what the losses of regulators and supplies grow with"
    ),
    "warmth": Citation("the components' power, smoothed over 90 s: what the fans follow"),
}
_IDLE_STANDS_SECONDS = 60.0
_MOST_BELOW = 0.95  # no bound is nothing at all

_Inputs = dict[str, "Estimate | Derivation"]


@dataclass(frozen=True, slots=True)
class _Terms:
    """A sum of products, as text and with what is in it."""

    terms: tuple[str, ...]
    inputs: _Inputs

    @property
    def formula(self) -> str:
        return " + ".join(self.terms)


def calibrated_step(
    calibration: Calibration, basis: Basis, reports: Sequence[Report], inputs: Row, at: float
) -> HostStep:
    """Return the step that ends at `at` (monotonic seconds), and count its power as paid."""
    seconds = max(report.observed_seconds for report in reports)
    modelled = calibration.regression.predict(inputs)
    paid = calibration.pay(at, seconds, inputs)
    terms = _terms(calibration, reports, inputs, seconds)
    terms.inputs["to_meter"] = Estimate.exact(paid / modelled if modelled else 1.0, "1", _settled(calibration.name))
    terms.inputs["accuracy"] = _accuracy(calibration, inputs)
    power = work_out(
        f"power of the host, {basis.value}",
        f"({terms.formula}) × to_meter × accuracy",
        terms.inputs,
        note=_note(calibration, inputs),
    )
    time = Estimate.exact(seconds, "s", CLOCK)
    energy = work_out("energy of the host", "power × seconds", {"power": power, "seconds": time}, units={RESULT: "J"})
    return HostStep(
        basis,
        power,
        energy,
        seconds,
        _measured_microjoules(basis, reports, energy),
        (*(calibration.anchors if basis is Basis.MEASURED else ()), *(report.channel for report in reports)),
        idle=_idle(calibration, at),
    )


def _idle(calibration: Calibration, at: float) -> Derivation | None:
    """Return the power at idle, worked out once a minute."""
    if at >= calibration.idle_until:
        calibration.idle, calibration.idle_until = idle_power(calibration), at + _IDLE_STANDS_SECONDS
    return calibration.idle


def idle_power(calibration: Calibration) -> Derivation | None:
    """Return what the host draws when nothing runs: the intercept, and the components in their quietest minute so far."""
    if calibration.lowest is None:
        return None
    inputs: _Inputs = {}
    terms = []
    for name, watts, coefficient in _named_inputs(calibration, calibration.lowest):
        inputs[name] = Estimate.exact(watts, "W", _observed(name))
        inputs[f"{name}_coefficient"] = _coefficient(calibration, coefficient)
        terms.append(f"{name} × {name}_coefficient")
    inputs["intercept"] = _intercept(calibration)
    inputs["accuracy"] = _accuracy(calibration, calibration.lowest)
    formula = f"({' + '.join([*terms, 'intercept'])}) × accuracy"
    return work_out("power of the host at idle, calibrated", formula, inputs, note="by the quietest minute seen so far")


def _terms(calibration: Calibration, reports: Sequence[Report], inputs: Row, seconds: float) -> _Terms:
    """Return the regression as a formula over the channels; what has a coefficient of zero is left out."""
    found: _Inputs = {}
    terms = []
    by_key = {report.channel.key: report for report in reports}
    for regressor, coefficient in zip(calibration.regressors, calibration.regression.coefficients, strict=False):
        if not coefficient:
            continue
        names = []
        for key in regressor.keys:
            report = by_key[key]
            name = formula_name(report.channel)
            name = f"{report.channel.source}_{name}" if name in found else name
            found[name] = channel_power(report.channel, report.microjoules, seconds)
            names.append(f"central({name})")
        found[f"{regressor.component}_coefficient"] = _coefficient(calibration, coefficient)
        whole = " + ".join(names)
        terms.append(f"{f'({whole})' if len(names) > 1 else whole} × {regressor.component}_coefficient")
    for name, watts, coefficient in _named_inputs(calibration, inputs)[len(calibration.regressors) :]:
        if coefficient:
            found[name] = Estimate.exact(watts, "W", _observed(name))
            found[f"{name}_coefficient"] = _coefficient(calibration, coefficient)
            terms.append(f"{name} × {name}_coefficient")
    found["intercept"] = _intercept(calibration)
    return _Terms((*terms, "intercept"), found)


def _named_inputs(calibration: Calibration, inputs: Row) -> list[tuple[str, float, float]]:
    """Return name, value and coefficient of all that is not the intercept."""
    names = [*(one.component for one in calibration.regressors), "square", "warmth"]
    coefficients = calibration.regression.coefficients
    return list(zip(names, inputs[: len(names)], coefficients[: len(names)], strict=True))


def _coefficient(calibration: Calibration, value: float) -> Estimate:
    return Estimate.exact(value, "1", _learned(calibration.name))


def _intercept(calibration: Calibration) -> Estimate:
    return Estimate.exact(calibration.regression.coefficients[-1], "W", _learned(calibration.name))


def _accuracy(calibration: Calibration, inputs: Row) -> Estimate:
    """Return the meter's accuracy with the calibration's: independent errors, whose squares add up."""
    meter = [anchor.accuracy for anchor in calibration.anchors]
    own = calibration.uncertainty(inputs)
    below = min(_MOST_BELOW, hypot(1 - min(one.low for one in meter), own))
    above = hypot(max(one.high for one in meter) - 1, own)
    grounds = tuple(dict.fromkeys(ground for one in meter for ground in one.grounds))
    return Estimate(1 - below, 1.0, 1 + above, "1", (*grounds, _learned(calibration.name)))


def _measured_microjoules(basis: Basis, reports: Sequence[Report], energy: Derivation) -> int:
    """Return what a meter or counters measured of the step: all of it, while the meter reports."""
    if basis is Basis.MEASURED:
        return round(energy.estimate.central / JOULES_PER_MICROJOULE)
    return sum(report.microjoules for report in reports if report.channel.method is not Method.MODELLED)


def _note(calibration: Calibration, inputs: Row) -> str:
    """Name the meter, what it shows and since when it is silent, and how well the channels follow it."""
    alignment = calibration.alignment
    shows = {
        Sampling.COUNTED: "counts energy",
        Sampling.ENDS: f"shows means of {alignment.window_seconds:g} s",
        Sampling.LAST: f"shows means of {alignment.window_seconds:g} s",
    }[alignment.sampling]
    return (
        f"{calibration.name} {shows}, {alignment.delay_seconds:g} s late, and has been silent for "
        f"{calibration.silent_seconds:.0f} s; the coefficients are learned from {calibration.readings} of its readings, "
        f"which they miss by {calibration.regression.variance**0.5:.1%} (standard deviation); to_meter has the energy "
        f"follow the meter's; accuracy: the meter's, and {calibration.uncertainty(inputs):.1%} of the regression, squares added"
    )


@lru_cache(maxsize=64)
def _learned(meter: str) -> Citation:
    return Citation(f"regression of the readings of {meter} on the fast channels")


@lru_cache(maxsize=64)
def _settled(meter: str) -> Citation:
    return Citation(f"energy shown by {meter}, compared with the regression's of the same times")


def _observed(name: str) -> Citation:
    return _BESIDE.get(name, _QUIETEST)

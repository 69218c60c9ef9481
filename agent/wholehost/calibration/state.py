# SPDX-License-Identifier: Apache-2.0
"""A calibration as text, for the history to keep over restarts; read back by strict rules."""

from __future__ import annotations

import json
from hashlib import sha256
from math import isclose, isfinite
from typing import TYPE_CHECKING, Any

from agent.readings import Boundary, Channel, Method
from agent.wholehost.calibration.alignment import DELAYS_SECONDS, WINDOWS_SECONDS, Alignment, Sampling
from agent.wholehost.calibration.regression import LEAST_SCATTER_RATIO, Prior, Regression
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from agent.wholehost.calibration.calibration import Calibration
    from agent.wholehost.calibration.regressors import Regressor

_VERSION = 1
_RESTORED_LEAST_READINGS = 100.0  # before a few new readings may call an old alignment in question

Signature = tuple[tuple[tuple[str, str], ...], ...]  # the keys of the channels, by regressor


class StateDamaged(ValueError):
    """A text is no state of a calibration."""


def signature(regressors: tuple[Regressor, ...]) -> Signature:
    """Return what distinguishes a set of regressors from others."""
    return tuple(one.keys for one in regressors)


def state_text(calibration: Calibration) -> str:
    """Return the state as JSON, with a checksum."""
    regression, alignment = calibration.regression, calibration.alignment
    state = _dumped(
        {
            "version": _VERSION,
            "meter": [_meter_entry(anchor) for anchor in calibration.anchors],
            "regressors": signature(calibration.regressors),
            "priors": [[prior.mean, prior.deviation] for prior in regression.priors],
            "products": regression.products,
            "moments": regression.moments,
            "weight": regression.weight,
            "variance": regression.variance,
            "window_seconds": alignment.window_seconds,
            "delay_seconds": alignment.delay_seconds,
            "sampling": alignment.sampling.value,
            "interval_seconds": calibration.interval_seconds,
            "readings": calibration.readings,
            "learned_seconds": calibration.learned_seconds,
            "silent_seconds": calibration.silent_seconds,
            "bias": calibration.bias,
            "debt": calibration.settlement.debt,
            "lowest": calibration.lowest,
            "is_in_use": calibration.is_in_use,
        }
    )
    return f'{{"sha256":"{_digest(state)}","state":{state}}}'


def signature_in(text: str) -> Signature:
    """Return the set of regressors that a state is of.

    Raises:
        StateDamaged: the text is no state.
    """
    found = _parsed(text)["regressors"]
    try:
        return tuple(tuple((str(source), str(name)) for source, name in keys) for keys in found)
    except (TypeError, ValueError) as error:
        raise StateDamaged(f"its regressors are {str(found)[:60]!r}") from error


def meter_in(text: str) -> tuple[Channel, ...]:
    """Return the channels of the meter that a state is by, for when it is not there.

    Raises:
        StateDamaged: the text is no state.
    """
    try:
        found = tuple(map(_channel, _parsed(text)["meter"]))
    except (KeyError, TypeError, ValueError) as error:
        raise StateDamaged(f"its meter is none: {error}") from error
    if not found:
        raise StateDamaged("it has no meter")
    return found


def _meter_entry(anchor: Channel) -> list[str | float]:
    accuracy = anchor.accuracy
    return [anchor.source, anchor.name, anchor.component, anchor.method.value, accuracy.low, accuracy.high]


def _channel(entry: list[Any]) -> Channel:
    source, name, component, method, low, high = entry
    known = Citation(f"accuracy of {source}, as it was known when the meter last reported")
    accuracy = Estimate(_number(low), 1.0, _number(high), "1", (known,))
    return Channel(str(source), str(name), str(component), Boundary.INLET, Method(method), accuracy=accuracy)


def restore(calibration: Calibration, text: str, age_seconds: float) -> None:
    """Have a calibration go on from a state that was kept so many seconds ago.

    Raises:
        StateDamaged: the text is no state of these regressors; the calibration is as it was.
    """
    state = _parsed(text)
    try:
        regression = _regression(state, len(calibration.regressors) + 3)
        alignment = _alignment(state)
        numbers = {
            name: _number(state[name])
            for name in ("interval_seconds", "readings", "learned_seconds", "silent_seconds", "bias", "debt")
        }
        is_in_use = _truth(state["is_in_use"])
        lowest = None if state["lowest"] is None else _row(state["lowest"], len(regression.priors))
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise StateDamaged(f"{type(error).__name__}: {error}") from error
    calibration.regression = regression
    calibration.search.best = alignment
    calibration.search.least_readings = _RESTORED_LEAST_READINGS
    calibration.interval_seconds = max(0.0, numbers["interval_seconds"])
    calibration.readings = int(numbers["readings"])
    calibration.learned_seconds = numbers["learned_seconds"]
    calibration.silent_seconds = max(0.0, numbers["silent_seconds"]) + max(0.0, age_seconds)
    calibration.bias, calibration.settlement.debt = numbers["bias"], numbers["debt"]
    calibration.lowest = lowest
    calibration.is_in_use = is_in_use


def _dumped(state: object) -> str:
    return json.dumps(state, separators=(",", ":"))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
        state, digest = found["state"], found["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise StateDamaged("it is no such JSON") from error
    if digest != _digest(_dumped(state)):
        raise StateDamaged("its checksum is another")
    if not isinstance(state, dict) or state.get("version") != _VERSION or "regressors" not in state:
        raise StateDamaged("it is of another version")
    return state


def _regression(state: dict[str, Any], size: int) -> Regression:
    products = [_row(row, size) for row in _list(state["products"], size)]
    priors = tuple(Prior(mean, deviation) for mean, deviation in (_row(one, 2) for one in _list(state["priors"], size)))
    weight, variance = _number(state["weight"]), _number(state["variance"])
    if any(prior.deviation <= 0 for prior in priors) or not LEAST_SCATTER_RATIO**2 <= variance <= 1 or weight < 0:
        raise ValueError("its spreads are none")
    pairs = [(place, other) for place in range(size) for other in range(place + 1)]
    if any(
        products[place][place] < 0 or not isclose(products[place][other], products[other][place])
        for place, other in pairs
    ):
        raise ValueError("its products are none of real numbers")
    return Regression(priors, [list(row) for row in products], list(_row(state["moments"], size)), weight, variance)


def _alignment(state: dict[str, Any]) -> Alignment:
    sampling = Sampling(state["sampling"])
    window, delay = _number(state["window_seconds"]), _number(state["delay_seconds"])
    if delay not in DELAYS_SECONDS or window not in (*WINDOWS_SECONDS, 0.0):
        raise ValueError(f"no meter averages over {window:g} s and is {delay:g} s late")
    return Alignment(window, delay, sampling)


def _list(value: object, length: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise ValueError(f"{str(value)[:60]!r} has not {length} entries")
    return value


def _row(value: object, length: int) -> tuple[float, ...]:
    return tuple(map(_number, _list(value, length)))


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{str(value)[:60]!r} is neither true nor false")  # noqa: TRY004 - damage of one kind
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{str(value)[:60]!r} is no number")
    return float(value)

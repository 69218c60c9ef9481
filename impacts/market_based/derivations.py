# SPDX-License-Identifier: Apache-2.0
"""The working paper of a market-based figure: what stands for how much energy, by which factor, and on which document."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isclose, isfinite
from typing import TYPE_CHECKING

from impacts.market_based.instruments import Instrument, Level
from impacts.values.bounded import NOTHING
from impacts.values.derivations import Derivation, Input
from impacts.values.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from impacts.market_based.emissions import MarketState, MarketTerms, Part
    from impacts.market_based.residual_mix import Fallback

_BELOW = Citation("derived below")
_LEVELS = {
    Level.CERTIFICATE: "energy attribute certificate",
    Level.CONTRACT: "contract",
    Level.SUPPLIER_RATE: "supplier's rate",
    Level.RESIDUAL_MIX: "residual mix",
    Level.GRID_AVERAGE: "grid average",
}
_KWH = 3.6e6


def market_derivations(
    period: str, parts: Sequence[Part], terms: MarketTerms, state: MarketState
) -> tuple[Derivation, ...]:
    """Return how the grams of a period came about: the sum, each part of it, and the fallback's factor.

    `parts` are the period's sums by id, at least one; `state` is that of its end. What `terms` do not know any more (an
    instrument that was taken out, last year's factor) is shown as it was booked.
    """
    own = [_of_part(part, terms, state) for part in parts]
    inputs = tuple(
        Input(name, replace(one.result, grounds=(_BELOW,))) for name, one in zip(_names(parts), own, strict=True)
    )
    result = total(one.value for one in inputs)
    formula = " + ".join(item.name for item in inputs)
    whole = Derivation(f"scope 2, market-based, {period}", formula, inputs, result, _narrower(parts, result))
    return (whole, *own, *_fallback_factor(parts, terms.fallback))


def _narrower(parts: Sequence[Part], result: Estimate) -> str:
    """Say where the booked bounds are narrower: a volume that ran out at high energy only has its corners crossed."""
    booked = sum((part.grams for part in parts), NOTHING).estimate("gCO2e", _BELOW)
    if isclose(booked.low, result.low, rel_tol=1e-6) and isclose(booked.high, result.high, rel_tol=1e-6):
        return ""
    return (
        f"not all bounds of the parts can hold at once; booked are {booked.low:.6g} to {booked.high:.6g} {booked.unit}"
    )


def _of_part(part: Part, terms: MarketTerms, state: MarketState) -> Derivation:
    instrument = next((one for one in terms.instruments if one.id == part.id), None)
    if instrument is not None:
        return _by(part, instrument.factor, _instrument_title(instrument), _instrument_note(instrument, state))
    fallback = terms.fallback
    if part.id == fallback.id:
        title = f"{_LEVELS[fallback.level]}: what no instrument covers"
        return _by(part, fallback.intensity, title, _fallback_note(fallback))
    return _booked(part, f"{part.id}, as it was booked", "not in use at the end of the period; the factor is the mean")


def _by(part: Part, factor: Estimate, title: str, note: str) -> Derivation:
    """Return the part by its factor, unless it was booked with others: a live one, or what the config said before."""
    if isclose(part.grams.central, part.joules.central * factor.central, rel_tol=1e-6, abs_tol=1e-9):
        return _product(part, factor, title, note)
    return _booked(part, title, f"the factor was not the same in all hours, this is its mean; {note}")


def _product(part: Part, factor: Estimate, title: str, note: str) -> Derivation:
    energy, per_kwh = _energy(part), factor.in_unit("gCO2e/kWh")
    inputs = (Input("energy", energy), Input("factor", per_kwh))
    return Derivation(title, "energy × factor", inputs, energy * per_kwh, note)


def _booked(part: Part, title: str, note: str) -> Derivation:
    """Return a part with the mean factor of its hours: of each corner what it emitted over what it drew."""
    ratios = [
        grams / joules if joules else 0.0
        for grams, joules in zip(part.grams.amounts(), part.joules.amounts(), strict=True)
    ]
    ground = Citation(f"the agent's history, hour by hour, factor {part.id}")
    factor = Estimate(min(ratios), ratios[1], max(ratios), "gCO2e/J", (ground,))
    return _product(part, factor, title, note)


def _energy(part: Part) -> Estimate:
    return part.joules.estimate(
        "J", Citation(f"the host's energy, derived below; the part that is booked on {part.id}")
    ).in_unit("kWh")


def _instrument_title(one: Instrument) -> str:
    technology = f", {one.technology}" if one.technology else ""
    return f"{one.kind.value.replace('_', ' ')} '{one.name}'{technology}"


def _instrument_note(one: Instrument, state: MarketState) -> str:
    level = one.kind.level
    matching = "yearly" if one.delivery is None else "hourly"
    pieces = [
        f"level {level} of the hierarchy ({_LEVELS[level]})",
        f"{one.begins} to {one.until}",
        f"market {', '.join(one.markets)}" if one.markets else "market not stated",
        f"{matching} matching",
        *_allotment(one, state),
    ]
    return "; ".join(pieces)


def _allotment(one: Instrument, state: MarketState) -> Iterator[str]:
    if one.share < 1:
        yield f"{one.share:.6g} of the host's energy"
    if isfinite(one.volume_joules):
        used = state.in_period.get(one.id, NOTHING)
        spread = "" if used.low == used.high else f" ({used.low / _KWH:.6g} to {used.high / _KWH:.6g})"
        left = max(0.0, one.volume_joules - used.central)
        yield (
            f"volume {one.volume_joules / _KWH:.6g} kWh, used in its period {used.central / _KWH:.6g} kWh{spread}, "
            f"left {left / _KWH:.6g} kWh"
        )


def _fallback_note(fallback: Fallback) -> str:
    factor = fallback.match.factor
    pieces = [
        f"level {fallback.level} of the hierarchy",
        f"{factor.region} {factor.valid_from.year}, fit {fallback.match.fit.value.replace('_', ' ')}",
        f"boundary {factor.boundary.replace('_', ' ')}, of which Scope 2 is taken",
        *(f"{problem.what} ({problem.reason})" for problem in fallback.problems),
    ]
    return "; ".join(pieces)


def _fallback_factor(parts: Sequence[Part], fallback: Fallback) -> tuple[Derivation, ...]:
    """Return how the fallback's Scope 2 follows from its row, where it was used."""
    return (fallback.split.scope2_derivation,) if any(part.id == fallback.id for part in parts) else ()


def _names(parts: Sequence[Part]) -> list[str]:
    """Return the ids as names that a formula can hold, each once."""
    names: list[str] = []
    for part in parts:
        spelt = part.id if part.id.startswith("instrument:") else part.id.rpartition("/")[2]
        name = re.sub(r"[^a-z0-9]+", "_", spelt.casefold()).strip("_")
        names.append(f"{name}_{len(names)}" if name in names else name)
    return names

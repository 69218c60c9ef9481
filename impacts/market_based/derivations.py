# SPDX-License-Identifier: Apache-2.0
"""The working paper of a market-based figure: what covers how much of the energy, by which factor and which document."""

from __future__ import annotations

import re
from math import isclose, isfinite
from typing import TYPE_CHECKING

from impacts.market_based.instruments import Instrument, Level
from impacts.values.bounded import NOTHING
from impacts.values.derivations import Derivation, work_out
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from impacts.market_based.emissions import MarketState, MarketTerms, Part
    from impacts.market_based.residual_mix import Fallback

_BOOKED = "booked"
_HOUR_BY_HOUR = Citation("the agent's history: the grams as they were booked, hour by hour")
_CORNERS_CROSS = (
    "not all bounds of the parts can hold at once: a volume that runs out covers less of what is drawn above it"
)
_ROUNDED_UP = 1 + 1e-6  # of sums that were added up in another order
_LEVELS = {
    Level.CERTIFICATE: "energy attribute certificate",
    Level.CONTRACT: "contract",
    Level.SUPPLIER_RATE: "supplier's rate",
    Level.RESIDUAL_MIX: "residual mix",
    Level.GRID_AVERAGE: "grid average",
}
_UNITS = {"energy": "kWh", "factor": "gCO2e/kWh", _BOOKED: "gCO2e"}  # that people read


def market_derivation(period: str, parts: Sequence[Part], terms: MarketTerms, state: MarketState) -> Derivation:
    """Return how the grams of a period came about: the sum, of each part of it, and of the fallback's factor.

    `parts` are the period's sums by id, at least one; `state` is that of its end. What `terms` do not know any more (an
    instrument that was taken out, last year's factor) is shown as it was booked.
    """
    own = dict(zip(_names(parts), (_of_part(part, terms, state) for part in parts), strict=True))
    whole = work_out(f"scope 2, market-based, {period}", " + ".join(own), own, units=_UNITS)
    booked = sum((part.grams for part in parts), NOTHING).estimate("gCO2e", _HOUR_BY_HOUR)
    if _is_same(booked, whole.estimate):
        return whole
    return work_out(whole.title, f"both({whole.formula}, {_BOOKED})", {**own, _BOOKED: booked}, _CORNERS_CROSS, _UNITS)


def _is_same(one: Estimate, other: Estimate) -> bool:
    pairs = ((one.low, other.low), (one.central, other.central), (one.high, other.high))
    return all(isclose(left, right, rel_tol=1e-6, abs_tol=1e-9) for left, right in pairs)


def _of_part(part: Part, terms: MarketTerms, state: MarketState) -> Derivation:
    instrument = next((one for one in terms.instruments if one.id == part.id), None)
    if instrument is not None:
        return _by(part, instrument.factor, _instrument_title(instrument), _instrument_note(instrument, state))
    fallback = terms.fallback
    if part.id == fallback.id:
        title = f"{_LEVELS[fallback.level]}: what no instrument covers"
        return _by(part, fallback.split.scope2_derivation, title, _fallback_note(fallback))
    return _booked(
        part, (), f"{part.id}, as it was booked", "not in use at the end of the period; the factor is the mean"
    )


def _by(part: Part, factor: Estimate | Derivation, title: str, note: str) -> Derivation:
    """Return the part by its factor, unless it was booked with others: a live one, or what the config said before."""
    product = _product(part, factor, title, note)
    booked, found = part.grams.estimate("gCO2e", _HOUR_BY_HOUR), product.estimate
    is_central = isclose(booked.central, found.central, rel_tol=1e-6, abs_tol=1e-9)
    if is_central and found.low <= booked.low * _ROUNDED_UP and booked.high <= found.high * _ROUNDED_UP:
        return product
    grounds = factor.leaves if isinstance(factor, Derivation) else factor.grounds
    return _booked(part, grounds, title, f"the factor was not the same in all hours, this is its mean; {note}")


def _product(part: Part, factor: Estimate | Derivation, title: str, note: str) -> Derivation:
    ground = Citation(f"the agent's accounts: the energy that is entered on {part.id}")
    energy = part.joules.estimate("J", ground, *part.energy_grounds)
    return work_out(title, "energy × factor", {"energy": energy, "factor": factor}, note, _UNITS)


def _booked(part: Part, grounds: tuple[Citation, ...], title: str, note: str) -> Derivation:
    """Return a part by the mean factor of its hours, with bounds that hold all that was booked."""
    joules, grams = part.joules.estimate("J", _HOUR_BY_HOUR), part.grams.estimate("gCO2e", _HOUR_BY_HOUR)
    mean = grams.central / joules.central if joules.central else 0.0
    low = min(mean, grams.low / joules.low) if joules.low else mean
    high = max(mean, grams.high / joules.high) if joules.high else mean
    ground = Citation(f"the agent's history, hour by hour, factor {part.id}")
    return _product(part, Estimate(low, mean, high, "gCO2e/J", (ground, *grounds)), title, note)


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
        spread = (
            "" if used.low == used.high else f" ({used.low / JOULES_PER_KWH:.6g} to {used.high / JOULES_PER_KWH:.6g})"
        )
        left = max(0.0, one.volume_joules - used.central)
        yield (
            f"volume {one.volume_joules / JOULES_PER_KWH:.6g} kWh, used in its period {used.central / JOULES_PER_KWH:.6g} kWh{spread}, "
            f"left {left / JOULES_PER_KWH:.6g} kWh"
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


def _names(parts: Sequence[Part]) -> list[str]:
    """Return the ids as names that a formula can hold, each once."""
    names: list[str] = []
    for part in parts:
        spelt = part.id if part.id.startswith("instrument:") else part.id.rpartition("/")[2]
        name = re.sub(r"[^a-z0-9]+", "_", spelt.casefold()).strip("_")
        name = name if name[:1].isalpha() else f"row_{name}"
        while name in (*names, _BOOKED):
            name = f"{name}_{len(names)}"
        names.append(name)
    return names

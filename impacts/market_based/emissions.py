# SPDX-License-Identifier: Apache-2.0
"""Market-based Scope 2: instruments in the order of the hierarchy, then the fallback (docs/market-based.md).

GHG Protocol Scope 2 Guidance (2015), table 6.3. Low, central and high are worked out one by one, as three hosts with
the same instruments: the host that used less may be covered whole where the one that used more is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum, inf, isfinite
from typing import TYPE_CHECKING

from impacts.market_based.instruments import ORIGIN, Instrument
from impacts.problems import Problem
from impacts.values.bounded import NOTHING, Bounded
from impacts.values.estimates import Citation, Estimate, merge_grounds
from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from impacts.market_based.residual_mix import Fallback

_USED_UP, _BEYOND = 1 - 1e-6, 1 + 1e-6  # of a volume: the history keeps whole microjoules
_ONE_JOULE = Citation("one joule of the host")


@dataclass(frozen=True, slots=True)
class MarketTerms:
    """By what an hour's electricity is accounted: instruments in the order of use, and the fallback for the rest."""

    instruments: tuple[Instrument, ...]  # as `accepted` returns them
    fallback: Fallback


@dataclass(frozen=True, slots=True)
class MarketState:
    """The joules that each instrument has covered, by its id: so far in its period, and in the hour that was last entered."""

    hour: int = 0
    in_period: Mapping[str, Bounded] = field(default_factory=dict)
    in_hour: Mapping[str, Bounded] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Iterable[tuple[int, str, Bounded]], instruments: Iterable[Instrument]) -> MarketState:
        """Return the state after the hours that are entered: (hour, id, joules). Other ids are passed over."""
        known = {one.id: one for one in instruments}
        used = [(hour, name, joules) for hour, name, joules in accounts if name in known and known[name].holds_in(hour)]
        last = max((hour for hour, _, _ in used), default=0)
        return cls(last, _sums(used), _sums(one for one in used if one[0] == last))

    def after(self, hour: int, covered: Mapping[str, Bounded]) -> MarketState:
        """Return the state once more has been covered in the hour."""
        in_hour = self.in_hour if hour == self.hour else {}
        return MarketState(hour, _added(self.in_period, covered), _added(in_hour, covered))

    def left(self, instrument: Instrument, hour: int) -> Bounded:
        """Return what the instrument may still cover in the hour: of its volume, and of what it delivers then."""
        in_hour = self.in_hour.get(instrument.id, NOTHING) if hour == self.hour else NOTHING
        used = zip(self.in_period.get(instrument.id, NOTHING).amounts(), in_hour.amounts(), strict=True)
        volume, delivered = instrument.volume_joules, instrument.joules_in(hour)
        return Bounded(*(max(0.0, min(volume - ever, delivered - now)) for ever, now in used))


@dataclass(frozen=True, slots=True)
class Part:
    """What one instrument or the fallback covers: its joules and grams."""

    id: str  # as in the history: `instrument:NAME`, or DATASET/ENTRY
    joules: Bounded
    grams: Bounded  # the sums over a step's parts are in order, a single part's grams need not be
    energy_grounds: tuple[Citation, ...] = ()  # what the energy rests on beside the accounts


@dataclass(frozen=True, slots=True)
class MarketStep:
    """The market-based emissions of energy that was drawn within one hour."""

    grams: Estimate
    parts: tuple[Part, ...]  # those with energy; their joules add up to the energy, corner by corner
    state: MarketState  # for what follows


def market_based(energy: Estimate, hour: int, state: MarketState, terms: MarketTerms) -> MarketStep:
    """Return the emissions of energy (J) that was drawn within the hour, and what each instrument covered of it.

    The energy is taken to flow evenly: where a volume runs out in between, what follows it takes over from there. So
    an hour in one piece comes to the same as second by second.
    """
    joules = _split(energy, hour, state, terms.instruments)
    ids = [*(one.id for one in terms.instruments), terms.fallback.id]
    factors = [*(one.factor for one in terms.instruments), terms.fallback.intensity]
    grams = _in_order([amount * Bounded.of(factor) for amount, factor in zip(joules, factors, strict=True)])
    used = [place for place, amount in enumerate(joules) if amount != NOTHING]
    covered = {ids[place]: joules[place] for place in used if place < len(terms.instruments)}
    grounds = (factors[place].grounds for place in used or [len(factors) - 1])
    return MarketStep(
        Estimate(*_total(grams).amounts(), "gCO2e", merge_grounds(energy.grounds, *grounds)),
        tuple(Part(ids[place], joules[place], grams[place]) for place in used),
        state.after(hour, covered),
    )


def market_intensity(hour: int, state: MarketState, terms: MarketTerms) -> Estimate:
    """Return what the next joule of the hour emits by the market-based method, in gCO2e/J."""
    joule = Estimate.exact(1.0, "J", _ONE_JOULE)
    grams = market_based(joule, hour, state, terms).grams
    return Estimate(grams.low, grams.central, grams.high, "gCO2e/J", grams.grounds[1:])


def covers_all(hour: int, state: MarketState, terms: MarketTerms) -> bool:
    """Return whether instruments cover all of the next joule of the hour, so that nothing is left for the fallback."""
    step = market_based(Estimate.exact(1.0, "J", _ONE_JOULE), hour, state, terms)
    return all(part.id != terms.fallback.id or max(part.joules.amounts()) < 1 - _USED_UP for part in step.parts)


def overclaimed(state: MarketState, instruments: Iterable[Instrument]) -> Iterator[tuple[Instrument, Bounded]]:
    """Return the instruments that have covered more than their volume, low, central or high, and what (J) they have covered.

    No step does so: it takes a volume that was corrected to less, while the accounts are of before.
    """
    for one in instruments:
        used = state.in_period.get(one.id, NOTHING)
        if max(used.amounts()) > one.volume_joules * _BEYOND:
            yield one, used


def used_up_problems(hour: int, state: MarketState, terms: MarketTerms) -> Iterator[Problem]:
    """Return a problem for each instrument that is used up before the end of its period, or has covered too much."""
    for one, joules in overclaimed(state, terms.instruments):
        volume, claimed = one.volume_joules / JOULES_PER_KWH, max(joules.amounts()) / JOULES_PER_KWH
        what = f"the accounts claim up to {claimed:.6g} kWh of '{one.name}', whose volume is {volume:.6g} kWh"
        remedy = f"recompute all of its period: `wattprint recompute --from {one.begins} --to {one.until}`"
        yield Problem(ORIGIN, "instrument_overclaimed", what, remedy)
    for one in terms.instruments:
        used = state.in_period.get(one.id, NOTHING).central
        if one.holds_in(hour) and isfinite(one.volume_joules) and used >= one.volume_joules * _USED_UP:
            what = f"the volume of '{one.name}' is used up, its period ends on {one.until}"
            remedy = "nothing to mend: what follows it in the hierarchy covers the rest of the energy"
            yield Problem(ORIGIN, "instrument_used_up", what, remedy)


def _split(energy: Estimate, hour: int, state: MarketState, instruments: Sequence[Instrument]) -> list[Bounded]:
    """Return the joules of each instrument, then of the fallback."""
    shares = [one.share for one in instruments]
    left = [state.left(one, hour).amounts() for one in instruments]
    corners = [
        _covered(amount, shares, [amounts[corner] for amounts in left])
        for corner, amount in enumerate((energy.low, energy.central, energy.high))
    ]
    return [Bounded(*amounts) for amounts in zip(*corners, strict=True)]


def _covered(energy: float, shares: Sequence[float], left: list[float]) -> list[float]:
    """Return how much of the energy each instrument covers, and what none does, at the end of the list.

    Between two moments at which a volume runs out, each covers a fixed part of every joule.
    """
    covered, remaining = [0.0] * len(shares), energy
    while remaining > 0:
        rates = _rates(shares, left)
        lasts = [rest / rate if rate > 0 else inf for rest, rate in zip(left, rates, strict=True)]
        portion = min([remaining, *lasts])
        for place, rate in enumerate(rates):
            taken = left[place] if lasts[place] <= portion else rate * portion
            covered[place] += taken
            left[place] -= taken
        remaining -= portion
    return [*covered, max(0.0, energy - fsum(covered))]


def _rates(shares: Sequence[float], left: Sequence[float]) -> list[float]:
    """Return the part of a joule that each instrument covers, in the order of use; no more than 1 together."""
    free, rates = 1.0, []
    for share, rest in zip(shares, left, strict=True):
        rate = min(share, free) if rest > 0 else 0.0
        free -= rate
        rates.append(rate)
    return rates


def _in_order(grams: list[Bounded]) -> list[Bounded]:
    """Return the grams with the corner of the smallest sum as low and that of the largest as high.

    Where an instrument emits more than what follows it, the host that used it up may emit less.
    """
    totals = _total(grams).amounts()
    smallest, largest = totals.index(min(totals)), max((2, 1, 0), key=totals.__getitem__)
    if (smallest, largest) == (0, 2):
        return grams
    return [Bounded(one.amounts()[smallest], one.central, one.amounts()[largest]) for one in grams]


def _total(amounts: Iterable[Bounded]) -> Bounded:
    return sum(amounts, NOTHING)


def _sums(accounts: Iterable[tuple[int, str, Bounded]]) -> dict[str, Bounded]:
    sums: dict[str, Bounded] = {}
    for _, name, joules in accounts:
        sums[name] = sums.get(name, NOTHING) + joules
    return sums


def _added(used: Mapping[str, Bounded], more: Mapping[str, Bounded]) -> dict[str, Bounded]:
    return {**used, **{name: used.get(name, NOTHING) + joules for name, joules in more.items()}}

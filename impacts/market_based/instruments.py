# SPDX-License-Identifier: Apache-2.0
"""Contractual instruments for electricity: what they cover, when, and whether they may be used (docs/market-based.md).

GHG Protocol Scope 2 Guidance (2015), table 6.3 (hierarchy) and table 7.1 (quality criteria).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from math import inf
from typing import TYPE_CHECKING

from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from impacts.values.estimates import Estimate

ORIGIN = "market_based"

# Criterion 4 of table 7.1 asks for a vintage close to the time of use and has no number. The longest that programmes allow, Green-e's:
# from six months before the year that is reported to three after it.
_LONGEST_VINTAGE_DAYS = 640


class Level(IntEnum):
    """Where the Guidance finds the factor of a joule; the smaller number goes first."""

    CERTIFICATE = 1
    CONTRACT = 2
    SUPPLIER_RATE = 3
    RESIDUAL_MIX = 4
    GRID_AVERAGE = 5


class InstrumentKind(StrEnum):
    """What an instrument is."""

    GUARANTEE_OF_ORIGIN = "guarantee_of_origin"
    REC = "rec"
    CERTIFICATE = "certificate"  # of another tracking system
    PPA = "ppa"
    SUPPLIER_CONTRACT = "supplier_contract"
    SUPPLIER_RATE = "supplier_rate"  # of a supplier's standard product

    @property
    def level(self) -> Level:
        """The instrument's place in the hierarchy."""
        match self:
            case InstrumentKind.PPA | InstrumentKind.SUPPLIER_CONTRACT:
                return Level.CONTRACT
            case InstrumentKind.SUPPLIER_RATE:
                return Level.SUPPLIER_RATE
        return Level.CERTIFICATE


@dataclass(frozen=True, slots=True)
class Delivery:
    """When an instrument with hourly matching delivers, and how much at most. Hours are UTC hour starts in Unix seconds."""

    joules_by_hour: Mapping[int, float] | None = None  # an hour that is not listed has none; None: no such list
    joules_per_hour: float = inf
    hours_of_day: frozenset[int] = frozenset(range(24))  # UTC

    def joules_in(self, hour: int) -> float:
        """Return the most that it delivers in the hour; infinite where only the hours of the day are known."""
        if hour // 3600 % 24 not in self.hours_of_day:
            return 0.0
        listed = inf if self.joules_by_hour is None else self.joules_by_hour.get(hour, 0.0)
        return min(listed, self.joules_per_hour)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument, as far as it is allotted to this host."""

    name: str  # unique
    kind: InstrumentKind
    begins: date
    until: date  # the last day; days are UTC
    factor: Estimate  # gCO2e/J
    share: float = 1.0  # of the host's energy
    volume_joules: float = inf  # in its whole period
    documentation: str = ""
    markets: tuple[str, ...] = ()  # countries or zones where it may be used; none: not said
    delivery: Delivery | None = None  # None: yearly matching, any hour of its period will do
    technology: str = field(default="", compare=False)

    @property
    def id(self) -> str:
        """What the history calls it."""
        return f"instrument:{self.name}"

    def holds_in(self, hour: int) -> bool:
        """Return whether the hour lies in the instrument's period."""
        return self.begins <= day_of(hour) <= self.until

    def joules_in(self, hour: int) -> float:
        """Return the most that it may cover in the hour, whatever has been used."""
        if not self.holds_in(hour):
            return 0.0
        return inf if self.delivery is None else self.delivery.joules_in(hour)

    def serves(self, region: str) -> bool:
        """Return whether the region lies in one of its markets; where none is stated, any place does that is known."""
        place = region.upper()
        if not self.markets:
            return bool(place)
        return any(place == market or place.startswith(f"{market}-") for market in self.markets)

    @property
    def is_of_a_vintage(self) -> bool:
        """Whether its period is short enough for the time at which electricity was produced to be close to that of its use."""
        return self.kind.level is not Level.CERTIFICATE or (self.until - self.begins).days <= _LONGEST_VINTAGE_DAYS


def day_of(hour: int) -> date:
    """Return the UTC day of an hour."""
    return datetime.fromtimestamp(hour, UTC).date()


def accepted(instruments: Sequence[Instrument], region: str) -> tuple[Instrument, ...]:
    """Return the instruments that meet the quality criteria in `region`, in the order in which they are used.

    The order is the hierarchy's, then that of the list. Their periods are looked at hour by hour.
    """
    usable = (one for one in instruments if one.documentation and one.is_of_a_vintage and one.serves(region))
    return tuple(sorted(usable, key=lambda one: one.kind.level))


def quality_problems(instruments: Sequence[Instrument], region: str, on: date) -> Iterator[Problem]:
    """Return what keeps an instrument from being applied on a day; one that begins later is no problem."""
    for one in instruments:
        if not one.documentation:
            what = f"{_named(one)} has no documentation and is not applied"
            remedy = "set its `documentation`: the cancellation statement, the contract or the supplier's disclosure"
            yield Problem(ORIGIN, "instrument_undocumented", what, remedy)
        elif not one.is_of_a_vintage:
            what = f"{_named(one)} is of {one.begins} to {one.until}, too long for one vintage, and is not applied"
            remedy = (
                "give one for each year of production, with `from` and `until` of at most 21 months and its own volume"
            )
            yield Problem(ORIGIN, "instrument_vintage", what, remedy)
        elif not one.serves(region):
            yield _of_another_market(one, region)
        elif one.until < on and not _is_renewed(one, instruments, on):
            what = f"{_named(one)} ended on {one.until} and is not applied any more"
            remedy = "add the one that follows it; leave this one in for the hours of its period"
            yield Problem(ORIGIN, "instrument_expired", what, remedy)
        elif not one.markets and one.kind.level is not Level.SUPPLIER_RATE:
            what = f"{_named(one)} does not state its market: whether it may be used in {region} is not checked"
            yield Problem(ORIGIN, "instrument_market_unknown", what, "set its `market`, as the document has it")


def _of_another_market(one: Instrument, region: str) -> Problem:
    markets = ", ".join(one.markets)
    if not region:
        of = f"is of the market {markets}" if markets else "may be of another market than this machine"
        what = f"{_named(one)} {of}: the place of this machine is not known, so it is not applied"
        return Problem(ORIGIN, "location_unknown", what, "set `location` in the config file")
    what = f"{_named(one)} is of the market {markets}, not of {region}, and is not applied"
    remedy = "an instrument must be of the market where the electricity is used: remove it here, or correct `market`"
    return Problem(ORIGIN, "instrument_of_another_market", what, remedy)


def _is_renewed(ended: Instrument, instruments: Sequence[Instrument], on: date) -> bool:
    return any(
        one.kind is ended.kind and one.begins > ended.begins and one.until >= on and one.documentation
        for one in instruments
    )


def _named(one: Instrument) -> str:
    return f"{one.kind.value.replace('_', ' ')} '{one.name}'"

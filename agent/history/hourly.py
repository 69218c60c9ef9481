# SPDX-License-Identifier: Apache-2.0
"""What an hour holds: energy of a channel and of the host, and entries of what the energy or time of an hour makes.

An hour is the UTC hour's start in Unix seconds. A step over several hours is spread over them by its stretch.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import add
from typing import TYPE_CHECKING, Any, Self

from impacts.quantities import FACILITY_ENERGY
from impacts.values.bounded import NOTHING, Bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agent.stretch import Stretch


class Hour:
    """Amounts of an hour, which add up."""

    __slots__ = ()

    @abstractmethod
    def columns(self) -> tuple[float, ...]:
        """Return the amounts one by one, in the order of their table's columns."""

    @classmethod
    @abstractmethod
    def of(cls, *columns: Any) -> Self:  # noqa: ANN401 - whole numbers and others
        """Return what these columns hold; nothing of all where there are none."""

    def __add__(self, other: Self) -> Self:
        return self.of(*map(add, self.columns(), other.columns()))

    def __bool__(self) -> bool:
        return any(self.columns())

    def each(self, change: Callable[[float], float]) -> Self:
        """Return what a function makes of each amount."""
        return self.of(*map(change, self.columns()))

    def share(self, ratio: float) -> Self:
        """Return a share of all amounts, whole numbers cut off."""
        return self if ratio >= 1 else self.each(lambda amount: type(amount)(amount * ratio))

    def by_hour(self, stretch: Stretch) -> Iterator[tuple[int, Self]]:
        """Cut the amounts of a stretch at the full hours. The parts of a whole number add up to it."""
        for piece in stretch.pieces():
            is_all = piece.after - piece.before == piece.whole
            yield piece.hour, self if is_all else self.each(piece.share_of)


@dataclass(frozen=True, slots=True)
class ChannelHour(Hour):
    """What one channel counted in an hour, and for how long it did and did not."""

    microjoules: int = 0
    observed_seconds: float = 0.0
    unobserved_seconds: float = 0.0

    def columns(self) -> tuple[int, float, float]:
        """Return the fields."""
        return self.microjoules, self.observed_seconds, self.unobserved_seconds

    @classmethod
    def of(cls, *columns: Any) -> Self:  # noqa: ANN401
        """Return what the columns hold."""
        return cls(*columns)


@dataclass(frozen=True, slots=True)
class HostHour(Hour):
    """The host's energy in an hour on one basis, the part of it that was measured, and the time that it is of."""

    energy: Bounded = NOTHING  # whole microjoules
    measured_microjoules: int = 0
    observed_seconds: float = 0.0

    def columns(self) -> tuple[float, ...]:
        """Return the energy's corners, then the other fields."""
        return *self.energy.amounts(), self.measured_microjoules, self.observed_seconds

    @classmethod
    def of(cls, *columns: Any) -> Self:  # noqa: ANN401
        """Return what the columns hold."""
        return cls(Bounded(*columns[:3]), *columns[3:])


@dataclass(frozen=True, slots=True)
class HostAbsence(Hour):
    """For how long in an hour nothing is known of the host's energy.

    `off_seconds` lie between a clean stop of one boot and the next one. None: how much of the unobserved time that was is
    not known.
    """

    unobserved_seconds: float = 0.0
    off_seconds: float | None = 0.0

    def __add__(self, other: HostAbsence) -> HostAbsence:
        unobserved, off = self.unobserved_seconds + other.unobserved_seconds, [self.off_seconds, other.off_seconds]
        if None in off:
            return HostAbsence(unobserved + sum(filter(None, off)), None)
        return HostAbsence(unobserved, sum(filter(None, off)))

    def columns(self) -> tuple[Any, ...]:
        """Return the fields."""
        return self.unobserved_seconds, self.off_seconds

    @classmethod
    def of(cls, *columns: Any) -> Self:  # noqa: ANN401
        """Return what the columns hold."""
        return cls(*columns)

    def each(self, change: Callable[[float], float]) -> HostAbsence:
        """Return what a function makes of what is known."""
        off = None if self.off_seconds is None else change(self.off_seconds)
        return HostAbsence(change(self.unobserved_seconds), off)


@dataclass(frozen=True, slots=True)
class WorkloadHour(Hour):
    """The energy of a workload in an hour."""

    energy: Bounded = NOTHING  # whole microjoules

    def columns(self) -> tuple[float, ...]:
        """Return the energy's corners."""
        return self.energy.amounts()

    @classmethod
    def of(cls, *columns: Any) -> Self:  # noqa: ANN401
        """Return what the columns hold."""
        return cls(Bounded(*columns))


@dataclass(frozen=True, slots=True)
class ImpactHour(Hour):
    """The amount of one quantity in an hour by one factor, in the quantity's base unit, and the energy it is of, if any."""

    amount: Bounded = NOTHING
    energy: Bounded = NOTHING  # whole microjoules

    def __add__(self, other: ImpactHour) -> ImpactHour:
        return ImpactHour(self.amount + other.amount, self.energy + other.energy)

    def __neg__(self) -> ImpactHour:
        return ImpactHour(-self.amount, -self.energy)

    def columns(self) -> tuple[float, ...]:
        """Return the corners of the amount, then those of the energy."""
        return *self.amount.amounts(), *self.energy.amounts()

    @classmethod
    def of(cls, *columns: Any) -> Self:  # noqa: ANN401
        """Return what the columns hold."""
        return cls(Bounded(*columns[:3]), Bounded(*columns[3:]))


class EntryKind(StrEnum):
    """By what an amount was entered."""

    YEARLY = "yearly"  # nothing of the hour itself: a row of a dataset or of a residual mix, a setting, a model
    LIVE = "live"  # a provider's value of the time itself, which nothing later is better than
    HELD = "held"  # a provider's last value, beyond its time
    INSTRUMENT = "instrument"
    AMORTISED = "amortised"  # embodied emissions, as time passes
    RETIRED = "retired"  # what retired parts have left of theirs


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount of one quantity in an hour by one factor. One that was taken back has a second entry below zero."""

    hour: int
    quantity: str  # its stem; of the facility's energy with the basis: facility_energy:measured
    kind: EntryKind
    factor: str  # DATASET/ROW, the name of an instrument or a PUE, the id of grounds; empty for what has none
    amount: ImpactHour
    region: str = ""  # where the host was said to be; empty where nobody had said it
    taken_back: bool = False
    version: int = 0  # of the accounts; 0: as it was counted when it happened

    @property
    def key(self) -> tuple[int, str, EntryKind, str, str, bool]:
        """What its hour's row is found by."""
        return self.hour, self.quantity, self.kind, self.factor, self.region, self.taken_back

    @property
    def label(self) -> str:
        """The factor as people read it."""
        return label(self.kind, self.factor)

    def take_back(self) -> Entry:
        """Return the entry that makes this one nothing."""
        return replace(self, amount=-self.amount, taken_back=True)


def label(kind: EntryKind, factor: str) -> str:
    """Return a factor as people read it: DATASET/ROW, `instrument:NAME`."""
    match kind:
        case EntryKind.INSTRUMENT:
            return f"instrument:{factor}"
        case EntryKind.HELD:
            return f"{factor}:held"
        case EntryKind.AMORTISED:
            return "embodied"
        case EntryKind.RETIRED:
            return "embodied, left by retired parts"
    return factor


_FACILITY_ENERGY = f"{FACILITY_ENERGY.stem}:"


def facility_energy(basis: str) -> str:
    """Return the quantity that the facility's energy is entered as, by the basis that the host's is known on."""
    return f"{_FACILITY_ENERGY}{basis}"


def facility_basis(quantity: str) -> str | None:
    """Return the basis of a quantity of the facility's energy; None for any other quantity."""
    return quantity.removeprefix(_FACILITY_ENERGY) if quantity.startswith(_FACILITY_ENERGY) else None

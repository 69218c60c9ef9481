# SPDX-License-Identifier: Apache-2.0
"""Checked intensities, each with the time that it is valid for: how they are checked, merged and looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agent.grid.provider import Provider, Row

# The dirtiest grid's yearly average is below 1300 g/kWh; no hour of any is twice that.
MOST_GRAMS_PER_KWH = 3000.0

# Two clocks may differ by this much before one of them is called wrong.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Value:
    """An average intensity over a time, in UTC; the end is not included."""

    valid_from: datetime
    valid_until: datetime
    grams_per_kwh: float
    is_estimated: bool


class BadRow(ValueError):
    """A row cannot be used. `reason` is a slug fit for a metric label."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason


def checked(row: Row, provider: Provider, now: datetime) -> Value:
    """Return a row's value.

    Raises:
        BadRow: its zone or boundary is another, its time has no offset or is in the future, or it has no credible intensity.
    """
    if str(row.zone).casefold() != provider.reported_zone.casefold():
        raise BadRow("other_zone", f"a value of {_shown(row.zone)} where {provider.reported_zone} was asked for")
    if row.boundary is not None and row.boundary != provider.reported_boundary:
        raise BadRow("other_boundary", f"a value by {_shown(row.boundary)} emission factors, not the ones asked for")
    valid_from = moment(row.starts)
    if valid_from > now + CLOCK_TOLERANCE:
        raise BadRow("in_future", f"a value of {valid_from:%Y-%m-%d %H:%M} UTC, which is yet to come")
    if row.grams_per_kwh is None:
        raise BadRow("null_value", "no value yet")
    grams = intensity(row.grams_per_kwh)
    return Value(valid_from, valid_from + timedelta(seconds=row.seconds), grams, row.is_estimated)


def moment(text: object) -> datetime:
    """Return an ISO 8601 time in UTC; one without an offset may be any hour of the day and is refused."""
    try:
        parsed = datetime.fromisoformat(str(text))
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRow("garbage", f"{_shown(text)} where a time is expected") from None
    raise BadRow("naive_time", f"the time {_shown(text)} without an offset from UTC")


def intensity(reported: object) -> float:
    """Return a credible intensity in g/kWh."""
    if isinstance(reported, bool) or not isinstance(reported, int | float):
        raise BadRow("garbage", f"{_shown(reported)} where a number is expected")
    if not 0 <= reported <= MOST_GRAMS_PER_KWH:  # nor what is no number
        raise BadRow("out_of_range", f"{_shown(reported)} g/kWh, which no grid emits")
    return float(reported)


def merged(known: Iterable[Value], learned: Iterable[Value], since: datetime) -> tuple[Value, ...]:
    """Return all values that end after `since`, in order of time; of two that begin together the one learned last.

    Where a value begins before an earlier one has ended, the earlier one ends there.
    """
    by_start = {value.valid_from: value for value in (*known, *learned)}
    in_order = [by_start[start] for start in sorted(by_start) if by_start[start].valid_until > since]
    ends = [min(value.valid_until, after.valid_from) for value, after in pairwise(in_order)]
    cut = [Value(v.valid_from, end, v.grams_per_kwh, v.is_estimated) for v, end in zip(in_order, ends, strict=False)]
    return (*cut, *in_order[-1:])


def newest(values: Sequence[Value], now: datetime) -> Value | None:
    """Return the value that is valid now, else the last before it."""
    begun = [value for value in values if value.valid_from <= now]
    return begun[-1] if begun else None


def gaps(values: Sequence[Value]) -> list[tuple[datetime, datetime]]:
    """Return the times between the known values that none of them covers, the latest first."""
    between = [(value.valid_until, after.valid_from) for value, after in pairwise(values)]
    return [(since, until) for since, until in reversed(between) if since < until]


def _shown(reported: object) -> str:
    text = repr(reported)
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004 - room for the rest of the line

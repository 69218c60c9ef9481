# SPDX-License-Identifier: Apache-2.0
"""The time of a period of which nothing is known of the host, and what its energy could have been then.

Worked out hour by hour, from the host's power in the observed hours around: so a period cut in two adds up to the whole. Nothing of
it is in any other figure.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from agent.history.hourly import HostAbsence, HostHour
from agent.stretch import HOUR_SECONDS, hour_of
from impacts.values.bounded import NOTHING, Bounded, in_joules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from agent.history.view import HistoryView

_HOURS_AROUND = 24  # observed ones, on each side: so that each hour of the day has its part

# A step of minutes that spans a full hour is spread over both hours by its energy, its time too.
_NO_ABSENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Unobserved:
    """For how long nothing is known, and the energy (J) of that time by the hours around; None: there are none."""

    seconds: float
    perhaps_off_seconds: float
    joules: Bounded | None


def unobserved(view: HistoryView, begins: datetime, ends: datetime) -> Unobserved:
    """Return what is not known of the hours from `begins` on and before `ends`."""
    absent, observed = view.absent_hours(begins, ends), view.observed_hours(begins, ends, _HOURS_AROUND)
    for hour, seconds in _not_entered(view, begins, ends, absent, dict(observed)):
        absent[hour] = absent.get(hour, HostAbsence()) + HostAbsence(seconds, None)
    seconds = sum(one.unobserved_seconds for one in absent.values())
    perhaps_off = sum(one.unobserved_seconds for one in absent.values() if one.off_seconds is None)
    return Unobserved(seconds, perhaps_off, _could_have_been(absent, observed) if observed else None)


def _not_entered(
    view: HistoryView,
    begins: datetime,
    ends: datetime,
    absent: Mapping[int, HostAbsence],
    observed: Mapping[int, HostHour],
) -> Iterator[tuple[int, float]]:
    """Return the time of each hour, while there was a history, of which not even an absence was entered.

    Such is that of a host whose sources have been silent up to now: an absence is entered once it is over.
    """
    if view.began_at is None or view.last_written_at is None:
        return
    since, until = (max(begins, view.began_at).timestamp(), min(ends, view.last_written_at).timestamp())
    for hour in range(hour_of(max(begins, view.began_at)), ceil(until), HOUR_SECONDS):
        passed = min(until, hour + HOUR_SECONDS) - max(since, hour)
        absence = absent.get(hour, HostAbsence())
        entered = (
            absence.unobserved_seconds + (absence.off_seconds or 0.0) + observed.get(hour, HostHour()).observed_seconds
        )
        if passed - entered > _NO_ABSENCE_SECONDS:
            yield hour, passed - entered


def _could_have_been(absent: Mapping[int, HostAbsence], observed: Sequence[tuple[int, HostHour]]) -> Bounded:
    hours, known = [hour for hour, _ in observed], NOTHING
    for hour, absence in absent.items():
        place = bisect_right(hours, hour)
        watts = _power([one for _, one in observed[max(0, place - _HOURS_AROUND) : place + _HOURS_AROUND]])
        is_perhaps_off = absence.off_seconds is None
        seconds = Bounded(0.0 if is_perhaps_off else absence.unobserved_seconds, *[absence.unobserved_seconds] * 2)
        known += watts * seconds
    return known


def _power(hours: Sequence[HostHour]) -> Bounded:
    """Return the power (W) of hours: the lowest and the highest that one of them may have had, and the mean over their time."""
    powers = [in_joules(one.energy) * _per(one.observed_seconds) for one in hours]
    whole, seconds = sum((one.energy for one in hours), NOTHING), sum(one.observed_seconds for one in hours)
    mean = in_joules(whole).central / seconds
    return Bounded(min(one.low for one in powers), mean, max(one.high for one in powers))


def _per(seconds: float) -> Bounded:
    return Bounded(*[1 / seconds] * 3)

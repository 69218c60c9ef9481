# SPDX-License-Identifier: Apache-2.0
"""The time of a period of which nothing is known of the host, and what its energy could have been then.

Worked out hour by hour, from the host's power in the observed hours around: so a period cut in two adds up to the whole. Nothing of
it is in any other figure.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impacts.values.bounded import NOTHING, Bounded, in_joules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from agent.history.hourly import HostAbsence, HostHour
    from agent.history.view import HistoryView

_HOURS_AROUND = 24  # observed ones, on each side: so that each hour of the day has its part


@dataclass(frozen=True, slots=True)
class Unobserved:
    """For how long nothing is known, and the energy (J) of that time by the hours around; None: there are none."""

    seconds: float
    perhaps_off_seconds: float
    joules: Bounded | None


def unobserved(view: HistoryView, begins: datetime, ends: datetime) -> Unobserved:
    """Return what is not known of the hours from `begins` on and before `ends`."""
    absence, absent = view.absence(begins, ends), view.absent_hours(begins, ends)
    observed = view.observed_hours(begins, ends, _HOURS_AROUND) if absent else []
    joules = _could_have_been(absent, observed) if observed else None
    return Unobserved(absence.unobserved_seconds, absence.perhaps_off_seconds, joules)


def _could_have_been(absent: dict[int, HostAbsence], observed: Sequence[tuple[int, HostHour]]) -> Bounded:
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

# SPDX-License-Identifier: Apache-2.0
"""What is to be said of a period of a history: what is missing of it, and what has changed within it or since."""

from __future__ import annotations

from itertools import pairwise
from math import isclose
from typing import TYPE_CHECKING

from agent.history.hourly import facility_basis
from agent.stretch import HOUR_SECONDS
from impacts.problems import Problem
from impacts.quantities import SCOPE2_LOCATION_BASED
from impacts.values.bounded import NOTHING
from impacts.values.units import JOULES_PER_KWH, JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from agent.history.identity import Identity
    from agent.history.lots import FrozenLot
    from agent.history.unobserved import Unobserved
    from agent.history.view import AccountTotals, HistoryView

_ORIGIN = "history"
_SAME = 1e-9  # relative: what differs less is the order of a sum
_DIGITS_SHOWN = 12  # of the machine's hash: enough to distinguish hosts by
_NOWHERE = "a place that nobody has said"


def period_problems(  # noqa: PLR0913, PLR0917 - a period, and what is known of it already
    view: HistoryView,
    begins: datetime,
    ends: datetime,
    accounts: AccountTotals,
    booked: Sequence[FrozenLot],
    missed: Unobserved,
) -> Iterator[Problem]:
    """Return what is to be said of the hours from `begins` on and before `ends`: the rest is what is known of them already."""
    yield from _missing(view, begins, ends)
    yield from _unobserved(missed)
    yield from _identities(view, begins, ends)
    yield from _places(accounts)
    yield from _without_pue(accounts)
    yield from _recomputed(view, begins, ends)
    yield from _hardware(view, booked)


def _missing(view: HistoryView, begins: datetime, ends: datetime) -> Iterator[Problem]:
    hours, recorded = int((ends - begins).total_seconds()) // HOUR_SECONDS, view.hours_recorded(begins, ends)
    if recorded < hours:
        what = f"{hours - recorded} of {hours} hours have no record at all: what was used in them is in no figure"
        remedy = "let the agent run for all of the period, or say for which part of it the figures are"
        yield Problem(_ORIGIN, "hours_missing", what, remedy)


def _unobserved(missed: Unobserved) -> Iterator[Problem]:
    if not missed.seconds:
        return
    what = f"for {missed.seconds:.0f} s nothing is known of the host's energy, which is in no figure but its own"
    if missed.joules is not None:
        low, central, high = (joules / JOULES_PER_KWH for joules in missed.joules.amounts())
        what = f"{what}: by the hours around it could have been {central:.4g} kWh ({low:.4g} to {high:.4g})"
    if missed.perhaps_off_seconds:
        what = f"{what}; for {missed.perhaps_off_seconds:.0f} s of it the host may have been off"
    remedy = "say how much time and energy that is where the figures are reported; `wattprint doctor` says what the sources lack"
    yield Problem(_ORIGIN, "unobserved", what, remedy)


def _identities(view: HistoryView, begins: datetime, ends: datetime) -> Iterator[Problem]:
    """Say who else the host was within the period: after the one that it was when it began."""
    kept = [one for one in view.identities() if one.since < ends]
    before = [one for one in kept if one.since <= begins][-1:]
    within = [*before, *(one for one in kept if one.since > begins)]
    changes = [
        f"{field} {_named(old)} until {later.since:%Y-%m-%d %H:%M} UTC, then {_named(new)}"
        for earlier, later in pairwise(within)
        for field, old, new in _differences(earlier.identity, later.identity)
    ]
    if changes:
        remedy = "if it is another machine, let it begin a history of its own: move the old state directory away"
        yield Problem(
            _ORIGIN, "identity_changed", f"the host is not the same in all hours: {'; '.join(changes)}", remedy
        )


def _differences(earlier: Identity, later: Identity) -> Iterator[tuple[str, str, str]]:
    for field, old, new in zip(earlier._fields, earlier, later, strict=True):
        if old != new:
            shown = slice(_DIGITS_SHOWN if field == "machine" else None)
            yield field.replace("_", " "), old[shown], new[shown]


def _named(text: str) -> str:
    return f"'{text}'" if text else "unknown"


def _places(accounts: AccountTotals) -> Iterator[Problem]:
    regions = sorted({region for stem, _, _, region in accounts if stem == SCOPE2_LOCATION_BASED.stem})
    if len(regions) > 1:
        what = f"the host was in {' and '.join(region or _NOWHERE for region in regions)}"
        remedy = "nothing to mend if it was moved; where the place is wrong, set `location` with dates and recompute"
        yield Problem(_ORIGIN, "place_changed", f"{what}: each hour is accounted by the grid of its own place", remedy)


def _without_pue(accounts: AccountTotals) -> Iterator[Problem]:
    """Say how much of the host's energy is not in the facility's figures, where there are any."""
    of_host = [hour.energy for (stem, *_), hour in accounts.items() if stem == SCOPE2_LOCATION_BASED.stem]
    of_facility = [hour.energy for (stem, *_), hour in accounts.items() if facility_basis(stem) is not None]
    all_of_it, with_pue = sum(of_host, NOTHING).central, sum(of_facility, NOTHING).central
    left_out = (all_of_it - with_pue) * JOULES_PER_MICROJOULE / JOULES_PER_KWH
    if with_pue and all_of_it - with_pue > _SAME * all_of_it:
        what = f"of {left_out:.6g} kWh of the host's energy no PUE was known: the facility's figures leave it out"
        remedy = "add those hours to the file of the PUE, or set its `value`, and recompute the days"
        yield Problem(_ORIGIN, "pue_missing", what, remedy)


def _recomputed(view: HistoryView, begins: datetime, ends: datetime) -> Iterator[Problem]:
    for one in view.account_versions(begins, ends):
        what = (
            f"the accounts of {one.hours} hours are version {one.version}, recomputed on {one.made_at:%Y-%m-%d %H:%M} UTC "
            f"by wattprint {one.program}"
        )
        remedy = "nothing to mend: counters and statements of before stay as they were, and may differ"
        yield Problem(_ORIGIN, "recomputed", what, remedy)


def _hardware(view: HistoryView, booked: Sequence[FrozenLot]) -> Iterator[Problem]:
    sets = view.lot_sets()
    newest = sets[-1].lots if sets else ()
    if not newest:
        what = "the history knows no hardware, so that it is not known what is booked of it"
        yield Problem(
            _ORIGIN, "hardware_unknown", what, "run the agent once: `wattprint inventory` shows what it finds"
        )
    if any(one.acquired is None for one in newest):
        what = "for a part of the hardware nobody has said when it was acquired: it is booked in no year"
        yield Problem(_ORIGIN, "acquired_unknown", what, "set `acquired` under `server` in the inventory file")
    for key in dict.fromkeys(one.key for one in booked):
        first, now = (sum(one.booked.central for one in lots if one.key == key) for lots in (booked, newest))
        if not isclose(first, now, rel_tol=_SAME):
            what = f"what was acquired on {key[0]} was booked at {first / 1000:.6g} kgCO2e and is known to be {now / 1000:.6g} now"
            remedy = "nothing to mend: what was booked stays; say so if the year is restated"
            yield Problem(_ORIGIN, "embodied_revised", what, remedy)

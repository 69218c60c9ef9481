# SPDX-License-Identifier: Apache-2.0
"""A history's accounts of some days, recomputed: which hours those are, what is known of them, and what came of it.

The history is opened as the agent opens it, under its lock: one process writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from agent.accounts.electricity import netted
from agent.accounts.electricity_entries import market_state
from agent.accounts.facility import HOSTS_OF
from agent.accounts.recompute import MARKET_BASED, OF_HOST, Knowledge, recomputed
from agent.errors import ConfigError
from agent.history.hourly import ImpactHour, facility_basis
from agent.history.view import HistoryView
from agent.history.writer import History
from agent.place import check_locations, place_of
from agent.stretch import hour_of, moment_of
from agent.written.factor_book import book_of
from impacts.market_based.emissions import overclaimed
from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from agent.history.hourly import Entry
    from agent.host import Host
    from agent.written.config import Config
    from impacts.market_based.instruments import Instrument
    from impacts.values.bounded import Bounded

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)  # no history is of before


class Side(NamedTuple):
    """What one version of the accounts holds of a quantity."""

    whole: ImpactHour
    by_factor: dict[str, ImpactHour]  # as people read the factors


@dataclass(frozen=True)
class Recomputation:
    """The accounts of the hours from `since` on and before `until`, before and after."""

    since: datetime
    until: datetime
    version: int  # the newest; 0: as they were counted
    changed: Sequence[Entry]  # that are written; none where nothing changes
    old: Sequence[Entry]
    new: Sequence[Entry]

    @property
    def quantities(self) -> tuple[str, ...]:
        """The quantities of the host, and those of its facility that there are accounts of: their stems, energy by basis."""
        found = [one.quantity for one in (*self.old, *self.new)]
        of_facility = (one for one in found if facility_basis(one) is not None or one in HOSTS_OF)
        return (*OF_HOST, *sorted(dict.fromkeys(of_facility)))

    def sides(self, quantity: str) -> tuple[Side, Side]:
        """Return what a quantity (its stem) came to before and comes to now."""
        return _side(quantity, self.old), _side(quantity, self.new)

    @property
    def hours(self) -> int:
        """The number of hours that have accounts."""
        return len({one.hour for one in self.old})

    @property
    def hours_changed(self) -> int:
        """The number of hours that have another version now."""
        return len({one.hour for one in self.changed})


def recompute_days(host: Host, config: Config, directory: Path, first: date, last: date) -> Recomputation:
    """Recompute the days from `first` to `last` (UTC) of the history in a directory, and write what changes.

    Raises:
        ConfigError: there is no such hour or no history, the config cannot be used, an agent has the history, or other
            hours than these claim more of an instrument than its volume.
        HistoryWriteFailed: nothing was written.
    """
    since, over = _period(first, last, host.clock.utc_now())
    _require_history(directory)
    history = History.open(directory, host.clock)
    try:
        # The agent enters at its next start, from the hour in which it stopped on, what counters have counted meanwhile.
        stopped = moment_of(hour_of(history.last_written_at or over))
        until = max(since, min(over, stopped))
        known = replace(_knowledge(host, config, directory), pue=config.pue, hosts=history.host_hours(since, until))
        old = netted(history.accounts(since, until))
        others = _other_hours(history, known.instruments, since, until)
        _refuse_claims_beyond_volume(others, known.instruments, hour_of(stopped))
        changed = recomputed(others, old, known)
        version = history.put_version(changed, host.clock.utc_now()) if changed else history.newest_version()
        return Recomputation(since, until, version, changed, old, netted(history.accounts(since, until)))
    finally:
        history.close()


def _other_hours(
    history: HistoryView, instruments: Sequence[Instrument], since: datetime, until: datetime
) -> list[Entry]:
    """Return the newest accounts of the hours before `since` and from `until` on in which instruments may cover anything."""
    if not instruments:
        return []
    begins = datetime.combine(min(one.begins for one in instruments), time(), UTC)
    return netted([*(history.accounts(begins, since) if begins < since else ()), *history.accounts(until)])


def _refuse_claims_beyond_volume(others: Sequence[Entry], instruments: Sequence[Instrument], stopped: int) -> None:
    """Raise ConfigError if hours that are left as they are claim more of an instrument than its volume.

    Those from `stopped` on cannot be recomputed yet: they alone are no reason.
    """
    found: dict[str, tuple[Instrument, Bounded]] = {}
    for market in MARKET_BASED:
        may_be_recomputed = market_state((one for one in others if one.hour < stopped), instruments, market)
        claims = overclaimed(market_state(others, instruments, market), instruments)
        beyond = {one.id: (one, joules) for one, joules in claims if one.id in may_be_recomputed.in_period}
        found = {**beyond, **found}  # the host's, where it is the facility's, too
    if not found:
        return
    one, joules = next(iter(found.values()))
    first, last = min(one.begins for one, _ in found.values()), max(one.until for one, _ in found.values())
    raise ConfigError(
        f"the volume of '{one.name}' is {one.volume_joules / JOULES_PER_KWH:.6g} kWh, and the hours that would stay as they are "
        f"claim {max(joules.amounts()) / JOULES_PER_KWH:.6g} kWh of it; "
        f"recompute all of its period: wattprint recompute --from {first} --to {last}"
    )


def _period(first: date, last: date, now: datetime) -> tuple[datetime, datetime]:
    """Return the first moment and the end of the hours that are meant and over.

    Raises:
        ConfigError: there is no such hour.
    """
    if last < first:
        raise ConfigError(f"--to {last} lies before --from {first}; give the first day, then the last")
    since, this_hour = datetime.combine(first, time(), UTC), moment_of(hour_of(now))
    if since >= this_hour:
        raise ConfigError(f"--from {first}: no hour of it is over yet; give a day that has begun")
    end = datetime.combine(min(last, now.date()), time(), UTC) + timedelta(days=1)
    return max(since, _FIRST), min(end, this_hour)


def _require_history(directory: Path) -> None:
    """Look before anything is opened for writing: a missing history is not begun, a damaged one not moved."""
    view = HistoryView.open_read_only(directory)
    if view is None:
        raise ConfigError(f"{directory}: holds no history; name the agent's state directory with --state")
    view.close()


def _knowledge(host: Host, config: Config, directory: Path) -> Knowledge:
    book, problems = book_of(host, config, directory)
    if problems:
        raise ConfigError(f"{problems[0].what}; {problems[0].remedy}")
    check_locations(book, config.locations)
    live = []
    if config.grid is not None:
        from agent.grid.live import kept_intensity  # noqa: PLC0415 - loads what asks for it, too

        live = kept_intensity(host, config.grid, directory, book)
    place = place_of(config.said_location, host, book)
    return Knowledge(book, place, config.instruments, live, places=config.places)


def _side(quantity: str, entries: Sequence[Entry]) -> Side:
    by_factor: dict[str, ImpactHour] = {}
    for one in entries:
        if one.quantity == quantity:
            by_factor[one.label] = by_factor.get(one.label, ImpactHour()) + one.amount
    return Side(sum(by_factor.values(), ImpactHour()), by_factor)

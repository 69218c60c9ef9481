# SPDX-License-Identifier: Apache-2.0
"""wattprint recompute: the accounts of past hours by better factors, as a new version beside the old one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.accounts.electricity import netted
from agent.accounts.recompute import QUANTITIES, Knowledge, recomputed
from agent.cli import DONE
from agent.cli.options import add_config, add_format
from agent.config_file import config_of
from agent.errors import ConfigError
from agent.history.hourly import ImpactHour
from agent.history.view import HistoryView
from agent.history.writer import History
from agent.place import check_location, place_of
from agent.written.factor_book import book_of
from impacts.quantities import CATALOGUE
from impacts.values.units import JOULES_PER_KWH, JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from agent.history.hourly import Entry
    from agent.host import Host
    from agent.written.config import Config

HELP = "apply the best factors now known to the history's hours, as a new version of their accounts"
_UNITS = {quantity.stem: quantity.unit for quantity in CATALOGUE if quantity.stem in QUANTITIES}
_EVER = datetime(1970, 1, 2, tzinfo=UTC)
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--from", dest="first", required=True, metavar="YYYY-MM-DD", help="the first day (UTC)")
    parser.add_argument(
        "--to",
        dest="last",
        required=True,
        metavar="YYYY-MM-DD",
        help="the last day (UTC); of today, the hours that are over",
    )
    add_config(parser)
    parser.add_argument("--state", type=Path, metavar="DIR", help="where the history is (default: the config's)")
    add_format(parser, "text", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Recompute, write what changes, and print old and new."""
    since, over = _period(arguments, host.clock.utc_now())
    config = config_of(host, arguments.config)
    directory: Path = arguments.state or config.state_directory
    _require_history(directory)
    history = History.open(directory, host.clock)
    try:
        # The agent enters at its next start, from the hour in which it stopped on, what counters have counted meanwhile.
        stopped = (history.last_written_at or over).replace(minute=0, second=0, microsecond=0)
        until = max(since, min(over, stopped))
        known = _knowledge(host, config, directory)
        old = netted(history.accounts(since, until))
        before = netted(history.accounts(_EVER, since)) if known.instruments else []
        changed = recomputed(before, old, known)
        version = history.put_version(changed, host.clock.utc_now()) if changed else history.newest_version()
        new = netted(history.accounts(since, until))
    finally:
        history.close()
    document = _document((since, until), version, changed, old, new)
    print(json.dumps(document, indent=2) if arguments.format == "json" else "\n".join(_text(document)))
    return DONE


def _period(arguments: argparse.Namespace, now: datetime) -> tuple[datetime, datetime]:
    """Return the first moment and the end of the hours that are meant and over.

    Raises:
        ConfigError: a day is none, or there is no such hour.
    """
    first, last = _day(arguments.first, "--from"), _day(arguments.last, "--to")
    if last < first:
        raise ConfigError(f"--to {last} lies before --from {first}; give the first day, then the last")
    since = datetime.combine(first, time(), UTC)
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    if since >= this_hour:
        raise ConfigError(f"--from {first}: no hour of it is over yet; give a day that has begun")
    # No history is of before, nor of after.
    last = min(last, now.date())
    return max(since, _FIRST), min(datetime.combine(last, time(), UTC) + timedelta(days=1), this_hour)


def _day(text: str, option: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is no day; write it as 2026-12-31") from None


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
    check_location(book, config.location)
    live = []
    if config.grid is not None:
        from agent.grid.live import kept_intensity  # noqa: PLC0415 - loads what asks for it, too

        live = kept_intensity(host, config.grid, directory, book)
    return Knowledge(book, place_of(config.said_location, host, book), config.instruments, live)


def _document(
    period: tuple[datetime, datetime], version: int, changed: list[Entry], old: list[Entry], new: list[Entry]
) -> dict[str, Any]:
    since, until = period
    return {
        "from": since.isoformat(),
        "until": until.isoformat(),
        "written": bool(changed),
        "version": version,
        "hours": len({one.hour for one in old}),
        "hours_changed": len({one.hour for one in changed}),
        "quantities": [
            {"quantity": stem, "unit": _UNITS[stem], "old": _side(stem, old), "new": _side(stem, new)}
            for stem in QUANTITIES
        ],
    }


def _side(stem: str, accounts: Iterable[Entry]) -> dict[str, Any]:
    """Return a quantity's sum and its factors."""
    factors: dict[str, ImpactHour] = {}
    whole = ImpactHour()
    for one in accounts:
        if one.quantity == stem:
            factors[one.label] = factors.get(one.label, ImpactHour()) + one.amount
            whole += one.amount
    listed = [{"factor": name, **_amount(amount)} for name, amount in sorted(factors.items())]
    return {**_amount(whole), "factors": listed}


def _amount(entered: ImpactHour) -> dict[str, float]:
    joules, amount = entered.energy.central * JOULES_PER_MICROJOULE, entered.amount
    return {"energy_joules": joules, "low": amount.low, "central": amount.central, "high": amount.high}


def _text(document: dict[str, Any]) -> Iterator[str]:
    span = f"{document['from'][:16]} to {document['until'][:16]} UTC, hours with accounts: {document['hours']}"
    if not document["written"]:
        newest = f"version {document['version']}" if document["version"] else "as they were booked"
        yield f"{span}: nothing changes, nothing is written; the accounts stay {newest}"
        return
    yield f"{span}: version {document['version']} is written, hours that change: {document['hours_changed']}; the old stays"
    for quantity in document["quantities"]:
        old, new, unit = quantity["old"], quantity["new"], quantity["unit"]
        if old == new:
            yield (
                f"\n{quantity['quantity']}: {_bounded(old)} {unit}, unchanged"
                if new["factors"]
                else f"\n{quantity['quantity']}: none"
            )
        else:
            yield f"\n{quantity['quantity']}: {_bounded(old)} -> {_bounded(new)} {unit}"
            yield from (_line("old", factor, unit) for factor in old["factors"])
            yield from (_line("new", factor, unit) for factor in new["factors"])
    yield "\nCounters are not rewritten: statements of counters stay as they were, reports take the newest version."


def _bounded(side: dict[str, Any]) -> str:
    return f"{side['central']:.6g} ({side['low']:.6g} to {side['high']:.6g})"


def _line(which: str, factor: dict[str, Any], unit: str) -> str:
    return f"  {which}  {factor['factor']}: {factor['energy_joules'] / JOULES_PER_KWH:.6g} kWh, {factor['central']:.6g} {unit}"

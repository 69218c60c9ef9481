# SPDX-License-Identifier: Apache-2.0
"""wattprint recompute: the accounts of past hours by better factors, as a new version beside the old one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.accounts.recomputation import recompute_days
from agent.cli import DONE
from agent.cli.options import add_config, add_format
from agent.config_file import config_of
from agent.errors import ConfigError
from impacts.quantities import CATALOGUE
from impacts.values.units import JOULES_PER_KWH, JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.accounts.recomputation import Recomputation, Side
    from agent.history.hourly import ImpactHour
    from agent.host import Host

HELP = "apply the best factors now known to the history's hours, as a new version of their accounts"
_UNITS = {quantity.stem: quantity.unit for quantity in CATALOGUE}


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
    first, last = _day(arguments.first, "--from"), _day(arguments.last, "--to")
    config = config_of(host, arguments.config)
    done = recompute_days(host, config, arguments.state or config.state_directory, first, last)
    document = _document(done)
    print(json.dumps(document, indent=2) if arguments.format == "json" else "\n".join(_text(document)))
    return DONE


def _day(text: str, option: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is no day; write it as 2026-12-31") from None


def _document(done: Recomputation) -> dict[str, Any]:
    return {
        "from": done.since.isoformat(),
        "until": done.until.isoformat(),
        "written": bool(done.changed),
        "version": done.version,
        "hours": done.hours,
        "hours_changed": done.hours_changed,
        "quantities": [_quantity(stem, *done.sides(stem)) for stem in done.quantities],
    }


def _quantity(stem: str, old: Side, new: Side) -> dict[str, Any]:
    return {"quantity": stem, "unit": _UNITS[stem.partition(":")[0]], "old": _side(old), "new": _side(new)}


def _side(side: Side) -> dict[str, Any]:
    factors = [{"factor": name, **_amount(amount)} for name, amount in sorted(side.by_factor.items())]
    return {**_amount(side.whole), "factors": factors}


def _amount(entered: ImpactHour) -> dict[str, float]:
    joules, amount = entered.energy.central * JOULES_PER_MICROJOULE, entered.amount
    return {"energy_joules": joules, "low": amount.low, "central": amount.central, "high": amount.high}


def _text(document: dict[str, Any]) -> Iterator[str]:
    span = f"{document['from'][:16]} to {document['until'][:16]} UTC, hours with accounts: {document['hours']}"
    if not document["written"]:
        newest = f"version {document['version']}" if document["version"] else "as they were entered"
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
    yield "\nCounters are not rewritten: what was read from them stays as it was, reports take the newest version."


def _bounded(side: dict[str, Any]) -> str:
    return f"{side['central']:.6g} ({side['low']:.6g} to {side['high']:.6g})"


def _line(which: str, factor: dict[str, Any], unit: str) -> str:
    return f"  {which}  {factor['factor']}: {factor['energy_joules'] / JOULES_PER_KWH:.6g} kWh, {factor['central']:.6g} {unit}"

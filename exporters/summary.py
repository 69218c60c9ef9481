# SPDX-License-Identifier: Apache-2.0
"""The agent's first words on a terminal: power, both scopes and how many problems there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.web.amounts import EMISSIONS, INTENSITY, POWER, Scale
from impacts import quantities as q
from impacts.values.estimates import total

if TYPE_CHECKING:
    from impacts.snapshots import Snapshot
    from impacts.values.estimates import Estimate


def first_words(snapshot: Snapshot) -> str:
    """Return a few lines for a person who has just started the agent."""
    lines = [
        _line("power", q.HOST_POWER.name, POWER, snapshot),
        _line("grid", q.GRID_LOCATION_BASED.name, INTENSITY, snapshot),
        _line("market", q.GRID_MARKET_BASED.name, INTENSITY, snapshot),
        _line("embodied", q.EMBODIED.name, EMISSIONS, snapshot),
    ]
    lines += [f"  why       {problem.what}" for problem in snapshot.problems if problem.origin == "host"]
    lines.append(
        f"  problems  {len(snapshot.problems)}: the landing page and `wattprint doctor` name each with its remedy"
    )
    return "\n".join(lines)


def _line(word: str, name: str, scale: Scale, snapshot: Snapshot) -> str:
    figures = snapshot.named(name)
    if not figures:
        return f"  {word:<9} not known yet"
    basis = f" ({figures[0].labels[0].replace('_', ' ')})" if name == q.HOST_POWER.name else ""
    return f"  {word:<9} {_amount(total(figure.estimate for figure in figures), scale)}{basis}"


def _amount(estimate: Estimate, scale: Scale) -> str:
    amount = scale.amount(estimate)
    bounds = f" ({amount.bounds} {amount.unit})" if amount.bounds else ""
    return f"{amount.central} {amount.unit}{bounds}"

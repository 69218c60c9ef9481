# SPDX-License-Identifier: Apache-2.0
"""The whole host as one term of the load model: what inlet meters of siblings have taught of servers like it.

Between the loads that the siblings know it is linear. Beyond them it follows the general model, scaled to the last load that
they know, with the wider bounds of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from agent.wholehost.terms import LOAD, Term
from agent.written.sibling_power import ONE_SIBLING
from impacts.configurations import LOADS, configuration_of
from impacts.factors import FactorMissing
from impacts.problems import Problem
from impacts.values.curves import Curve
from impacts.values.derivations import work_out
from impacts.values.estimates import Estimate, merge_grounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impacts.configurations import Configuration
    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory
    from impacts.values.derivations import Derivation

_REMEDY = "make the inlet meters of more of them readable, then learn again: docs/siblings.md"


@dataclass(frozen=True, slots=True)
class SiblingTerm:
    """The term, and what is to be known of it."""

    term: Term
    problems: tuple[Problem, ...]


def sibling_term(inventory: Inventory, book: FactorBook, general: Callable[[float], Estimate]) -> SiblingTerm | None:
    """Return what siblings have taught of the server, best those with the same parts; None where no factor has it.

    `general` is the power at the inlet (W) by load of the model that knows no siblings.
    """
    own = configuration_of(inventory)
    if own is None:
        return None
    for configuration in (own, own.of_any_parts):
        known = _known(configuration, book)
        if known:
            return SiblingTerm(_term(known, general), tuple(_problems(configuration, known)))
    return None


def _known(configuration: Configuration, book: FactorBook) -> dict[float, Estimate]:
    """Return the power (W) at each load of which there is a factor."""
    known = {}
    for load in LOADS:
        try:
            known[load] = book.find(configuration.subject(load), "power", on=date.max).factor.value
        except FactorMissing:
            continue
    return known


def _term(known: dict[float, Estimate], general: Callable[[float], Estimate]) -> Term:
    powers = {load: known[load] if load in known else _beyond(load, known, general) for load in LOADS}
    rising = _rising({load: power for load, power in powers.items() if power is not None})
    full = _full(known, general)
    return Term("host", "host", full, Curve(tuple((load, _share(power, full)) for load, power in rising.items())))


def _full(known: dict[float, Estimate], general: Callable[[float], Estimate]) -> Derivation:
    """Return the power at full load, of which the curve has the shares: the bounds are those of the shares."""
    last = max(known)
    inputs = {"siblings": _exactly(known[last])}
    if last == 1:
        return work_out("power of the host at full load, by its siblings", "siblings", inputs)
    inputs |= {"model": _exactly(general(1.0)), "model_there": _exactly(general(last))}
    title = f"power of the host at full load, by its siblings at a load of {last:g} and the model of its parts beyond"
    return work_out(title, "model ÷ model_there × siblings", inputs)


def _exactly(estimate: Estimate) -> Estimate:
    return Estimate.exact(estimate.central, estimate.unit, *estimate.grounds)


def _beyond(load: float, known: dict[float, Estimate], general: Callable[[float], Estimate]) -> Estimate | None:
    """Return the general model's power at a load that no sibling knows, scaled; None between two that they know."""
    if min(known) < load < max(known):
        return None
    edge = min(known) if load < min(known) else max(known)
    there, here, taught = general(edge), general(load), known[edge]
    central = taught.central * here.central / there.central
    low = central * min(here.low / here.central, taught.low / taught.central)
    high = central * max(here.high / here.central, taught.high / taught.central)
    return Estimate(low, central, high, "W", merge_grounds(taught.grounds, here.grounds))


def _rising(powers: dict[float, Estimate]) -> dict[float, Estimate]:
    """Return the powers such that none is below the one before: what falls is within the errors."""
    found, least = {}, 0.0
    for load, power in powers.items():
        least = max(power.central, least)
        found[load] = Estimate(power.low, least, max(power.high, least), power.unit, power.grounds)
    return found


def _share(power: Estimate, full: Derivation) -> Estimate:
    share = power / full.estimate
    return Estimate(share.low, share.central, share.high, share.unit, merge_grounds((LOAD,), power.grounds))


def _problems(configuration: Configuration, known: dict[float, Estimate]) -> Iterator[Problem]:
    if configuration.is_of_any_parts:
        what = "siblings whose memory or drives differ have taught the host's power: the bounds are wide"
        yield Problem("model", "siblings_of_other_parts", what, _REMEDY)
    if all(citation.locator == ONE_SIBLING for power in known.values() for citation in power.grounds):
        what = "one sibling alone has taught the host's power: the bounds are wide"
        yield Problem("model", "single_sibling", what, _REMEDY)

# SPDX-License-Identifier: Apache-2.0
"""The load model's term for the CPUs: their thermal design power times a load curve of their class and family."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.wholehost.terms import LOAD, Term
from impacts.cpus.families import family_tdp_watts, power_family
from impacts.cpus.families import machine_class as class_of_cpu
from impacts.cpus.names import tdp_watts
from impacts.factors import FactorMissing
from impacts.problems import Problem
from impacts.values.curves import Curve
from impacts.values.derivations import work_out
from impacts.values.estimates import Estimate, merge_grounds, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from impacts.factor_book import FactorBook
    from impacts.parts import Inventory, Part

CURVE_LOADS = ("0", "0.1", "0.2", "0.3", "0.5", "0.7", "1")


def cpu_term(
    inventory: Inventory, book: FactorBook, value: Callable[[str], Estimate], threads: int
) -> tuple[Term, tuple[Problem, ...]]:
    """Return the term of all CPUs of a machine with so many logical CPUs, and what had to be assumed."""
    by_threads = value("cpu_tdp_per_thread").scaled(threads)
    tdp, problems = _tdp(inventory, book, by_threads)
    full = work_out("modelled power: cpu, as much as its thermal design power", "tdp", {"tdp": tdp})
    return Term("cpu", "cpu", full, _curve(inventory.of_kind("cpu"), value)), problems


def machine_class(cpus: Sequence[Part]) -> str:
    """Return the class of machine that the CPUs make: server, entry (one socket for a desktop's die) or older."""
    found = _class_of_curve(cpus)
    return "server" if found == "arm" else found


def _class_of_curve(cpus: Sequence[Part]) -> str:
    classes = (class_of_cpu(part.model or "", part.cores) for part in cpus)
    return next(filter(None, classes), "server")


def _curve(cpus: Sequence[Part], value: Callable[[str], Estimate]) -> Curve:
    """Return the share of the thermal design power that is drawn at each load."""
    kind = _class_of_curve(cpus)
    if kind == "server" and _of_all(part.boost for part in cpus) is False:
        kind = "server_without_boost"
    ratios = _family_ratios(cpus, value)
    points = {load: value(f"cpu_load_curve:{kind}:{load}") * ratios[load] for load in CURVE_LOADS}
    if _of_all(part.deep_idle for part in cpus) is False:
        awake = points["0"] * value("cpu_idle_without_deep_idle")
        points = {load: _at_least(awake, share) for load, share in points.items()} | {"0": awake}
    return Curve(tuple((float(load), _on_load(share)) for load, share in points.items()))


def _of_all(limits: Iterable[bool | None]) -> bool | None:
    """Return what holds for all CPUs; None where they differ, or it is not known."""
    found = set(limits)
    return found.pop() if len(found) == 1 else None


def _at_least(idle: Estimate, share: Estimate) -> Estimate:
    """Return a share under load that is not below the idle one: more work never draws less."""
    grounds = merge_grounds(share.grounds, idle.grounds)
    low, central, high = max(share.low, idle.low), max(share.central, idle.central), max(share.high, idle.high)
    return Estimate(low, central, high, share.unit, grounds)


def _family_ratios(cpus: Sequence[Part], value: Callable[[str], Estimate]) -> dict[str, Estimate]:
    """Return by load how the CPUs' family lies to its class; 1 where that has not been measured."""
    family = next(filter(None, (power_family(part.model or "", part.cores) for part in cpus)), None)
    try:
        return {load: value(f"cpu_load_ratio:{family.name}:{load}") for load in CURVE_LOADS} if family else _AS_CLASS
    except FactorMissing:
        return _AS_CLASS


_AS_CLASS = {load: Estimate.exact(1.0, "1", LOAD) for load in CURVE_LOADS}


def _on_load(share: Estimate) -> Estimate:
    """Return a share that also rests on the load."""
    return replace(share, grounds=merge_grounds((LOAD,), share.grounds))


def _tdp(inventory: Inventory, book: FactorBook, by_threads: Estimate) -> tuple[Estimate, tuple[Problem, ...]]:
    """Return the TDP of all CPUs: by product, else by family; where one has neither, by logical CPU for all of them."""
    if inventory.server.virtual:
        # The name is of the hypervisor's processor, of which a guest has a few threads.
        return by_threads, ()
    cpus = [(part, tdp_watts(book, part.model or "")) for part in inventory.of_kind("cpu")]
    unknown = ", ".join(part.model or "unnamed" for part, tdp in cpus if tdp is None)
    tdps = [(part, tdp or family_tdp_watts(book, part.model or "", part.cores)) for part, tdp in cpus]
    known = [tdp.scaled(part.count) for part, tdp in tdps if tdp is not None]
    if not cpus or len(known) < len(cpus):
        return by_threads, (_tdp_unknown(unknown or "unknown", "a default per logical CPU stands in"),)
    problems = (_tdp_unknown(unknown, "the range of its family stands in"),) if unknown else ()
    return total(known), problems


def _tdp_unknown(names: str, stand_in: str) -> Problem:
    return Problem(
        "model",
        "tdp_unknown",
        f"the thermal design power of the CPU ({names}) is not known: {stand_in}",
        "give the machine a power counter; `wattprint factors list` names the CPU models that are known",
    )

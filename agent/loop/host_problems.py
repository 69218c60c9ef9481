# SPDX-License-Identifier: Apache-2.0
"""Why the host's power is not measured, and what of it is a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.readings import Method
from agent.wholehost.host_step import Basis
from agent.wholehost.ways import SIBLINGS
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.host_facts import HostFacts
    from agent.loop.source_set import SourceSet
    from agent.loop.state import LoopState
    from impacts.snapshots import SourceState


def host_problems(facts: HostFacts, state: LoopState, sources: SourceSet) -> Iterator[Problem]:
    """Return what users ought to know about the host's power now."""
    step = state.present.host_step
    basis = step.basis if step else None
    by_siblings = step is not None and step.method == SIBLINGS
    if basis is None and state.ticks == 1:
        return  # every counter needs a second look
    if basis is Basis.CALIBRATED:
        what = "the inlet meter is silent: power is worked out by what it has taught of the channels that go on"
        remedy = "`wattprint doctor` says what the meter's source lacks; until it is back, the bounds widen with time"
        yield Problem("host", "calibrated", what, remedy)
    elif basis is not Basis.MEASURED:
        yield _taught_by_siblings() if by_siblings else _not_measured(basis, sources)
    if basis is Basis.MODELLED:
        yield from facts.model.problems
    is_by_parts = basis in {Basis.MODELLED, Basis.PART_MODELLED} and not by_siblings
    if is_by_parts and facts.serving.of_kind("gpu") and not _measures_cards(sources):
        what = "no source reports the power of the GPUs: a guess between idle and full load stands in for it"
        yield Problem("host", "gpu_modelled", what, "compare the host with a meter at the plug")


def _measures_cards(sources: SourceSet) -> bool:
    return any(c.component == "gpu" and c.method is not Method.MODELLED for c in sources.channels)


def _taught_by_siblings() -> Problem:
    what = "no power counter could be read: power follows from load as inlet meters of siblings have taught it"
    return Problem(
        "host", "modelled", what, "make the host's own meter readable: `wattprint doctor` says what it lacks"
    )


def _not_measured(basis: Basis | None, sources: SourceSet) -> Problem:
    if basis is Basis.PART_MODELLED:
        return Problem(
            "host",
            "part_modelled",
            "no meter at the power supplies: what lies between the counted components and the inlet is modelled",
            "give the agent the server's inlet meter: `wattprint doctor` says what IPMI, Redfish and hwmon lack here",
        )
    missing = _missing(sources)
    reasons = "; ".join(f"{state.source}: {state.why_not}" for state in missing) or "no counter reported anything"
    remedies = "; ".join(state.remedy for state in missing if state.remedy)
    remedy = remedies or "`wattprint doctor` says what each source needs"
    if basis is None:
        return Problem("host", "power_unknown", f"the host's power is not known ({reasons})", remedy)
    what = f"no power counter could be read, so power is modelled from load, with wide bounds ({reasons})"
    return Problem("host", "modelled", what, remedy)


def _missing(sources: SourceSet) -> list[SourceState]:
    """Return the sources that are there and cannot be read; without any, those that could be had."""
    states = [watched.state for watched in sources.watched]
    there = [state for state in states if state.found and state.why_not]
    return there or [state for state in states if state.why_not and state.remedy]

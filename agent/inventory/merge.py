# SPDX-License-Identifier: Apache-2.0
"""An inventory file over what was detected: kind by kind, and part by part where both have the same one."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from agent.inventory.server import guest_problems
from impacts.parts import KINDS, Inventory, Part, Server
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_DRIVES = frozenset({"ssd", "hdd"})
# Which kinds the file has to list to settle what detection could not know.
_SETTLED_BY = {
    "drives_behind_array": _DRIVES,
    "drives_unknown": _DRIVES,
    "psu_shared": frozenset({"psu"}),
    "cards_unnamed": frozenset({"gpu", "nic", "storage_controller"}),
}
_NEEDED = frozenset({"cpu", "memory"})  # without these two nothing is detected


def written_over(
    written: Inventory, detected: Inventory, problems: tuple[Problem, ...]
) -> tuple[Inventory, tuple[Problem, ...]]:
    """Return the inventory of a file over what was detected here, and the problems that remain.

    What the file states of the server goes before what was detected. Of a kind that the file lists, the parts are the
    file's, and what it leaves out of one is filled in from the detected part; a kind that it does not list stays as
    detected. `count: 0` states that there is no part of the kind.
    """
    stated = {f.name: value for f in fields(Server) if (value := getattr(written.server, f.name))}
    server = replace(detected.server, **stated)
    guest = guest_problems(server)
    remaining = tuple(problem for problem in problems if problem not in guest_problems(detected.server))
    if written.parts is None:
        return Inventory(server, detected.parts), (*guest, *remaining)
    listed = _listed(written.parts)
    parts = [*_completed(written.parts, detected.parts or ()), *_kept(detected.parts or (), listed)]
    parts.sort(key=lambda part: KINDS.index(part.kind))
    assumed = tuple(still_assumed(part) for part in written.parts if part.assumed)
    open_questions = tuple(problem for problem in remaining if not _is_settled(problem, listed))
    return Inventory(server, tuple(parts)), tuple(dict.fromkeys((*guest, *open_questions, *assumed)))


def _listed(parts: Sequence[Part]) -> frozenset[str]:
    """Return the kinds whose present parts a file lists; a part that has left does not list its kind."""
    return frozenset(part.kind for part in parts if part.retired is None)


def _completed(written: Sequence[Part], detected: Sequence[Part]) -> list[Part]:
    return [_filled(part, detected) for part in written if part.count]


def _filled(part: Part, detected: Sequence[Part]) -> Part:
    """Return a part of the file with what it leaves out and the machine shows."""
    same = None if part.retired else _same_part(part, [other for other in detected if other.kind == part.kind])
    if same is None:
        return part
    known = {f.name: getattr(same, f.name) for f in fields(Part) if getattr(part, f.name) is None}
    return replace(part, **known)


def _same_part(part: Part, candidates: list[Part]) -> Part | None:
    """Return the detected part that a part of the file means; None if none or several may be meant, or it was a guess."""
    of_model = [other for other in candidates if part.model and _same_text(part.model, other.model)]
    of_capacity = [other for other in candidates if part.capacity_gb and part.capacity_gb == other.capacity_gb]
    only_one = candidates if len(candidates) == 1 and not _differ(part, candidates[0]) else []
    meant = next((found for found in (of_model, of_capacity, only_one) if found), [])
    return meant[0] if len(meant) == 1 and not meant[0].assumed else None


def _differ(part: Part, other: Part) -> bool:
    """Whether both name a model or a capacity, and not the same."""
    models = part.model and other.model and not _same_text(part.model, other.model)
    capacities = part.capacity_gb and other.capacity_gb and part.capacity_gb != other.capacity_gb
    return bool(models or capacities)


def _same_text(one: str, other: str | None) -> bool:
    return other is not None and one.casefold().split() == other.casefold().split()


def _kept(detected: Sequence[Part], listed: frozenset[str]) -> list[Part]:
    """Return the detected parts that the file leaves out. A file that lists drives lists those behind volumes, too."""
    volumes_listed = bool(listed & _DRIVES)
    return [
        part
        for part in detected
        if part.kind not in listed and not (part.assumed and part.kind in _DRIVES and volumes_listed)
    ]


def _is_settled(problem: Problem, listed: frozenset[str]) -> bool:
    """Whether the file lists what detection could not know."""
    if problem.reason == "parts_unknown":
        return listed >= _NEEDED
    kinds = _SETTLED_BY.get(problem.reason, frozenset({problem.reason.removesuffix("_assumed")}))
    return bool(kinds & listed)


def still_assumed(part: Part) -> Problem:
    """Return the problem of a part in the file that is still marked as a guess."""
    return Problem(
        "inventory",
        f"{part.kind}_assumed",
        f"the {part.kind} parts are a guess that nobody has confirmed",
        "correct them in the inventory file and remove `assumed`",
    )

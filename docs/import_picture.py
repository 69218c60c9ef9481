# SPDX-License-Identifier: Apache-2.0
"""Draws the rooms of the packages and who imports whom, as a Mermaid picture from the imports themselves."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = ("agent", "exporters", "impacts")
BEGINS, ENDS = "<!-- picture: written by `make docs` -->", "<!-- end of the picture -->"


def with_picture(text: str) -> str:
    """Return a document with the picture of now between its two marks."""
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n{picture()}\n{ENDS}{after}"


def picture() -> str:
    """Return a picture of the agent's rooms and one of those of impacts; the other packages are one box each."""
    return "\n\n".join(_picture(package) for package in ("agent", "impacts"))


def _picture(opened: str) -> str:
    """Return the arrows from whoever imports to what is imported, without those that longer ways make needless."""
    arrows = _without_detours(_arrows(opened))
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'  {_id(room)}["{_title(room)}"]' for room in sorted(arrows)]
    lines += [f"  {_id(room)} --> {_id(other)}" for room in sorted(arrows) for other in sorted(arrows[room])]
    return "\n".join([*lines, "```"])


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def _room(module: str, opened: str) -> str:
    """Return the folder below the opened package that a module lies in, or the module itself if it lies loose."""
    package, *path = module.split(".")
    return f"{package}.{path[0]}" if package == opened and path else package


def _title(room: str) -> str:
    name = room.rpartition(".")[2]
    return f"{name}/" if _graph().find_children(room) else name


def _id(room: str) -> str:
    return f"{room.replace('.', '_')}_"


def _arrows(opened: str) -> dict[str, set[str]]:
    graph = _graph()
    arrows: dict[str, set[str]] = {}
    for module in graph.modules:
        room = _room(module, opened)
        others = {_room(imported, opened) for imported in graph.find_modules_directly_imported_by(module)}
        if room != opened:
            arrows.setdefault(room, set()).update(others - {room, opened})
    # Whoever looks at impacts need not see who uses it.
    return {room: others for room, others in arrows.items() if others or _is_used(room, arrows)}


def _is_used(room: str, arrows: Mapping[str, set[str]]) -> bool:
    return any(room in others for others in arrows.values())


def _without_detours(arrows: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows that no longer way replaces (the rooms form no circle)."""

    @cache
    def reached(room: str) -> frozenset[str]:
        return frozenset(arrows.get(room, ())).union(*(reached(other) for other in arrows.get(room, ())))

    return {
        room: {one for one in others if not any(one in reached(other) for other in others if other != one)}
        for room, others in arrows.items()
    }

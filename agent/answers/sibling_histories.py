# SPDX-License-Identifier: Apache-2.0
"""Siblings from the histories of their agents: copies of history.sqlite, or state directories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.history.file import FILE_NAME, open_for_reading
from agent.history.view import HistoryView
from agent.wholehost.siblings.sibling import distinct
from agent.wholehost.siblings.taught import ANCHOR, lessons_of
from impacts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from agent.wholehost.siblings.sibling import Sibling


def siblings_of_histories(paths: Sequence[Path]) -> tuple[list[Sibling], list[Problem]]:
    """Return the siblings that the histories know, and what is wrong with the others.

    Raises:
        ConfigError: a file is not there, or may not be read.
        HistoryDamaged: a file is no history.
    """
    siblings, problems = [], []
    for path in paths:
        found = _sibling(path / FILE_NAME if path.is_dir() else path)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            siblings.append(found)
    return distinct(siblings), problems


def _sibling(path: Path) -> Sibling | Problem:
    connection = open_for_reading(path)
    if connection is None:
        raise ConfigError(f"{path}: there is no history; give history.sqlite of an agent, or its state directory")
    view = HistoryView(connection)
    try:
        kept = view.calibration(ANCHOR)
        identities = view.identities()
    finally:
        view.close()
    host = identities[-1].identity.host_name if identities else ""
    lessons = None if kept is None else lessons_of(kept[1])
    sibling = None if lessons is None else lessons.sibling(host or str(path))
    if sibling is None or not sibling.powers:
        what = f"{path}: its inlet meter has taught nothing yet, or the host has none"
        return Problem("siblings", "nothing_taught", what, "leave it out, or let its agent run for some days")
    return sibling

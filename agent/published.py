# SPDX-License-Identifier: Apache-2.0
"""What was last published of each counter, so that no counter falls after `kill -9`.

The history is written once a minute. What was published since then and is lost with the process would make counters
fall, and Prometheus takes a fall for a restart from zero and adds the whole counter again. So the last published
values lie in a small file beside the history, written at every tick without waiting for the disk: they outlive the
process, though not a power cut. Counters stand still at them until the accounts have caught up.
"""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from impacts.quantities import (
    CHANNEL_ENERGY,
    CHANNEL_UNOBSERVED,
    EMBODIED_AMORTISED,
    HOST_ENERGY,
    SCOPE2_LOCATION_BASED,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from impacts.figures import Figure

FILE_NAME = "published.json"

# Counters of the history's whole time; those of the process itself begin anew with it.
LASTING = frozenset({CHANNEL_ENERGY, CHANNEL_UNOBSERVED, HOST_ENERGY, SCOPE2_LOCATION_BASED, EMBODIED_AMORTISED})


class Published:
    """The highest values that were published. Without a directory nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        self._path = None if directory is None else directory / FILE_NAME
        self._floors: dict[str, list[float]] = _read(self._path)

    def never_below(self, figures: Iterable[Figure]) -> tuple[Figure, ...]:
        """Return the figures, each lasting counter no lower than it was published before, and remember them."""
        raised = tuple(map(self._raised, figures))
        if self._path is not None:
            _write(self._path, json.dumps(self._floors))
        return raised

    def _raised(self, figure: Figure) -> Figure:
        if figure.quantity not in LASTING:
            return figure
        key = " ".join([figure.quantity.stem, *figure.labels])
        given = figure.estimate
        values = [given.low, given.central, given.high]
        floor = self._floors.get(key, values)
        highest = [max(pair) for pair in zip(values, floor, strict=True)]
        self._floors[key] = highest
        if highest == values:
            return figure
        low, central, high = highest
        return replace(figure, estimate=replace(given, low=low, central=central, high=high))


def _read(path: Path | None) -> dict[str, list[float]]:
    """Return what the file holds; nothing if it is not there or was cut short."""
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = found.items() if isinstance(found, dict) else ()
    return {key: values for key, values in entries if _is_bounds(values)}


def _is_bounds(values: object) -> bool:
    match values:
        case [int() | float() as low, int() | float() as central, int() | float() as high]:
            return bool(0 <= low <= central <= high < inf)
    return False


def _write(path: Path, text: str) -> None:
    """Replace the file in one step; a full disk costs no more than this protection."""
    new = path.with_suffix(".new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError:
        return

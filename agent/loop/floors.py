# SPDX-License-Identifier: Apache-2.0
"""What was last published of each counter, so that no counter falls after `kill -9`.

The history is written once a minute. What was published since then and is lost with the process would make counters
fall, and Prometheus takes a fall for a restart from zero and adds the whole counter again. So the last published
values lie in a small file beside the history, written with every snapshot that is published, without waiting for the
disk: they outlive the process, though not a power cut. Counters stand still at them until the accounts have caught up.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from impacts.figures import Figure

FILE_NAME = "published.json"


class Floors:
    """The highest values that were published. Without a directory nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        path = None if directory is None else directory / FILE_NAME
        self._floors: dict[str, list[float]] = _read(path)
        self._descriptor = -1 if path is None else _open(path)
        self._length = (
            0 if path is None else _size(path)
        )  # of the longest text written: a shorter one is padded, not cut

    def never_below(self, figures: Iterable[Figure]) -> tuple[Figure, ...]:
        """Return the figures, each lasting counter no lower than it was published before, and remember them."""
        raised = tuple(map(self._raised, figures))
        if self._descriptor >= 0:
            self._write(json.dumps(self._floors).encode())
        return raised

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, text: bytes) -> None:
        """Write over the file in place, which costs no work of the file system's; a full disk costs this protection."""
        self._length = max(self._length, len(text))
        with suppress(OSError):
            os.pwrite(self._descriptor, text.ljust(self._length), 0)

    def _raised(self, figure: Figure) -> Figure:
        if not figure.quantity.lasting:
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


def _open(path: Path) -> int:
    """Open the file to be written over; without it nothing is kept."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError:
        return -1


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

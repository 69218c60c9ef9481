# SPDX-License-Identifier: Apache-2.0
"""Which files this process opens, however briefly: by Python's own audit events (PEP 578)."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS: list[list[Path]] = []  # of those who look on at present


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _LISTS and isinstance(arguments[0], str | os.PathLike):
        for opened in _LISTS:
            opened.append(Path(arguments[0]))


sys.addaudithook(_hook)


@contextmanager
def opened_files() -> Iterator[list[Path]]:
    """Give a list that every file is added to whose opening is tried meanwhile, whether it is there or not."""
    opened: list[Path] = []
    _LISTS.append(opened)
    try:
        yield opened
    finally:
        _LISTS.remove(opened)

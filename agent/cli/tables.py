# SPDX-License-Identifier: Apache-2.0
"""Aligned columns of text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from impacts.problems import Problem


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Return one line per row, columns padded to their widest cell; those named in `right` to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Yield every problem with its remedy, an empty line before each."""
    for problem in problems:
        yield f"\n{problem.origin} · {problem.reason}\n  what    {problem.what}\n  remedy  {problem.remedy}"

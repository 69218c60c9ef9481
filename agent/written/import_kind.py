# SPDX-License-Identifier: Apache-2.0
"""A kind of file that a user imports: its columns, what a row of it is, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from agent.written.csv_table import Row
    from impacts.factor_book import FactorBook
    from impacts.factors import Factor
    from impacts.problems import Problem


@dataclass(frozen=True)
class ImportKind:
    """Residual mixes, say. The columns distinguish the kinds; one row makes one factor."""

    folder: str  # of the state directory
    title: str  # of a file as a dataset
    columns: tuple[str, ...]
    optional_columns: tuple[str, ...]
    indicator: str  # a key of CRITERIA
    unit: str  # as written
    factor: Callable[[Row, str], Factor]  # of a row and the dataset's id; raises ConfigError
    named: Callable[[Factor], str]  # what a message calls it
    check: Callable[[Row, FactorBook], None]  # against what is known elsewhere; raises ConfigError
    summary: Callable[[Sequence[Factor]], str]  # what a file has, in one line
    problems: Callable[[Factor], Iterable[Problem]]

    @property
    def key_column(self) -> str:
        """The column that is named where two rows state the same."""
        return self.columns[0]

# SPDX-License-Identifier: Apache-2.0
"""The factors behind figures: every row of a dataset that one of them rests on, and how well it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.explain.power import OBSERVED
from impacts import quantities as q
from impacts.factors import FactorMissing, Fit
from impacts.figures import Figure
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from impacts.factor_book import FactorBook
    from impacts.factors import FactorMatch
    from impacts.values.estimates import Citation


def factor_figures(figures: Sequence[Figure], book: FactorBook, matches: Iterable[FactorMatch]) -> Iterator[Figure]:
    """Return an info figure for each row; `matches` are the answers that were chosen for this place and time."""
    fits = {match.factor.citation: match for match in matches}
    rows = {ground for figure in figures for ground in figure.estimate.grounds if ground.dataset}
    for row in sorted(rows, key=lambda row: (row.dataset, row.entry)):
        subject, fit = _subject_and_fit(row, book, fits)
        yield Figure(q.FACTOR, (subject, row.dataset, row.entry, fit.value), _ONE)


_ONE = Estimate.exact(1.0, "1", OBSERVED)


def _subject_and_fit(row: Citation, book: FactorBook, fits: dict[Citation, FactorMatch]) -> tuple[str, Fit]:
    match = fits.get(row)
    if match is None:
        try:
            match = book.cited(row)
        except FactorMissing:  # a provider's value, or a row that the datasets had when it was used
            return row.entry.partition(":")[0], Fit.EXACT
    return match.factor.subject, match.fit

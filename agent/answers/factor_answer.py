# SPDX-License-Identifier: Apache-2.0
"""The answer to `wattprint factors show`: what was asked, what is taken, what else there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from math import isclose
from typing import TYPE_CHECKING

from agent.errors import ConfigError
from impacts.datasets import read_datasets
from impacts.electricity.grid import GridSplit, grid_factor, grid_problems, official_factors, other_datasets, split
from impacts.electricity.shares import ELECTRICITY, GWP
from impacts.factor_book import FactorBook
from impacts.factors import FactorMissing
from impacts.market_based.residual_mix import RESIDUAL_MIX, residual_mix_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from impacts.datasets import Dataset
    from impacts.factors import Factor, FactorMatch
    from impacts.problems import Problem
    from impacts.values.estimates import Estimate

_YEAR = re.compile(r"[12]\d{3}")


@dataclass(frozen=True, slots=True)
class Question:
    """`SUBJECT[:REGION][:YEAR]`, taken apart."""

    subject: str
    region: str
    on: date


@dataclass(frozen=True, slots=True)
class Answer:
    """The factor that is taken, and all others that could have been."""

    question: str
    chosen: FactorMatch
    alternatives: tuple[FactorMatch, ...]
    other_criteria: tuple[str, ...]
    regions: tuple[str, ...]  # that could have been asked for, where none was
    problems: tuple[Problem, ...]
    datasets: Mapping[str, Dataset]
    of_other_datasets: tuple[Factor, ...] = ()  # of the same grid and boundary; the bounds cover them
    split: GridSplit | None = None  # of a grid's carbon intensity: its Scope 2 and category 3
    official: tuple[Factor, ...] = ()  # what authorities state of the grid, of every boundary, and what was imported

    @property
    def why_these_bounds(self) -> str:
        """Why the chosen factor has the bounds it has, where they are its dataset's assumption; else empty."""
        value, dataset = self.chosen.factor.value, self.datasets[self.chosen.factor.citation.dataset]
        reach = dataset.relative_bounds
        if reach is None:
            return ""
        low, high = value.central * (1 - reach), value.central * (1 + reach)
        return dataset.why_these_bounds if isclose(value.low, low) or isclose(value.high, high) else ""

    def as_printed(self, factor: Factor) -> Estimate:
        """Return the factor's value in its publisher's unit."""
        return factor.value.in_unit(self.datasets[factor.citation.dataset].unit_of(factor.subject))

    def spread_over_datasets(self) -> tuple[float, float] | None:
        """Return the least and the most that the datasets state of the same grid, in the chosen one's unit; None if alone."""
        if not self.of_other_datasets:
            return None
        unit = self.as_printed(self.chosen.factor).unit
        values = [one.value.in_unit(unit).central for one in (self.chosen.factor, *self.of_other_datasets)]
        return min(values), max(values)


def answer(
    text: str, criterion: str | None, today: date, imported: Sequence[tuple[Dataset, tuple[Factor, ...]]] = ()
) -> Answer:
    """Return the answer to `text`, as it is taken today unless a year is asked for.

    Raises:
        ConfigError: the subject, its criterion or its region is not known; names the nearest.
    """
    read = [*read_datasets(), *imported]
    book = FactorBook(tuple(factor for _, factors in (*imported, *read_datasets()) for factor in factors))
    question = _question(text, book, today)
    subject, region, on = question.subject, question.region, question.on
    known = book.criteria(subject)
    asked = criterion or ("gwp" if "gwp" in known else known[0])
    if asked not in known:
        raise ConfigError(f"{subject} has no criterion {asked!r}; it has {', '.join(known)}")
    try:
        chosen = book.find(subject, asked, region, on=on)
    except FactorMissing as missing:
        raise ConfigError(str(missing)) from missing
    found = Answer(
        text,
        chosen,
        book.alternatives(subject, asked, region, on=on),
        tuple(other for other in known if other != asked),
        () if region else tuple(filter(None, book.regions(subject, asked))),
        (),
        {dataset.id: dataset for dataset, _ in read},
    )
    if (subject, asked) == (ELECTRICITY, GWP):
        return _of_grid(found, question, book)
    return _of_residual_mix(found, question, book) if subject == RESIDUAL_MIX else found


def _of_grid(found: Answer, question: Question, book: FactorBook) -> Answer:
    """Add what is known of a grid besides its factor, and widen the factor's bounds to the other datasets."""
    region, on = question.region, question.on
    chosen = grid_factor(book, region, on)
    parts = split(chosen, book, region, on)
    row = chosen.factor.citation
    others = (found.chosen, *found.alternatives)
    return replace(
        found,
        chosen=chosen,
        alternatives=tuple(match for match in others if match.factor.citation != row),
        of_other_datasets=other_datasets(book, chosen.factor, on),
        split=parts,
        official=official_factors(book, chosen.factor.region, on),
        problems=(*grid_problems(chosen, region, on), *parts.problems),
    )


def _of_residual_mix(found: Answer, question: Question, book: FactorBook) -> Answer:
    """Add what of a residual mix is Scope 2, and its problems."""
    region, on = question.region, question.on
    parts = split(found.chosen, book, region, on)
    problems = residual_mix_problems(found.chosen, region, on)
    return replace(found, split=parts, problems=(*problems, *parts.problems))


def _question(text: str, book: FactorBook, today: date) -> Question:
    """Take the longest known subject off the front; a region and a year may follow."""
    names = {subject.casefold(): subject for subject in book.subjects()}
    pieces = text.split(":")
    for length in range(len(pieces), 0, -1):
        subject = names.get(":".join(pieces[:length]).casefold())
        if subject is not None:
            return _place_and_year(text, subject, pieces[length:], today)
    raise _unknown(text, book)


def _place_and_year(text: str, subject: str, pieces: list[str], today: date) -> Question:
    on = today
    if pieces and _YEAR.fullmatch(pieces[-1]):
        on = date(int(pieces.pop()), 12, 31)
    if len(pieces) > 1:
        raise ConfigError(f"{text!r} has more in it than SUBJECT:REGION:YEAR; try {subject}:{pieces[0]}")
    return Question(subject, "".join(pieces), on)


def _unknown(text: str, book: FactorBook) -> ConfigError:
    if text.partition(":")[0].casefold() == RESIDUAL_MIX:
        return ConfigError("no residual mix is known; import one with `wattprint factors import F`")
    names = {name.casefold(): name for name in book.subjects()}
    for asked in (text, text.partition(":")[0]):
        if nearest := get_close_matches(asked.casefold(), names, n=3, cutoff=0.6):
            return ConfigError(
                f"unknown subject {text!r}; did you mean {' or '.join(names[near] for near in nearest)}?"
            )
    return ConfigError(f"unknown subject {text!r}; `wattprint factors list` names all")

# SPDX-License-Identifier: Apache-2.0
"""The factor book: all factors of all datasets, and which of them fits a question best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.factors import WORLD, Factor, FactorMatch, FactorMissing, Fit, Standing, nearest_in_time
from impacts.values.estimates import Citation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from impacts.products import Product

    Preference = Callable[[Sequence[Factor]], Sequence[Factor]]

# Zones whose name does not begin with that of the next larger region: New England's pool is not Nebraska's.
_PARENTS = {"US-NE-ISNE": "US"}

_FROM_BEST = tuple(Fit)


class FactorBook:
    """All factors of all datasets, in the order of preference: of two that fit equally well the first is taken.

    The nearest place wins, then the nearest year, then the preferred dataset. Subjects and regions are found
    whatever their case.
    """

    def __init__(
        self, factors: tuple[Factor, ...], products: tuple[Product, ...] = (), wholes: tuple[Product, ...] = ()
    ) -> None:
        self.products = products  # servers whose makers publish a footprint and its configuration
        self.wholes = wholes  # servers and other computers whose makers publish a footprint without one
        self._by_question: dict[tuple[str, str], dict[str, list[Factor]]] = {}
        self._names: dict[str, str] = {}
        self._by_row = {f"{one.citation.dataset}/{one.citation.entry}": one for one in factors}
        for factor in factors:
            key = factor.subject.casefold()
            self._names.setdefault(key, factor.subject)
            by_region = self._by_question.setdefault((key, factor.criterion), {})
            by_region.setdefault(factor.region.upper(), []).append(factor)

    @property
    def _every(self) -> Iterator[Factor]:
        for by_region in self._by_question.values():
            for factors in by_region.values():
                yield from factors

    def with_products(self, products: tuple[Product, ...], wholes: tuple[Product, ...] = ()) -> FactorBook:
        """Return the same factors beside other published products."""
        book = FactorBook((), products, wholes)
        book._by_question, book._names, book._by_row = self._by_question, self._names, self._by_row
        return book

    def with_first(self, factor: Factor) -> FactorBook:
        """Return the book with a factor that goes before all others of its subject and region."""
        book = FactorBook((factor, *self._every), self.products, self.wholes)
        book._by_row = {**self._by_row, **book._by_row}
        return book

    def without(self, standing: Standing) -> FactorBook:
        """Return the book without the factors of a standing; by the name of their row they are still found."""
        book = FactorBook(tuple(one for one in self._every if one.standing is not standing), self.products, self.wholes)
        book._by_row = self._by_row
        return book

    def find(
        self, subject: str, criterion: str, region: str = "", *, on: date, prefer: Preference | None = None
    ) -> FactorMatch:
        """Return the factor that fits best: of the zone, else its country, else the world; of the year, else an older one.

        `prefer` returns those of the nearest place's factors that go before the others; none of them: all are alike.

        Raises:
            FactorMissing: there is none; the message says what was asked and what to do.
        """
        by_region = self._by_question.get((subject.casefold(), criterion), {})
        for place, place_fit in _places(region):
            if place in by_region:
                factors = by_region[place]
                factor = nearest_in_time((prefer(factors) if prefer else ()) or factors, on)
                return _match(factor, place_fit, on)
        where = f" in {region}" if region else ""
        raise FactorMissing(
            f"no dataset has {criterion} of {subject}{where}; `wattprint factors list` names every subject"
        )

    def cited(self, citation: Citation) -> FactorMatch:
        """Return the factor that an estimate cites: a default attribute fits as such, a constant exactly."""
        factor = self.row(f"{citation.dataset}/{citation.entry}")
        if factor is None:
            raise FactorMissing(f"no dataset has the row {citation}")
        return FactorMatch(factor, Fit.GENERIC if factor.generic else Fit.EXACT)

    def row(self, name: str) -> Factor | None:
        """Return the factor of a dataset's row by its name, DATASET/ENTRY; None if no dataset has it."""
        return self._by_row.get(name)

    def alternatives(self, subject: str, criterion: str, region: str = "", *, on: date) -> tuple[FactorMatch, ...]:
        """Return what else could have been taken for the same question, the nearest place first."""
        chosen = self.find(subject, criterion, region, on=on).factor
        by_region = self._by_question[subject.casefold(), criterion]
        return tuple(
            _match(factor, place_fit, on)
            for place, place_fit in _places(region)
            for factor in by_region.get(place, ())
            if factor is not chosen
        )

    def of_region(self, subject: str, criterion: str, region: str) -> tuple[Factor, ...]:
        """Return all factors of exactly this region, of all years, the preferred dataset's first."""
        return tuple(self._by_question.get((subject.casefold(), criterion), {}).get(region.upper(), ()))

    def subjects(self) -> tuple[str, ...]:
        """Return the names of all subjects, sorted."""
        return tuple(sorted(self._names.values()))

    def criteria(self, subject: str) -> tuple[str, ...]:
        """Return the criteria that are known of a subject, in the datasets' order; empty for an unknown subject."""
        return tuple(criterion for name, criterion in self._by_question if name == subject.casefold())

    def regions(self, subject: str, criterion: str) -> tuple[str, ...]:
        """Return the regions that a subject has factors of, sorted; an empty name where place does not matter."""
        return tuple(sorted(self._by_question.get((subject.casefold(), criterion), {})))


def cited_row(name: str, book: FactorBook | None) -> Citation:
    """Return the citation of a dataset's row by its name, DATASET/ENTRY; by the name alone where no book has it any more."""
    factor = None if book is None else book.row(name)
    dataset, _, entry = name.partition("/")
    return factor.citation if factor is not None else Citation("a factor of the history", dataset, entry)


def _places(region: str) -> Iterator[tuple[str, Fit]]:
    """Return where to look, the nearest first: `US-CAL-CISO`, `US-CAL`, `US`, `WORLD`, then where place does not matter."""
    place = region.upper()
    yield place, Fit.EXACT
    while "-" in place:
        place = _PARENTS.get(place, place.rpartition("-")[0])
        yield place, Fit.PARENT_REGION
    if place != WORLD:
        yield WORLD, Fit.GENERIC
    if place:
        yield "", Fit.EXACT


def _match(factor: Factor, place_fit: Fit, on: date) -> FactorMatch:
    """Return the factor with the worst of how it fits by place, by time and by itself."""
    fits = (place_fit, _fit_in_time(factor, on), Fit.GENERIC if factor.generic else Fit.EXACT)
    return FactorMatch(factor, max(fits, key=_FROM_BEST.index))


def _fit_in_time(factor: Factor, on: date) -> Fit:
    if factor.valid_until < on:
        return Fit.OLDER_YEAR
    return Fit.NEWER_YEAR if factor.valid_from > on else Fit.EXACT

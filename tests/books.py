# SPDX-License-Identifier: Apache-2.0
"""The datasets that are shipped, and books of a test's own numbers."""

from __future__ import annotations

from datetime import date
from functools import cache

from impacts.datasets import load_book, read_datasets
from impacts.factor_book import FactorBook
from impacts.factors import Factor
from impacts.values.estimates import Citation, Estimate


@cache
def shipped() -> FactorBook:
    """Return the book of what is shipped, read once for all tests: nothing changes a book."""
    return load_book()


def with_power(**rows: tuple[float, float, float]) -> FactorBook:
    """Return what is shipped, but these rows of power: low, central and high in W or as a share.

    A name with `__` for each colon and `_point_` for a decimal point: cpu_load_curve__server__0_point_1.
    """
    named = {name.replace("__", ":").replace("_point_", "."): bounds for name, bounds in rows.items()}
    made = [
        Factor(
            Citation("test", "test", name),
            Estimate(*bounds, "W" if name.startswith("board") else "1", (Citation("test", "test", name),)),
            criterion="power",
            subject=name,
            boundary="use",
            valid_from=date.min,
            valid_until=date.max,
        )
        for name, bounds in named.items()
    ]
    return FactorBook((*made, *(factor for _, factors in read_datasets() for factor in factors)))

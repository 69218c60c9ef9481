# SPDX-License-Identifier: Apache-2.0
"""Rows of power: a class of parts where a dataset has it, else all of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from impacts.factors import FactorMissing

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.values.estimates import Estimate


def of_class(book: FactorBook, subject: str, part_class: str | None) -> Estimate:
    """Return the value of a class of parts, `subject:class`, else that of all of them, `subject`.

    Raises:
        FactorMissing: no dataset has either.
    """
    return (of_class_alone(book, subject, part_class) if part_class else None) or _value(book, subject)


def of_class_alone(book: FactorBook, subject: str, part_class: str) -> Estimate | None:
    """Return the value of a class of parts; None if no dataset has it."""
    try:
        return _value(book, f"{subject}:{part_class}")
    except FactorMissing:
        return None


def _value(book: FactorBook, subject: str) -> Estimate:
    return book.find(subject, "power", on=date.max).factor.value

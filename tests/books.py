# SPDX-License-Identifier: Apache-2.0
"""The datasets that are shipped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from impacts.datasets import load_book

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook


@cache
def shipped() -> FactorBook:
    """Return the book of what is shipped, read once for all tests: nothing changes a book."""
    return load_book()

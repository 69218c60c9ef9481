# SPDX-License-Identifier: Apache-2.0
"""Accelerator cards by model: their power with nothing to do, and the limit of their board.

Rows are in data/accelerator-power. A name that none of them has is known by its series, or not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impacts.part_power.rows import of_class_alone
from impacts.product_names import product_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impacts.factor_book import FactorBook
    from impacts.values.estimates import Estimate

# What names add that two cards of one power may differ in: their memory, then their form.
_MEMORY = re.compile(r"\b(?:\d+GB|HBM\d\w?|GDDR\d\w?)(?!\S)", re.IGNORECASE)
_FORM = re.compile(r"\b(?:PCIe|SXM\d?|OAM|AC|LC)(?!\S)", re.IGNORECASE)
_TESLA = re.compile(r"^Tesla ", re.IGNORECASE)  # as drivers called cards that are sold without the word now
_OTHER_CARD = re.compile(r"\b(?:Laptop|Mobile|Max Q)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CardPower:
    """What one card draws: with nothing to do, and at most; W. Where a program holds the card, `idle` is at its high."""

    idle: Estimate
    limit: Estimate


def card_power(book: FactorBook, model: str) -> CardPower | None:
    """Return the power of a card by its name as the driver, pci.ids or an inventory file has it; None if it is not known."""
    for name in _names(product_name(model)):
        idle, limit = of_class_alone(book, "card_idle", name), of_class_alone(book, "card_limit", name)
        if idle is not None and limit is not None:
            return CardPower(idle, limit)
    return None


def _names(name: str) -> Iterator[str]:
    """Yield the names to look for, the narrowest first: the model, its chip in all forms, its series."""
    product = _TESLA.sub("", name)
    yield product
    if not _OTHER_CARD.search(product):
        chip = _without(_MEMORY, product)
        yield chip
        yield _without(_FORM, chip)
    yield f"{name.partition(' ')[0]} series"


def _without(words: re.Pattern[str], name: str) -> str:
    return " ".join(words.sub(" ", name).split())

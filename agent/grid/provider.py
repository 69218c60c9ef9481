# SPDX-License-Identifier: Apache-2.0
"""What a provider of live intensity is: requests for one zone, and what their answers report, unchecked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from impacts.values.estimates import Citation

Document = Any  # what JSON holds


@dataclass(frozen=True, slots=True)
class Row:
    """An intensity as a provider reports it. Nothing of it is checked yet."""

    zone: object
    starts: object  # ISO 8601 with an offset
    seconds: int
    grams_per_kwh: object
    is_estimated: bool
    boundary: object = None  # as the provider names it; None where it names none


class Provider(Protocol):
    """The requests for one zone, and the parser of their answers."""

    reported_zone: str  # what an answer must name as its zone
    reported_boundary: str | None  # what an answer must name as its boundary, if it names one
    region: str  # ISO 3166 country or grid zone, as datasets have it
    citation: Citation

    def latest(self, now: datetime) -> str:
        """Return path and query of the newest values."""

    def past(self, since: datetime, until: datetime, now: datetime) -> str:
        """Return path and query of the values of a past period, not longer than the table allows."""

    def rows(self, document: Document) -> Sequence[Row]:
        """Return the rows of an answer to either, in any order; raise NoRows if it does not have the documented shape."""


class NoRows(ValueError):
    """A document does not have the shape that its provider documents."""


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """A provider in the table: the settings that it allows, how often it has a new value, and how to make it."""

    name: str
    title: str
    make: Callable[[str, str], Provider]  # of a zone and a boundary
    address: str
    country: str  # the only one it covers; empty: many
    zones: str  # a pattern
    zones_in_words: str  # the same in words, for messages
    boundaries: tuple[str, ...]  # the default first
    resolution: timedelta
    usual_lag: timedelta  # how long after its hour or quarter a value comes
    longest_past: timedelta  # the longest period that one request may ask for
    token_header: str = ""  # empty: no token is needed


def listed(document: Document, *steps: str) -> list[Any]:
    """Return the list at the end of `steps`; raise NoRows if there is none."""
    found = document
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise NoRows(f"no list {'.'.join(steps) or 'at all'} in the answer")
    return found


def value_at(row: object, *steps: str) -> object:
    """Return what a row has at the end of `steps`; None if it has nothing there."""
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    return row

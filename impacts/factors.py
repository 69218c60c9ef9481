# SPDX-License-Identifier: Apache-2.0
"""Factors: cited numbers that turn an activity into an impact, and how well one fits a question."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from impacts.values.estimates import Citation, Estimate

WORLD = "WORLD"


class Fit(StrEnum):
    """How well a factor answers the question that was asked; in order, the best first."""

    EXACT = "exact"
    OLDER_YEAR = "older_year"
    NEWER_YEAR = "newer_year"
    PARENT_REGION = "parent_region"
    GENERIC = "generic"  # a world average, a default for parts of this kind
    INFERRED = "inferred"  # the question itself was guessed


class Standing(StrEnum):
    """Who stands behind a factor."""

    NONE = ""  # a publisher of statistics, a study, an assumption
    OFFICIAL = "official"  # an authority, which publishes it for use in reports
    IMPORTED = "imported"  # the user, who has imported it


@dataclass(frozen=True, slots=True)
class Factor:
    """One row of one dataset, in base units. A row without dates is valid from `date.min` to `date.max`."""

    citation: Citation
    value: Estimate
    criterion: str  # gwp, adpe, pe, water; power and attribute for what is no impact
    subject: str  # electricity, cpu_die, hdd …
    boundary: str  # direct | life_cycle | consumption for electricity; cradle_to_gate for parts; use for power
    valid_from: date
    valid_until: date
    region: str = ""  # ISO 3166 code or grid zone; WORLD; empty where place does not matter
    generic: bool = False  # a default or an assumption, which fits no question exactly
    standing: Standing = Standing.NONE
    gases: str = ""  # that direct emissions count; empty where nothing says it


@dataclass(frozen=True, slots=True)
class FactorMatch:
    """A factor and how well it fits."""

    factor: Factor
    fit: Fit


class FactorMissing(LookupError):
    """No dataset has a factor for the question. It becomes a problem, never a default."""


def nearest_in_time(factors: Sequence[Factor], on: date) -> Factor:
    """Return the first of at least one that is valid, else the newest of the older ones, else the oldest."""
    for factor in factors:
        if factor.valid_from <= on <= factor.valid_until:
            return factor
    older = [factor for factor in factors if factor.valid_until < on]
    if older:
        return max(older, key=lambda factor: factor.valid_until)
    return min(factors, key=lambda factor: factor.valid_from)

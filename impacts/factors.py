# SPDX-License-Identifier: Apache-2.0
"""Factors: cited numbers that turn an activity into an impact, and the book that finds the one that fits best."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from impacts.estimates import Citation, Estimate


class Fit(StrEnum):
    """How well a factor answers the question that was asked."""

    EXACT = "exact"
    OLDER_YEAR = "older_year"
    PARENT_REGION = "parent_region"
    GENERIC = "generic"  # a world average, a default for parts of this kind
    INFERRED = "inferred"  # the question itself was guessed


@dataclass(frozen=True, slots=True)
class Factor:
    """One row of one dataset, in base units."""

    citation: Citation
    value: Estimate
    criterion: str  # gwp, adpe, pe, water; power and attribute for what is no impact
    subject: str  # electricity, cpu_die, hdd …
    boundary: str  # direct | life_cycle | consumption for electricity; cradle_to_gate for parts
    valid_from: date
    valid_until: date
    region: str = ""  # ISO 3166 code or grid zone; WORLD; empty where place does not matter


@dataclass(frozen=True, slots=True)
class FactorMatch:
    """A factor and how well it fits."""

    factor: Factor
    fit: Fit


class FactorMissing(LookupError):
    """No dataset has a factor for the question. It becomes a problem, never a default."""


class FactorBook:
    """All factors of all datasets."""

    def __init__(self, factors: tuple[Factor, ...]) -> None:
        self._by_question: dict[tuple[str, str], list[Factor]] = {}
        for factor in factors:
            self._by_question.setdefault((factor.subject, factor.criterion), []).append(factor)

# SPDX-License-Identifier: Apache-2.0
"""Rows that people write of a grid's intensity: a region, a year, grams per kWh, and what they count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from impacts.electricity.shares import ELECTRICITY, GWP
from impacts.factors import Factor, Standing
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.written.csv_table import Row
    from impacts.factor_book import FactorBook

OPTIONAL_COLUMNS = ("low_gco2e_per_kwh", "high_gco2e_per_kwh", "locator", "url")

_MOST_GRAMS_PER_KWH = 5000.0
_BOUNDARIES = ("direct", "life_cycle", "consumption")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]+)*")
_YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True, slots=True)
class GridRows:
    """What the rows of a file are: of which subject, and how the column of what they count is named."""

    subject: str
    gases_column: str
    standing: Standing = Standing.NONE

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that every file has."""
        return ("region", "year", "gco2e_per_kwh", "boundary", self.gases_column, "source", "licence")

    def factor(self, row: Row, dataset_id: str, locator: str = "") -> Factor:
        """Return the factor of a row; `locator` is said beside the row's own.

        Raises:
            ConfigError: naming file, row and column.
        """
        region, year = _region(row), _year(row)
        citation = Citation(
            title=row.needed("source"),
            dataset=dataset_id,
            entry=f"{self.subject}:{region}:{year}",
            locator="; ".join(filter(None, [row.text("locator"), locator])),
            licence=row.needed("licence"),
            url=row.text("url"),
        )
        return Factor(
            citation=citation,
            value=_value(row, citation),
            criterion=GWP,
            subject=self.subject,
            boundary=row.one_of("boundary", _BOUNDARIES),
            valid_from=date(year, 1, 1),
            valid_until=date(year, 12, 31),
            region=region,
            standing=self.standing,
            gases=row.text(self.gases_column),
        )


def named(factor: Factor) -> str:
    """Return what a message calls a row."""
    return f"{factor.region} {factor.valid_from.year}"


def check_region(row: Row, book: FactorBook) -> None:
    """Raise ConfigError where no dataset knows the row's country."""
    region = row.text("region").upper()
    countries = {known.partition("-")[0] for known in book.regions(ELECTRICITY, GWP)}
    if region.partition("-")[0] not in countries:
        raise row.wrong("region", f"no grid of {region!r} is known; write ISO 3166 codes such as GB or GR")


def summary(factors: Sequence[Factor], what: str) -> str:
    """Return what a file has, in one line."""
    years = sorted({factor.valid_from.year for factor in factors})
    regions = {factor.region for factor in factors}
    span = f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"
    return f"{len(factors)} {what} of {len(regions)} regions, {span}"


def _region(row: Row) -> str:
    region = row.needed("region").upper()
    if not _REGION.fullmatch(region):
        raise row.wrong("region", f"{region!r} must be a country like FR or a grid zone like US-TEX-ERCO")
    return region


def _year(row: Row) -> int:
    year = row.needed("year")
    if not _YEAR.fullmatch(year):
        raise row.wrong("year", f"{year!r} must be a year such as 2024")
    return int(year)


def _value(row: Row, citation: Citation) -> Estimate:
    """Return the row's value with its bounds, where it has any."""
    low, central, high = (
        row.number(column if row.text(column) else "gco2e_per_kwh", _MOST_GRAMS_PER_KWH)
        for column in ("low_gco2e_per_kwh", "gco2e_per_kwh", "high_gco2e_per_kwh")
    )
    if 0 < central < 1:
        raise row.wrong(
            "gco2e_per_kwh", f"{central:g} is below 1 g: check the unit; what is in kg is to be multiplied by 1000"
        )
    if not low <= central <= high:
        raise row.wrong("gco2e_per_kwh", f"{low:g} <= {central:g} <= {high:g} does not hold; correct value or bounds")
    return Estimate(low / JOULES_PER_KWH, central / JOULES_PER_KWH, high / JOULES_PER_KWH, "gCO2e/J", (citation,))

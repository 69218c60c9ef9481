# SPDX-License-Identifier: Apache-2.0
"""Residual mixes that a user imports, a row each (docs/market-based.md).

Their publishers do not let them be passed on, so the program ships none.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from agent.written.import_kind import ImportKind
from impacts.electricity.grid import ELECTRICITY, GWP
from impacts.factors import Factor
from impacts.market_based.residual_mix import CO2_ONLY, RESIDUAL_MIX, content_problems
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.written.csv_table import Row
    from impacts.factor_book import FactorBook

_MOST_GRAMS_PER_KWH = 5000.0
_BOUNDARIES = ("direct", "life_cycle", "consumption")
_POLLUTANTS = ("CO2", "CO2e")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]+)*")
_YEAR = re.compile(r"(19|20)\d\d")


def _named(factor: Factor) -> str:
    return f"{factor.region} {factor.valid_from.year}"


def _check(row: Row, book: FactorBook) -> None:
    region = row.text("region").upper()
    countries = {known.partition("-")[0] for known in book.regions(ELECTRICITY, GWP)}
    if region.partition("-")[0] not in countries:
        raise row.wrong("region", f"no grid of {region!r} is known; write ISO 3166 codes such as GB or GR")


def _summary(factors: Sequence[Factor]) -> str:
    years = sorted({factor.valid_from.year for factor in factors})
    regions = {factor.region for factor in factors}
    span = f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"
    return f"{len(factors)} residual mixes of {len(regions)} regions, {span}"


def _factor(row: Row, dataset_id: str) -> Factor:
    region, year = row.needed("region").upper(), row.needed("year")
    if not _REGION.fullmatch(region):
        raise row.wrong("region", f"{region!r} must be a country like FR or a grid zone like US-TEX-ERCO")
    if not _YEAR.fullmatch(year):
        raise row.wrong("year", f"{year!r} must be a year such as 2024")
    co2_only = row.one_of("pollutants", _POLLUTANTS) == "CO2"
    citation = Citation(
        title=row.needed("source"),
        dataset=dataset_id,
        entry=f"{RESIDUAL_MIX}:{region}:{year}",
        locator="; ".join(filter(None, [row.text("locator"), CO2_ONLY if co2_only else ""])),
        licence=row.needed("licence"),
        url=row.text("url"),
    )
    return Factor(
        citation=citation,
        value=_value(row, citation),
        criterion=GWP,
        subject=RESIDUAL_MIX,
        boundary=row.one_of("boundary", _BOUNDARIES),
        valid_from=date(int(year), 1, 1),
        valid_until=date(int(year), 12, 31),
        region=region,
    )


def _value(row: Row, citation: Citation) -> Estimate:
    """Return the row's value with its bounds, where it has any."""
    low, central, high = (
        row.number(column if row.text(column) else "gco2e_per_kwh", _MOST_GRAMS_PER_KWH)
        for column in ("low_gco2e_per_kwh", "gco2e_per_kwh", "high_gco2e_per_kwh")
    )
    if not low <= central <= high:
        raise row.wrong("gco2e_per_kwh", f"{low:g} <= {central:g} <= {high:g} does not hold; correct value or bounds")
    return Estimate(low / JOULES_PER_KWH, central / JOULES_PER_KWH, high / JOULES_PER_KWH, "gCO2e/J", (citation,))


KIND = ImportKind(
    folder="residual_mix",
    title="residual mixes, imported by the user",
    columns=("region", "year", "gco2e_per_kwh", "boundary", "pollutants", "source", "licence"),
    optional_columns=("low_gco2e_per_kwh", "high_gco2e_per_kwh", "locator", "url"),
    indicator="climate",
    unit="gCO2e/kWh",
    factor=_factor,
    named=_named,
    check=_check,
    summary=_summary,
    problems=content_problems,
)

# SPDX-License-Identifier: Apache-2.0
"""Residual mixes that a user imports, a row each (docs/market-based.md).

Their publishers do not let them be passed on, so the program ships none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.written.grid_rows import OPTIONAL_COLUMNS, GridRows, check_region, named, summary
from agent.written.import_kind import ImportKind
from impacts.market_based.residual_mix import CO2_ONLY, RESIDUAL_MIX, content_problems

if TYPE_CHECKING:
    from agent.written.csv_table import Row
    from impacts.factors import Factor

_POLLUTANTS = ("CO2", "CO2e")
_ROWS = GridRows(RESIDUAL_MIX, "pollutants")


def _factor(row: Row, dataset_id: str) -> Factor:
    co2_only = row.one_of("pollutants", _POLLUTANTS) == "CO2"
    return _ROWS.factor(row, dataset_id, CO2_ONLY if co2_only else "")


KIND = ImportKind(
    folder="residual_mix",
    title="residual mixes, imported by the user",
    columns=_ROWS.columns,
    optional_columns=OPTIONAL_COLUMNS,
    indicator="climate",
    unit="gCO2e/kWh",
    factor=_factor,
    named=named,
    check=check_region,
    summary=lambda factors: summary(factors, "residual mixes"),
    problems=content_problems,
)

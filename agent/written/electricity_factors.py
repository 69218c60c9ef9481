# SPDX-License-Identifier: Apache-2.0
"""Electricity factors that a user imports, a row each (docs/electricity-factors.md): they go before what is shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.written.grid_rows import OPTIONAL_COLUMNS, GridRows, check_region, named, summary
from agent.written.import_kind import ImportKind
from impacts.electricity.shares import ELECTRICITY
from impacts.factors import Standing

if TYPE_CHECKING:
    from agent.written.csv_table import Row
    from impacts.factors import Factor

_ROWS = GridRows(ELECTRICITY, "gases", Standing.IMPORTED)


def _factor(row: Row, dataset_id: str) -> Factor:
    row.needed("gases")
    return _ROWS.factor(row, dataset_id)


KIND = ImportKind(
    folder=ELECTRICITY,
    title="electricity factors, imported by the user",
    columns=_ROWS.columns,
    optional_columns=OPTIONAL_COLUMNS,
    indicator="climate",
    unit="gCO2e/kWh",
    factor=_factor,
    named=named,
    check=check_region,
    summary=lambda factors: summary(factors, "electricity factors"),
    problems=lambda _: (),
)

# SPDX-License-Identifier: Apache-2.0
"""What the inlet meters of siblings have taught, a row for each configuration and CPU load (docs/siblings.md).

`wattprint power --learn` writes such a file; `wattprint factors import` reads it.
"""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING

from agent.written.import_kind import ImportKind
from impacts.configurations import LOADS, SERVER_POWER, Configuration
from impacts.factors import Factor
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agent.written.csv_table import Row
    from impacts.factor_book import FactorBook

COLUMNS = (
    "product",
    "manufacturer",
    "cpus",
    "memory",
    "cards",
    "drives",
    "load",
    "low_watts",
    "watts",
    "high_watts",
    "siblings",
    "source",
    "licence",
)
ONE_SIBLING = "1 sibling"  # the locator of a row that one host alone has taught

_MOST_WATTS = 100_000.0
_MOST_SIBLINGS = 1e6


def write_rows(rows: Iterable[Mapping[str, str]]) -> str:
    """Return the file that has these rows, by column."""
    file = StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _factor(row: Row, dataset_id: str) -> Factor:
    configuration = Configuration(
        manufacturer=row.text("manufacturer"),
        product=row.needed("product"),
        cpus=row.needed("cpus"),
        memory=row.text("memory"),
        cards=row.text("cards"),
        drives=row.text("drives"),
    )
    subject = configuration.subject(_load(row))
    citation = Citation(
        title=row.needed("source"),
        dataset=dataset_id,
        entry=subject,
        locator=_siblings(row),
        licence=row.needed("licence"),
    )
    return Factor(
        citation=citation,
        value=_value(row, citation),
        criterion="power",
        subject=subject,
        boundary="use",
        valid_from=date.min,
        valid_until=date.max,
        generic=configuration.is_of_any_parts,
    )


def _load(row: Row) -> float:
    load = row.number("load", 1.0)
    if load not in LOADS:
        raise row.wrong("load", f"{load:g} must be one of {', '.join(f'{known:g}' for known in LOADS)}")
    return load


def _siblings(row: Row) -> str:
    count = row.number("siblings", _MOST_SIBLINGS)
    if count < 1 or not count.is_integer():
        raise row.wrong("siblings", f"{count:g} is no number of siblings; write 1 or more")
    return f"{count:.0f} siblings" if count > 1 else ONE_SIBLING


def _value(row: Row, citation: Citation) -> Estimate:
    low, central, high = (row.number(column, _MOST_WATTS) for column in ("low_watts", "watts", "high_watts"))
    if not (central and low <= central <= high):
        raise row.wrong("watts", f"0 < {low:g} <= {central:g} <= {high:g} does not hold; correct value or bounds")
    return Estimate(low, central, high, "W", (citation,))


def _named(factor: Factor) -> str:
    _, configuration, load = factor.subject.split(":")
    return f"{configuration} at a load of {load}"


def _check(row: Row, book: FactorBook) -> None:
    """Nothing is known elsewhere of what a fleet's meters teach."""


def _summary(factors: Sequence[Factor]) -> str:
    configurations = {factor.subject.rpartition(":")[0] for factor in factors}
    return f"the power of servers by load, {len(factors)} rows; configurations: {len(configurations)}"


KIND = ImportKind(
    folder=SERVER_POWER,
    title="power of servers by CPU load, imported by the user",
    columns=COLUMNS,
    optional_columns=(),
    indicator="power",
    unit="W",
    factor=_factor,
    named=_named,
    check=_check,
    summary=_summary,
    problems=lambda _: (),
)

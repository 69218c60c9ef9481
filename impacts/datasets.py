# SPDX-License-Identifier: Apache-2.0
"""The datasets in impacts/data: one folder per publisher's release, with dataset.toml and factors.csv.

Values stand there as printed by the publisher and are converted into base units once, here.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from impacts.factor_book import FactorBook
from impacts.factors import Factor, Standing
from impacts.products import read_products
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import UnknownUnit, base_unit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

# The folders that also hold of which machine each figure is; the second does not know what was in it.
PRODUCTS = "boavizta-server-footprints"
WHOLES = "boavizta-computer-footprints"
COLUMNS = ["entry", "region", "valid_from", "valid_until", "value", "low", "high", "locator", "note"]

CRITERIA = {
    "climate": "gwp",
    "abiotic_depletion_elements": "adpe",
    "primary_energy": "pe",
    "water": "water",
    "power": "power",
    "attribute": "attribute",
}
BOUNDARIES = ("direct", "life_cycle", "consumption", "upstream", "cradle_to_gate", "all_but_use", "use")


class DatasetInvalid(ValueError):
    """A dataset breaks the format; the message names file, row and column."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What dataset.toml says: who published what, when, under which licence, and how its bounds came about."""

    id: str  # the folder's name
    title: str
    publisher: str
    published: date | int  # a day, or the year where no more is known
    retrieved: date
    licence: str  # SPDX; LicenseRef-cited-facts for single figures, cited
    indicator: str  # a key of CRITERIA
    unit: str  # as printed
    boundary: str
    bounds: str  # "publisher": as printed; "assumed": ours, where the publisher gives none
    derivation: str  # how the rows were made from the original
    units: Mapping[str, str] = field(default_factory=dict)  # subject -> unit, where it is not `unit`
    relative_bounds: float | None = None
    why_these_bounds: str = ""
    life_cycle_stages: tuple[str, ...] = ()  # that the figures include, in words
    url: str = ""  # empty for assumptions of our own
    original_sha256: str = ""  # of the file the numbers came from, where it was at hand
    generic: bool = False  # defaults and assumptions: they fit no question exactly
    official: bool = False  # an authority publishes it for use in reports
    gases: str = ""  # of direct emissions: that are counted
    imports: str = ""  # of electricity: whether they are in it
    preference: int = 100  # of two datasets that answer equally well the smaller is taken

    @property
    def criterion(self) -> str:
        """What the values measure."""
        return CRITERIA[self.indicator]

    @property
    def year(self) -> int:
        """The year of publication."""
        return self.published if isinstance(self.published, int) else self.published.year

    def unit_of(self, subject: str) -> str:
        """Return the printed unit of a subject; `cpu_load_curve:0.1` has that of `cpu_load_curve`."""
        return self.units.get(subject.partition(":")[0], self.unit)


def load_book(imported: tuple[Factor, ...] = ()) -> FactorBook:
    """Return the factors of all datasets of this program and those that were imported, and the published products."""
    factors = (*imported, *(factor for _, factors in read_datasets() for factor in factors))
    products, wholes = (
        read_products(resources.files("impacts") / "data" / name, factors) for name in (PRODUCTS, WHOLES)
    )
    return FactorBook(factors, products, wholes)


def read_datasets() -> list[tuple[Dataset, tuple[Factor, ...]]]:
    """Return the datasets of this program with their factors, the preferred first."""
    data = resources.files("impacts") / "data"
    folders = sorted((folder for folder in data.iterdir() if folder.is_dir()), key=lambda folder: folder.name)
    return sorted((read_dataset(folder) for folder in folders), key=lambda read: read[0].preference)


def read_dataset(folder: Traversable) -> tuple[Dataset, tuple[Factor, ...]]:
    """Return one folder's dataset and factors.

    Raises:
        DatasetInvalid: naming file, row and column.
    """
    about = f"{folder.name}/dataset.toml"
    try:
        table = tomllib.loads(_text(folder, "dataset.toml"))
    except tomllib.TOMLDecodeError as error:
        raise DatasetInvalid(f"{about}: {error}") from None
    dataset = _dataset(folder.name, table, about)
    lines = csv.reader(_text(folder, "factors.csv").splitlines())
    if next(lines, None) != COLUMNS:
        raise DatasetInvalid(f"{folder.name}/factors.csv, row 1: the columns are not {','.join(COLUMNS)}")
    factors = tuple(_factor(dataset, row, number) for number, row in enumerate(lines, start=2))
    _refuse_repeated_entries(dataset, factors)
    return dataset, factors


def _text(folder: Traversable, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DatasetInvalid(f"{folder.name}: {name} is missing") from None


def _dataset(folder_name: str, table: dict[str, Any], where: str) -> Dataset:
    known = {item.name for item in fields(Dataset)} - {"id"}
    if unknown := sorted(table.keys() - known):
        raise DatasetInvalid(f"{where}: unknown key {unknown[0]!r}")
    try:
        dataset = Dataset(id=folder_name, **table)
    except TypeError as error:  # its message names the missing keys
        raise DatasetInvalid(f"{where}: {error}") from None
    for key, allowed in (("indicator", CRITERIA), ("boundary", BOUNDARIES), ("bounds", ("publisher", "assumed"))):
        if getattr(dataset, key) not in allowed:
            raise DatasetInvalid(f"{where}: {key} is {getattr(dataset, key)!r}, not one of {', '.join(allowed)}")
    _check_assumed_bounds(dataset, where)
    for unit in (dataset.unit, *dataset.units.values()):
        try:
            base_unit(unit)
        except UnknownUnit as error:
            raise DatasetInvalid(f"{where}: {error}") from None
    return dataset


def _check_assumed_bounds(dataset: Dataset, where: str) -> None:
    if dataset.bounds != "assumed":
        return
    if dataset.relative_bounds is None or not dataset.why_these_bounds:
        raise DatasetInvalid(f"{where}: assumed bounds need relative_bounds and why_these_bounds")
    if not 0 < dataset.relative_bounds <= 1:
        raise DatasetInvalid(f"{where}: relative_bounds is {dataset.relative_bounds}, not between 0 and 1")


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row, and its place for a message."""

    cells: dict[str, str]
    where: str

    def wrong(self, column: str, what: str) -> DatasetInvalid:
        return DatasetInvalid(f"{self.where}, column {column}: {what}")

    def number(self, column: str) -> float | None:
        try:
            return float(self.cells[column]) if self.cells[column] else None
        except ValueError:
            raise self.wrong(column, f"{self.cells[column]!r} is no number") from None

    def day(self, column: str, otherwise: date) -> date:
        try:
            return _day(self.cells[column]) if self.cells[column] else otherwise
        except ValueError:
            raise self.wrong(column, f"{self.cells[column]!r} is no day such as 2024-12-31") from None


@cache
def _day(text: str) -> date:
    return date.fromisoformat(text)


@cache
def _base_unit(unit: str) -> tuple[str, float]:
    return base_unit(unit)


def _factor(dataset: Dataset, cells: list[str], number: int) -> Factor:
    where = f"{dataset.id}/factors.csv, row {number}"
    if len(cells) != len(COLUMNS):
        raise DatasetInvalid(f"{where}: {len(cells)} columns, not {len(COLUMNS)}")
    row = _Row(dict(zip(COLUMNS, cells, strict=True)), where)
    entry, region = row.cells["entry"], row.cells["region"]
    valid_from, valid_until = row.day("valid_from", date.min), row.day("valid_until", date.max)
    if valid_until < valid_from:
        raise row.wrong("valid_until", "lies before valid_from")
    for column in ("entry", "locator"):
        if not row.cells[column]:
            raise row.wrong(column, "is empty")
    subject = _subject(entry, region, row.cells["valid_from"][:4])
    citation = _citation(dataset, row)
    return Factor(
        citation=citation,
        value=_value(dataset, subject, row, citation),
        criterion=dataset.criterion,
        subject=subject,
        boundary=dataset.boundary,
        valid_from=valid_from,
        valid_until=valid_until,
        region=region,
        generic=dataset.generic,
        standing=Standing.OFFICIAL if dataset.official else Standing.NONE,
        gases=dataset.gases,
    )


def _subject(entry: str, region: str, year: str) -> str:
    """Return the entry without its year and region: `electricity` for `electricity:FR:2024`."""
    for ending in (year, region):
        entry = entry.removesuffix(f":{ending}") if ending else entry
    return entry


def _citation(dataset: Dataset, row: _Row) -> Citation:
    return Citation(
        title=f"{dataset.publisher}: {dataset.title}",
        dataset=dataset.id,
        entry=row.cells["entry"],
        locator="; ".join(filter(None, [row.cells["locator"], row.cells["note"]])),
        year=dataset.year,
        licence=dataset.licence,
        url=dataset.url,
    )


def _value(dataset: Dataset, subject: str, row: _Row, citation: Citation) -> Estimate:
    """Return the row's value in base units, with the bounds it has or the assumed ones."""
    value = row.number("value")
    if value is None:
        raise row.wrong("value", "is empty")
    reach = (dataset.relative_bounds or 0.0) if dataset.bounds == "assumed" else 0.0
    low, high = row.number("low"), row.number("high")
    low = value * (1 - reach) if low is None else low
    high = value * (1 + reach) if high is None else high
    if not 0 <= low <= value <= high:
        raise row.wrong("value", f"{low} <= {value} <= {high} does not hold")
    unit, scale = _base_unit(dataset.unit_of(subject))
    return Estimate(low * scale, value * scale, high * scale, unit, (citation,))


def _refuse_repeated_entries(dataset: Dataset, factors: tuple[Factor, ...]) -> None:
    seen: set[str] = set()
    for number, factor in enumerate(factors, start=2):
        if factor.citation.entry in seen:
            raise DatasetInvalid(
                f"{dataset.id}/factors.csv, row {number}, column entry: {factor.citation.entry} is there twice"
            )
        seen.add(factor.citation.entry)

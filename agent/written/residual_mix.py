# SPDX-License-Identifier: Apache-2.0
"""Residual mixes that a user imports: validated CSV files in the state directory (docs/market-based.md).

Their publishers do not let them be passed on, so the program ships none.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.written.csv_table import Row, read_text, rows
from impacts.datasets import Dataset
from impacts.electricity.grid import ELECTRICITY, GWP
from impacts.factors import Factor
from impacts.market_based.residual_mix import CO2_ONLY, RESIDUAL_MIX, content_problems
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from impacts.factor_book import FactorBook
    from impacts.problems import Problem

FOLDER = "residual_mix"
COLUMNS = ("region", "year", "gco2e_per_kwh", "boundary", "pollutants", "source", "licence")
OPTIONAL_COLUMNS = ("low_gco2e_per_kwh", "high_gco2e_per_kwh", "locator", "url")

_UNIT = "gCO2e/kWh"
_MOST_GRAMS_PER_KWH = 5000.0
_BOUNDARIES = ("direct", "life_cycle", "consumption")
_POLLUTANTS = ("CO2", "CO2e")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]+)*")
_YEAR = re.compile(r"(19|20)\d\d")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done."""

    file: Path  # as it is kept
    factors: tuple[Factor, ...]
    problems: tuple[Problem, ...]


def import_residual_mix(file: Path, state_directory: Path, book: FactorBook) -> Imported:
    """Check a file and keep it in the state directory; one of the same name is replaced, all or nothing.

    Raises:
        ConfigError: one line with file, row and column; nothing is kept then.
    """
    if not _NAME.fullmatch(file.stem):
        raise ConfigError(
            f"{file}: its name becomes the dataset's; rename it so that it has letters, digits, dots and dashes alone"
        )
    text = read_text(file)
    found = _read(text, str(file), file.stem)
    countries = {region.partition("-")[0] for region in book.regions(ELECTRICITY, GWP)}
    others = _of_other_files(state_directory, file.stem)
    for row, factor in found:
        if factor.region.partition("-")[0] not in countries:
            raise row.wrong("region", f"no grid of {factor.region!r} is known; write ISO 3166 codes such as GB or GR")
        if holder := others.get((factor.region, factor.valid_from.year)):
            raise row.wrong(
                "region", f"{factor.region} {row.text('year')} is in {holder} too; remove it in one of them"
            )
    factors = tuple(factor for _, factor in found)
    kept = _keep(text, state_directory / FOLDER, file.stem)
    return Imported(kept, factors, tuple(problem for factor in factors for problem in content_problems(factor)))


def imported_factors(state_directory: Path) -> tuple[Factor, ...]:
    """Return the residual mixes that are kept in the state directory.

    Raises:
        ConfigError: a file cannot be read, or is not as it was imported.
    """
    return tuple(factor for _, factors in imported_datasets(state_directory) for factor in factors)


def imported_datasets(state_directory: Path) -> list[tuple[Dataset, tuple[Factor, ...]]]:
    """Return the same file by file, each with what it states of itself; none where nothing was imported.

    Raises:
        ConfigError: a file cannot be read, or is not as it was imported.
    """
    return [_dataset(path) for path in _kept_files(state_directory)]


def _kept_files(state_directory: Path) -> list[Path]:
    folder = state_directory / FOLDER
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".csv")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error.strerror}; run as a user who may, such as root") from error


def _dataset(path: Path) -> tuple[Dataset, tuple[Factor, ...]]:
    found = _read(read_text(path), str(path), path.stem)
    factors = tuple(factor for _, factor in found)
    dataset = Dataset(
        id=factors[0].citation.dataset,
        title="residual mixes, imported by the user",
        publisher=_joined([row.text("source") for row, _ in found]),
        published=max(factor.valid_from.year for factor in factors),
        retrieved=datetime.fromtimestamp(path.stat().st_mtime, UTC).date(),
        licence=_joined([row.text("licence") for row, _ in found]),
        indicator="climate",
        unit=_UNIT,
        boundary=_joined([factor.boundary for factor in factors]),
        bounds="publisher",
        derivation=f"as in {path}",
    )
    return dataset, factors


def _joined(words: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(words))


def _of_other_files(state_directory: Path, stem: str) -> dict[tuple[str, int], Path]:
    """Return the files that already hold a residual mix, by region and year."""
    return {
        (factor.region, factor.valid_from.year): path
        for path in _kept_files(state_directory)
        if path.stem != stem
        for factor in _dataset(path)[1]
    }


def _read(text: str, where: str, stem: str) -> list[tuple[Row, Factor]]:
    """Return the factors of a file with their rows, no region and year twice."""
    found = [(row, _factor(row, f"imported-{stem}")) for row in rows(text, where, COLUMNS, OPTIONAL_COLUMNS)]
    seen: set[str] = set()
    for row, factor in found:
        entry = factor.citation.entry
        if entry in seen:
            raise row.wrong("region", f"{factor.region} {row.text('year')} is there twice; leave one out")
        seen.add(entry)
    return found


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


def _keep(text: str, folder: Path, stem: str) -> Path:
    """Write the file beside its place and put it there in one step."""
    target = folder / f"{stem}.csv"
    try:
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o755)
        _replace(target, text)
    except FileNotFoundError:
        raise ConfigError(
            f"{folder.parent}: there is no such directory; start the agent once, or name another with --into"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"cannot write {target}: {error.strerror}; run as root, or name another with --into"
        ) from error
    return target


def _replace(target: Path, text: str) -> None:
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - the agent only reads

    with ExitStack() as unless_done:
        with NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=target.parent, suffix=".new", delete=False
        ) as file:
            unless_done.callback(os.unlink, file.name)
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # the agent, another user, reads it
            os.fsync(file.fileno())
        os.replace(file.name, target)  # noqa: PTH105 - a temporary file's name is text
        unless_done.pop_all()

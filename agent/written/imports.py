# SPDX-License-Identifier: Apache-2.0
"""Factors that a user imports: validated CSV files in the state directory, a folder for each kind of them.

A file is of the kind whose columns it has: residual mixes (docs/market-based.md), or what the inlet meters of siblings have
taught (docs/siblings.md).
"""

from __future__ import annotations

import csv
import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.written import residual_mix, sibling_power
from agent.written.csv_table import Row, read_text, rows
from impacts.datasets import Dataset

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from agent.written.import_kind import ImportKind
    from impacts.factor_book import FactorBook
    from impacts.factors import Factor
    from impacts.problems import Problem

KINDS: tuple[ImportKind, ...] = (residual_mix.KIND, sibling_power.KIND)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done."""

    file: Path  # as it is kept
    factors: tuple[Factor, ...]
    summary: str
    problems: tuple[Problem, ...]


def import_factors(file: Path, state_directory: Path, book: FactorBook) -> Imported:
    """Check a file and keep it in the state directory; one of the same name is replaced, all or nothing.

    Raises:
        ConfigError: one line with file, row and column; nothing is kept then.
    """
    if not _NAME.fullmatch(file.stem):
        raise ConfigError(
            f"{file}: its name becomes the dataset's; rename it so that it has letters, digits, dots and dashes alone"
        )
    text = read_text(file)
    kind = _kind_of(text)
    _refuse_name_of_another_kind(file, state_directory, kind)
    found = _read(kind, text, str(file), file.stem)
    others = _of_other_files(kind, state_directory, file.stem)
    for row, factor in found:
        kind.check(row, book)
        if holder := others.get(factor.citation.entry):
            raise row.wrong(kind.key_column, f"{kind.named(factor)} is in {holder} too; remove it in one of them")
    factors = tuple(factor for _, factor in found)
    kept = _keep(text, state_directory / kind.folder, file.stem)
    problems = tuple(problem for factor in factors for problem in kind.problems(factor))
    return Imported(kept, factors, kind.summary(factors), problems)


def imported_factors(state_directory: Path) -> tuple[Factor, ...]:
    """Return the factors that are kept in the state directory.

    Raises:
        ConfigError: a file cannot be read, or is not as it was imported.
    """
    return tuple(factor for _, factors in imported_datasets(state_directory) for factor in factors)


def imported_datasets(state_directory: Path) -> list[tuple[Dataset, tuple[Factor, ...]]]:
    """Return the same file by file, each with what it states of itself; none where nothing was imported.

    Raises:
        ConfigError: a file cannot be read, or is not as it was imported.
    """
    return [_dataset(kind, path) for kind in KINDS for path in _kept_files(state_directory / kind.folder)]


def _kind_of(text: str) -> ImportKind:
    """Return the kind that has the most of the file's columns; the first where none has any."""
    header = {name.strip() for name in next(csv.reader(text.splitlines()[:1]), [])}
    return max(KINDS, key=lambda kind: len(header & {*kind.columns, *kind.optional_columns}) / len(kind.columns))


def _refuse_name_of_another_kind(file: Path, state_directory: Path, kind: ImportKind) -> None:
    """Two datasets of one name could not be distinguished where figures cite them."""
    for other in KINDS:
        if other is not kind and (state_directory / other.folder / f"{file.stem}.csv").exists():
            raise ConfigError(f"{file}: a file of this name was imported as {other.title.partition(',')[0]}; rename it")


def _kept_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".csv")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error.strerror}; run as a user who may, such as root") from error


def _dataset(kind: ImportKind, path: Path) -> tuple[Dataset, tuple[Factor, ...]]:
    found = _read(kind, read_text(path), str(path), path.stem)
    factors = tuple(factor for _, factor in found)
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    years = [factor.valid_from.year for factor in factors if factor.valid_from != factor.valid_from.min]
    dataset = Dataset(
        id=factors[0].citation.dataset,
        title=kind.title,
        publisher=_joined([row.text("source") for row, _ in found]),
        published=max(years, default=written.year),
        retrieved=written,
        licence=_joined([row.text("licence") for row, _ in found]),
        indicator=kind.indicator,
        unit=kind.unit,
        boundary=_joined([factor.boundary for factor in factors]),
        bounds="publisher",
        derivation=f"as in {path}",
    )
    return dataset, factors


def _joined(words: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(words))


def _of_other_files(kind: ImportKind, state_directory: Path, stem: str) -> dict[str, Path]:
    """Return the files of the kind that already hold an entry, by the entry."""
    return {
        factor.citation.entry: path
        for path in _kept_files(state_directory / kind.folder)
        if path.stem != stem
        for factor in _dataset(kind, path)[1]
    }


def _read(kind: ImportKind, text: str, where: str, stem: str) -> list[tuple[Row, Factor]]:
    """Return the factors of a file with their rows, none twice."""
    read = rows(text, where, kind.columns, kind.optional_columns)
    found = [(row, kind.factor(row, f"imported-{stem}")) for row in read]
    seen: set[str] = set()
    for row, factor in found:
        if factor.citation.entry in seen:
            raise row.wrong(kind.key_column, f"{kind.named(factor)} is there twice; leave one out")
        seen.add(factor.citation.entry)
    return found


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

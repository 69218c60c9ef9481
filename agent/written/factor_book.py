# SPDX-License-Identifier: Apache-2.0
"""The factor book of a host: the factors of the datasets, and those that were imported on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.written.config import DEFAULT_STATE, GridFactors
from agent.written.imports import imported_factors
from impacts.datasets import load_book
from impacts.factors import Standing
from impacts.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from agent.host import Host
    from agent.written.config import Config
    from impacts.factor_book import FactorBook


def book_of(host: Host, config: Config, state: Path | None = None) -> tuple[FactorBook, tuple[Problem, ...]]:
    """Return the factors of the datasets and those imported into `state`, or into the config's directory.

    Of another root, such as a captured machine, the default directory is another machine's: it counts only where it is set.
    Where an imported file cannot be read, all of them are left out, with a problem.
    """
    is_set = host.is_own or config.state_directory != DEFAULT_STATE
    directory = state or (config.state_directory if is_set else None)
    try:
        return _by_method(load_book(() if directory is None else imported_factors(directory)), config), ()
    except ConfigError as error:
        remedy = "run as a user who may read the state directory, or import the file again"
        unread = Problem("factors", "imported_unreadable", f"left out: {error}", remedy)
        return _by_method(load_book(), config), (unread,)


def _by_method(book: FactorBook, config: Config) -> FactorBook:
    if config.grid_factors is not GridFactors.YEARLY:
        return book
    return book.without(Standing.IMPORTED).without(Standing.OFFICIAL)

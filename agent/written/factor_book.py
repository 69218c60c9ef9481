# SPDX-License-Identifier: Apache-2.0
"""The factor book of a host: the factors of the datasets, and those that were imported on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.errors import ConfigError
from agent.written.config import DEFAULT_STATE
from agent.written.imports import imported_factors
from impacts.datasets import load_book
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
        return load_book(() if directory is None else imported_factors(directory)), ()
    except ConfigError as error:
        remedy = "run as a user who may read the state directory, or import the file again"
        return load_book(), (Problem("factors", "imported_unreadable", f"left out: {error}", remedy),)

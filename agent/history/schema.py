# SPDX-License-Identifier: Apache-2.0
"""The tables of the history by version, and the steps from an older one to today's."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

SCHEMA_VERSION = 3


def tables(version: int) -> list[str]:
    """Return the statements that make the tables and indices of a version, as SQLite keeps them."""
    name = "history.sql" if version == SCHEMA_VERSION else f"history_{version}.sql"
    return re.findall(r"^CREATE .*?(?=;$)", _text(name), re.DOTALL | re.MULTILINE)


def create(connection: sqlite3.Connection) -> None:
    """Create today's tables in an empty file."""
    for statement in tables(SCHEMA_VERSION):
        connection.execute(statement)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring the tables of a version to today's, within the transaction that is open."""
    for older in range(version, SCHEMA_VERSION):
        new = {re.split(r"\W+", statement)[2]: statement for statement in tables(older + 1)}
        steps = _text(f"history_{older}_to_{older + 1}.sql").format_map(new)
        for step in re.split(r";$", steps, flags=re.MULTILINE):
            connection.execute(step)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _text(name: str) -> str:
    return files("agent.history").joinpath(name).read_text(encoding="utf-8")

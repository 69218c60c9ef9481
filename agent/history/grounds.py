# SPDX-License-Identifier: Apache-2.0
"""Sets of citations as the history keeps them: once each, under an id that follows from what they say."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from impacts.values.estimates import Citation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

Grounds = tuple[Citation, ...]

_ID_LENGTH = 16  # hexadecimal digits: 64 bits, of some dozens of sets


def grounds_id(grounds: Grounds) -> str:
    """Return the id of a set of citations."""
    return _row(grounds)[0]


def put_grounds(connection: sqlite3.Connection, sets: Iterable[Grounds]) -> None:
    """Keep sets of citations, in the transaction that is open."""
    connection.executemany("INSERT OR IGNORE INTO grounds VALUES (?, ?)", map(_row, sets))


def read_grounds(connection: sqlite3.Connection) -> Mapping[str, Grounds]:
    """Return all sets by id."""
    rows = connection.execute("SELECT id, citations FROM grounds")
    return {id_: tuple(Citation(**one) for one in json.loads(text)) for id_, text in rows}


@lru_cache(maxsize=256)
def _row(grounds: Grounds) -> tuple[str, str]:
    stated = [{name: value for name, value in asdict(one).items() if value not in {"", None}} for one in grounds]
    text = json.dumps(stated, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:_ID_LENGTH], text

# SPDX-License-Identifier: Apache-2.0
"""The history's SQLite file: its directory and lock, its check on opening, and moving a damaged one aside.

https://www.sqlite.org/wal.html, https://www.sqlite.org/rescode.html
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING

from agent.errors import ConfigError, HistoryDamaged
from agent.history.schema import SCHEMA_VERSION, create, migrate, tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

FILE_NAME = "history.sqlite"


def prepare_directory(directory: Path) -> None:
    """Create the state directory if it is not there."""
    try:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigError(f"state directory {directory} is a file; {_ELSEWHERE}") from None
    except OSError as error:
        raise ConfigError(f"cannot create the state directory {directory}: {error.strerror}; {_MEND}") from error


def lock(directory: Path) -> int:
    """Return the descriptor that keeps the directory ours until it is closed, which the kernel does at any end."""
    try:
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise ConfigError(f"cannot write in the state directory {directory}: {error.strerror}; {_MEND}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise ConfigError(
            f"another wattprint (process {holder or 'unknown'}) keeps its history in {directory}; "
            "stop it, or name another directory with --state DIR"
        ) from None
    except OSError as error:
        os.close(descriptor)
        raise ConfigError(f"cannot write in the state directory {directory}: {error.strerror}; {_MEND}") from error
    return descriptor


def open_for_writing(path: Path | None) -> sqlite3.Connection:
    """Open or begin the history; None is one in memory.

    Raises:
        HistoryDamaged: if the file is there and is no history that can be read.
        ConfigError: if it cannot be used for another reason.
    """
    try:
        connection = sqlite3.connect(path or ":memory:", timeout=1.0, isolation_level=None, check_same_thread=False)
        with ExitStack() as unless_ready:
            unless_ready.callback(connection.close)
            _make_ready(connection, str(path))
            unless_ready.pop_all()
    except sqlite3.Error as error:
        if is_damage(error):
            raise HistoryDamaged(f"{path}: {error}") from error
        raise ConfigError(f"cannot use the history {path}: {error}; {_MEND}") from error
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection | None:
    """Open the history beside a running agent, without a trace; None if there is none.

    Raises:
        HistoryDamaged: if it is there and is no history that can be read.
        ConfigError: if it may not be read.
    """
    try:
        if not path.exists():
            return None
        # With no write-ahead log nobody has it open, and SQLite would want to create one next to it.
        alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{alone}", uri=True, timeout=1.0)
        with ExitStack() as unless_begun:
            unless_begun.callback(connection.close)
            version = _checked_version(connection, str(path))
            if not version:
                return None
            if version == SCHEMA_VERSION:
                unless_begun.pop_all()
                return connection
            return _migrated_copy(connection, version)  # an older agent still has the file, or none has it
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error) and is_damage(error):
            raise HistoryDamaged(f"the history {path} is damaged: {error}") from error
        raise ConfigError(f"cannot read the history {path}: {error}; run as a user who may, such as root") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Distinguish a damaged file from a full disk, a lock or a missing permission."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def move_aside(path: Path, at: datetime) -> Path:
    """Rename the file, with its log, to a name not in use and return that name. Nothing is deleted."""
    stem = f"{path.name}.damaged-{at:%Y%m%dT%H%M%SZ}"
    names = (stem if number == 0 else f"{stem}-{number}" for number in count())
    aside = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    # The log goes first: beside no database, SQLite would delete it.
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, on any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends it itself on some errors
            connection.execute("ROLLBACK")
        raise


def _make_ready(connection: sqlite3.Connection, name: str) -> None:
    version = _checked_version(connection, name)
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: each commit is on the disk when it returns. One fsync a minute costs nothing, and after a power cut
    # the counters start anew, so what the disk does not hold is gone. NORMAL would do for kill -9 alone.
    connection.execute("PRAGMA synchronous = FULL")
    with transaction(connection):  # also when nothing is to be created: it proves that writing is allowed
        if not version:
            create(connection)
        migrate(connection, version or SCHEMA_VERSION)


def _migrated_copy(connection: sqlite3.Connection, version: int) -> sqlite3.Connection:
    """Return what an older file holds in today's tables, in memory: a reader changes nothing."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(copy)
    with transaction(copy):
        migrate(copy, version)
    return copy


def _checked_version(connection: sqlite3.Connection, name: str) -> int:
    """Return the version of the history that the file holds, checked from end to end; 0 if it is still empty."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise ConfigError(
            f"the history {name} was written by a newer wattprint (its version is {version}, this program's "
            f"{SCHEMA_VERSION}); install {_newer_program(connection)}, or {_ELSEWHERE}"
        )
    found = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if not found and version == 0:
        return 0
    version = version or SCHEMA_VERSION
    if not found.issuperset(tables(version)):
        raise HistoryDamaged(f"{name}: tables are missing or not a history's")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise HistoryDamaged(f"{name}: {verdict}")
    return version


def _newer_program(connection: sqlite3.Connection) -> str:
    """Return what to install for a history of a version that is not known here."""
    try:
        row = connection.execute("SELECT program FROM meta").fetchone()
    except sqlite3.Error:  # whatever the newer one has in its place
        row = None
    return f"wattprint {row[0]} or a newer one" if row and row[0] else "the newer one again"


_ELSEWHERE = "give another directory with --state DIR"
_MEND = f"mend its permissions or mount, free space, or {_ELSEWHERE}"

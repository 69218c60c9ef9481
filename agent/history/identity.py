# SPDX-License-Identifier: Apache-2.0
"""Who a history is of: the machine, its name and its model, and since when.

https://www.freedesktop.org/software/systemd/man/machine-id.html asks that the machine id itself is never shown; it is
hashed with a text of this program's own, so that nobody finds it by what is kept here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3

    from agent.host import Host
    from impacts.parts import Server

_APPLICATION = "wattprint history\n"


class Identity(NamedTuple):
    """What a machine is known by; empty: not known."""

    machine: str  # hexadecimal digits
    host_name: str
    manufacturer: str
    model: str


class Identified(NamedTuple):
    """Who a history was of from a moment on."""

    since: datetime
    identity: Identity


def identity_of(host: Host, server: Server) -> Identity:
    """Return who a host is."""
    machine_id = host.read_text("/etc/machine-id") or ""
    hashed = sha256(f"{_APPLICATION}{machine_id}".encode()).hexdigest() if machine_id else ""
    return Identity(hashed, _host_name(host), server.manufacturer or "", server.model or "")


def _host_name(host: Host) -> str:
    """Return the name in /etc/hostname, which lasts; else the one that the kernel has."""
    lines = (host.read_text("/etc/hostname") or "").splitlines()
    named = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    return named or host.read_text("/proc/sys/kernel/hostname") or ""


def put_identity(connection: sqlite3.Connection, identity: Identity, at: datetime) -> None:
    """Keep who the history is of from now on, if that is another than before."""
    columns = ", ".join(Identity._fields)
    last = connection.execute(f"SELECT {columns} FROM identity ORDER BY sequence DESC LIMIT 1").fetchone()  # noqa: S608  constants
    if last != tuple(identity):
        connection.execute("INSERT INTO identity VALUES (NULL, ?, ?, ?, ?, ?)", (at.timestamp(), *identity))


def read_identities(connection: sqlite3.Connection) -> list[Identified]:
    """Return who the history has been of, in order of time."""
    columns = ", ".join(("since_utc_seconds", *Identity._fields))
    rows = connection.execute(f"SELECT {columns} FROM identity ORDER BY sequence")  # noqa: S608  constants
    return [Identified(datetime.fromtimestamp(since, UTC), Identity(*stated)) for since, *stated in rows]

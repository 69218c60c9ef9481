# SPDX-License-Identifier: Apache-2.0
"""A BMC that serves Redfish on 127.0.0.1, and the source that reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from books import shipped
from lab.redfish_server import RedfishServer

from agent.clock import SystemClock
from agent.host import Host
from agent.machine import Machine
from agent.sources import redfish
from impacts.parts import Inventory, Server

if TYPE_CHECKING:
    from pathlib import Path

    from agent.clock import Clock

PASSWORD = 'hush-"quoted"-and-\\slashed'  # noqa: S105 - of a server that lives as long as a test


@dataclass
class Bmcs:
    """Starts BMCs, and sources on them."""

    authority: Any
    folder: Path
    servers: list[RedfishServer] = field(default_factory=list)
    clock: Clock = field(default_factory=SystemClock)

    def start(self, tree, certificate=None):
        self.servers.append(RedfishServer(certificate or self.authority.usual, tree, password=PASSWORD))
        return self.servers[-1]

    def settings(self, server, **changes):
        """The config's settings for a server; None takes one away."""
        file = self.folder / "bmc-password"
        if not file.exists():
            file.touch(0o600)
            file.write_text(f"{PASSWORD}\n")
        given = {
            "address": server.address,
            "user": server.user,
            "password_file": str(file),
            "ca_file": str(self.authority.file),
            "deadline_seconds": 5,
        }
        return {key: value for key, value in (given | changes).items() if value is not None}

    def source(self, server, **changes):
        return redfish.open_source(self.machine(self.settings(server, **changes)))

    def machine(self, settings):
        host = Host(self.folder, self.clock)
        return Machine(host, Inventory(Server(), ()), shipped(), {"redfish": settings})

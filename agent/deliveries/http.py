# SPDX-License-Identifier: Apache-2.0
"""The landing page and the metrics by HTTP, on the address of the config."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from agent.errors import ConfigError
from exporters.web.app import App
from exporters.web.server import Server

if TYPE_CHECKING:
    from agent.clock import Clock
    from agent.deliveries.delivery import Latest
    from agent.written.config import Config

NAME = "http"


class Http:
    """A server that is bound to its address."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def announcement(self) -> str:
        """The two pages."""
        return f"http://{self._server.address}/ and http://{self._server.address}/metrics"

    def start(self) -> None:
        """Answer requests in a thread."""
        threading.Thread(target=self._server.serve, name=NAME, daemon=True).start()

    def stop(self) -> None:
        """Close the address."""
        self._server.stop()


def open_http(config: Config, latest: Latest, clock: Clock) -> Http:
    """Take the address of the config.

    Raises:
        ConfigError: it cannot be had.
    """
    try:
        server = Server(config.listen, App(latest, clock.utc_now))
        server.bind()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(
            f"cannot listen on {config.listen}: {why}; choose another address with --listen HOST:PORT"
        ) from error
    return Http(server)

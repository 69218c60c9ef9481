# SPDX-License-Identifier: Apache-2.0
"""A server on a port of the kernel's choice, for as long as a test lasts."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from exporters.web.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication


@contextmanager
def served(app: WSGIApplication, listen: str = "127.0.0.1:0", **limits: int) -> Iterator[Server]:
    """Yield a server that answers; it and its threads are gone afterwards."""
    server = Server(listen, app, **limits)
    server.bind()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()

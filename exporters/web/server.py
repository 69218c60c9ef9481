# SPDX-License-Identifier: Apache-2.0
"""A bounded HTTP server: so many threads, so many connections, so many seconds, and no client gets more.

Cheroot (https://cheroot.cherrypy.dev/) does the work. What is added: a connection takes no thread before its
request begins, a request that dawdles is cut off, and nothing is printed.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import socket  # noqa: TID251 - this module is where the program listens
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from cheroot.server import HTTPConnection
from cheroot.wsgi import Server as WsgiServer

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_THREADS = 4
_QUEUED_REQUESTS = 16
_CONNECTIONS = 64
_IDLE_SECONDS = 10  # for a connection that sends nothing, and for each single read and write
REQUEST_SECONDS = 10  # for a whole request, however busily it trickles in
_HEADER_BYTES = 16 * 1024
_HIGHEST_PORT = 65535
_BODY_BYTES = 1024  # no request here has a use for one

_LISTEN = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^\[\]:\s]+)):(?P<port>\d{1,5})", re.ASCII)

_log = logging.getLogger(__name__)


class ListenError(OSError):
    """The address cannot be had: `filename` says which, `strerror` why."""


def parse_listen(listen: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; port 0 lets the kernel choose. Raise `ValueError` on anything else."""
    match = _LISTEN.fullmatch(listen)
    if match is None or int(match["port"]) > _HIGHEST_PORT:
        raise ValueError(f"{listen!r} is not HOST:PORT; write it like 127.0.0.1:9733 or [::1]:9733")
    return match["ipv6"] or match["host"], int(match["port"])


def _reason(error: OSError) -> str:
    """Return why in the system's words; the resolver's errors have negative numbers and words of their own."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror)


class Server:
    """Serves a WSGI application on one address. Once bound, it has to be stopped."""

    def __init__(self, listen: str, app: WSGIApplication, request_seconds: int = REQUEST_SECONDS) -> None:
        self._listen = listen
        self._request_seconds = request_seconds
        self._stopped = Event()
        self._server = _BoundedServer(parse_listen(listen), app)

    @property
    def address(self) -> str:
        """`HOST:PORT`; once bound, with the port that was really given."""
        host, port = self._server.bind_addr
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def bind(self) -> None:
        """Take the address and start the threads; raise `ListenError` if it cannot be had."""
        try:
            self._server.prepare()
        except OSError:
            raise ListenError(*self._server.refusal, self._listen) from None

    def serve(self) -> None:
        """Answer requests until `stop` is called from another thread."""
        Thread(target=self._cut_off_the_slow, name="web-deadlines", daemon=True).start()
        self._server.serve()

    def stop(self) -> None:
        """Close the address and end the threads; requests in progress have two seconds."""
        self._stopped.set()
        self._server.stop()

    def _cut_off_the_slow(self) -> None:
        while not self._stopped.wait(1.0):
            for connection in tuple(self._server.busy):
                connection.age_seconds += 1
                if connection.age_seconds > self._request_seconds:
                    connection.hang_up()


class _Connection(HTTPConnection):
    """A connection that knows how long its request has kept a thread."""

    has_waited = False  # for its first byte, without a thread
    age_seconds = 0

    def communicate(self) -> bool:
        self.age_seconds = 0
        self.server.busy.add(self)
        try:
            return bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            self.server.busy.discard(self)

    def hang_up(self) -> None:
        """Make the thread's next read or write fail."""
        with suppress(OSError):  # it may have come to its end just now
            self.socket.shutdown(socket.SHUT_RDWR)


class _BoundedServer(WsgiServer):
    ConnectionClass = _Connection
    max_request_header_size = _HEADER_BYTES
    max_request_body_size = _BODY_BYTES
    keep_alive_conn_limit = _CONNECTIONS

    def __init__(self, address: tuple[str, int], app: WSGIApplication) -> None:
        super().__init__(
            address,
            app,
            numthreads=_THREADS,
            max=_THREADS,
            server_name="wattprint",
            request_queue_size=_CONNECTIONS,
            timeout=_IDLE_SECONDS,
            shutdown_timeout=2,
            accepted_queue_size=_QUEUED_REQUESTS,
            accepted_queue_timeout=1,
        )
        self.busy: set[_Connection] = set()
        self.refusal = (errno.EADDRNOTAVAIL, "no such address")

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:  # noqa: A002, ARG002 - the name is Cheroot's
        host, _ = self.bind_addr
        both_families = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        try:
            listener = socket.create_server(self.bind_addr, family=family, dualstack_ipv6=both_families)
        except OSError as error:
            self.refusal = (error.errno or 0, _reason(error))
            raise
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
        self.socket = listener
        self.bind_addr = listener.getsockname()[:2]
        return listener

    def process_conn(self, conn: _Connection) -> None:
        """Let a new connection wait for its first byte in the selector: browsers open some that they never use."""
        if conn.has_waited:
            super().process_conn(conn)
        elif self.can_add_keepalive_connection:
            conn.has_waited = True
            self.put_conn(conn)
        else:
            conn.close()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature is Cheroot's
        """Log our own faults as such; that clients come and go is of no interest."""
        _log.log(level if level >= logging.ERROR else logging.DEBUG, msg, exc_info=traceback)

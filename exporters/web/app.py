# SPDX-License-Identifier: Apache-2.0
"""The WSGI application: the landing page at `/`, the metrics at `/metrics`, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from exporters import prometheus
from exporters.web.page import STYLE_HASH, landing_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from wsgiref.types import StartResponse, WSGIEnvironment

    from impacts.snapshots import Snapshot

_PLAIN = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_RETRY_AFTER_SECONDS = 2

# Nothing may be loaded, run, framed or sent anywhere; data: is for the empty icon.
_POLICY = f"default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(frozen=True, slots=True)
class _Response:
    status: HTTPStatus
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class App:
    """Serves the latest snapshot. A scrape renders and computes nothing, and renders each snapshot once per format."""

    def __init__(self, latest: Callable[[], Snapshot | None], utc_now: Callable[[], datetime]) -> None:
        self._latest = latest
        self._utc_now = utc_now
        # Replaced whole with each new snapshot, so that threads need no lock; at worst two of them render the same.
        self._rendered: tuple[Snapshot | None, dict[str, bytes]] = (None, {})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer one request."""
        response = self._respond(environ)
        headers = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        start_response(f"{response.status.value} {response.status.phrase}", [*headers, *_HEADERS, *response.headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _respond(self, environ: WSGIEnvironment) -> _Response:
        path = environ.get("PATH_INFO", "")
        if path not in {"/", "/metrics"}:
            return _Response(HTTPStatus.NOT_FOUND, _PLAIN, b"nothing here: the pages are / and /metrics\n")
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _Response(HTTPStatus.METHOD_NOT_ALLOWED, _PLAIN, b"only GET and HEAD\n", (("Allow", "GET, HEAD"),))
        return self._page() if path == "/" else self._metrics(environ.get("HTTP_ACCEPT", ""))

    def _page(self) -> _Response:
        snapshot = self._latest()
        body = landing_page(snapshot, self._utc_now()).encode()
        return _Response(HTTPStatus.OK, _HTML, body) if snapshot else _not_yet(_HTML, body)

    def _metrics(self, accept: str) -> _Response:
        snapshot = self._latest()
        if snapshot is None:
            return _not_yet(_PLAIN, b"the first figures come in a few seconds\n")
        content_type, renderer = prometheus.choose(accept)
        rendered_from, bodies = self._rendered
        if rendered_from is not snapshot:
            bodies = {}
            self._rendered = (snapshot, bodies)
        if content_type not in bodies:
            bodies[content_type] = renderer(snapshot)
        return _Response(HTTPStatus.OK, content_type, bodies[content_type], (("Vary", "Accept"),))


def _not_yet(content_type: str, body: bytes) -> _Response:
    retry = (("Retry-After", str(_RETRY_AFTER_SECONDS)),)
    return _Response(HTTPStatus.SERVICE_UNAVAILABLE, content_type, body, retry)

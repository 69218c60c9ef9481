# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from snapshots import TAKEN_AT, busy_server, exactly

from exporters.prometheus import OPENMETRICS_CONTENT_TYPE, TEXT_CONTENT_TYPE, text
from exporters.web.app import App
from impacts import quantities as q
from impacts.snapshots import Snapshot


class Client:
    """Calls an app as a server does that checks every rule of WSGI."""

    def __init__(self, *snapshots):
        self.snapshots = list(snapshots)
        self.app = App(lambda: self.snapshots[0], lambda: TAKEN_AT)

    def ask(self, path, method="GET", **headers):
        environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": "", "SCRIPT_NAME": "", **headers}
        setup_testing_defaults(environ)
        answer = {}

        def start_response(status, response_headers, exc_info=None):
            answer["status"], answer["headers"] = status, dict(response_headers)

        chunks = validator(self.app)(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            chunks.close()
        return answer["status"], answer["headers"], body


def test_metrics_are_the_snapshot_as_text():
    status, headers, body = Client(busy_server()).ask("/metrics")

    assert (status, headers["Content-Type"], body) == ("200 OK", TEXT_CONTENT_TYPE, text(busy_server()))
    assert headers["Content-Length"] == str(len(body))


def test_metrics_are_openmetrics_for_who_asks():
    _, headers, body = Client(busy_server()).ask("/metrics", HTTP_ACCEPT="application/openmetrics-text;version=1.0.0")

    assert headers["Content-Type"] == OPENMETRICS_CONTENT_TYPE
    assert headers["Vary"] == "Accept"
    assert body.endswith(b"# EOF\n")


def test_the_landing_page_is_html():
    status, headers, body = Client(busy_server()).ask("/")

    assert (status, headers["Content-Type"]) == ("200 OK", "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")


@pytest.mark.parametrize("path", ["/", "/metrics", "/other"])
def test_no_answer_is_stored_or_guessed_at_and_no_page_may_load_anything(path):
    _, headers, _ = Client(busy_server()).ask(path)

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_head_is_get_without_the_body(path):
    client = Client(busy_server())

    status, headers, body = client.ask(path, "HEAD")

    assert (status, body) == ("200 OK", b"")
    assert headers == client.ask(path)[1]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(method):
    status, headers, body = Client(busy_server()).ask("/metrics", method)

    assert status == "405 Method Not Allowed"
    assert headers["Allow"] == "GET, HEAD"
    assert body.count(b"\n") == 1


@pytest.mark.parametrize("path", ["/metrics/", "/favicon.ico", "//", "/../etc/passwd", "/<script>"])
def test_other_paths_are_not_found_and_not_repeated(path):
    status, _, body = Client(busy_server()).ask(path)

    assert status == "404 Not Found"
    assert body == b"nothing here: the pages are / and /metrics\n"


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_before_the_first_snapshot_the_answer_is_to_come_again(path):
    status, headers, body = Client(None).ask(path)

    assert status == "503 Service Unavailable"
    assert headers["Retry-After"] == "2"
    assert b"a few seconds" in body


def test_a_snapshot_is_rendered_once():
    client = Client(busy_server())

    assert client.ask("/metrics")[2] == client.ask("/metrics")[2]
    _, bodies = client.app._rendered  # noqa: SLF001 - that it is kept is not to be seen from outside
    assert list(bodies) == [TEXT_CONTENT_TYPE]


def test_a_new_snapshot_replaces_the_old_one_in_both_formats():
    client = Client(Snapshot(TAKEN_AT, (exactly(q.SAMPLER_TICKS, value=1.0),)))
    openmetrics = {"HTTP_ACCEPT": "application/openmetrics-text"}
    client.ask("/metrics")
    client.ask("/metrics", **openmetrics)

    client.snapshots[0] = Snapshot(TAKEN_AT, (exactly(q.SAMPLER_TICKS, value=2.0),))

    assert b"wattprint_sampler_ticks_total 2.0" in client.ask("/metrics")[2]
    assert b"wattprint_sampler_ticks_total 2.0" in client.ask("/metrics", **openmetrics)[2]

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import logging
import socket
import struct
import threading
import time
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from threading import Event, Thread

import pytest
from snapshots import TAKEN_AT, busy_server
from web import served

from exporters.web.app import App
from exporters.web.server import ListenError, Server, parse_listen

THREADS = 4
PATIENCE_SECONDS = 60  # much longer than anything here takes, on a busy machine as well


def app():
    return App(busy_server, lambda: TAKEN_AT)


def port_of(server):
    return parse_listen(server.address)[1]


def scrape(server, timeout=PATIENCE_SECONDS):
    connection = HTTPConnection("127.0.0.1", port_of(server), timeout=timeout)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def connect(server, stack, first_bytes=b""):
    client = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(server)), timeout=PATIENCE_SECONDS))
    client.sendall(first_bytes)
    return client


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:9733", ("127.0.0.1", 9733)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:9733", ("::1", 9733)),
        ("[::]:65535", ("::", 65535)),
        ("host.example.org:80", ("host.example.org", 80)),
    ],
)
def test_a_listen_address_is_host_and_port(listen, address):
    assert parse_listen(listen) == address


@pytest.mark.parametrize(
    "listen",
    ["", "9733", ":9733", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:9733", "[::1]", "a b:1", "a:-1", "a:1x"],
)
def test_anything_else_is_refused_in_one_line(listen):
    with pytest.raises(ValueError, match="is not HOST:PORT; write it like") as refusal:
        parse_listen(listen)

    assert "\n" not in str(refusal.value)


def test_port_zero_is_told_once_bound():
    with served(app()) as server:
        assert port_of(server) > 0
        assert server.address.startswith("127.0.0.1:")
        assert scrape(server)[0] == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_an_ipv6_address_is_told_in_brackets():
    with ExitStack() as stack:
        try:
            server = stack.enter_context(served(app(), "[::1]:0"))
        except ListenError as refusal:
            pytest.skip(f"no ::1 here: {refusal}")
        assert server.address.startswith("[::1]:")
        connection = HTTPConnection("::1", port_of(server), timeout=PATIENCE_SECONDS)
        connection.request("HEAD", "/metrics")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_port_in_use_is_told_as_such_and_leaves_nothing_behind():
    before = threading.active_count()
    with served(app()) as server:
        second = Server(server.address, app())
        with pytest.raises(ListenError) as refusal:
            second.bind()
        second.stop()

    assert refusal.value.errno == errno.EADDRINUSE
    assert refusal.value.strerror == "Address already in use"
    assert refusal.value.filename == server.address
    assert threading.active_count() <= before + 1  # the watch over slow requests may take a second to see the end


def test_an_address_of_another_machine_is_told_as_such():
    with pytest.raises(ListenError) as refusal:
        Server("192.0.2.1:9733", app()).bind()

    assert refusal.value.strerror == "Cannot assign requested address"


def test_a_stopped_server_frees_its_port():
    with served(app()) as server:
        address = server.address
    with served(app(), address) as again:
        assert scrape(again)[0] == 200


def test_a_server_that_never_served_can_be_stopped():
    server = Server("127.0.0.1:0", app())
    server.bind()
    server.stop()


def test_a_connection_is_kept_for_the_next_scrape():
    with served(app()) as server:
        connection = HTTPConnection("127.0.0.1", port_of(server), timeout=PATIENCE_SECONDS)
        for _ in range(3):
            connection.request("GET", "/metrics")
            assert connection.getresponse().read()
        connection.close()


def test_idle_connections_take_no_thread():
    with served(app()) as server, ExitStack() as stack:
        idle = [connect(server, stack) for _ in range(3 * THREADS)]

        assert scrape(server)[0] == 200
        assert not any(map(_is_cut_off, idle))  # it was not their end that made room


def test_stuck_requests_take_no_more_than_their_threads():
    with served(app()) as server, ExitStack() as stack:
        stuck = [connect(server, stack, b"GET /metrics HTT") for _ in range(THREADS - 1)]

        assert scrape(server)[0] == 200
        assert not any(map(_is_cut_off, stuck))


def test_a_request_that_trickles_is_cut_off_and_its_thread_freed():
    with served(app(), request_seconds=2) as server, ExitStack() as stack:
        clients = [connect(server, stack, b"GET / HTTP/1.1\r\n") for _ in range(THREADS)]
        finished = Event()

        def trickle():
            while not finished.wait(0.5):
                for client in clients:
                    with suppress(OSError):
                        client.sendall(b"X: y\r\n")

        trickling = Thread(target=trickle)
        trickling.start()
        try:
            assert scrape(server)[0] == 200
        finally:
            finished.set()
            trickling.join()

        assert any(map(_is_cut_off, clients))


def test_more_connections_than_allowed_are_hung_up_on():
    with served(app()) as server, ExitStack() as stack:
        clients = [connect(server, stack) for _ in range(80)]
        ends = time.monotonic() + PATIENCE_SECONDS
        while sum(map(_is_cut_off, clients)) < 80 - 64 and time.monotonic() < ends:
            time.sleep(0.05)

        assert sum(map(_is_cut_off, clients)) == 80 - 64


def _is_cut_off(client):
    client.setblocking(False)  # noqa: FBT003 - the standard library's signature
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + 20_000 * b"y" + b"\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", b"413"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_oversized_and_senseless_requests_are_refused(request_bytes, status):
    with served(app()) as server, ExitStack() as stack:
        client = connect(server, stack, request_bytes)

        assert client.recv(4096).split()[1] == status
        assert scrape(server)[0] == 200


def test_clients_that_vanish_leave_no_word(capfd, caplog):
    caplog.set_level(logging.INFO)
    with served(app()) as server:
        for request in (b"", b"GET /met", b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"):
            client = socket.create_connection(("127.0.0.1", port_of(server)))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by reset
            client.sendall(request)
            client.close()
        assert scrape(server)[0] == 200

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_a_bug_of_ours_is_an_error_in_the_log_and_the_server_goes_on(caplog):
    def broken(environ, start_response):
        raise RuntimeError("a bug")

    with served(broken) as server:
        assert scrape(server)[0] == 500
        assert scrape(server)[0] == 500

    assert caplog.records[0].levelno == logging.ERROR
    assert caplog.records[0].exc_info[0] is RuntimeError

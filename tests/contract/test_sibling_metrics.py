# SPDX-License-Identifier: Apache-2.0
"""Siblings by way of the real Prometheus: it scrapes what agents publish, and is asked for it as users' servers are."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from dataclasses import replace
from urllib.request import urlopen

import pytest
from snapshots import TAKEN_AT, exactly
from web import served

from agent.answers.sibling_metrics import siblings_of_metrics
from agent.errors import ConfigError, WattprintError
from agent.explain.taught import taught_figures
from agent.host import Host
from agent.wholehost.siblings.regression import Bend
from agent.wholehost.siblings.taught import Taught
from exporters import prometheus
from impacts import quantities as q
from impacts.configurations import Configuration
from impacts.snapshots import Snapshot
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation, Estimate

PATIENCE_SECONDS = 60
SERVER = Configuration("Dell Inc.", 'PowerEdge "R740"', "2 x Xeon Gold 6226", "12 x 32 GB", "", "2 x ssd, 4 x hdd")
ACCURACY = Estimate(0.95, 1.0, 1.05, "1", (Citation("data sheet"),))
IDLE, BUSY = Bend(0.0, 110.0, 1.0, 7200.0), Bend(1.0, 400.0, 2.0, 3600.0)
TAUGHT = Taught(SERVER, "ipmi_dcmi", (IDLE, BUSY), 3.5, 104.0, ACCURACY)


def exposition(taught, product=SERVER.product):
    host = exactly(q.HOST, SERVER.manufacturer, product, "Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", "false")
    return prometheus.text(Snapshot(TAKEN_AT, (host, *taught_figures(taught))))


def fleet(expositions):
    """A server that answers as one agent at each path."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", prometheus.TEXT_CONTENT_TYPE)])
        return [expositions[environ["PATH_INFO"]]]

    return app


@pytest.fixture
def prometheus_server(tmp_path):
    """Start Prometheus over the agents of these expositions; yield its address."""
    running = []

    def start(address, paths):
        with socket.create_server(("127.0.0.1", 0)) as free:
            listen = f"127.0.0.1:{free.getsockname()[1]}"
        jobs = [
            {
                "job_name": path.strip("/"),
                "metrics_path": path,
                "static_configs": [{"targets": [address], "labels": {"room": "A 1"}}],
            }
            for path in paths
        ]
        config = tmp_path / "prometheus.yml"
        config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
        arguments = [
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={listen}",
        ]
        log = (tmp_path / "log").open("w")
        running.append(subprocess.Popen(["prometheus", *arguments], stdout=log, stderr=subprocess.STDOUT))
        log.close()
        wait_for(f"http://{listen}", len(paths))
        return f"http://{listen}"

    yield start
    for process in running:
        process.kill()
        process.wait()


def wait_for(address, count):
    """Wait until so many hosts are known there."""
    for _ in range(10 * PATIENCE_SECONDS):
        try:
            with urlopen(f"{address}/api/v1/query?query=wattprint_host_info", timeout=PATIENCE_SECONDS) as answer:
                if len(json.load(answer)["data"]["result"]) == count:
                    return
        except OSError:
            pass  # it has not begun to listen
        time.sleep(0.1)
    raise AssertionError("Prometheus never knew them")


@pytest.mark.promtool
def test_what_agents_publish_comes_back_as_siblings(prometheus_server):
    other = replace(TAUGHT, configuration=replace(SERVER, memory="24 x 32 GB"), bends=(IDLE,))
    agents = {
        "/one": exposition(TAUGHT),
        "/two": exposition(other),
        "/untaught": exposition(None),
        "/nameless": exposition(TAUGHT, product=""),
    }
    with served(fleet(agents)) as server:
        address = prometheus_server(f"{server.address}", list(agents))
        siblings, problems = siblings_of_metrics(Host(), address)

    of_one, of_two = sorted(siblings, key=lambda sibling: sibling.configuration)
    assert (of_one.configuration, of_two.configuration) == (SERVER, other.configuration)
    assert of_one.powers == {
        0.0: Bounded(pytest.approx(108 * 0.95), 110, pytest.approx(112 * 1.05)),
        1.0: Bounded(pytest.approx(396 * 0.95), 400, pytest.approx(404 * 1.05)),
    }
    assert set(of_two.powers) == {0.0}
    assert of_one.residual_watts == 3.5
    assert [problem.reason for problem in problems] == ["product_unknown"]


ANSWERS = {
    "another page": (200, b"<html>hello</html>"),
    "no such path": (404, b"not found"),
    "an error": (400, b'{"status": "error", "errorType": "bad_data", "error": "parse error"}'),
    "a list": (200, b"[]"),
    "no value": (200, b'{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"a": "b"}}]}}'),
    "a word": (
        200,
        b'{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"a": "b"}, "value": [1, "x"]}]}}',
    ),
}


@pytest.mark.parametrize(("status", "body"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_of_something_else_is_one_line(status, body):
    def app(_, start_response):
        start_response(f"{status} So", [("Content-Type", "text/plain")])
        return [body]

    with served(app) as server, pytest.raises(WattprintError) as error:
        siblings_of_metrics(Host(), f"http://reader:secret@{server.address}/api")

    assert "/api/v1/query" in str(error.value)
    assert "secret" not in str(error.value)


def test_a_server_that_is_not_there_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(WattprintError, match="see that it runs"):
        siblings_of_metrics(Host(), address)


@pytest.mark.parametrize("address", ["prometheus:9090", "localhost", "ftp://prometheus", "http://"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ConfigError, match="http://prometheus:9090"):
        siblings_of_metrics(Host(), address)


def test_values_that_are_no_numbers_are_no_siblings():
    def app(_, start_response):
        start_response("200 OK", [])
        result = [{"metric": {"instance": "one", "product": "x"}, "value": [1, "NaN"]}]
        return [json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()]

    with served(app) as server:
        assert siblings_of_metrics(Host(), f"http://{server.address}") == ([], [])

# SPDX-License-Identifier: Apache-2.0
"""Whatever a service answers, a read gives power or fails as reads do."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from clocks import HandClock
from hypothesis import given, settings
from hypothesis import strategies as st
from lab.redfish_server import SESSIONS, VENDORS

from agent.errors import ReadFailed
from agent.sources.redfish import RedfishSource
from agent.sources.redfish_session import RedfishSession
from agent.sources.redfish_settings import RedfishSettings
from agent.web_client import Reply
from impacts.values.estimates import Citation, Estimate

ACCURACY = Estimate.exact(1.0, "1", Citation("the test"))
SETTINGS = RedfishSettings("https://bmc", "monitor", Path(__file__), ca=True, deadline_seconds=5)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
STATUS = st.sampled_from([200, 200, 204, 301, 308, 400, 401, 403, 404, 405, 429, 500, 503, 999])
HEADERS = st.dictionaries(st.sampled_from(["X-Auth-Token", "Location", "Retry-After"]), st.text(max_size=12))
BYTES = st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode())


def places(document, steps=()):
    """Every place in a document, as the steps to it."""
    inner = document.items() if isinstance(document, dict) else ()
    inner = enumerate(document) if isinstance(document, list) else inner
    for step, value in inner:
        yield (*steps, step)
        yield from places(value, (*steps, step))


@st.composite
def damaged_services(draw):
    """A vendor's service in which some places hold something else."""
    tree = copy.deepcopy(VENDORS[draw(st.sampled_from(sorted(VENDORS)))]())
    for _ in range(draw(st.integers(0, 3))):
        *outer, last = draw(st.sampled_from(list(places(tree))))
        holder = tree
        for step in outer:
            holder = holder[step]
        holder[last] = draw(JSON)
    return {path: json.dumps(document).encode() for path, document in tree.items()}


class Web:
    """Serves documents; the n-th answer may be another one."""

    def __init__(self, documents, others) -> None:
        self.documents, self.others = documents, others
        self.asked = 0

    def fetch(self, method, path, *_):
        self.asked += 1
        assert path.startswith("/")
        if self.asked in self.others:
            return self.others[self.asked]
        if method == "POST":
            return Reply(201, {"X-Auth-Token": "t", "Location": f"{SESSIONS}/1"}, b"{}")
        body = self.documents.get(path.rstrip("/"))
        return Reply(404, {}, b"") if body is None else Reply(200, {}, body)

    def hang_up(self):
        pass


@settings(max_examples=200, deadline=None)
@given(damaged_services(), st.dictionaries(st.integers(1, 20), st.builds(Reply, STATUS, HEADERS, BYTES), max_size=2))
def test_whatever_a_service_answers_a_read_gives_power_or_fails(documents, others):
    web, clock = Web(documents, others), HandClock()
    source = RedfishSource(RedfishSession(web, SETTINGS, clock), SETTINGS, clock, ACCURACY)
    for _ in range(3):
        try:
            readings = source.read()
        except ReadFailed as failure:
            readings = failure.readings
            assert failure.reason.replace("_", "").isalnum()  # noqa: PT017 - most reads do not fail
        else:
            assert sum(reading.watts for reading in readings) > 0
        assert {reading.channel for reading in readings} <= set(source.channels)
        assert all(0 <= reading.watts <= 100_000 for reading in readings)
        clock.wait(30)
    source.close()

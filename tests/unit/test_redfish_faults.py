# SPDX-License-Identifier: Apache-2.0
"""What a BMC does wrong: each time one clear line with its remedy, nothing read, and no session left behind."""

from __future__ import annotations

import pytest
from clocks import ShiftedClock
from lab.redfish_server import VENDORS, environment, power, service
from lab.redfish_server import chassis as chassis_of

from agent.errors import ReadFailed

POWER = "/redfish/v1/Chassis/1/Power"


def failure_of(source):
    with pytest.raises(ReadFailed) as raised:
        source.read()
    failure = raised.value
    assert failure.readings == ()
    assert failure.remedy
    assert "\n" not in failure.what + failure.remedy
    return failure


def test_a_wrong_password_is_unauthorized_whichever_way_it_is_said(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    server.password = "not what the file says"  # noqa: S105
    source = bmcs.source(server)
    for server.faults.login_status in (400, 401, 403):
        assert failure_of(source).reason == "unauthorized"
    server.faults.has_no_sessions = True
    assert failure_of(source).reason == "unauthorized"

    assert server.logins == 0


def test_an_account_that_may_log_in_but_not_read_is_unauthorized(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    server.faults.forbids = POWER
    failure = failure_of(bmcs.source(server))

    assert (failure.reason, server.logins, server.sessions) == ("unauthorized", 1, {})
    assert POWER in failure.what


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (lambda authority: authority.sign("old", expired=True), "has expired"),
        (lambda authority: authority.sign("else", "IP:127.0.0.2"), "for another address"),
        (lambda authority: authority.self_signed(), "signed by itself"),
    ],
    ids=["expired", "another-host", "self-signed"],
)
def test_a_certificate_that_proves_nothing_is_not_trusted_and_the_password_not_sent(bmcs, certificate, words):
    server = bmcs.start(VENDORS["ilo"](), certificate(bmcs.authority))
    failure = failure_of(bmcs.source(server))

    assert failure.reason == "tls"
    assert words in failure.what
    assert server.requests == []


def test_a_certificate_of_an_authority_that_is_not_configured_is_not_trusted(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    failure = failure_of(bmcs.source(server, ca_file=None))

    assert failure.reason == "tls"
    assert "ca_file" in failure.remedy
    assert server.requests == []


def test_a_self_signed_certificate_is_trusted_as_its_own_ca_file(bmcs):
    certificate = bmcs.authority.self_signed()
    server = bmcs.start(VENDORS["ilo"](), certificate)
    source = bmcs.source(server, ca_file=str(certificate.chain))

    assert [reading.watts for reading in source.read()] == [93.0]
    source.close()


def test_a_certificate_is_not_checked_where_the_config_says_so_and_doctor_is_told(bmcs, caplog):
    server = bmcs.start(VENDORS["ilo"](), bmcs.authority.self_signed())
    source = bmcs.source(server, ca_file=None, verify=False)

    assert [reading.watts for reading in source.read()] == [93.0]
    assert any("not checked (verify: false)" in note for note in source.notes)
    assert "not checked (verify: false)" in caplog.text
    source.close()


def test_a_ca_file_of_nonsense_is_said(bmcs, tmp_path):
    (tmp_path / "ca.pem").write_text("nonsense")
    server = bmcs.start(VENDORS["ilo"]())

    assert failure_of(bmcs.source(server, ca_file=str(tmp_path / "ca.pem"))).reason == "tls"


def test_a_service_that_asks_to_be_left_alone_is_left_alone(bmcs):
    server, bmcs.clock = bmcs.start(VENDORS["ilo"]()), ShiftedClock()
    source = bmcs.source(server)
    source.read()
    server.faults.status, server.faults.retry_after = 503, "20"
    assert failure_of(source).reason == "http_503"
    assert server.sessions == {}
    server.requests.clear()
    assert "left alone for" in failure_of(source).what
    assert server.requests == []

    server.faults.status = 0
    bmcs.clock.shift_seconds = 20
    assert [reading.watts for reading in source.read()] == [93.0]
    source.close()


@pytest.mark.parametrize("after", ["", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "9" * 40, "²"])
def test_a_503_without_a_time_in_seconds_is_tried_again_at_the_next_read(bmcs, after):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server)
    server.faults.status, server.faults.retry_after = 503, after.encode("ascii", "ignore").decode()
    assert failure_of(source).reason == "http_503"
    server.faults.status = 0

    assert source.read()
    source.close()


def test_a_service_without_a_free_session_is_busy(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    server.faults.most_sessions = 0
    failure = failure_of(bmcs.source(server))

    assert failure.reason == "http_503"
    assert "sessions" in failure.remedy


@pytest.mark.parametrize("path", ["/redfish/v1", POWER])
def test_an_answer_that_takes_a_minute_is_given_up_at_the_deadline(bmcs, path):
    server = bmcs.start(VENDORS["ilo"]())
    server.faults.stall_seconds, server.faults.stall_path = 60, path
    failure = failure_of(bmcs.source(server, deadline_seconds=0.5))

    assert (failure.reason, server.sessions) == ("timeout", {})


def test_a_read_of_many_requests_keeps_to_the_deadline_in_all(bmcs):
    """Each answer alone comes in time; all of them together do not."""
    server = bmcs.start(VENDORS["openbmc"]())
    source = bmcs.source(server, deadline_seconds=2)
    source.read()
    server.faults.stall_seconds = 1.4

    assert failure_of(source).reason == "timeout"
    assert server.sessions == {}


@pytest.mark.parametrize("path", ["/redfish/v1", "/redfish/v1/Chassis", POWER])
def test_a_truncated_document_is_garbage(bmcs, path):
    server = bmcs.start(VENDORS["ilo"]())
    server.faults.truncate_path = path
    failure = failure_of(bmcs.source(server))

    assert (failure.reason, server.sessions) == ("garbage", {})


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"<html>", b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * 3_000_000 + b'"', b"9" * 5000],
    ids=["empty", "list", "null", "html", "not-utf8", "deep", "endless", "long-number"],
)
def test_what_is_no_resource_is_garbage(bmcs, body):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server)
    source.read()
    server.faults.body = {POWER: body}
    failure = failure_of(source)

    assert (failure.reason, server.sessions) == ("garbage", {})


@pytest.mark.parametrize("watts", ["225", True, -1, [225], {"W": 225}, float("nan"), float("inf"), 4294967295])
def test_a_power_that_is_no_power_is_garbage(bmcs, watts):
    server = bmcs.start(environment(watts))
    failure = failure_of(bmcs.source(server))

    assert (failure.reason, server.sessions) == ("garbage", {})


def test_chassis_without_power_are_no_reading(bmcs):
    server = bmcs.start(service({"1": chassis_of("1", system="1"), "2": chassis_of("2", "Power")}, {}))
    failure = failure_of(bmcs.source(server))

    assert (failure.reason, server.sessions) == ("no_reading", {})
    assert "no chassis" in failure.what


def test_a_meter_that_is_no_longer_there_is_looked_for_anew(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server)
    source.read()
    del server.tree[POWER]
    assert failure_of(source).reason == "no_reading"
    server.tree |= environment(180)

    assert [reading.watts for reading in source.read()] == [180.0]
    source.close()


def test_nobody_at_the_address_is_unreachable(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    server.stop()
    failure = failure_of(bmcs.source(server))

    assert failure.reason == "unreachable"
    assert "Connection refused" in failure.what


def test_other_answers_are_counted_by_their_status(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server)
    source.read()
    server.faults.status = 500

    assert failure_of(source).reason == "http_500"
    assert server.sessions == {}


def test_nonsense_in_one_chassis_takes_nothing_from_another(bmcs):
    bad = "/redfish/v1/Chassis/2/Power"
    server = bmcs.start(VENDORS["ilo"]())
    server.tree["/redfish/v1/Chassis"]["Members"].insert(0, {"@odata.id": "/redfish/v1/Chassis/2"})
    server.tree["/redfish/v1/Chassis/2"] = chassis_of("2", "Power")
    server.tree[bad] = power(bad, {"PowerConsumedWatts": "much"})
    source = bmcs.source(server)

    assert [reading.watts for reading in source.read()] == [93.0]
    source.close()

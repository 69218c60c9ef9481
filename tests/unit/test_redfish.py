# SPDX-License-Identifier: Apache-2.0
"""The source against a server of its own: vendors' shapes, and what it does with sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bmcs import PASSWORD
from lab.redfish_server import SESSIONS, VENDORS, environment
from trees import machine

from agent.errors import ReadFailed, SourceAbsent, SourceDenied
from agent.readings import Boundary, Method
from agent.sources import redfish
from impacts.parts import Inventory, Server

POWER = "/redfish/v1/Chassis/1/Power"

# What each service's documents say, by the rule: never an output, never a part, never a rating, no other node.
SHOWN = {
    "idrac": {"inlet": 135.0},
    "ilo": {"inlet": 93.0},
    "xcc": {"inlet": 263.0},
    "supermicro": {"psu-1": 112.0, "psu-2": 108.5},
    "openbmc": {"psu-1": 204.5, "psu-2": 199.25},
}


def shown(readings):
    return {reading.channel.name: reading.watts for reading in readings}


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_vendors_service_tells_the_inlet_power_of_this_host(bmcs, vendor):
    server = bmcs.start(VENDORS[vendor]())
    source = bmcs.source(server)
    first, second = source.read(), source.read()

    assert shown(first) == shown(second) == SHOWN[vendor]
    assert [reading.channel for reading in first] == list(source.channels)
    assert {channel.boundary for channel in source.channels} == {Boundary.INLET}
    assert {channel.method for channel in source.channels} == {Method.INTEGRATED}
    assert source.notes[0].startswith("meter: ")
    source.close()
    assert server.sessions == {}
    assert server.logins == 1


def test_after_the_search_a_read_asks_for_the_meters_document_only(bmcs):
    server = bmcs.start(VENDORS["idrac"]())
    source = bmcs.source(server)
    source.read()
    server.requests.clear()
    source.read()

    assert server.requests == [("GET", "/redfish/v1/Chassis/System.Embedded.1/Power")]
    source.close()


def test_a_service_that_wants_slashes_is_followed_but_never_to_another_server(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    server.faults.wants_slash = True
    source = bmcs.source(server)

    assert shown(source.read()) == SHOWN["ilo"]
    source.close()
    assert server.sessions == {}


def test_a_session_that_expired_is_replaced_by_one_other(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server)
    source.read()
    server.expire_sessions()

    assert shown(source.read()) == SHOWN["ilo"]
    assert len(server.sessions) == 1
    assert server.logins == 2
    source.close()
    assert server.sessions == {}


def test_without_a_session_service_every_request_carries_the_account(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    server.faults.has_no_sessions = True
    source = bmcs.source(server)
    source.read()

    assert shown(source.read()) == SHOWN["ilo"]
    assert server.requested("POST") == [SESSIONS]
    source.close()
    assert server.requested("DELETE") == []


def test_a_session_whose_end_could_not_be_told_is_used_again(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server)
    source.read()
    server.faults.status = server.faults.logout_status = 500
    with pytest.raises(ReadFailed):
        source.read()
    server.faults.status = server.faults.logout_status = 0
    source.read()

    assert server.logins == len(server.sessions) == 1
    source.close()
    assert server.sessions == {}


def test_a_changed_password_is_read_anew(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server)
    source.read()
    server.password = "another"  # noqa: S105
    server.expire_sessions()
    with pytest.raises(ReadFailed):
        source.read()
    (bmcs.folder / "bmc-password").write_text("another\n")

    assert shown(source.read()) == SHOWN["ilo"]
    source.close()


def test_a_supply_that_falls_silent_leaves_the_others_and_is_looked_for_anew(bmcs):
    server = bmcs.start(VENDORS["supermicro"]())
    source = bmcs.source(server)
    source.read()
    supplies = server.tree[POWER]["PowerSupplies"]
    supplies[2]["PowerInputWatts"] = None
    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason == "no_reading"
    assert shown(failure.value.readings) == {"psu-1": 112.0}
    assert server.sessions == {}

    supplies[2]["Status"]["State"] = "Absent"
    assert shown(source.read()) == {"psu-1": 112.0}
    assert [channel.name for channel in source.channels] == ["psu-1"]
    source.close()


def test_a_supply_that_rests_draws_nothing_beside_one_that_works(bmcs):
    server = bmcs.start(VENDORS["supermicro"]())
    server.tree[POWER]["PowerSupplies"][2]["PowerInputWatts"] = 0
    source = bmcs.source(server)

    assert shown(source.read()) == {"psu-1": 112.0, "psu-2": 0.0}
    source.close()


@pytest.mark.parametrize("watts", [None, 0])
def test_null_and_nought_are_no_reading(bmcs, watts):
    server = bmcs.start(environment(300))
    source = bmcs.source(server)
    source.read()
    server.tree["/redfish/v1/Chassis/1/EnvironmentMetrics"]["PowerWatts"]["Reading"] = watts
    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert (failure.value.reason, failure.value.readings) == ("no_reading", ())
    assert server.sessions == {}


def test_without_an_address_there_is_nothing_and_a_captured_machine_is_never_asked(bmcs, tmp_path):
    with pytest.raises(SourceAbsent, match="no BMC is configured") as absence:
        redfish.open_source(bmcs.machine({}))
    assert "sources.redfish.address" in absence.value.remedy

    server = bmcs.start(VENDORS["ilo"]())
    captured = machine(tmp_path)
    object.__setattr__(captured, "settings", {"redfish": bmcs.settings(server)})
    with pytest.raises(SourceAbsent, match="captured"):
        redfish.open_source(captured)
    assert server.requests == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": None}, "user is not known"),
        ({"password_file": None}, "password is not known"),
        ({"password_file": "/no/such/file"}, "/no/such/file cannot be read: No such file"),
        ({"password_file": "/dev/null"}, "/dev/null is empty"),
        ({"ca_file": "/no/such.pem"}, "/no/such.pem cannot be read"),
    ],
)
def test_what_is_missing_to_log_in_is_said_with_its_remedy(bmcs, changes, words):
    server = bmcs.start(VENDORS["ilo"]())
    with pytest.raises(SourceDenied, match=words) as denial:
        bmcs.source(server, **changes)

    assert denial.value.remedy
    assert server.requests == []


def test_user_and_password_may_come_from_the_environment(bmcs, monkeypatch):
    server = bmcs.start(VENDORS["ilo"]())
    monkeypatch.setenv("WATTPRINT_REDFISH_USER", server.user)
    monkeypatch.setenv("WATTPRINT_REDFISH_PASSWORD", PASSWORD)
    source = bmcs.source(server, user=None, password_file=None)

    assert shown(source.read()) == SHOWN["ilo"]
    source.close()


def test_a_password_file_that_others_may_read_is_said(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    bmcs.settings(server)
    (bmcs.folder / "bmc-password").chmod(0o644)
    source = bmcs.source(server)

    assert any("chmod o=" in note for note in source.notes)
    source.read()
    assert any("chmod o=" in note for note in source.notes)
    source.close()


def on_a_node(bmcs, server):
    machine = replace(bmcs.machine(bmcs.settings(server)), inventory=Inventory(Server(form="blade"), ()))
    return redfish.open_source(machine)


def test_the_supplies_that_a_nodes_bmc_shows_are_no_meter_of_the_node(bmcs):
    source = on_a_node(bmcs, bmcs.start(VENDORS["openbmc"]()))

    with pytest.raises(ReadFailed, match="shows the power of this node alone") as failure:
        source.read()
    assert failure.value.reason == "no_reading"
    assert "form: rack" in failure.value.remedy
    source.close()


def test_a_meter_that_may_be_the_chassis_is_read_with_a_problem(bmcs):
    server = bmcs.start(environment(370))
    of_node, of_server = on_a_node(bmcs, server), bmcs.source(server)

    assert shown(of_node.read()) == shown(of_server.read()) == {"inlet": 370}
    assert [problem.reason for problem in of_node.problems] == ["perhaps_shared"]
    assert of_server.problems == ()
    of_node.close()
    of_server.close()

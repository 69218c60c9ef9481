# SPDX-License-Identifier: Apache-2.0
"""The BMC's power by DCMI, from a simulated BMC within the process."""

from __future__ import annotations

import os
import struct
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from bmc_transport import BmcTransport, first_then_it
from hypothesis import example, given
from hypothesis import strategies as st
from lab.simbmc import SimBmc
from trees import machine, processor

from agent.config_file import read_config
from agent.errors import ConfigError, ReadFailed, SourceAbsent, SourceDenied
from agent.host import Host
from agent.ipmi.dcmi import parse_capabilities, parse_power_reading
from agent.ipmi.tool_output import parse_watts
from agent.ledger import EnergyLedger
from agent.loop.source_set import SourceSet
from agent.readings import Boundary, Method
from agent.sources.ipmi_dcmi import NAME, DcmiSource, open_by, open_source
from agent.sources.ipmi_sensors import SensorSource
from agent.sources.table import SOURCES
from impacts.parts import Inventory, Server

POWER_READING = 0x02
CAPABILITIES = 0x01
INVALID_COMMAND, BUSY, UNSPECIFIED = b"\xc1", b"\xc0", b"\xff"


def reading(watts: int, *, state: int = 0x40, timestamp: int = 1) -> bytes:
    return b"\xdc" + struct.pack("<HHHHIIB", watts, 1, 900, 500, timestamp, 1000, state)


def on_real_clock(root, settings=None, server=None):
    made = machine(root)
    return replace(
        made,
        host=Host(root),
        inventory=Inventory(server or Server(), ()),
        settings={NAME: settings} if settings else {},
    )


def test_the_present_power_is_read_at_the_inlet(tmp_path):
    source = open_by(machine(tmp_path), BmcTransport(SimBmc(watts=431)))
    (said,) = source.read()

    assert isinstance(source, DcmiSource)
    assert said.watts == 431
    assert said.averaged_over_seconds is None
    assert (said.channel.boundary, said.channel.method) == (Boundary.INLET, Method.INTEGRATED)
    assert said.channel.accuracy.low < 1 < said.channel.accuracy.high
    assert source.notes == ()


def test_readings_integrate_to_the_energy_drawn(tmp_path):
    processor(tmp_path)
    bmc, made = SimBmc(watts=400), machine(tmp_path)
    source, ledger = open_by(made, BmcTransport(bmc)), EnergyLedger()
    ledger.record(source.read())
    made.host.clock.wait(10)
    bmc.watts = 500
    ledger.record(source.read())

    assert ledger.accounts[NAME, "inlet"].microjoules == 4500 * 10**6


@pytest.mark.parametrize("bmc", [SimBmc(measuring=False), SimBmc(watts=0)], ids=["inactive", "0 W"])
def test_a_bmc_that_is_not_measuring_gives_no_reading(tmp_path, bmc):
    source = open_by(machine(tmp_path), BmcTransport(bmc))

    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason == "not_measuring"
    assert "power monitoring" in failure.value.remedy
    assert failure.value.readings == ()


def test_a_bmc_that_falls_silent_is_a_timeout_and_comes_back(tmp_path):
    bmc = SimBmc(watts=300)
    source = open_by(machine(tmp_path), BmcTransport(bmc))
    bmc.silent_until = time.time() + 60
    with pytest.raises(ReadFailed) as failure:
        source.read()
    bmc.silent_until = 0

    assert failure.value.reason == "timeout"
    assert [said.watts for said in source.read()] == [300]


def test_a_refusal_names_its_completion_code(tmp_path):
    transport = BmcTransport()
    source = open_by(machine(tmp_path), transport)
    transport.instead = first_then_it(BUSY, command=POWER_READING)

    with pytest.raises(ReadFailed, match="0xC0: busy") as failure:
        source.read()

    assert failure.value.reason == "completion_code"


def test_the_bmcs_own_timeout_is_counted_as_one(tmp_path):
    transport = BmcTransport()
    source = open_by(machine(tmp_path), transport)
    transport.instead = first_then_it(b"\xc3", command=POWER_READING)

    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason == "timeout"


@pytest.mark.parametrize("first", [UNSPECIFIED, INVALID_COMMAND, b"\0\xdc"])
def test_the_first_request_may_fail(tmp_path, first):
    transport = BmcTransport(SimBmc(watts=250), first_then_it(first, command=POWER_READING))

    assert [said.watts for said in open_by(machine(tmp_path), transport).read()] == [250]


def test_power_that_is_not_announced_is_read_all_the_same_and_noted(tmp_path):
    source = open_by(machine(tmp_path), BmcTransport(SimBmc(announces=False)))

    assert isinstance(source, DcmiSource)
    assert "does not announce" in source.notes[0]


@pytest.mark.parametrize("odd", [b"\0", b"\0\xdc\x01", b"\0\0\0\0\0\0\0\0", BUSY])
def test_odd_capabilities_do_not_keep_the_power_from_being_read(tmp_path, odd):
    transport = BmcTransport(instead=first_then_it(odd, command=CAPABILITIES))

    assert isinstance(open_by(machine(tmp_path), transport), DcmiSource)


def test_capabilities_are_asked_for_once(tmp_path):
    transport = BmcTransport()
    source = open_by(machine(tmp_path), transport)
    for _ in range(3):
        source.read()

    assert [request.command for request in transport.asked].count(CAPABILITIES) == 1


def test_without_dcmi_the_sensors_are_read(tmp_path):
    assert isinstance(open_by(machine(tmp_path), BmcTransport(SimBmc(dcmi=False))), SensorSource)


def test_dcmi_neither_announced_nor_measuring_gives_way_to_the_sensors(tmp_path):
    transport = BmcTransport(SimBmc(announces=False, measuring=False))

    assert isinstance(open_by(machine(tmp_path), transport), SensorSource)


def test_a_busy_bmc_is_not_taken_for_one_without_dcmi(tmp_path):
    transport = BmcTransport(instead=first_then_it(BUSY, BUSY, command=POWER_READING))

    with pytest.raises(ReadFailed) as failure:
        open_by(machine(tmp_path), transport)

    assert failure.value.reason == "completion_code"


def test_closing_closes_the_device(tmp_path):
    transport = BmcTransport()
    open_by(machine(tmp_path), transport).close()

    assert transport.closed


def test_a_power_reading_of_another_group_or_cut_short_is_garbage():
    for data in (b"", reading(200)[:-1], b"\xdd" + reading(200)[1:]):
        with pytest.raises(ReadFailed) as failure:
            parse_power_reading(data)
        assert failure.value.reason == "garbage"


def test_the_largest_number_means_unknown():
    with pytest.raises(ReadFailed) as failure:
        parse_power_reading(reading(0xFFFF))

    assert failure.value.reason == "not_measuring"


@given(st.binary(max_size=40))
@example(reading(0))
@example(reading(65534))
def test_whatever_a_bmc_says_is_a_power_or_a_failed_read(data):
    parse_capabilities(data)
    with suppress(ReadFailed):
        assert 0 < parse_power_reading(data) < 0xFFFF


def test_without_a_device_a_server_is_told_how_to_get_one(tmp_path):
    with pytest.raises(SourceAbsent) as absence:
        open_source(on_real_clock(tmp_path, server=Server(form="rack")))

    assert "modprobe" in absence.value.remedy


@pytest.mark.parametrize("server", [Server(), Server(form="rack", virtual=True)])
def test_a_desktop_or_guest_without_a_device_is_told_nothing(tmp_path, server):
    with pytest.raises(SourceAbsent) as absence:
        open_source(on_real_clock(tmp_path, server=server))

    assert absence.value.remedy == ""


def test_a_recorded_machine_never_asks_a_device(tmp_path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "ipmi0").symlink_to("/dev/null")

    with pytest.raises(SourceAbsent, match="recorded"):
        open_source(machine(tmp_path))


def test_what_is_no_device_is_not_opened(tmp_path):
    (tmp_path / "dev").mkdir()
    os.mkfifo(tmp_path / "dev" / "ipmi0")

    with pytest.raises(SourceAbsent, match="no IPMI device"):
        open_source(on_real_clock(tmp_path))


def test_a_device_that_is_not_ipmi_is_a_failed_read(tmp_path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "ipmi0").symlink_to("/dev/null")

    with pytest.raises(ReadFailed) as failure:
        open_source(on_real_clock(tmp_path))

    assert failure.value.reason == "io_error"


@pytest.mark.root
def test_a_device_for_root_only_is_denied_with_the_rights_to_grant(tmp_path):
    (tmp_path / "dev").mkdir()
    os.mknod(tmp_path / "dev" / "ipmi0", 0o20600, os.makedev(1, 3))
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and str(folder) not in {"/", "/tmp"}:  # noqa: S108 - pytest's own folders
            folder.chmod(0o755)
    opened = on_real_clock(tmp_path)
    os.seteuid(65534)
    try:
        with pytest.raises(SourceDenied) as denial:
            open_source(opened)
    finally:
        os.seteuid(0)

    assert "CAP_DAC_READ_SEARCH" in denial.value.remedy
    assert "DeviceAllow=" in denial.value.remedy


IPMITOOL = """
    Instantaneous power reading:                   215 Watts
    Minimum during sampling period:                167 Watts
    Maximum during sampling period:                300 Watts
    Average power reading over sample period:      201 Watts
    IPMI timestamp:                           11/23/26 20:14:55 UTC    Sampling period:                          00000001 Seconds.
    Power reading state is:                   activated

"""
IPMI_DCMI = """Current Power                        : 215 Watts
Minimum Power over sampling duration : 167 watts
Maximum Power over sampling duration : 300 watts
Average Power over sampling duration : 201 watts
Time Stamp                           : 11/23/2026 - 20:14:55
Statistics reporting time period     : 1000 milliseconds
Power Measurement                    : Active
"""


@pytest.mark.parametrize("printed", [IPMITOOL, IPMI_DCMI], ids=["ipmitool", "ipmi-dcmi"])
def test_what_the_tools_print_is_understood(printed):
    assert parse_watts(printed) == 215


@pytest.mark.parametrize(
    "printed",
    [
        IPMITOOL.replace("activated", "deactivated"),
        IPMI_DCMI.replace("Active", "Not Available"),
        IPMITOOL.replace("215 Watts", "0 Watts"),
    ],
)
def test_watts_printed_while_not_measuring_are_none(printed):
    with pytest.raises(ReadFailed) as failure:
        parse_watts(printed)

    assert failure.value.reason == "not_measuring"


@given(st.one_of(st.text(), st.text().map(lambda text: IPMITOOL.replace("215", text))))
def test_whatever_a_tool_prints_is_a_power_or_a_failed_read(printed):
    with suppress(ReadFailed):
        assert parse_watts(printed) > 0


def by_command(*command: str, deadline_seconds: float = 60):
    settings = {"command": list(command), "deadline_seconds": deadline_seconds}
    made = machine(Path("/"))
    return open_source(replace(made, host=Host(), settings={NAME: settings}))


def test_a_configured_program_is_run_for_each_reading():
    source = by_command(sys.executable, "-c", f"print({IPMITOOL!r})")

    assert [said.watts for said in source.read()] == [215]
    assert sys.executable in source.notes[0]


@pytest.mark.parametrize(
    ("program", "deadline_seconds", "reason"),
    [
        ("import sys; sys.exit('DCMI request failed because: Invalid command (c1)')", 60, "command_failed"),
        ("print('hello')", 60, "garbage"),
        ("import subprocess; subprocess.run(['sleep', '60'])", 0.2, "timeout"),
    ],
)
def test_a_program_that_fails_is_a_failed_read(program, deadline_seconds, reason):
    source = by_command(sys.executable, "-c", program, deadline_seconds=deadline_seconds)

    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason == reason


def test_a_program_that_is_not_installed_is_named_with_its_remedy():
    with pytest.raises(ReadFailed, match="no-such-program") as failure:
        by_command("no-such-program").read()

    assert "config" in failure.value.remedy


def test_another_roots_bmc_is_not_asked_by_a_program(tmp_path):
    with pytest.raises(SourceAbsent):
        open_source(on_real_clock(tmp_path, {"command": "ipmitool"}))


def configured(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(f"sources:\n  ipmi_dcmi: {text}\n")
    return read_config(path).sources


def test_the_config_takes_device_pace_and_command(tmp_path):
    settings = {"device": "/dev/ipmi1", "interval_seconds": 5, "deadline_seconds": 20, "command": "ipmi-dcmi"}

    assert configured(tmp_path, str(settings)) == {NAME: settings}


@pytest.mark.parametrize(
    "text", ["{device: ipmi0}", "{command: []}", "{command: ipmi-sensors}", "{interval_seconds: 0}"]
)
def test_what_the_config_cannot_mean_is_refused(tmp_path, text):
    with pytest.raises(ConfigError):
        configured(tmp_path, text)


def test_the_configured_pace_is_the_workers(tmp_path):
    entry = next(entry for entry in SOURCES if entry.name == NAME)
    settings = {NAME: {"command": [sys.executable, "-c", f"print({IPMITOOL!r})"], "interval_seconds": 0.1}}
    sources = SourceSet(replace(machine(tmp_path), host=Host(), settings=settings), (entry,))
    until, readings = time.monotonic() + 60, []
    while len(readings) < 3 and time.monotonic() < until:
        readings += sources.read()
        time.sleep(0.05)
    sources.close()

    assert [said.watts for said in readings[:3]] == [215, 215, 215]

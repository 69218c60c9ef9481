# SPDX-License-Identifier: Apache-2.0
"""The BMC's watt sensors: their records, their formulas, and which of them are the inlet."""

from __future__ import annotations

from contextlib import suppress

import pytest
from bmc_transport import BmcTransport, first_then_it
from hypothesis import given
from hypothesis import strategies as st
from lab.simbmc import BOARD, CELSIUS, POWER_SUPPLY, SimBmc, SimSensor
from trees import machine

from agent.errors import ReadFailed, SourceAbsent, SourceGone
from agent.ipmi.sdr import parse_full_sensor, parse_name, read_sensor, watt_sensors
from agent.ipmi.watt_sensors import choose
from agent.sources.ipmi_dcmi import open_by
from impacts.parts import Inventory, Server

GET_RECORD, GET_READING, RESERVE = 0x23, 0x2D, 0x22


def sensor(name: str, number: int = 1, **more) -> SimSensor:
    return SimSensor(number, name, share=1.0, **more)


def chosen(*names: str, entity: int = BOARD):
    """What is chosen of sensors with these names: (channel, name) pairs."""
    sensors = [sensor(name, number, entity=entity, instance=number) for number, name in enumerate(names, 1)]
    choice = choose(watt_sensors(BmcTransport(SimBmc(sensors=sensors))))
    return [(inlet.name, inlet.sensor.name) for inlet in choice.inlets] if choice else None


def opened(tmp_path, *sensors: SimSensor, instead=None, watts: float = 400):
    bmc = SimBmc(dcmi=False, sensors=list(sensors), watts=watts)
    transport = BmcTransport(bmc, instead)
    return open_by(machine(tmp_path), transport), transport


def test_only_sensors_in_watts_are_found_with_their_names_and_owners():
    found = watt_sensors(BmcTransport(SimBmc()))

    assert [one.name for one in found] == ["Pwr Consumption", "PSU1 PIN", "PSU2 PIN", "PSU1 POUT"]
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert {one.entity for one in found} == {BOARD, POWER_SUPPLY}


@pytest.mark.parametrize(
    ("given_sensor", "watts"),
    [
        (SimSensor(1, "x", slope=4, shows=216), 216),
        (SimSensor(1, "x", slope=3, offset=100, shows=400), 400),
        (SimSensor(1, "x", slope=25, result_exponent=-1, shows=215), 215),
        (SimSensor(1, "x", slope=1, result_exponent=1, shows=1230), 1230),
        (SimSensor(1, "x", slope=2, offset=5, offset_exponent=2, shows=700), 700),
        (SimSensor(1, "x", slope=2, offset=-10, shows=90), 90),
        (SimSensor(1, "x", slope=4, signed=True, shows=20), 20),
        (SimSensor(1, "x", slope=4, signed=True, offset=200, shows=80), 80),
        (SimSensor(1, "x", slope=-4, offset=500, shows=300), 300),
        (SimSensor(1, "x", slope=511, result_exponent=-2, shows=255.5), 255.5),
    ],
)
def test_the_formula_of_the_record_gives_the_watts(given_sensor, watts):
    transport = BmcTransport(SimBmc(sensors=[given_sensor]))
    (found,) = watt_sensors(transport)

    assert read_sensor(transport, found) == pytest.approx(watts)


def test_a_negative_power_is_garbage():
    transport = BmcTransport(SimBmc(sensors=[SimSensor(1, "x", slope=4, signed=True, shows=-20)]))
    (found,) = watt_sensors(transport)

    with pytest.raises(ReadFailed, match="-20 W") as failure:
        read_sensor(transport, found)
    assert failure.value.reason == "garbage"


def test_ones_complement_counts_from_minus_zero():
    record = bytearray(sensor("x", slope=1).record(1))
    record[20] = 0x40
    found = parse_full_sensor(bytes(record))

    assert [found.watts(raw) for raw in (0x7F, 0xFF, 0xFE)] == [127, 0, -1]


def test_percentages_rates_and_products_are_no_watts():
    for offset, value in ((20, 0x01), (20, 0x08), (20, 0x04), (21, CELSIUS)):
        record = bytearray(sensor("x").record(1))
        record[offset] = value
        assert parse_full_sensor(bytes(record)) is None


@pytest.mark.parametrize(
    "unreadable", [sensor("Total Power", owner=0x2C), sensor("Total Power", linearization=7)], ids=["of the ME", "1/x"]
)
def test_sensors_of_others_and_with_other_formulas_are_not_taken(unreadable):
    assert choose(watt_sensors(BmcTransport(SimBmc(sensors=[unreadable])))) is None


def test_names_are_latin_1_or_packed_in_six_bits():
    assert parse_name(0xC4, b"Pwr\xe9") == "Pwré"
    assert parse_name(0x83, bytes([0x29, 0xDC, 0xA6])) == "IPMI"  # the example of IPMI 2.0, section 43.16
    assert parse_name(0xC6, b"\0PSU\n ") == "PSU"


@pytest.mark.parametrize(
    "name",
    [
        "Pwr Consumption",
        "System Level",
        "Power Meter",
        "Total Power",
        "Total_Power",
        "Sys Power",
        "SYS_POWER",
        "Input Power",
    ],
)
def test_the_whole_machines_sensor_is_known_by_its_names(name):
    assert chosen("PSU1 PIN", "CPU Power", name) == [("inlet", name)]


@pytest.mark.parametrize(
    ("names", "channels"),
    [
        (("PSU1 PIN", "PSU1 POUT", "PSU2 PIN", "PSU2 POUT"), ["psu-1", "psu-2"]),
        (("PS1 Input Power", "PS2 Input Power"), ["psu-1", "psu-2"]),
        (("PSU0_PIN", "PSU1_PIN"), ["psu-0", "psu-1"]),
        (("PS 3 Power In", "CPU1 Power"), ["psu-3"]),
        (("PSU1 AC Input Power",), ["psu-1"]),
    ],
)
def test_without_one_every_supplys_input_is_taken(names, channels):
    assert [channel for channel, _ in chosen(*names)] == channels


def test_inputs_of_supplies_that_only_the_entity_tells_apart_are_added():
    assert chosen("Input Power", "Input Power", entity=POWER_SUPPLY) == [
        ("psu-1", "Input Power"),
        ("psu-2", "Input Power"),
    ]


@pytest.mark.parametrize(
    "name",
    ["PSU1 POUT", "PS1 Output Power", "Total Power Out", "CPU Power", "Chassis Power", "PSU1 Power", "FAN Power"],
)
def test_outputs_components_and_unknown_names_are_never_the_inlet(name):
    assert chosen(name) is None


def test_the_choice_says_what_was_taken_and_what_was_not(tmp_path):
    source, _ = opened(tmp_path, sensor("System Level", 9), sensor("CPU Power", 10))

    assert "no DCMI: taken System Level (sensor 0x09, in steps of 4 W)" in source.notes[0]
    assert source.notes[1] == "watt sensors not taken: CPU Power"


def test_supplies_are_channels_of_their_own_that_sum_to_the_inlet(tmp_path):
    supplies = [
        SimSensor(1, "PSU1 PIN", share=0.5, slope=1, entity=POWER_SUPPLY),
        SimSensor(2, "PSU2 PIN", share=0.5, slope=1, entity=POWER_SUPPLY),
    ]
    source, _ = opened(tmp_path, *supplies, watts=400)

    assert [(said.channel.name, said.channel.component, said.watts) for said in source.read()] == [
        ("psu-1", "psu", 200),
        ("psu-2", "psu", 200),
    ]


def test_a_sensor_without_a_reading_takes_nothing_from_the_others(tmp_path):
    one, other = SimSensor(1, "PSU1 PIN", share=0.5), SimSensor(2, "PSU2 PIN", share=0.5)
    source, _ = opened(tmp_path, one, other)
    other.available = False

    with pytest.raises(ReadFailed, match="PSU2 PIN") as failure:
        source.read()

    assert failure.value.reason == "not_measuring"
    assert [said.channel.name for said in failure.value.readings] == ["psu-1"]


def test_a_supply_that_comes_to_life_has_the_sensors_chosen_anew(tmp_path):
    one, other = SimSensor(1, "PSU1 PIN", share=0.5), SimSensor(2, "PSU2 PIN", share=0.5, available=False)
    source, _ = opened(tmp_path, one, other)
    alone = source.read()
    other.available = True

    assert [said.channel.name for said in alone] == ["psu-1"]
    assert "empty slot" in source.notes[-1]
    with pytest.raises(SourceGone, match="PSU2 PIN"):
        source.read()


def test_a_supply_at_rest_shows_0_w_but_the_machine_never_does(tmp_path):
    one, resting = SimSensor(1, "PSU1 PIN", share=1.0), SimSensor(2, "PSU2 PIN", share=0.0)
    source, transport = opened(tmp_path, one, resting)
    readings = source.read()
    transport.bmc.watts = 0

    assert [said.watts for said in readings] == [400, 0]
    with pytest.raises(ReadFailed) as failure:
        source.read()
    assert failure.value.reason == "not_measuring"


def test_a_timeout_keeps_the_other_sensors_from_waiting_as_long(tmp_path):
    source, transport = opened(tmp_path, SimSensor(1, "PSU1 PIN", share=0.5), SimSensor(2, "PSU2 PIN", share=0.5))
    before = len(transport.asked)
    transport.bmc.silent_until = 2**40

    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason == "timeout"
    assert len(transport.asked) == before + 1


def test_no_sensor_at_the_inlet_is_an_absence(tmp_path):
    with pytest.raises(SourceAbsent, match="no sensor"):
        opened(tmp_path, sensor("CPU Power"))


def test_an_empty_list_of_sensors_is_an_absence(tmp_path):
    with pytest.raises(SourceAbsent):
        opened(tmp_path)


def test_neither_dcmi_nor_a_list_of_sensors_is_an_absence(tmp_path):
    with pytest.raises(SourceAbsent, match="neither"):
        opened(tmp_path, instead=lambda _: b"\xc1")


def test_a_reservation_that_is_lost_is_made_again():
    transport = BmcTransport(instead=first_then_it(None, None, b"\xc5", None, b"\xc5", command=GET_RECORD))

    assert len(watt_sensors(transport)) == 4
    assert [request.command for request in transport.asked].count(RESERVE) == 3


def test_a_reservation_that_is_always_lost_is_given_up():
    transport = BmcTransport(instead=lambda request: b"\xc5" if request.command == GET_RECORD else None)

    with pytest.raises(ReadFailed) as failure:
        watt_sensors(transport)

    assert failure.value.reason == "completion_code"
    assert len(transport.asked) < 50


def test_a_bmc_without_reservations_is_read_without():
    transport = BmcTransport(instead=lambda request: b"\xc1" if request.command == RESERVE else None)

    assert len(watt_sensors(transport)) == 4
    assert transport.asked[-1].data[:2] == bytes(2)


def test_records_that_lead_in_a_circle_end():
    record = sensor("x", unit=CELSIUS).record(1)

    def circle(request):
        if request.command != GET_RECORD:
            return None
        identity, offset, count = request.data[2], request.data[4], request.data[5]
        return b"\0" + bytes([identity % 2 + 1, 0]) + record[offset : offset + count]

    with pytest.raises(ReadFailed, match="no end"):
        watt_sensors(BmcTransport(instead=circle))


def test_a_record_shorter_than_it_says_is_garbage():
    transport = BmcTransport(instead=first_then_it(None, b"\0\x02\0\x01\x02", command=GET_RECORD))

    with pytest.raises(ReadFailed) as failure:
        watt_sensors(transport)

    assert failure.value.reason == "garbage"


@given(st.binary(max_size=80), st.integers(0, 255))
def test_any_record_is_a_sensor_or_none_or_a_failed_read(record, raw):
    with suppress(ReadFailed):
        found = parse_full_sensor(record)
        assert found is None or (found.name and isinstance(found.watts(raw), float))


@given(st.lists(st.binary(max_size=40), max_size=60))
def test_a_bmc_that_says_anything_is_a_failed_read_or_absent(answers):
    left = list(answers)
    transport = BmcTransport(instead=lambda _: left.pop(0) if left else b"\xff")
    with suppress(ReadFailed):
        for found in watt_sensors(transport):
            assert isinstance(read_sensor(transport, found), float)


def opened_on(tmp_path, form, *sensors, dcmi=False):
    """A machine of a form, whose BMC shows 1,480 W by these sensors."""
    bmc = SimBmc(dcmi=dcmi, sensors=list(sensors), watts=1480)
    return open_by(machine(tmp_path, inventory=Inventory(Server(form=form), ())), BmcTransport(bmc))


SUPPLIES = (
    SimSensor(1, "PS1 Input Power", share=0.51, entity=POWER_SUPPLY, instance=1),
    SimSensor(2, "PS2 Input Power", share=0.49, entity=POWER_SUPPLY, instance=2),
)


def test_the_inputs_of_a_chassis_supplies_are_not_a_nodes_and_those_of_a_server_are(tmp_path):
    of_server = opened_on(tmp_path, "rack", *SUPPLIES)

    assert sum(reading.watts for reading in of_server.read()) == pytest.approx(1480, abs=8)
    assert of_server.problems == ()
    with pytest.raises(SourceAbsent, match=r"PS1 Input Power, PS2 Input Power .* shares with others"):
        opened_on(tmp_path, "blade", *SUPPLIES)


def test_a_nodes_sensor_of_the_whole_is_read_and_it_is_said_that_it_may_be_the_chassis(tmp_path):
    of_node, of_server = (opened_on(tmp_path, form, sensor("Pwr Consumption")) for form in ("blade", "rack"))

    assert [problem.reason for problem in of_node.problems] == ["perhaps_shared"]
    assert of_server.problems == ()


def test_what_a_nodes_own_bmc_reports_by_dcmi_is_the_nodes_and_noted_as_that(tmp_path):
    of_node, of_server = (opened_on(tmp_path, form, *SUPPLIES, dcmi=True) for form in ("blade", "rack"))

    assert [reading.channel.name for reading in of_node.read()] == ["inlet"]
    assert any("node of a chassis" in note for note in of_node.notes)
    assert of_server.notes == ()

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import os
import re

import pytest
from clocks import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import machine, write

from agent.errors import ReadFailed, SourceAbsent, SourceGone
from agent.readings import Boundary, Method
from agent.sources import hwmon, hwmon_chips
from impacts.parts import Inventory, Server

UNKNOWN = 4294967295000  # µW: 0xffffffff mW


def chip(root, number, name, folder="", **attributes):
    at = f"sys/class/hwmon/hwmon{number}/"
    write(root, {f"{at}{folder}name": name, **{f"{at}{folder}{key}": value for key, value in attributes.items()}})


def link_device(root, number, address):
    target = root / "sys/devices" / address
    target.mkdir(parents=True, exist_ok=True)
    (root / f"sys/class/hwmon/hwmon{number}/device").symlink_to(target)


def watts(source):
    return {reading.channel.name: reading.watts for reading in source.read()}


def outcome(source):
    """Return the values, or why there is none; anything else than a failed read is an error."""
    try:
        return [reading.watts for reading in source.read()], ""
    except ReadFailed as failed:
        return [], failed.reason
    finally:
        source.close()


def failure(source):
    with pytest.raises(ReadFailed) as failed:
        source.read()
    return failed.value


@pytest.mark.parametrize("folder", ["", "device/"])
def test_an_acpi_meter_is_the_host_at_the_inlet_wherever_its_attributes_lie(tmp_path, folder):
    chip(tmp_path, 0, "power_meter", folder, power1_average=287_500_000, power1_average_interval=1000)

    source = hwmon.open_acpi_meter(machine(tmp_path))
    [reading] = source.read()

    assert (reading.watts, reading.averaged_over_seconds) == (287.5, 1.0)
    assert (reading.channel.boundary, reading.channel.component) == (Boundary.INLET, "host")
    source.close()


@pytest.mark.parametrize(
    ("stated", "low_ratio"), [("98.0%", 0.98), ("100.0%", 0.95), ("0.0%", 0.95), ("garbage", 0.95)]
)
def test_the_accuracy_that_a_meter_states_makes_its_bounds_where_it_can_be_true(tmp_path, stated, low_ratio):
    chip(tmp_path, 0, "power_meter", power1_average=200_000_000, power1_accuracy=stated)

    [channel] = hwmon.open_acpi_meter(machine(tmp_path)).channels

    assert channel.accuracy.low == pytest.approx(low_ratio)
    assert channel.accuracy.high == pytest.approx(2 - low_ratio)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (UNKNOWN, "unknown_value"),
        (0, "unknown_value"),
        (-5, "garbage"),
        (2**64, "garbage"),
        ("nan", "garbage"),
        ("", "garbage"),
        (20_000_000_000, "garbage"),
    ],
)
def test_a_value_that_says_unknown_or_cannot_be_is_no_reading(tmp_path, said, reason):
    chip(tmp_path, 0, "power_meter", power1_average=200_000_000)
    source = hwmon.open_acpi_meter(machine(tmp_path))
    chip(tmp_path, 0, "power_meter", power1_average=said)

    failed = failure(source)

    assert (failed.reason, failed.readings) == (reason, ())


def test_of_two_acpi_meters_that_may_repeat_each_other_none_is_read(tmp_path):
    for number in (0, 1):
        chip(tmp_path, number, "power_meter", power1_average=200_000_000)

    with pytest.raises(SourceAbsent, match="add up or repeat"):
        hwmon.open_acpi_meter(machine(tmp_path))


def test_a_meter_of_a_battery_is_not_the_hosts(tmp_path):
    chip(tmp_path, 0, "power_meter", power1_average=200_000_000, power1_is_battery=1)
    chip(tmp_path, 1, "power_meter", power1_average=150_000_000, power1_is_battery=0)

    assert list(watts(hwmon.open_acpi_meter(machine(tmp_path))).values()) == [150]


def test_of_a_power_supply_only_the_input_is_read_and_zero_is_a_value(tmp_path):
    for number, power in ((2, 212_000_000), (3, 0)):
        chip(tmp_path, number, "dps920ab", power1_label="pin", power1_input=power, power2_label="pout1", power2_input=9)
        link_device(tmp_path, number, f"3-005{number}")

    source = hwmon.open_psu_inputs(machine(tmp_path))

    assert watts(source) == {"dps920ab-3-0052-pin": 212, "dps920ab-3-0053-pin": 0}
    assert {channel.boundary for channel in source.channels} == {Boundary.INLET}


def of_form(root, form):
    return machine(root, inventory=Inventory(Server(form=form), ()))


def test_the_supplies_of_a_chassis_are_not_a_nodes_and_those_of_a_server_are(tmp_path):
    for number in (2, 3):
        chip(tmp_path, number, "dps920ab", power1_label="pin", power1_input=740_000_000)
        link_device(tmp_path, number, f"3-005{number}")

    assert sum(watts(hwmon.open_psu_inputs(of_form(tmp_path, "rack"))).values()) == 1480
    with pytest.raises(SourceAbsent, match="this node shares with others") as absence:
        hwmon.open_psu_inputs(of_form(tmp_path, "blade"))
    assert "form: rack" in absence.value.remedy


def test_a_nodes_acpi_meter_is_read_and_it_is_said_that_it_may_be_the_chassis(tmp_path):
    chip(tmp_path, 0, "power_meter", power1_average=370_000_000)
    of_node, of_server = (hwmon.open_acpi_meter(of_form(tmp_path, form)) for form in ("blade", "rack"))

    assert list(watts(of_node).values()) == list(watts(of_server).values()) == [370]
    assert [problem.reason for problem in of_node.problems] == ["perhaps_shared"]
    assert of_server.problems == ()


def test_channel_names_stay_when_the_kernel_numbers_the_chips_anew(tmp_path):
    names = []
    for boot, numbers in (("a", (0, 1)), ("b", (7, 2))):
        for number, address in zip(numbers, ("0000:43:00.0", "0000:c3:00.0"), strict=True):
            chip(tmp_path / boot, number, "amdgpu", power1_label="PPT", power1_average=40_000_000 + number)
            link_device(tmp_path / boot, number, address)
        names.append([channel.name for channel in hwmon.open_components(machine(tmp_path / boot)).channels])

    assert names[0] == names[1] == ["amdgpu-0000:43:00.0-ppt", "amdgpu-0000:c3:00.0-ppt"]


def grace(root, *, with_gpu):
    for number, (name, power) in enumerate({"Module": 220, "Grace": 170, "CPU": 120, "SysIO": 30}.items()):
        oem = f"{name} Power Socket 0"
        chip(root, number, "power_meter", "device/", power1_average=power * 1_000_000, power1_oem_info=oem)
    if with_gpu:
        write(
            root, {f"sys/bus/pci/devices/0009:01:00.0/{k}": v for k, v in (("vendor", "0x10de"), ("class", "0x030200"))}
        )


def test_the_meters_of_grace_are_components_and_not_the_inlet(tmp_path):
    grace(tmp_path, with_gpu=False)

    channels = {channel.name: channel for channel in hwmon.open_components(machine(tmp_path)).channels}

    within = {name: channel.within for name, channel in channels.items()}
    assert within == {"module-0": None, "grace-0": "module-0", "cpu-0": "grace-0", "sysio-0": "grace-0"}
    assert channels["module-0"].component == "module"
    with pytest.raises(SourceAbsent):
        hwmon.open_acpi_meter(machine(tmp_path))


def test_a_module_that_may_include_a_gpu_is_left_to_its_parts(tmp_path):
    grace(tmp_path, with_gpu=True)

    source = hwmon.open_components(machine(tmp_path))

    assert {channel.name: channel.within for channel in source.channels} == {
        "grace-0": None,
        "cpu-0": "grace-0",
        "sysio-0": "grace-0",
    }
    assert "may include the GPU" in source.notes[0]


def test_energy_counters_of_sockets_are_counted_and_those_of_cores_are_not(tmp_path):
    sockets = {"energy65_label": "Esocket0", "energy65_input": 123_456_789}
    chip(tmp_path, 1, "amd_energy", energy1_label="Ecore000", energy1_input=5, **sockets)

    source = hwmon.open_components(machine(tmp_path))
    [reading] = source.read()

    assert (reading.channel.name, reading.microjoules) == ("socket-0", 123_456_789)
    assert reading.channel.method is Method.COUNTED
    assert source.notes == ("amd_energy Ecore000 not read: a core's energy lies in its socket's",)


def test_an_unknown_chip_is_not_read_but_named(tmp_path):
    chip(tmp_path, 0, "frobnicator", power1_input=5_000_000)
    chip(tmp_path, 1, "apm_xgene", power1_label="CPU power", power1_input=70_000_000)

    source = hwmon.open_components(machine(tmp_path))

    assert list(watts(source)) == ["apm_xgene-cpu-power"]
    assert source.notes == ("frobnicator not read: reports power, but it is not known of what",)


def test_a_chip_without_the_attribute_that_is_read_of_it_is_absent(tmp_path):
    chip(tmp_path, 0, "power_meter", power1_input=200_000_000)

    with pytest.raises(SourceAbsent):
        hwmon.open_acpi_meter(machine(tmp_path))


def fail_with_an_error(source):
    """Have the first sensor's descriptor answer as a driver does that has nothing to say."""
    descriptor = source._meters[0].file.descriptor  # noqa: SLF001 - there is no driver here to say so
    unreadable = os.open("/", os.O_RDONLY)
    os.dup2(unreadable, descriptor)
    os.close(unreadable)


def test_one_sensor_that_fails_takes_nothing_from_the_others(tmp_path):
    for number, address in ((0, "0000:43:00.0"), (1, "0000:c3:00.0")):
        chip(tmp_path, number, "amdgpu", power1_average=40_000_000)
        link_device(tmp_path, number, address)
    source = hwmon.open_components(machine(tmp_path))
    fail_with_an_error(source)

    failed = failure(source)

    assert (failed.reason, [r.channel.name for r in failed.readings]) == ("io_error", ["amdgpu-0000:c3:00.0"])
    assert failure(source).reason == "io_error"
    source.close()


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.EAGAIN, "no_data"), (errno.ENODATA, "no_data"), (errno.ENODEV, "vanished"), (errno.EIO, "io_error")],
)
def test_the_kernels_errors_have_their_own_reasons(tmp_path, number, reason):
    chip(tmp_path, 0, "apm_xgene", power1_label="CPU power", power1_input=1)
    source = hwmon.open_components(machine(tmp_path))

    said = hwmon._failure(source._meters[0], OSError(number, os.strerror(number)))  # noqa: SLF001 - see above

    assert said[1] == reason


def test_a_sensor_that_went_away_has_the_chips_looked_for_again(tmp_path):
    chip(tmp_path, 0, "apm_xgene", power1_label="CPU power", power1_input=1)
    source = hwmon.open_components(machine(tmp_path))
    source._has_lost_one = True  # noqa: SLF001 - only a driver that is unloaded makes ENODEV

    with pytest.raises(SourceGone):
        source.read()


def test_closing_gives_back_every_file(tmp_path):
    chip(tmp_path, 0, "apm_xgene", power1_label="CPU power", power1_input=1, power2_label="IO power", power2_input=2)
    before = len(os.listdir("/proc/self/fd"))

    hwmon.open_components(machine(tmp_path)).close()

    assert len(os.listdir("/proc/self/fd")) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=st.one_of(st.binary(max_size=64), st.integers(-(2**70), 2**70).map(lambda n: str(n).encode())))
def test_whatever_a_driver_says_is_a_plausible_power_or_a_failed_read(tmp_path, said):
    chip(tmp_path, 0, "power_meter", power1_average=1)
    source = hwmon.open_acpi_meter(machine(tmp_path, HandClock()))
    (tmp_path / "sys/class/hwmon/hwmon0/power1_average").write_bytes(said)
    powers, reason = outcome(source)

    assert reason in {"", "garbage", "unknown_value"}
    assert all(0 < power < 20_000 for power in powers)
    assert bool(powers) == (reason == "")


@pytest.mark.parametrize("rule", hwmon_chips.rules(), ids=lambda rule: f"{rule['chips'][0]}:{rule['label']}")
def test_every_rule_is_whole_and_can_be_reached(tmp_path, rule):
    re.compile(rule["label"])
    if "ignored" in rule:
        assert not {"source", "read"} & set(rule)
        return
    assert rule["source"] in {hwmon.ACPI_METER, hwmon.PSU_INPUTS, hwmon.COMPONENTS}
    assert set(rule["read"]) <= {"power_average", "power_input", "energy_input"}
    assert rule["plausible_watts"] > 0
    assert machine(tmp_path).accuracy(rule["accuracy"]).low < 1

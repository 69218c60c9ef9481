# SPDX-License-Identifier: Apache-2.0
"""NVIDIA cards by a real library with known cards, whose faults are switched while it is read."""

from __future__ import annotations

import grp
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from trees import BOOT, machine, write

from agent.errors import SourceAbsent
from agent.host import Host
from agent.sources import nvidia
from agent.sources.nvidia_absence import denied
from agent.sources.nvml import Code, NvmlError

PROBE = Path(__file__).parent.parent / "lab" / "nvidia_probe.py"
FIRST, SECOND = "gpu-0000:10:00.0", "gpu-0000:11:00.0"
LATER = f"later={nvidia.LOOK_AGAIN_SECONDS + 1}"
CARD = {"sys/bus/pci/devices/0000:10:00.0/vendor": "0x10de", "sys/bus/pci/devices/0000:10:00.0/class": "0x030200"}

pytestmark = pytest.mark.gcc


@pytest.fixture
def probe(fake_nvml, tmp_path):
    """Read two cards of 300 W and 150 W, step by step."""
    write(tmp_path, {"proc/sys/kernel/random/boot_id": BOOT, "sys/module/nvidia/version": "550.54.15"})

    def run(*steps, **environment):
        given = {"FAKE_NVML_GPUS": "2", "FAKE_NVML_MW": "300000,150000", "LD_LIBRARY_PATH": str(fake_nvml)}
        given |= {"FAKE_NVML_CONTROL": str(tmp_path / "faults")} | environment
        command = [sys.executable, str(PROBE), str(tmp_path), *steps]
        return json.loads(subprocess.run(command, check=True, env=os.environ | given, capture_output=True).stdout)

    return run


def watts(earlier, later, card):
    return (later["joules"][card] - earlier["joules"][card]) / (later["seconds"][card] - earlier["seconds"][card])


def test_the_energy_of_two_cards_is_within_half_a_percent_of_the_truth(probe):
    first, *_, last = probe("read", "wait=1", "read", "wait=1", "read", "wait=1", "read")

    assert first["channels"] == [f"{FIRST} counted", f"{SECOND} counted"]
    assert watts(first, last, FIRST) == pytest.approx(300, rel=0.005)
    assert watts(first, last, SECOND) == pytest.approx(150, rel=0.005)


def test_a_counter_goes_on_over_a_change_of_power(probe):
    first, last = probe("read", "wait=1", "fault=0:mw=500000", "read", "wait=0.5", "read")[::2]
    seconds = last["seconds"][FIRST] - first["seconds"][FIRST]

    assert last["joules"][FIRST] == pytest.approx(300 + 500 * (seconds - 1), rel=0.02)


def test_a_lost_card_is_told_and_the_other_one_goes_on(probe):
    first, lost, last = probe("read", "fault=0:lost", "read", "wait=1", "read")

    assert (lost["reason"], list(lost["values"])) == ("gpu_lost", [SECOND])
    assert FIRST in lost["what"]
    assert last["channels"] == first["channels"]
    assert watts(lost, last, SECOND) == pytest.approx(150, rel=0.01)


def test_a_lost_card_comes_back_when_it_is_looked_for_and_its_new_counter_is_another(probe):
    steps = ("read", "fault=0:lost", "read", "fault=", "read", LATER, "read", "wait=0.5", "read")
    first, _, still_lost, back, last = probe(*steps)

    assert still_lost["reason"] == "gpu_lost"
    assert (back["reason"], back["steps"][FIRST], back["joules"][FIRST]) == ("", "reset", 0)
    assert back["epochs"][FIRST] != first["epochs"][FIRST]
    assert back["epochs"][SECOND] == first["epochs"][SECOND]
    assert back["steps"][SECOND] == "counted"
    assert watts(back, last, FIRST) == pytest.approx(300, rel=0.02)


def test_a_card_that_stays_lost_keeps_its_channel_when_it_is_looked_for(probe):
    lost, looked_for = probe("read", "fault=0:lost", "read", LATER, "read")[1:]

    assert looked_for["channels"] == lost["channels"]
    assert (looked_for["reason"], list(looked_for["values"])) == ("gpu_lost", [SECOND])


def test_a_card_that_is_lost_from_the_start_is_told_and_taken_when_it_is_there(probe):
    lost, back = probe("read", "fault=", LATER, "read", FAKE_NVML_FAIL="0:lost")

    assert (lost["reason"], lost["channels"]) == ("gpu_lost", [f"{SECOND} counted"])
    assert (back["reason"], set(back["values"])) == ("", {FIRST, SECOND})


def test_a_card_that_needs_a_reset_says_so(probe):
    assert probe("read", "fault=1:reset", "read")[1]["reason"] == "gpu_reset_required"


def test_a_card_without_an_energy_counter_gives_its_power(probe):
    first, _, last = probe("read", "wait=0.5", "read", "wait=0.5", "read", FAKE_NVML_FAIL="1:energy")

    assert first["channels"] == [f"{FIRST} counted", f"{SECOND} integrated"]
    assert first["notes"] == [f"{SECOND} has no energy counter: its power is integrated"]
    assert first["values"][SECOND] == 150
    assert watts(first, last, SECOND) == pytest.approx(150, rel=0.005)
    assert watts(first, last, FIRST) == pytest.approx(300, rel=0.01)


def test_a_counter_that_is_taken_away_is_a_failure_until_power_takes_its_place(probe):
    taken, replaced = probe("read", "fault=0:energy", "read", LATER, "read")[1:]

    assert (taken["reason"], list(taken["values"])) == ("nvml_error", [SECOND])
    assert (replaced["reason"], replaced["values"][FIRST], replaced["steps"][FIRST]) == ("", 300, "reset")


def test_a_card_that_tells_nothing_is_left_out_with_a_note(probe):
    [only] = probe("read", FAKE_NVML_FAIL="0:energy,0:power")

    assert only["channels"] == [f"{SECOND} counted"]
    assert only["notes"] == [f"{FIRST} reports neither energy nor power: left out"]


def test_cards_that_all_tell_nothing_are_an_absent_source(probe):
    [absent] = probe("read", FAKE_NVML_FAIL="energy,power")

    assert absent["error"] == "SourceAbsent"
    assert FIRST in absent["what"]


def test_of_a_card_in_instances_the_whole_card_is_counted(probe):
    [only] = probe("read", FAKE_NVML_FAIL="0:mig")

    assert only["channels"] == [f"{FIRST} counted", f"{SECOND} counted"]
    assert only["notes"] == [f"{FIRST} is parted by MIG: its energy is that of all instances together"]


@pytest.mark.parametrize("told", ["", "0:energy"], ids=["energy", "power"])
def test_a_value_with_every_bit_set_is_no_reading(probe, told):
    garbage = probe("read", f"fault={told} 0:garbage", "read", FAKE_NVML_FAIL=told)[1]

    assert (garbage["reason"], list(garbage["values"])) == ("garbage", [SECOND])


def test_without_a_driver_the_source_is_absent_and_says_what_to_do_where_there_is_a_card(probe, tmp_path):
    [absent] = probe("read", FAKE_NVML_FAIL="init")
    write(tmp_path, CARD)
    [with_card] = probe("read", FAKE_NVML_FAIL="init")

    assert (absent["error"], absent["remedy"]) == ("SourceAbsent", "")
    assert "modprobe nvidia" in with_card["remedy"]


def test_a_driver_that_goes_away_takes_the_source_with_it(probe):
    assert probe("read", "fault=gone", "read")[1]["error"] == "SourceGone"


def test_a_library_that_does_not_start_anew_takes_the_source_with_it(probe):
    assert probe("read", "fault=0:lost", "read", "fault=init", LATER, "read")[2]["error"] == "SourceGone"


def test_a_denied_driver_says_whether_the_device_or_the_service_is_in_the_way(probe, tmp_path):
    device = tmp_path / "dev" / "nvidiactl"
    write(tmp_path, {"dev/nvidiactl": ""})
    device.chmod(0o666)
    [kept_off] = probe("read", FAKE_NVML_FAIL="denied")
    device.unlink()
    [not_openable] = probe("read", FAKE_NVML_FAIL="denied")

    assert (kept_off["error"], not_openable["error"]) == ("SourceDenied", "SourceDenied")
    assert "DeviceAllow" in kept_off["remedy"]
    assert not_openable["remedy"].startswith("run as root")


@pytest.mark.root
def test_a_device_of_a_group_is_had_by_that_group():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        write(root, {"dev/nvidiactl": ""})
        os.chown(root / "dev/nvidiactl", 0, grp.getgrnam("video").gr_gid)
        (root / "dev/nvidiactl").chmod(0o660)
        os.seteuid(65534)
        try:
            trouble = denied(Host(root), NvmlError("nvmlInit_v2", Code.NO_PERMISSION))
        finally:
            os.seteuid(0)

    assert "SupplementaryGroups=video " in trouble.remedy


def test_counters_of_another_load_of_the_driver_are_of_another_epoch(probe, tmp_path):
    [before] = probe("read")
    (tmp_path / "sys/module/nvidia").rename(tmp_path / "sys/module/unloaded")
    write(tmp_path, {"sys/module/nvidia/version": "550.54.15"})
    [after] = probe("read")
    [again] = probe("read")

    assert before["epochs"][FIRST].startswith(BOOT)
    assert before["epochs"][FIRST] != after["epochs"][FIRST] == again["epochs"][FIRST]


@pytest.mark.parametrize(("files", "has_remedy"), [({}, False), (CARD, True)], ids=["no card", "a card"])
def test_without_the_library_the_source_is_absent_and_says_what_to_do_where_there_is_a_card(
    probe, tmp_path, files, has_remedy
):
    write(tmp_path, files)
    [absent] = probe("read", LD_LIBRARY_PATH="")

    assert absent["error"] == "SourceAbsent"
    assert "libnvidia-ml.so.1" in absent["what"]
    assert ("libnvidia-ml1" in absent["remedy"]) is has_remedy


def test_a_card_that_is_given_to_a_virtual_machine_needs_no_library(probe, tmp_path):
    write(tmp_path, CARD | {"sys/bus/pci/drivers/vfio-pci/new_id": ""})
    (tmp_path / "sys/bus/pci/devices/0000:10:00.0/driver").symlink_to(tmp_path / "sys/bus/pci/drivers/vfio-pci")

    assert probe("read", LD_LIBRARY_PATH="")[0]["remedy"] == ""


def test_a_recorded_machine_is_never_asked_by_the_library_of_this_one(tmp_path):
    with pytest.raises(SourceAbsent, match="recorded"):
        nvidia.open_source(machine(tmp_path))

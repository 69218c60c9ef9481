# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from agent.explain.in_words import power_in_words
from agent.recording.captured import open_root
from agent.wiring import sample_once

HOSTS = Path(__file__).parent.parent / "hosts"


def words(machine, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("")
    with open_root(HOSTS / machine) as host:
        return power_in_words(sample_once(host, config))


def test_a_counted_host_names_what_is_measured_what_is_modelled_and_what_a_meter_would_add(tmp_path):
    lines = words("intel-2s-cascadelake-dram", tmp_path)
    text = " ".join(" ".join(lines).split())

    assert lines[0].startswith("How it is known  Counters show a part of it")
    assert "measured: rapl/package-0 " in text
    assert "rapl/dram-1" in text.partition("modelled:")[0]
    assert "model/board" in text.partition("modelled:")[2]
    assert "Better by A meter at the inlets" in text
    assert "date of acquisition" not in text


def test_a_modelled_host_names_what_had_to_be_assumed_of_its_parts(tmp_path):
    text = " ".join(" ".join(words("kvm-guest-amd-epyc", tmp_path)).split())

    assert "Nothing measures it" in text
    assert "measured:" not in text
    assert "the memory modules are unknown" in text
    assert "virtual machine" in text


def test_a_measured_host_states_its_bounds_and_asks_for_no_parts(tmp_path):
    text = " ".join(" ".join(words("acpi-power-meter", tmp_path)).split())

    assert "A meter at the power supplies' inlets shows it." in text
    assert "289 W at the inlets, between 283.2 and 294.8 W" in text
    assert "inventory" not in text


def test_nothing_is_said_of_a_power_that_is_not_known(tmp_path):
    assert words("empty-root", tmp_path) == []


@pytest.mark.parametrize("machine", ["intel-2s-cascadelake-dram", "kvm-guest-amd-epyc", "cray-ex"])
def test_the_lines_fit_a_terminal(machine, tmp_path):
    assert max(map(len, words(machine, tmp_path))) <= 100

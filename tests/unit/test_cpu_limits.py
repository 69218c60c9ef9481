# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from clocks import HandClock
from trees import write

from agent.host import Host
from agent.inventory.cpu_limits import with_limits
from impacts.parts import Part

CPUS = "sys/devices/system/cpu"
NO_TURBO, BOOST = f"{CPUS}/intel_pstate/no_turbo", f"{CPUS}/cpufreq/boost"
HIGHEST, BASE = f"{CPUS}/cpu0/cpufreq/scaling_max_freq", f"{CPUS}/cpu0/cpufreq/base_frequency"


def limits(root, files):
    write(root, files)
    [cpu] = with_limits(Host(root, HandClock()), (Part("cpu", 2),))
    return cpu.boost, cpu.deep_idle


def idle_state(number, latency, disable=0):
    return {
        f"{CPUS}/cpu0/cpuidle/state{number}/{name}": value
        for name, value in (("latency", latency), ("disable", disable))
    }


@pytest.mark.parametrize(
    ("files", "boost"),
    [
        ({}, None),
        ({NO_TURBO: 1}, False),
        ({NO_TURBO: 0}, True),
        ({BOOST: 0}, False),
        ({BOOST: 1}, True),
        ({BOOST: "garbage"}, None),
        ({NO_TURBO: 0, HIGHEST: 2_100_000, BASE: 2_100_000}, False),
        ({NO_TURBO: 0, HIGHEST: 3_900_000, BASE: 2_100_000}, True),
        ({HIGHEST: 3_900_000}, None),
    ],
)
def test_boost_is_off_where_it_is_switched_off_or_the_highest_clock_is_the_base_clock(tmp_path, files, boost):
    assert limits(tmp_path, files)[0] is boost


@pytest.mark.parametrize(
    ("states", "deep"),
    [
        ({}, None),
        ({**idle_state(0, 0), **idle_state(1, 2), **idle_state(2, 10)}, False),
        ({**idle_state(0, 0), **idle_state(3, 133)}, True),
        ({**idle_state(0, 0), **idle_state(3, 133, disable=1)}, False),
        ({**idle_state(1, 30)}, True),
        ({**idle_state(1, 29)}, False),
    ],
)
def test_cores_are_switched_off_where_a_state_of_long_latency_is_there_and_allowed(tmp_path, states, deep):
    assert limits(tmp_path, states)[1] is deep

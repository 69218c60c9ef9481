# SPDX-License-Identifier: Apache-2.0
"""Published power of whole servers, within the bounds of the load model.

SPECpower_ssj2008 results by their page at www.spec.org/power_ssj2008/results/, which the model was not fitted to and of
which public copies were read on 2026-11-25; SPEC and SPECpower_ssj are trademarks of the Standard Performance Evaluation
Corporation. The servers with boost are those whose highest shares its upper bounds were made to hold.
"""

from __future__ import annotations

from datetime import date
from statistics import fmean, median

import pytest
from books import shipped

from agent.wholehost.load_model import model_of
from impacts.parts import Inventory, Part, Server

# CPUs, memory as far as the copy states it, else as many modules as is usual, and W at the wall by load.
RESULTS = {
    "res2025q2, 20250407-01522": (2, "AMD EPYC 9965", 24, 64, {0: 157, 0.1: 265, 0.2: 314, 0.3: 362, 0.5: 461, 0.7: 544, 1: 800}),
    "res2025q4, 20251021-01543, Dell PowerEdge R6725": (2, "AMD EPYC 9845", 24, 32, {0: 135, 1: 711}),
    "res2024q3, 20240716-01419, Dell PowerEdge XR8620T": (1, "Intel Xeon Gold 6433N", 8, 32, {0: 230, 0.1: 244, 0.2: 260, 0.3: 273, 0.5: 340, 0.7: 385, 1: 420}),
}  # fmt: skip

# Bare-metal servers of a cloud with boost, under a load generator: packages and memory in W by RAPL, which is less than
# the inlet (turbostress reports, June 2021, CC0). Their processors are made for one customer: known by their family.
WITH_BOOST = {
    "Intel(R) Xeon(R) Platinum 8275CL CPU @ 3.00GHz": (12, {0: 95, 0.2: 310, 0.5: 523, 0.7: 645, 1: 709}),
    "Intel(R) Xeon(R) Platinum 8252C CPU @ 3.80GHz": (12, {0: 105, 0.2: 290, 0.5: 464, 1: 602}),
    "Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz": (24, {0: 116, 0.2: 287, 0.5: 457, 1: 622}),
    "Intel(R) Xeon(R) Platinum 8124M CPU @ 3.00GHz": (12, {0: 90, 0.2: 242, 0.5: 368, 1: 498}),
}


def modelled(count, cpu, modules, gigabytes):
    parts = (
        Part("cpu", count, model=cpu),
        Part("memory", modules, capacity_gb=gigabytes),
        Part("ssd", 1),
        Part("psu", 2),
    )
    return model_of(Inventory(Server(), parts), shipped(), date(2026, 11, 25), 0)


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_that_the_model_has_not_seen_lies_within_its_bounds(result):
    *parts, watts = RESULTS[result]
    model = modelled(*parts)

    for load, measured in watts.items():
        power = model.power(load)
        assert power.low <= measured <= power.high, load


def test_the_mean_error_on_them_is_below_two_fifths_and_the_bounds_are_as_narrow_as_promised():
    errors, spreads = [], []
    for *parts, watts in RESULTS.values():
        model = modelled(*parts)
        errors += [abs(model.power(load).central / measured - 1) for load, measured in watts.items()]
        spreads += [model.power(load).high / model.power(load).low for load in watts if load]

    assert fmean(errors) < 2 / 5
    assert median(spreads) < 3.6


@pytest.mark.parametrize("cpu", WITH_BOOST)
def test_the_upper_bound_holds_servers_with_boost_under_a_load_generator(cpu):
    modules, watts = WITH_BOOST[cpu]
    model = modelled(2, cpu, modules, 16)

    assert all(model.power(load).high > by_rapl for load, by_rapl in watts.items())


@pytest.mark.parametrize(("threads_busy", "middle"), [(0.5, 262), (1.0, 315)])
def test_a_server_under_kernels_of_every_kind_lies_within_the_bounds(threads_busy, middle):
    """2 x EPYC 7502 without boost, at 2.5 GHz: medians over nine kernels at the plug (Schöne et al. 2021, roco2)."""
    power = modelled(2, "AMD EPYC 7502 32-Core Processor", 16, 16).power(threads_busy)

    assert power.low <= middle <= power.high

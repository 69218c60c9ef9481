# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.readings import Boundary, Channel, Method
from agent.wholehost.host_step import Basis, host_step
from agent.wholehost.reports import Report
from impacts.values.estimates import Citation, Estimate

DELIVERED = {"delivery": Estimate(1.2, 1.3, 1.6, "1", (Citation("test"),))}


def channel(source, name, method=Method.COUNTED):
    return Channel(source, name, "gpu", Boundary.COMPONENT, method)


PACKAGE, DRAM = channel("rapl", "package-0"), channel("rapl", "dram-0")
MODEL = channel("model", "ssd", Method.MODELLED)


def components(measured, modelled=(), formula="measured × delivery + modelled"):
    return host_step(Basis.PART_MODELLED, measured, modelled, formula, DELIVERED if "delivery" in formula else {})


def test_a_step_of_no_time_is_none():
    assert components([Report(PACKAGE, 5, 0.0)]) is None
    assert components([]) is None


def test_the_longest_time_counts_and_all_energy_of_it():
    step = components([Report(PACKAGE, 180_000_000, 2.0), Report(DRAM, 10_000_000, 1.0)])

    assert step.seconds == 2.0
    assert step.microjoules.central == pytest.approx(190e6 * 1.3)


def test_a_model_of_a_part_of_the_time_stands_at_its_mean_for_all_of_it():
    step = components([Report(PACKAGE, 180_000_000, 2.0)], [Report(MODEL, 8_000_000, 1.0)])

    assert step.microjoules.central == pytest.approx((180 * 1.3 + 16) * 1e6)
    assert step.measured_microjoules == 180_000_000


def test_a_model_of_a_little_more_time_counts_with_all_its_energy():
    step = components([Report(PACKAGE, 90_000_000, 1.0)], [Report(MODEL, 16_000_000, 2.0)])

    assert step.microjoules.central == pytest.approx((90 * 1.3 + 16) * 1e6)


def test_a_model_of_no_time_adds_nothing():
    step = components([Report(PACKAGE, 90_000_000, 1.0)], [Report(MODEL, 0, 0.0)])

    assert step.microjoules.central == pytest.approx(90 * 1.3e6)


def test_the_energy_is_in_whole_microjoules():
    amounts = components([Report(PACKAGE, 7, 3.0)]).microjoules.amounts()

    assert all(isinstance(amount, int) for amount in amounts)


@pytest.mark.parametrize(
    ("channels", "formula", "printed"),
    [
        ([PACKAGE], "measured × delivery + modelled", "package_0 × delivery"),
        ([PACKAGE, DRAM], "measured × delivery + modelled", "(package_0 + dram_0) × delivery"),
        ([PACKAGE, DRAM], "measured", "package_0 + dram_0"),
    ],
)
def test_the_formula_names_the_channels_and_brackets_their_sum_where_more_follows(channels, formula, printed):
    step = components([Report(one, 90_000_000, 1.0) for one in channels], formula=formula)

    assert step.power.formula == printed


def test_channels_of_one_name_are_distinguished_by_their_source_and_both_count():
    cards = [channel("nvidia", "gpu-0"), channel("hwmon", "gpu-0")]
    step = components([Report(card, 100_000_000, 1.0) for card in cards])

    assert step.power.formula == "(gpu_0 + hwmon_gpu_0) × delivery"
    assert step.microjoules.central == pytest.approx(200 * 1.3e6)

# SPDX-License-Identifier: Apache-2.0
"""What a restart finds of a calibration: all of it, or a problem."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256

import pytest
from synthetic_host import INLET, OVERHEADS, PACKAGES, Meter, SyntheticHost

from agent.wholehost.balance import HostBalance
from agent.wholehost.calibration.calibrations import Kept
from agent.wholehost.calibration.state import StateDamaged, meter_in, signature_in


@lru_cache(maxsize=1)
def text():
    host = SyntheticHost(1, lambda chance: Meter(chance, 20, 4, 2, 5)).run(600)
    return host.balance.calibration_states["ipmi_dcmi"]


def changed(**changes):
    state = json.loads(text())["state"] | changes
    dumped = json.dumps(state, separators=(",", ":"))
    return json.dumps({"sha256": sha256(dumped.encode()).hexdigest()[:16], "state": state})


def with_state(kept, **options):
    host = SyntheticHost(1, lambda chance: Meter(chance, 20, 4, 2, 5), **options)
    host.restart_with({"ipmi_dcmi": kept})
    return host.run(3)


def test_the_state_is_there_again_to_the_last_digit():
    assert with_state(text()).balance.calibration_states["ipmi_dcmi"] != ""
    before = json.loads(text())["state"]
    balance = HostBalance(OVERHEADS, {"ipmi_dcmi": Kept(text(), 0.0)})
    balance.step(SyntheticHost(1, lambda chance: Meter(chance, 20, 4)).channels, [], 10.0)

    assert json.loads(balance.calibration_states["ipmi_dcmi"])["state"] == before


def test_what_was_not_certain_enough_before_a_restart_is_not_used_after_it():
    host = with_state(changed(is_in_use=False, readings=2, learned_seconds=10.0))

    assert {step.basis.value for _, step in host.steps} == {"part_modelled"}


def test_the_meter_and_its_channels_are_read_from_the_state():
    [meter] = meter_in(text())

    assert (meter.key, meter.boundary, meter.accuracy.low) == (INLET.key, INLET.boundary, 0.95)
    assert signature_in(text())[0] == tuple(channel.key for channel in PACKAGES)


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"sha256":"0","state":{}}',
        lambda: text()[:-10],
        lambda: text().replace("1", "2", 1),
        lambda: changed(version=2),
        lambda: changed(variance=-1.0),
        lambda: changed(variance="a"),
        lambda: changed(weight=-1.0),
        lambda: changed(moments=[1.0]),
        lambda: changed(products=[[1.0] * 5] * 4),
        lambda: changed(products=[[float(10 * row + column) for column in range(5)] for row in range(5)]),
        lambda: changed(priors=[[1.0, 0.0]] * 5),
        lambda: changed(delay_seconds=11.0),
        lambda: changed(window_seconds=7.5),
        lambda: changed(sampling="often"),
        lambda: changed(debt=1e400),
        lambda: changed(bias=True),
        lambda: changed(lowest=[1.0]),
        lambda: changed(readings=None),
        lambda: changed(is_in_use=1),
        lambda: changed(meter=[]),
        lambda: changed(meter=[["ipmi_dcmi"]]),
        lambda: changed(regressors=3),
    ],
)
def test_a_damaged_state_is_a_problem_and_never_a_figure(damaged):
    host = with_state(damaged if isinstance(damaged, str) else damaged())

    assert [problem.reason for problem in host.balance.problems] == ["calibration_damaged"]
    assert {step.basis.value for _, step in host.steps} == {"part_modelled"}


def test_the_state_of_other_components_waits_for_them_and_says_so():
    host = with_state(text(), has_card=True)
    assert [problem.reason for problem in host.balance.problems] == ["calibration_learns_anew"]
    assert {step.basis.value for _, step in host.steps} == {"part_modelled"}

    host.machine.has_card = False
    host.run(3)
    assert not host.balance.problems
    assert "cpu_coefficient" in host.steps[-1][1].power.formula


def test_what_a_state_says_of_itself_is_refused_by_name():
    with pytest.raises(StateDamaged, match="checksum"):
        signature_in(text().replace('"version":1', '"version":3'))

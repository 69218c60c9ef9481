# SPDX-License-Identifier: Apache-2.0
"""Idle power and the energy spent idle: absent while no way knows them, else entered, published and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from one_package import OnePackage, one_package, ticks

from agent.explain.power import EVER, host_figures, idle_energy_figure
from agent.history.periods import statement
from agent.written.config import Config
from impacts.values.derivations import render, work_out
from impacts.values.estimates import Citation, Estimate

CONFIG = Config(location="FR", sources={"model": {"enabled": False}})  # without it nothing knows what is drawn idle
MODEL = Citation("a model of these tests")


@pytest.fixture
def machine(tmp_path):
    return OnePackage(one_package(tmp_path / "root"))


def idle(low, central, high):
    return work_out(
        "power of the host when nothing runs", "model", {"model": Estimate(low, central, high, "W", (MODEL,))}
    )


def stepped(machine, sampler, idle_power):
    """Let a tick pass, and enter another step as long as the last, of which the idle power is known."""
    ticks(sampler, machine, 3)
    step = replace(sampler.state.present.host_step, idle=idle_power)
    machine.passes(1)
    sampler.accounts.enter_host(step, machine.clock.monotonic, machine.clock.utc)
    return step


def entered(accounts):
    return next(idle_energy_figure(accounts.ever, EVER), None)


def test_both_are_absent_while_no_way_knows_the_idle_power(machine):
    with machine.sampling(CONFIG) as sampler:
        ticks(sampler, machine, 3)
        step = sampler.state.present.host_step

        assert entered(sampler.accounts) is None
        assert "host_idle_power" not in {figure.quantity.stem for figure in host_figures(step)}


def test_the_idle_power_is_published_with_its_bounds_and_paper(machine):
    with machine.sampling(CONFIG) as sampler:
        step = stepped(machine, sampler, idle(30, 50, 80))
        [figure] = [one for one in host_figures(step) if one.quantity.stem == "host_idle_power"]

    assert (figure.estimate.low, figure.estimate.central, figure.estimate.high) == (30, 50, 80)
    assert "power of the host when nothing runs" in render(figure.derivation)


def test_the_energy_of_a_step_is_entered_and_known_after_a_restart(machine, tmp_path):
    with machine.sampling(CONFIG, tmp_path / "state") as sampler:
        stepped(machine, sampler, idle(30, 50, 80))
        before = entered(sampler.accounts)
        sampler.write()
    with machine.sampling(CONFIG, tmp_path / "state") as sampler:
        after = entered(sampler.accounts)

    for figure in (before, after):
        assert (figure.estimate.low, figure.estimate.central, figure.estimate.high) == pytest.approx((30, 50, 80))
        assert MODEL in figure.estimate.grounds


def test_a_statement_of_the_period_has_it_with_what_the_idle_power_rests_on(machine, tmp_path):
    with machine.sampling(CONFIG, tmp_path / "state") as sampler:
        stepped(machine, sampler, idle(30, 50, 80))
        sampler.write()
        begins = machine.clock.utc.replace(minute=0, second=0)
        stated = statement(sampler.accounts.history, begins, begins + timedelta(hours=1))
    [figure] = [one for one in stated.figures if one.quantity.stem == "host_idle_energy"]

    assert figure.estimate.central == pytest.approx(50)
    assert MODEL in figure.estimate.grounds


def test_it_is_never_more_than_the_energy(machine):
    with machine.sampling(CONFIG) as sampler:
        step = stepped(machine, sampler, idle(1000, 2000, 3000))
        figure = entered(sampler.accounts)

    assert figure.estimate.central == pytest.approx(step.energy.estimate.central)

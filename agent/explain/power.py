# SPDX-License-Identifier: Apache-2.0
"""Power and energy of the host and its channels, as figures with their working papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.wholehost.channel_power import channel_energy, channel_power
from impacts import quantities as q
from impacts.figures import Figure
from impacts.values.bounded import in_joules
from impacts.values.derivations import RESULT, work_out
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_MICROJOULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.accounts.totals import Totals
    from agent.ledger import Account, EnergyStep
    from agent.wholehost.host_step import HostStep
    from impacts.values.derivations import Derivation

EVER = "since the history began"
OBSERVED = Citation("the agent's own observation")

_ENTERED = Citation("the agent's accounts: the host steps of the period")
_IDLE = Citation("the agent's accounts: idle power, or the power where that is lower, of the host steps of the period")
_MEASURED = Citation("the agent's last host step: what its measured channels gave")
_HOST = Citation("the agent's last host step: its energy, central value")


def host_figures(step: HostStep | None) -> Iterator[Figure]:
    """Return the host's power now, by its last step; None where no step is of the present."""
    if step is None:
        return
    yield Figure.derived(q.HOST_POWER, (step.basis.value,), step.power, step.method or step.basis.value)
    if step.idle is not None:
        yield Figure.derived(q.HOST_IDLE_POWER, (), step.idle, step.basis.value)
    yield Figure.derived(q.HOST_MEASURED_ENERGY, (), _measured_share(step))


def host_energy_figures(totals: Totals, period: str) -> Iterator[Figure]:
    """Return the host's energy of a period by basis, as it was entered."""
    for basis, energy in totals.hosts.items():
        joules = in_joules(energy.energy)
        inputs = {"entered": joules.estimate("J", _ENTERED, *totals.grounds(basis))}
        title = f"energy of the host, {basis.replace('_', ' ')}, {period}"
        paper = work_out(title, "entered", inputs, units={"entered": "kWh", RESULT: "kWh"})
        yield Figure.derived(q.HOST_ENERGY, (basis,), paper, basis)


def idle_energy_figure(totals: Totals, period: str) -> Iterator[Figure]:
    """Return what of a period's energy the host would have drawn with nothing to do; None where its idle power was never known."""
    entered = totals.impact(q.HOST_IDLE_ENERGY.stem)
    if entered is None:
        return
    inputs = {"entered": entered.amount.estimate("J", _IDLE, *totals.idle_grounds)}
    title = f"energy of the host spent idle, {period}"
    paper = work_out(title, "entered", inputs, units={"entered": "kWh", RESULT: "kWh"})
    yield Figure.derived(q.HOST_IDLE_ENERGY, (), paper)


def unobserved_figure(totals: Totals) -> Iterator[Figure]:
    """Return the time of which nothing is known of the host."""
    yield Figure(q.HOST_UNOBSERVED, (), Estimate.exact(totals.unobserved_seconds, "s", OBSERVED))


def _measured_share(step: HostStep) -> Derivation:
    """Return how much of the step's energy was measured: 1 at most, and 0 where the step has no energy."""
    measured, host = step.measured_microjoules, step.microjoules.central
    inputs = {
        "measured": Estimate.exact(min(measured, host) * JOULES_PER_MICROJOULE, "J", _MEASURED),
        "host": Estimate.exact((host or 1) * JOULES_PER_MICROJOULE, "J", _HOST),
    }
    return work_out("share of the energy that is measured", "measured ÷ host", inputs, units=dict.fromkeys(inputs, "J"))


def channel_figures(account: Account, step: EnergyStep | None) -> Iterator[Figure]:
    """Return a channel's energy since the history began, and its power if its last step is of the present."""
    channel = account.channel
    labels, method = (channel.source, channel.name, channel.component), channel.method.value
    energy = channel_energy(channel, account.microjoules, EVER)
    yield Figure.derived(q.CHANNEL_ENERGY, (*labels, method), energy, method)
    unobserved = Estimate.exact(account.unobserved_seconds, "s", OBSERVED)
    yield Figure(q.CHANNEL_UNOBSERVED, (channel.source, channel.name), unobserved)
    if step is not None and step.observed_seconds > 0:
        power = channel_power(channel, step.microjoules, step.observed_seconds)
        yield Figure.derived(q.CHANNEL_POWER, labels, power, method)

# SPDX-License-Identifier: Apache-2.0
"""What a figure rests on: the derivations of one quantity, down to dataset rows and counter files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from agent.explain.electricity import UseExplanation
from agent.readings import Method
from agent.sources.load_model import LoadModelSource
from impacts import quantities as q
from impacts.embodied.profiles import in_readable_unit
from impacts.factors import FactorMissing
from impacts.lifetime.derivations import coming_year_derivation, ratio_derivations
from impacts.values.bounded import NOTHING, Bounded
from impacts.values.derivations import Derivation, Input
from impacts.values.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from agent.history.view import HistoryView
    from agent.ledger import EnergyStep
    from agent.loop.sampler import Sampler
    from agent.readings import Channel
    from agent.wholehost.balance import HostStep
    from impacts.quantities import Quantity

_MICRO = 1e-6
_BELOW = Citation("derived below")
_CLOCK = Citation("the agent's monotonic clock, at the reads")


class Explanation:
    """The derivations of every quantity, by the two samples that a sampler has just taken."""

    def __init__(self, sampler: Sampler, history: HistoryView | None) -> None:
        self._sampler = sampler
        self._standing = sampler.evaluation.standing
        self._history = history  # of the agent that runs on this host, if there is one
        self._use = UseExplanation(self._standing, sampler.evaluation.use, history, sampler.progress.at)

    def of(self, quantity: Quantity) -> list[Derivation]:
        """Return the derivations of a quantity, the figure itself first; none where the agent has only observed it."""
        derive = self.derivations.get(quantity)
        return derive(self) if derive else []

    def _use_of(self, quantity: Quantity) -> list[Derivation]:
        """A counter of what the use of electricity emits, then the energy that it is of."""
        step = self._sampler.progress.host_step
        energy = step and Bounded(step.low_microjoules, step.microjoules, step.high_microjoules)
        papers = self._use.of(quantity, energy or None)
        return [*papers, *self._host_energy()] if papers else []

    def _host_energy(self) -> list[Derivation]:
        """The whole history's energy as it is booked, and how a step of it comes about."""
        step = self._sampler.progress.host_step
        booked = self._booked_energy()
        derivations = []
        if booked is not None:
            readable = booked.in_unit("kWh")
            derivations.append(
                Derivation(
                    "energy of the host since the history began", "booked", (Input("booked", readable),), readable
                )
            )
        if step is not None:
            power = replace(_host_derivation(step).result, grounds=(_BELOW,))
            seconds = Estimate.exact(step.seconds, "s", _CLOCK)
            energy = replace(_step_energy(step), grounds=(_BELOW,))
            inputs = (Input("power", power), Input("seconds", seconds))
            derivations.append(Derivation("energy of the two samples just taken", "power × seconds", inputs, energy))
        return [*derivations, *self._host_power()]

    def _measured_share(self) -> list[Derivation]:
        step = self._sampler.progress.host_step
        if step is None or not step.microjoules:
            return []
        measured = Estimate.exact(
            step.measured_microjoules * _MICRO, "J", Citation("the measured terms of the host's power, below")
        )
        host = Estimate.exact(
            step.microjoules * _MICRO, "J", Citation("the host's energy, central value, derived below")
        )
        inputs = (Input("measured", measured), Input("host", host))
        return [
            Derivation("share of the energy that is measured", "measured ÷ host", inputs, measured / host),
            *self._host_power(),
        ]

    def _booked_energy(self) -> Estimate | None:
        """Return the host energy of the running agent's history; None if there is none."""
        hours = self._history.host_totals().values() if self._history is not None else ()
        if self._history is None or not hours:
            return None
        ground = Citation(f"the agent's history, table host_hour, since {self._history.began_at:%Y-%m-%d %H:%M} UTC")
        energy = sum((hour.energy for hour in hours), NOTHING)
        return energy.each(lambda microjoules: microjoules * _MICRO).estimate("J", ground)

    def _host_power(self) -> list[Derivation]:
        step = self._sampler.progress.host_step
        if step is None:
            return []
        return [_host_derivation(step), *(self._channel(channel) for channel, _ in step.terms)]

    def _channels(self) -> list[Derivation]:
        steps = self._sampler.progress.steps.values()
        return [self._channel(step.channel) for step in steps if step.observed_seconds > 0]

    def _channel_energies(self) -> list[Derivation]:
        """What each channel added between the two samples, and its power."""
        steps = [step for step in self._sampler.progress.steps.values() if step.observed_seconds > 0]
        return [
            derivation for step in steps for derivation in (self._channel_energy(step), self._channel(step.channel))
        ]

    def _channel_energy(self, step: EnergyStep) -> Derivation:
        power = replace(self._channel(step.channel).result, grounds=(_BELOW,))
        seconds = Estimate.exact(step.observed_seconds, "s", _CLOCK)
        energy = power * seconds
        title = f"energy of {step.channel.source}/{step.channel.name} between the two samples"
        return Derivation(title, "power × seconds", (Input("power", power), Input("seconds", seconds)), energy)

    def _channel(self, channel: Channel) -> Derivation:
        """Return how a channel's power came about: by its model, or energy over time by its counter."""
        if channel.method is Method.MODELLED:
            return self._modelled(channel)
        step = self._sampler.progress.steps[channel.key]
        counter = Citation(
            f"source {channel.source}, channel {channel.name}: difference between its two readings ({step.outcome.value})"
        )
        energy = Estimate.exact(step.microjoules * _MICRO, "J", counter)
        seconds = Estimate.exact(step.observed_seconds, "s", _CLOCK)
        accuracy = self._accuracy(channel)
        return Derivation(
            f"power of {channel.source}/{channel.name}",
            "energy × accuracy ÷ seconds",
            (Input("energy", energy), Input("accuracy", accuracy), Input("seconds", seconds)),
            energy * accuracy / seconds,
        )

    def _accuracy(self, channel: Channel) -> Estimate:
        """Return by what the channel has its bounds: the source's accuracy in the datasets, or the device's own word."""
        try:
            row = self._standing.machine.book.find(
                f"{channel.source}_accuracy", "power", on=self._sampler.progress.at.date()
            )
            grounds = row.factor.value.grounds
        except FactorMissing:
            grounds = (
                Citation(f"source {channel.source}: the device's own statement, or the dataset row of its kind"),
            )
        return Estimate(channel.accuracy.low, 1.0, channel.accuracy.high, "1", grounds)

    def _modelled(self, channel: Channel) -> Derivation:
        sources = (watched.source for watched in self._sampler.sources.watched)
        source = next(source for source in sources if isinstance(source, LoadModelSource))
        term = next(term for term in source.model.terms if term.name == channel.name)
        return term.derivation(source.load)

    def _embodied(self, criterion: str) -> list[Derivation]:
        """The sum over components first, then each component."""
        components = self._standing.embodied.components(criterion)
        if not components:
            return []
        inputs = tuple(
            Input(component.name, replace(in_readable_unit(component.estimate), grounds=(_BELOW,)))
            for component in components
        )
        whole = Derivation(
            f"embodied, cradle to gate ({criterion})",
            " + ".join(item.name for item in inputs),
            inputs,
            total(item.value for item in inputs),
        )
        return [whole, *(derivation for component in components for derivation in component.derivations)]

    def _amortised(self) -> list[Derivation]:
        """What the history has booked, and what the coming year books."""
        whole = self._standing.embodied_emissions
        if whole is None:
            return []
        derivations = []
        if self._history is not None and self._history.amortised_ratio:
            embodied = Input("embodied", replace(in_readable_unit(whole), grounds=(_BELOW,)))
            share = Estimate.exact(
                self._history.amortised_ratio, "1", Citation("the agent's history, table meta: share booked so far")
            )
            derivations.append(
                Derivation(
                    "embodied, amortised since the history began",
                    "embodied × share",
                    (embodied, Input("share", share)),
                    embodied.value * share,
                    note="exact while the embodied figure has been what it is now; its bounds, while all is of one date",
                )
            )
        year = coming_year_derivation(self._standing.lots, self._sampler.progress.at, self._began_at)
        return [*derivations, year, *self._embodied("gwp")]

    def _amortised_ratio(self) -> list[Derivation]:
        """The share of all lots, then of each."""
        return ratio_derivations(self._standing.lots, self._sampler.progress.at, self._began_at)

    @property
    def _began_at(self) -> datetime:
        """When the history of the running agent began, else this look at the host."""
        began_at = self._history.began_at if self._history is not None else None
        return began_at or self._sampler.progress.ever.begins

    # How each quantity is derived. What is not here the agent has only observed.
    derivations: ClassVar[dict[Quantity, Callable[[Explanation], list[Derivation]]]] = {
        q.HOST_POWER: _host_power,
        q.HOST_ENERGY: _host_energy,
        q.HOST_MEASURED_ENERGY: _measured_share,
        q.CHANNEL_POWER: _channels,
        q.CHANNEL_ENERGY: _channel_energies,
        q.SCOPE2_LOCATION_BASED: lambda self: self._use_of(q.SCOPE2_LOCATION_BASED),
        q.SCOPE2_MARKET_BASED: lambda self: self._use_of(q.SCOPE2_MARKET_BASED),
        q.SCOPE2_MARKET_TO_LOCATION: lambda self: self._use.ratio(),
        q.ENERGY_UPSTREAM: lambda self: self._use_of(q.ENERGY_UPSTREAM),
        q.USE_WATER: lambda self: self._use_of(q.USE_WATER),
        q.GRID_LOCATION_BASED: lambda self: self._use.grid(),
        q.GRID_MARKET_BASED: lambda self: self._use.next_kwh(),
        q.EMBODIED: lambda self: self._embodied("gwp"),
        q.EMBODIED_ADPE: lambda self: self._embodied("adpe"),
        q.EMBODIED_PRIMARY_ENERGY: lambda self: self._embodied("pe"),
        q.EMBODIED_AMORTISED: _amortised,
        q.EMBODIED_AMORTISED_RATIO: _amortised_ratio,
    }


def _step_energy(step: HostStep) -> Estimate:
    ground = Citation(
        f"the host's energy over the last {step.seconds:.3f} s, {step.basis.value.replace('_', ' ')}: power derived below"
    )
    low, central, high = (value * _MICRO for value in (step.low_microjoules, step.microjoules, step.high_microjoules))
    return Estimate(low, central, high, "J", (ground,))


def _host_derivation(step: HostStep) -> Derivation:
    """Return the host's power as its terms and what lies between them and the inlet."""
    inputs = tuple(_term_input(channel, microjoules / step.seconds * _MICRO) for channel, microjoules in step.terms)
    names = " + ".join(item.name for item in inputs)
    overhead = Input("psu_efficiency" if step.overhead_divides else "rest_of_host", step.overhead)
    components = total(item.value for item in inputs)
    return Derivation(
        f"power of the host, {step.basis.value.replace('_', ' ')}",
        f"({names}) {'÷' if step.overhead_divides else '×'} {overhead.name}",
        (*inputs, overhead),
        components / step.overhead if step.overhead_divides else components * step.overhead,
        note=f"mean over the last {step.seconds:.3f} s; {step.measured_microjoules * _MICRO:.6g} J of it measured",
    )


def _term_input(channel: Channel, watts: float) -> Input:
    ground = Citation(f"source {channel.source}, channel {channel.name}, {channel.method.value}; derived below")
    name = f"{channel.name.replace('-', '_')}{'_modelled' if channel.method is Method.MODELLED else ''}"
    return Input(name, Estimate(watts * channel.accuracy.low, watts, watts * channel.accuracy.high, "W", (ground,)))

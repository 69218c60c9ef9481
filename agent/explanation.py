# SPDX-License-Identifier: Apache-2.0
"""What a figure rests on: the derivations of one quantity, down to dataset rows and counter files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agent.readings import Method
from agent.sources.load_model import LoadModelSource
from impacts import quantities as q
from impacts.derivations import Derivation, Input
from impacts.electricity import location_based_derivation
from impacts.embodied import in_readable_unit
from impacts.estimates import Citation, Estimate, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.history_view import HistoryView
    from agent.readings import Channel
    from agent.sampler import Sampler
    from agent.standing import Standing
    from agent.wholehost.balance import HostStep
    from impacts.quantities import Quantity

_MICRO = 1e-6
_BELOW = Citation("derived below")
_CLOCK = Citation("the agent's monotonic clock, at the reads")


class Explanation:
    """The derivations of every quantity, by the two samples that a sampler has just taken."""

    def __init__(self, sampler: Sampler, standing: Standing, history: HistoryView | None) -> None:
        self._sampler = sampler
        self._standing = standing
        self._history = history  # of the agent that runs on this host, if there is one

    def of(self, quantity: Quantity) -> list[Derivation]:
        """Return the derivations of a quantity, the figure itself first; none where the agent has only observed it."""
        derive: dict[Quantity, Callable[[], list[Derivation]]] = {
            q.HOST_POWER: self._host_power,
            q.HOST_ENERGY: self._host_power,
            q.HOST_MEASURED_ENERGY: self._host_power,
            q.CHANNEL_POWER: self._channels,
            q.CHANNEL_ENERGY: self._channels,
            q.SCOPE2_LOCATION_BASED: self._scope2,
            q.GRID_LOCATION_BASED: self._grid,
            q.EMBODIED: lambda: self._embodied("gwp"),
            q.EMBODIED_ADPE: lambda: self._embodied("adpe"),
            q.EMBODIED_PRIMARY_ENERGY: lambda: self._embodied("pe"),
            q.EMBODIED_AMORTISED: self._amortised,
            q.EMBODIED_AMORTISED_RATIO: self._amortised,
        }
        return derive.get(quantity, list)()

    def _scope2(self) -> list[Derivation]:
        """Scope 2 of the last step, and of the whole history where one factor served for all of it."""
        intensity = self._standing.grid.factor.value
        derivations = []
        step = self._sampler.progress.host_step
        if step is not None:
            energy = _host_energy(step)
            derivations.append(location_based_derivation(energy, intensity))
        booked = self._booked_energy()
        if booked is not None:
            derivations.append(location_based_derivation(booked, intensity))
        return [*derivations, *self._host_power()]

    def _booked_energy(self) -> Estimate | None:
        """Return the host energy of the running agent's history, if one grid factor was used throughout."""
        if self._history is None:
            return None
        factors = {
            factor for stem, factor in self._history.impact_totals_by_factor() if stem == q.SCOPE2_LOCATION_BASED.stem
        }
        hours = self._history.host_totals().values()
        citation = self._standing.grid.factor.citation
        if factors != {f"{citation.dataset}/{citation.entry}"} or not hours:
            return None
        ground = Citation(f"the agent's history, table host_hour, since {self._history.began_at:%Y-%m-%d %H:%M} UTC")
        sums = (
            sum(hour.low_microjoules for hour in hours),
            sum(hour.microjoules for hour in hours),
            sum(hour.high_microjoules for hour in hours),
        )
        low, central, high = (amount * _MICRO for amount in sums)
        return Estimate(low, central, high, "J", (ground,))

    def _host_power(self) -> list[Derivation]:
        step = self._sampler.progress.host_step
        if step is None:
            return []
        return [_host_derivation(step), *(self._channel(channel) for channel, _ in step.terms)]

    def _channels(self) -> list[Derivation]:
        steps = self._sampler.progress.steps.values()
        return [self._channel(step.channel) for step in steps if step.observed_seconds > 0]

    def _channel(self, channel: Channel) -> Derivation:
        """Return how a channel's power came about: by its model, or energy over time by its counter."""
        if channel.method is Method.MODELLED:
            return self._modelled(channel)
        step = self._sampler.progress.steps[channel.key]
        counter = Citation(
            f"source {channel.source}, channel {channel.name}: the counter's difference ({step.outcome.value})"
        )
        joules = step.microjoules * _MICRO
        energy = Estimate(joules * channel.low_ratio, joules, joules * channel.high_ratio, "J", (counter,))
        seconds = Estimate.exact(step.observed_seconds, "s", _CLOCK)
        return Derivation(
            f"power of {channel.source}/{channel.name}",
            "energy ÷ seconds",
            (Input("energy", energy), Input("seconds", seconds)),
            energy / seconds,
            note=f"bounds of the energy: {channel.low_ratio:g} to {channel.high_ratio:g} of the counter",
        )

    def _modelled(self, channel: Channel) -> Derivation:
        sources = (watched.source for watched in self._sampler.sources.watched)
        source = next(source for source in sources if isinstance(source, LoadModelSource))
        term = next(term for term in source.model.terms if term.name == channel.name)
        return term.derivation(source.load)

    def _grid(self) -> list[Derivation]:
        match = self._standing.grid
        intensity = match.factor.value.in_unit("gCO2e/kWh")
        note = f"fit: {match.fit.value}; boundary: {match.factor.boundary}; valid {match.factor.valid_from} to {match.factor.valid_until}"
        return [Derivation("grid, location-based", "intensity", (Input("intensity", intensity),), intensity, note)]

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
        whole = self._standing.embodied_emissions
        if whole is None:
            return []
        life = self._standing.service_life
        years = Estimate.exact(life.central, "year", *life.grounds)
        year = Estimate.exact(1.0, "year", Citation("one year"))
        embodied = replace(in_readable_unit(whole), grounds=(_BELOW,))
        return [
            Derivation(
                "embodied, amortised over one year of the service life",
                "embodied ÷ service_life × time",
                (Input("embodied", embodied), Input("service_life", years), Input("time", year)),
                embodied / years * year,
                note="stops when the whole is booked",
            ),
            *self._embodied("gwp"),
        ]


def _host_energy(step: HostStep) -> Estimate:
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
    return Input(name, Estimate(watts * channel.low_ratio, watts, watts * channel.high_ratio, "W", (ground,)))

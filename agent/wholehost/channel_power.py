# SPDX-License-Identifier: Apache-2.0
"""The mean power of a channel over a time: by what it has counted and its accuracy, or by its model."""

from __future__ import annotations

import re
from functools import lru_cache

from agent.readings import Channel, Method, PowerModel
from impacts.values.derivations import RESULT, Derivation, work_out
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import JOULES_PER_MICROJOULE

CLOCK = Citation("the agent's monotonic clock, at the reads")

_MEASURED_BY = {Method.COUNTED: "the difference of its counter", Method.INTEGRATED: "its power, integrated over time"}


def channel_power(channel: Channel, microjoules: int, seconds: float) -> Derivation:
    """Return the mean power (W) of a channel that reported so many microjoules in so many seconds, with its bounds."""
    if channel.model is not None:
        return _modelled(channel, channel.model, microjoules, seconds)
    title, ground = _named(channel)
    inputs = {
        "energy": Estimate.exact(microjoules * JOULES_PER_MICROJOULE, "J", ground),
        "accuracy": channel.accuracy,
        "seconds": Estimate.exact(seconds, "s", CLOCK),
    }
    return work_out(title, "energy × accuracy ÷ seconds", inputs, units={"energy": "J"})


def channel_energy(channel: Channel, microjoules: int, period: str) -> Derivation:
    """Return the energy (J) that a channel reported in a period, with its bounds."""
    inputs = {
        "energy": Estimate.exact(microjoules * JOULES_PER_MICROJOULE, "J", _named(channel)[1]),
        "accuracy": channel.accuracy,
    }
    title = f"energy of {channel.source}/{channel.name}, {period}"
    return work_out(title, "energy × accuracy", inputs, units={"energy": "J", RESULT: "J"})


def _modelled(channel: Channel, model: PowerModel, microjoules: int, seconds: float) -> Derivation:
    """Return full power times the share of it that was drawn on average, with the bounds of the load that it stands for."""
    full = model.full.estimate.central
    share = microjoules * JOULES_PER_MICROJOULE / seconds / full if full else 0.0
    inputs: dict[str, Estimate | Derivation] = {
        "full": model.full,
        "share": model.share.where_central_is(share),
    }
    return work_out(_named(channel)[0], "full × share", inputs, note=model.note)


@lru_cache(maxsize=1024)
def _named(channel: Channel) -> tuple[str, Citation]:
    """Return the title of a channel's power, and where its energy comes from."""
    how = _MEASURED_BY.get(channel.method, "modelled")
    return f"power of {channel.source}/{channel.name}", Citation(
        f"source {channel.source}, channel {channel.name}: {how}"
    )


@lru_cache(maxsize=1024)
def formula_name(channel: Channel) -> str:
    """Return what a formula calls the channel: `package_0`, `cpu_modelled`."""
    name = re.sub(r"[^a-z0-9]+", "_", channel.name.casefold()).strip("_")
    named = name if name[:1].isalpha() else f"{channel.source}_{name}"
    return f"{named}_modelled" if channel.method is Method.MODELLED else named

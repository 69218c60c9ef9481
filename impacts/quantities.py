# SPDX-License-Identifier: Apache-2.0
"""The catalogue of published quantities. Metrics, the landing page, `explain` and docs/metrics.md follow from it.

A quantity's `stem` is what people call it (`wattprint explain scope2_location_based_co2e`); its metric is
`wattprint_<stem>_<suffix>`, with `_total` for a counter. Bounds are metrics of their own, because a sum over
a metric must mean something: `wattprint_<stem>_lower_bound_<suffix>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PREFIX = "wattprint_"


class Kind(StrEnum):
    """How a quantity behaves over time."""

    COUNTER = "counter"  # only grows
    GAUGE = "gauge"
    INFO = "info"  # always 1; its labels are the message


@dataclass(frozen=True, slots=True)
class Quantity:
    """A published quantity: its name, unit and labels, and what it covers."""

    stem: str
    suffix: str  # the unit as Prometheus spells it; empty for counts and infos
    unit: str  # the base unit of its estimates
    kind: Kind
    meaning: str  # one sentence: what, over which period, what is not included
    labels: tuple[str, ...] = ()
    bound_labels: tuple[str, ...] | None = None  # labels of the bounds' metrics; None: no bounds are published
    of_process: bool = False  # a counter that begins anew with the process; any other goes on where it was

    @property
    def name(self) -> str:
        """The metric's name."""
        return self._name("")

    @property
    def lower_bound_name(self) -> str:
        """The name of the metric that holds the lower bound."""
        return self._name("lower_bound")

    @property
    def upper_bound_name(self) -> str:
        """The name of the metric that holds the upper bound."""
        return self._name("upper_bound")

    @property
    def lasting(self) -> bool:
        """Whether it is a counter of the history's whole time, which must not fall when the agent is killed."""
        return self.kind is Kind.COUNTER and not self.of_process

    def _name(self, bound: str) -> str:
        ending = {Kind.COUNTER: "total", Kind.INFO: "info"}.get(self.kind, "")
        return PREFIX + "_".join(filter(None, [self.stem, bound, self.suffix, ending]))


_CHANNEL = ("source", "channel", "component")

CHANNEL_ENERGY = Quantity(
    "channel_energy",
    "joules",
    "J",
    Kind.COUNTER,
    "Energy of one channel since the agent's history began, wraps of the counter undone; "
    "time that was not observed is not included. Channels lie inside one another: do not add them up.",
    (*_CHANNEL, "method"),
)
CHANNEL_POWER = Quantity(
    "channel_power",
    "watts",
    "W",
    Kind.GAUGE,
    "Mean power of one channel over the last sampling step.",
    _CHANNEL,
)
CHANNEL_UNOBSERVED = Quantity(
    "channel_unobserved",
    "seconds",
    "s",
    Kind.COUNTER,
    "Time during which the energy of a channel is not known: failed reads, resets, reboots, "
    "more wraps than one. Its energy is in no figure.",
    ("source", "channel"),
)
HOST_ENERGY = Quantity(
    "host_energy",
    "joules",
    "J",
    Kind.COUNTER,
    "Energy that entered the host at its power supplies' inlets, by the basis it is known on. Sum over basis for all of it.",
    ("basis",),
    bound_labels=("basis",),
)
HOST_POWER = Quantity(
    "host_power",
    "watts",
    "W",
    Kind.GAUGE,
    "Power at the host's power supplies' inlets over the last sampling step.",
    ("basis",),
    bound_labels=(),
)
HOST_IDLE_POWER = Quantity(
    "host_idle_power",
    "watts",
    "W",
    Kind.GAUGE,
    "Power at the host's power supplies' inlets while nothing runs: as a meter has taught it, else by the load model. Absent "
    "while neither knows it.",
    bound_labels=(),
)
HOST_IDLE_ENERGY = Quantity(
    "host_idle_energy",
    "joules",
    "J",
    Kind.COUNTER,
    "Energy that the host would have drawn with nothing to do: its idle power over time, or its power where that is lower, since "
    "the agent's history began. Times without a known idle power are not included.",
    bound_labels=(),
)
HOST_UNOBSERVED = Quantity(
    "host_unobserved",
    "seconds",
    "s",
    Kind.COUNTER,
    "Time since the agent's history began of which nothing is known of the host's energy: the agent did not run and no counter went on, "
    "or nothing reported. The host may have been off for a part of it. Its energy is in no figure; it is counted once it is over.",
)
# Of statements of periods alone, which know the hours around: it is no metric, and in no other figure.
HOST_UNOBSERVED_ENERGY = Quantity(
    "host_unobserved_energy",
    "joules",
    "J",
    Kind.GAUGE,
    "What the host's energy could have been in the time of which nothing is known, by its power in the hours around. It is in no "
    "other figure.",
    bound_labels=(),
)
HOST_MEASURED_ENERGY = Quantity(
    "host_measured_energy",
    "ratio",
    "1",
    Kind.GAUGE,
    "Share of the host energy of the last sampling step that a counter or meter has measured; the rest is modelled. What is "
    "calibrated counts as not measured.",
)
SCOPE2_LOCATION_BASED = Quantity(
    "scope2_location_based_co2e",
    "grams",
    "gCO2e",
    Kind.COUNTER,
    "Emissions of the host's electricity at the average of the grid it draws from: what the power plants emit; no certificate "
    "or contract acts on it. Their fuels' upstream and the grid's losses are Scope 3 category 3, a figure of its own.",
    bound_labels=(),
)
SCOPE2_MARKET_BASED = Quantity(
    "scope2_market_based_co2e",
    "grams",
    "gCO2e",
    Kind.COUNTER,
    "Emissions of the host's electricity by the market-based method: certificates and contracts, then the supplier's rate, "
    "the residual mix, else the grid's average. It stands beside the location-based figure, never in its place.",
    bound_labels=(),
)
SCOPE2_MARKET_TO_LOCATION = Quantity(
    "scope2_market_to_location_based",
    "ratio",
    "1",
    Kind.GAUGE,
    "Market-based over location-based emissions since the agent's history began: how far contracts and certificates move the "
    "figure away from what the grid emits.",
)
ENERGY_UPSTREAM = Quantity(
    "scope3_energy_upstream_co2e",
    "grams",
    "gCO2e",
    Kind.COUNTER,
    "Emissions upstream of the host's electricity (GHG Protocol Scope 3 category 3): extraction and transport of the power "
    "plants' fuels, and the life cycle of what the grid loses. Nothing of it is in Scope 2.",
    bound_labels=(),
)
USE_WATER = Quantity(
    "use_water",
    "litres",
    "L",
    Kind.COUNTER,
    "Water consumed, not returned, in generating the host's electricity; absent where no dataset has the region.",
    bound_labels=(),
)
FACILITY_ENERGY = Quantity(
    "facility_energy",
    "joules",
    "J",
    Kind.COUNTER,
    "Energy of the host and of its share of what the facility draws beside its IT equipment: host energy times the PUE of its hour, "
    "by the basis that the host's is known on. Absent unless the config sets a PUE; hours without one are not included.",
    ("basis",),
    bound_labels=("basis",),
)
FACILITY_SCOPE2_LOCATION_BASED = Quantity(
    "facility_scope2_location_based_co2e",
    "grams",
    "gCO2e",
    Kind.COUNTER,
    "Emissions of the facility energy's electricity at the average of the grid, as for the host. The host's are in it: do not add "
    "them. Whose Scope 2 the part beyond the host's is depends on who runs the facility.",
    bound_labels=(),
)
FACILITY_SCOPE2_MARKET_BASED = Quantity(
    "facility_scope2_market_based_co2e",
    "grams",
    "gCO2e",
    Kind.COUNTER,
    "Emissions of the facility energy's electricity by the market-based method, as for the host, which is in it. Shares of "
    "instruments cover the same share of it, volumes no more than their volume.",
    bound_labels=(),
)
FACILITY_ENERGY_UPSTREAM = Quantity(
    "facility_scope3_energy_upstream_co2e",
    "grams",
    "gCO2e",
    Kind.COUNTER,
    "Emissions upstream of the facility energy's electricity (GHG Protocol Scope 3 category 3), as for the host, which is in it.",
    bound_labels=(),
)
GRID_LOCATION_BASED = Quantity(
    "grid_location_based_co2e",
    "grams_per_joule",
    "gCO2e/J",
    Kind.GAUGE,
    "Average carbon intensity of the grid in use for the location-based figure: what the power plants emit for a joule.",
    bound_labels=(),
)
GRID_MARKET_BASED = Quantity(
    "grid_market_based_co2e",
    "grams_per_joule",
    "gCO2e/J",
    Kind.GAUGE,
    "What the next joule emits by the market-based method, with the instruments that are not used up.",
    bound_labels=(),
)
EMBODIED = Quantity(
    "scope3_embodied_co2e",
    "grams",
    "gCO2e",
    Kind.GAUGE,
    "Greenhouse gases of the hardware's manufacture, cradle to gate (GHG Protocol Scope 3 category 2), by component; "
    "booked in full in the year of acquisition. Transport and end of life are not included.",
    ("component",),
    bound_labels=("component",),
)
EMBODIED_ADPE = Quantity(
    "scope3_embodied_adpe",
    "grams",
    "gSbe",
    Kind.GAUGE,
    "Abiotic depletion of elements by the hardware's manufacture, in antimony equivalents, cradle to gate.",
    ("component",),
    bound_labels=("component",),
)
EMBODIED_PRIMARY_ENERGY = Quantity(
    "scope3_embodied_primary_energy",
    "joules",
    "J",
    Kind.GAUGE,
    "Primary energy of the hardware's manufacture, cradle to gate.",
    ("component",),
    bound_labels=("component",),
)
EMBODIED_BOOKED = Quantity(
    "scope3_embodied_booked_co2e",
    "grams",
    "gCO2e",
    Kind.GAUGE,
    "Embodied emissions by the year in which they are booked in full (GHG Protocol Scope 3 category 2): the year in which the "
    "server or a later part was acquired; without the former users' share of what was bought used. Absent without that date.",
    ("year",),
    bound_labels=("year",),
)
EMBODIED_AMORTISED = Quantity(
    "scope3_embodied_amortised_co2e",
    "grams",
    "gCO2e",
    Kind.COUNTER,
    "Share of the embodied emissions that fell to the time since the agent's history began, each lot spread evenly over its "
    "service life; what a part has left when it leaves the server is booked at once; stops when the whole is booked.",
    bound_labels=(),
)
EMBODIED_AMORTISED_RATIO = Quantity(
    "scope3_embodied_amortised",
    "ratio",
    "1",
    Kind.GAUGE,
    "Share of the embodied emissions that is amortised, by emissions over all that was acquired together; 1 at most; "
    "falls when a part is added.",
)
TAUGHT_POWER = Quantity(
    "taught_power",
    "watts",
    "W",
    Kind.GAUGE,
    "Power at the inlet at a CPU load of 0 to 1, as the inlet meter has taught it in five-minute means; only of loads at which "
    "the host has spent enough time. `wattprint power --learn` makes a factor file for hosts of the same make of it.",
    ("load",),
    bound_labels=("load",),
)
TAUGHT_OBSERVATION = Quantity(
    "taught_observation",
    "seconds",
    "s",
    Kind.GAUGE,
    "Time about a CPU load that the taught power at it rests on; what is older than a month counts for less and less.",
    ("load",),
)
TAUGHT_RESIDUAL = Quantity(
    "taught_residual",
    "watts",
    "W",
    Kind.GAUGE,
    "Standard deviation of what the inlet meter shows over five minutes about the power that it has taught.",
)
TAUGHT_FLOOR = Quantity(
    "taught_floor",
    "watts",
    "W",
    Kind.GAUGE,
    "The least mean power over five minutes that the inlet meter has shown of this configuration.",
)
TAUGHT = Quantity(
    "taught",
    "",
    "1",
    Kind.INFO,
    "What the taught power is of: the meter's source, and the parts that distinguish hosts of one product.",
    ("meter", "cpus", "memory", "cards", "drives"),
)
FACTOR = Quantity(
    "factor",
    "",
    "1",
    Kind.INFO,
    "A factor in use: its subject, dataset and row, and how well it fits the question.",
    ("subject", "dataset", "entry", "fit"),
)
HOST = Quantity(
    "host",
    "",
    "1",
    Kind.INFO,
    "What this host is.",
    ("manufacturer", "product", "cpu_model", "virtual"),
)
BUILD = Quantity("build", "", "1", Kind.INFO, "The agent's version.", ("version", "python"))
PROBLEM = Quantity(
    "problem",
    "",
    "1",
    Kind.GAUGE,
    "1 for everything that is unknown, assumed or broken; `wattprint doctor` and the landing page name the remedy.",
    ("origin", "reason"),
)
SOURCE_UP = Quantity(
    "source_up",
    "",
    "1",
    Kind.GAUGE,
    "1 if the last read of a source that this host has gave readings; absent where the host has no such source.",
    ("source",),
)
SOURCE_READ_DURATION = Quantity(
    "source_read_duration", "seconds", "s", Kind.GAUGE, "Duration of the last read of the source.", ("source",)
)
SOURCE_READ_FAILURES = Quantity(
    "source_read_failures",
    "",
    "1",
    Kind.COUNTER,
    "Reads of the source that failed since the agent started, by reason.",
    ("source", "reason"),
    of_process=True,
)
SOURCE_LAST_READ = Quantity(
    "source_last_read_timestamp",
    "seconds",
    "s",
    Kind.GAUGE,
    "Unix time of the last read of the source that gave readings.",
    ("source",),
)
SAMPLER_TICKS = Quantity(
    "sampler_ticks", "", "1", Kind.COUNTER, "Sampling ticks since the agent started.", of_process=True
)
SAMPLER_MISSED_TICKS = Quantity(
    "sampler_missed_ticks",
    "",
    "1",
    Kind.COUNTER,
    "Sampling ticks since the agent started that were skipped because the one before took too long.",
    of_process=True,
)

CATALOGUE: tuple[Quantity, ...] = (
    HOST_POWER,
    HOST_ENERGY,
    HOST_IDLE_POWER,
    HOST_IDLE_ENERGY,
    HOST_UNOBSERVED,
    HOST_MEASURED_ENERGY,
    CHANNEL_ENERGY,
    CHANNEL_POWER,
    CHANNEL_UNOBSERVED,
    SCOPE2_LOCATION_BASED,
    SCOPE2_MARKET_BASED,
    SCOPE2_MARKET_TO_LOCATION,
    ENERGY_UPSTREAM,
    FACILITY_ENERGY,
    FACILITY_SCOPE2_LOCATION_BASED,
    FACILITY_SCOPE2_MARKET_BASED,
    FACILITY_ENERGY_UPSTREAM,
    GRID_LOCATION_BASED,
    GRID_MARKET_BASED,
    USE_WATER,
    EMBODIED,
    EMBODIED_ADPE,
    EMBODIED_PRIMARY_ENERGY,
    EMBODIED_BOOKED,
    EMBODIED_AMORTISED,
    EMBODIED_AMORTISED_RATIO,
    TAUGHT_POWER,
    TAUGHT_OBSERVATION,
    TAUGHT_RESIDUAL,
    TAUGHT_FLOOR,
    TAUGHT,
    FACTOR,
    HOST,
    BUILD,
    PROBLEM,
    SOURCE_UP,
    SOURCE_READ_DURATION,
    SOURCE_READ_FAILURES,
    SOURCE_LAST_READ,
    SAMPLER_TICKS,
    SAMPLER_MISSED_TICKS,
)

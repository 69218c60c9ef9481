# SPDX-License-Identifier: Apache-2.0
"""A snapshot as a busy two-socket server would give it, with a figure of every catalogued quantity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from impacts import quantities as q
from impacts.figures import Figure
from impacts.problems import Problem
from impacts.snapshots import Snapshot, SourceState
from impacts.statements import Statement
from impacts.values.estimates import Citation, Estimate

TAKEN_AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
STARTED_AT = TAKEN_AT - timedelta(days=2, hours=3)

KWH = 3.6e6
READING = Citation("reading of the powercap tree")
UBA = Citation(
    "Green Cloud Computing", "uba-2021", "memory_die", "table 18", 2021, "CC-BY-4.0", "https://example.org/uba"
)
EMBER = Citation("Yearly electricity data", "ember-2025", "electricity:FR:2024", "row 71", 2025, "CC-BY-4.0")


def figure(quantity: q.Quantity, *labels: str, at: tuple[float, float, float], method: str = "") -> Figure:
    """Return a figure with the bounds and central value `at`, in the quantity's base unit."""
    grounds = EMBER if "CO2e" in quantity.unit else UBA if quantity.unit == "gSbe" else READING
    return Figure(quantity, labels, Estimate(*at, quantity.unit, (grounds,)), method)


def exactly(quantity: q.Quantity, *labels: str, value: float = 1.0) -> Figure:
    """Return a figure without any width."""
    return figure(quantity, *labels, at=(value, value, value))


def _hardware(quantity: q.Quantity, scale: float) -> list[Figure]:
    shape = {
        "cpu": (18.7, 30.0, 148.0),
        "memory": (212.0, 388.0, 744.0),
        "ssd": (44.2, 78.1, 247.0),
        "hdd": (93.3, 124.0, 168.0),
        "psu": (48.6, 145.0, 243.0),
        "board": (66.1, 66.1, 66.1),
        "case": (85.9, 150.0, 150.0),
        "assembly": (6.68, 6.68, 6.68),
    }
    return [
        figure(quantity, name, at=(low * scale, mid * scale, high * scale), method="bottom_up")
        for name, (low, mid, high) in shape.items()
    ]


def _channels() -> list[Figure]:
    channels = [
        ("package-0", "cpu", 88.4),
        ("package-1", "cpu", 79.2),
        ("dram-0", "dram", 11.3),
        ("dram-1", "dram", 9.87),
    ]
    figures = []
    for name, component, watts in channels:
        figures += [
            exactly(q.CHANNEL_ENERGY, "rapl", name, component, "counted", value=watts * 183_600),
            exactly(q.CHANNEL_POWER, "rapl", name, component, value=watts),
            exactly(q.CHANNEL_UNOBSERVED, "rapl", name, value=12.5),
        ]
    return figures


def _host() -> list[Figure]:
    return [
        figure(q.HOST_POWER, "part_modelled", at=(231.0, 268.4, 342.0), method="part_modelled"),
        figure(q.HOST_ENERGY, "part_modelled", at=(11.4 * KWH, 13.3 * KWH, 16.9 * KWH), method="part_modelled"),
        figure(q.HOST_ENERGY, "modelled", at=(0.2 * KWH, 0.4 * KWH, 0.9 * KWH), method="modelled"),
        exactly(q.HOST_MEASURED_ENERGY, value=0.703),
        figure(q.SCOPE2_LOCATION_BASED, at=(420.0, 603.0, 1010.0)),
        figure(q.GRID_LOCATION_BASED, at=(36.0 / KWH, 44.0 / KWH, 57.0 / KWH)),
        figure(q.EMBODIED_AMORTISED, at=(820.0, 1404.0, 2520.0)),
        exactly(q.EMBODIED_AMORTISED_RATIO, value=0.4066),
        figure(q.SCOPE2_MARKET_BASED, at=(88.0, 130.0, 214.0)),
        figure(q.ENERGY_UPSTREAM, at=(61.0, 91.2, 155.0)),
        figure(q.GRID_MARKET_BASED, at=(7.6 / KWH, 9.5 / KWH, 12.1 / KWH)),
        exactly(q.SCOPE2_MARKET_TO_LOCATION, value=0.216),
    ]


def _agent() -> list[Figure]:
    return [
        exactly(q.FACTOR, "electricity", "ember-2025", "electricity:FR:2024", "exact"),
        exactly(q.FACTOR, "memory_die", "uba-2021", "memory_die", "generic"),
        exactly(q.FACTOR, "board", "uba-2021", "board", "generic"),
        exactly(q.FACTOR, "cpu_base", "uba-2021", "cpu_base", "inferred"),
        exactly(q.HOST, "Dell Inc.", "PowerEdge R740", "Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", "false"),
        exactly(q.BUILD, "0.1.0", "3.11.2"),
        exactly(q.SOURCE_UP, "rapl"),
        exactly(q.SOURCE_READ_DURATION, "rapl", value=0.00021),
        exactly(q.SOURCE_READ_FAILURES, "rapl", "vanished", value=2.0),
        exactly(q.SOURCE_LAST_READ, "rapl", value=TAKEN_AT.timestamp()),
        exactly(q.SAMPLER_TICKS, value=36_720.0),
        exactly(q.SAMPLER_MISSED_TICKS, value=1.0),
    ]


def _figures() -> tuple[Figure, ...]:
    known = [
        *_host(),
        *_channels(),
        *_hardware(q.EMBODIED, 1e3),
        *_hardware(q.EMBODIED_ADPE, 0.09),
        *_hardware(q.EMBODIED_PRIMARY_ENERGY, 1.3e7),
        *_agent(),
    ]
    named = {figure.quantity for figure in known} | {q.PROBLEM}
    # A quantity that is new in the catalogue is here, and so in every renderer's test, before anyone thinks of it.
    new = [exactly(quantity, *quantity.labels) for quantity in q.CATALOGUE if quantity not in named]
    return (*known, *new)


def _statements() -> tuple[Statement, ...]:
    today = TAKEN_AT.replace(hour=0, minute=0, second=0)
    ever = figure(q.HOST_ENERGY, "modelled", at=(2030 * KWH, 2450 * KWH, 3180 * KWH))
    return (
        Statement(
            "since the agent started", STARTED_AT, TAKEN_AT, (*_host()[1:3], _host()[4], *_host()[6:7], *_host()[8:10])
        ),
        Statement(
            "today (UTC)",
            today,
            TAKEN_AT,
            (
                figure(q.HOST_ENERGY, "part_modelled", at=(3.4 * KWH, 4.01 * KWH, 5.1 * KWH)),
                figure(q.SCOPE2_LOCATION_BASED, at=(122.0, 176.4, 291.0)),
                figure(q.SCOPE2_MARKET_BASED, at=(25.1, 37.9, 61.6)),
                figure(q.ENERGY_UPSTREAM, at=(17.9, 26.7, 44.8)),
                figure(q.EMBODIED_AMORTISED, at=(248.0, 424.0, 761.0)),
            ),
        ),
        Statement(
            "since the history began",
            TAKEN_AT - timedelta(days=365),
            TAKEN_AT,
            (
                ever,
                figure(q.SCOPE2_LOCATION_BASED, at=(73.1e3, 107.8e3, 181.0e3)),
                figure(q.SCOPE2_MARKET_BASED, at=(15.2e3, 23.3e3, 38.7e3)),
                figure(q.ENERGY_UPSTREAM, at=(10.9e3, 16.3e3, 27.9e3)),
                figure(q.EMBODIED_AMORTISED, at=(143.9e3, 247.0e3, 443.1e3)),
            ),
        ),
    )


PROBLEMS = (
    Problem(
        "inventory",
        "memory_not_readable",
        "the memory modules cannot be read, so 384 GB are taken as 12 modules of 32 GB",
        "run as root, or give an inventory file with `--inventory`",
    ),
    Problem(
        "ipmi_dcmi",
        "denied",
        "/dev/ipmi0 is there and this user may not read it",
        "setfacl -m u:wattprint:rw /dev/ipmi0",
    ),
)

SOURCES = (
    SourceState(
        "rapl",
        found=True,
        readable=True,
        channels=("package-0", "package-1", "dram-0", "dram-1"),
        measures="CPU packages and memory by the kernel's powercap tree",
        notes=("core is left out: it lies inside package",),
    ),
    SourceState(
        "ipmi_dcmi",
        found=True,
        readable=False,
        why_not="permission denied on /dev/ipmi0",
        remedy="setfacl -m u:wattprint:rw /dev/ipmi0",
    ),
    SourceState("nvidia", found=False, readable=False, why_not="no NVIDIA driver is loaded"),
)


def busy_server() -> Snapshot:
    """Return the snapshot with everything in it."""
    return Snapshot(TAKEN_AT, _figures(), PROBLEMS, SOURCES, _statements())


def just_started() -> Snapshot:
    """Return a snapshot before the first step: sources are open, nothing has been measured."""
    return Snapshot(TAKEN_AT, (exactly(q.BUILD, "0.1.0", "3.11.2"),), (), SOURCES)

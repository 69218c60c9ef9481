# SPDX-License-Identifier: Apache-2.0
"""The lower half of the page: the hardware's footprint, sources, channels and factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.web.amounts import DEPLETION, EMISSIONS, ENERGY, POWER, PRIMARY_ENERGY, percent
from exporters.web.markup import Markup, element, joined
from exporters.web.panels import (
    HARDWARE_ORIGINS,
    bar,
    described,
    known_or_not,
    number,
    panel,
    prose,
    reason_from,
    row,
    sum_of,
    table,
    unknown,
)
from impacts.quantities import (
    CHANNEL_ENERGY,
    CHANNEL_POWER,
    EMBODIED,
    EMBODIED_ADPE,
    EMBODIED_AMORTISED_RATIO,
    EMBODIED_PRIMARY_ENERGY,
    FACTOR,
    SOURCE_UP,
)

if TYPE_CHECKING:
    from impacts.figures import Figure
    from impacts.snapshots import Snapshot, SourceState

_FITS = {
    "exact": "exact",
    "older_year": "of an older year",
    "newer_year": "of a newer year",
    "parent_region": "of a larger region",
    "generic": "generic",
    "inferred": "inferred part or place",
}


def hardware(snapshot: Snapshot) -> Markup:
    """Return the embodied emissions by component, and the totals of every criterion."""
    figures = snapshot.named(EMBODIED.name)
    reason = reason_from(snapshot.problems, *HARDWARE_ORIGINS)
    totals = [
        element(
            "div", element("dt", name), element("dd", known_or_not(sum_of(snapshot.figures, quantity), scale, reason))
        )
        for name, quantity, scale in (
            ("Climate change", EMBODIED, EMISSIONS),
            ("Depletion of elements", EMBODIED_ADPE, DEPLETION),
            ("Primary energy", EMBODIED_PRIMARY_ENERGY, PRIMARY_ENERGY),
        )
    ]
    components = [_components(figures)] if figures else []
    return panel("hardware", "Embodied in the hardware", element("dl", *totals), *components, *_service_life(snapshot))


def _components(figures: list[Figure]) -> Markup:
    full = max(figure.estimate.high for figure in figures)
    largest_first = sorted(figures, key=lambda figure: -figure.estimate.central)
    rows = [
        row(
            described(figure.label_pairs["component"], figure.method.replace("_", " ")),
            bar(figure.estimate, full),
            number(figure.estimate, EMISSIONS),
        )
        for figure in largest_first
    ]
    columns = ["Component", "Within bounds", "Cradle to gate"]
    return table("Emissions of the manufacture, by component", columns, rows)


def _service_life(snapshot: Snapshot) -> list[Markup]:
    return [
        element("p", f"{percent(figure.estimate.central)} of the service life has passed.", class_="soft")
        for figure in snapshot.named(EMBODIED_AMORTISED_RATIO.name)
    ]


def sources(snapshot: Snapshot) -> Markup:
    """Return every source with its state and remedy."""
    failing = {figure.labels[0] for figure in snapshot.named(SOURCE_UP.name) if not figure.estimate.central}
    rows = [row(source.source, joined(_state(source, failing), *_remarks(source))) for source in snapshot.sources]
    if not rows:
        return panel("sources", "Sources", element("p", "None.", class_="soft"))
    return panel("sources", "Sources", table("Power counters this program can read", ["Source", "State"], rows))


def _state(source: SourceState, failing: set[str]) -> Markup:
    if source.readable and source.source not in failing:
        return described("readable", ", ".join(source.channels))
    if not source.found:
        return element("span", described("not on this machine", source.why_not), class_="soft")
    state = "the last read failed" if source.readable else "found, not readable"
    remedy = [element("small", "Remedy: ", prose(source.remedy))] if source.remedy else []
    return joined(element("strong", state), described("", source.why_not), *remedy)


def _remarks(source: SourceState) -> list[Markup]:
    return [element("small", note) for note in source.notes]


def channels(snapshot: Snapshot) -> Markup:
    """Return every channel with its power and energy."""
    powers = {figure.labels: figure.estimate for figure in snapshot.named(CHANNEL_POWER.name)}
    energies = {figure.labels[:3]: figure.estimate for figure in snapshot.named(CHANNEL_ENERGY.name)}
    methods = {figure.labels[:3]: figure.labels[3] for figure in snapshot.named(CHANNEL_ENERGY.name)}
    rows = [
        row(
            described(key[1], " · ".join(filter(None, [key[0], key[2], methods.get(key, "")]))),
            known_or_not(powers.get(key), POWER, ""),
            known_or_not(energies.get(key), ENERGY, ""),
        )
        for key in dict.fromkeys((*powers, *energies))
    ]
    if not rows:
        return panel("channels", "Channels", element("p", unknown("")))
    return panel(
        "channels",
        "Channels",
        table("Channels may lie inside one another: do not add them up", ["Channel", "Power", "Energy"], rows),
    )


def factors(snapshot: Snapshot) -> Markup:
    """Return the factors in use by dataset and fit."""
    entries: dict[tuple[str, str], list[str]] = {}
    for figure in snapshot.named(FACTOR.name):
        subject, dataset, entry, fit = figure.labels
        name = entry if entry.startswith(subject) else f"{subject} ({entry})"
        entries.setdefault((dataset, fit), []).append(name)
    if not entries:
        return panel("factors", "Factors in use", element("p", "None.", class_="soft"))
    rows = [row(described(dataset, _FITS.get(fit, fit)), ", ".join(names)) for (dataset, fit), names in entries.items()]
    columns = ["Dataset and fit", "Entries"]
    return panel("factors", "Factors in use", table("The cited numbers behind the figures", columns, rows))

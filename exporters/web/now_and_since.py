# SPDX-License-Identifier: Apache-2.0
"""The upper half of the page: power now, energy and emissions by period, and the problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.web.amounts import EMISSIONS, ENERGY, INTENSITY, POWER, Scale, percent
from exporters.web.markup import Markup, element, joined
from exporters.web.panels import (
    GRID_ORIGINS,
    HARDWARE_ORIGINS,
    POWER_ORIGINS,
    bar,
    described,
    known_or_not,
    number,
    panel,
    prose,
    reason_from,
    row,
    sentence,
    sum_of,
    table,
    unknown,
)
from impacts.quantities import (
    EMBODIED_AMORTISED,
    ENERGY_UPSTREAM,
    FACILITY_ENERGY,
    FACILITY_ENERGY_UPSTREAM,
    FACILITY_SCOPE2_LOCATION_BASED,
    FACILITY_SCOPE2_MARKET_BASED,
    GRID_LOCATION_BASED,
    GRID_MARKET_BASED,
    HOST_ENERGY,
    HOST_IDLE_POWER,
    HOST_MEASURED_ENERGY,
    HOST_POWER,
    SCOPE2_LOCATION_BASED,
    SCOPE2_MARKET_BASED,
    SCOPE2_MARKET_TO_LOCATION,
    Quantity,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impacts.figures import Figure
    from impacts.problems import Problem
    from impacts.snapshots import Snapshot
    from impacts.statements import Statement

_BASES = {
    "measured": "a meter at the power supplies' inlets",
    "calibrated": "component counters, calibrated against an inlet meter",
    "part_modelled": "component counters, and a model of the rest",
    "modelled": "a model of load, CPU, memory and drives: nothing here is metered",
}

# What a period's statement shows: name, description, quantity, units, and whose problem explains its absence.
_Row = tuple[str, str, Quantity, Scale, tuple[str, ...]]
_ROWS: tuple[_Row, ...] = (
    ("Energy", "at the power supplies' inlets", HOST_ENERGY, ENERGY, POWER_ORIGINS),
    ("Scope 2", "electricity, location-based", SCOPE2_LOCATION_BASED, EMISSIONS, (*GRID_ORIGINS, *POWER_ORIGINS)),
    (
        "Scope 2",
        "electricity, market-based: by certificates and contracts",
        SCOPE2_MARKET_BASED,
        EMISSIONS,
        (*GRID_ORIGINS, *POWER_ORIGINS),
    ),
    (
        "Scope 3",
        "upstream of the electricity: fuels and losses in the grid",
        ENERGY_UPSTREAM,
        EMISSIONS,
        (*GRID_ORIGINS, *POWER_ORIGINS),
    ),
    ("Scope 3", "embodied in the hardware, amortised", EMBODIED_AMORTISED, EMISSIONS, HARDWARE_ORIGINS),
)

# Shown where the config sets a PUE.
_FACILITY_ROWS: tuple[_Row, ...] = (
    ("Facility", "energy by its PUE; the host's is in it", FACILITY_ENERGY, ENERGY, ("pue", *POWER_ORIGINS)),
    ("Facility", "Scope 2, location-based", FACILITY_SCOPE2_LOCATION_BASED, EMISSIONS, ("pue", *POWER_ORIGINS)),
    ("Facility", "Scope 2, market-based", FACILITY_SCOPE2_MARKET_BASED, EMISSIONS, ("pue", *POWER_ORIGINS)),
    ("Facility", "Scope 3, upstream", FACILITY_ENERGY_UPSTREAM, EMISSIONS, ("pue", *POWER_ORIGINS)),
)


def power(snapshot: Snapshot) -> Markup:
    """Return the power now, what it is based on, and the grid it comes from."""
    figures = snapshot.named(HOST_POWER.name)
    readout = [part for figure in figures for part in _readout(figure)]
    missing = element("p", unknown(reason_from(snapshot.problems, *POWER_ORIGINS)), class_="readout")
    about_power = [*map(_basis, figures), *_measured_share(snapshot), *_idle(snapshot)]
    facts = [*about_power, _grid(snapshot), *_by_contract(snapshot)]
    return panel("power", "Power now", *(readout or [missing]), element("dl", *facts))


def _readout(figure: Figure) -> tuple[Markup, Markup]:
    amount = POWER.amount(figure.estimate)
    value = element("p", element("b", amount.central), f" {amount.unit}", class_="readout")
    within = element("span", f"{amount.bounds} {amount.unit}") if amount.bounds else joined("")
    return value, element("p", bar(figure.estimate, 1.25 * figure.estimate.high), within, class_="within")


def _basis(figure: Figure) -> Markup:
    basis = figure.label_pairs["basis"]
    return _fact(
        "Basis", joined(element("b", basis.replace("_", " ")), f": {_BASES[basis]}" if basis in _BASES else "")
    )


def _measured_share(snapshot: Snapshot) -> list[Markup]:
    shares = [figure.estimate.central for figure in snapshot.named(HOST_MEASURED_ENERGY.name)]
    return [_fact("Measured", joined(element("b", percent(share)), " of this energy")) for share in shares]


def _idle(snapshot: Snapshot) -> list[Markup]:
    idle = sum_of(snapshot.figures, HOST_IDLE_POWER)
    return [] if idle is None else [_fact("Idle", number(idle, POWER))]


def _grid(snapshot: Snapshot) -> Markup:
    intensity = sum_of(snapshot.figures, GRID_LOCATION_BASED)
    return _fact("Grid", known_or_not(intensity, INTENSITY, reason_from(snapshot.problems, *GRID_ORIGINS)))


def _by_contract(snapshot: Snapshot) -> list[Markup]:
    """Return the market-based intensity and how far it moves the figure; it stands beside the grid's, never alone."""
    intensity = sum_of(snapshot.figures, GRID_MARKET_BASED)
    if intensity is None:
        return []
    ratios = [figure.estimate.central for figure in snapshot.named(SCOPE2_MARKET_TO_LOCATION.name)]
    shares = [f"; since the history began {percent(ratio)} of the location-based emissions" for ratio in ratios]
    return [_fact("Market-based", joined(number(intensity, INTENSITY), *shares))]


def _fact(name: str, value: Markup) -> Markup:
    return element("div", element("dt", name), element("dd", value))


def periods(snapshot: Snapshot) -> Markup:
    """Return energy and both scopes of each period."""
    statements = snapshot.statements
    title = "Energy and emissions"
    if not statements:
        return panel("periods", title, element("p", unknown(reason_from(snapshot.problems, *POWER_ORIGINS))))
    rows = [
        row(
            described(name, description),
            *(
                # The reason is the same for all periods: it is said once.
                _cell(snapshot, statement, quantity, scale, origins if statement is statements[0] else ())
                for statement in statements
            ),
        )
        for name, description, quantity, scale, origins in (*_ROWS, *_rows_of_facility(statements))
    ]
    return panel(
        "periods", title, table("What this host has used and emitted", ["Quantity", *map(_heading, statements)], rows)
    )


def _rows_of_facility(statements: Sequence[Statement]) -> tuple[_Row, ...]:
    is_known = any(sum_of(statement.figures, FACILITY_ENERGY) is not None for statement in statements)
    return _FACILITY_ROWS if is_known else ()


def _cell(
    snapshot: Snapshot, statement: Statement, quantity: Quantity, scale: Scale, origins: tuple[str, ...]
) -> Markup:
    reason = reason_from((*statement.problems, *snapshot.problems), *origins)
    return known_or_not(sum_of(statement.figures, quantity), scale, reason)


def _heading(statement: Statement) -> Markup:
    begins = element(
        "time", f"{statement.begins:%Y-%m-%d %H:%M}\N{NO-BREAK SPACE}UTC", datetime=statement.begins.isoformat()
    )
    return joined(sentence(statement.subject), " ", element("small", "from ", begins))


def problems(snapshot: Snapshot) -> Markup:
    """Return every problem with its remedy."""
    stated = [problem for statement in snapshot.statements for problem in statement.problems]
    everything = tuple(dict.fromkeys((*snapshot.problems, *stated)))
    if not everything:
        return panel("problems", "Problems", element("p", "None known.", class_="soft"))
    title = f"{len(everything)} problem{'s' if len(everything) > 1 else ''}"
    return panel("problems", title, element("ul", *map(_problem, everything)))


def _problem(problem: Problem) -> Markup:
    return element(
        "li",
        element("p", element("strong", prose(sentence(problem.what)))),
        element("p", element("span", "Remedy: ", class_="soft"), prose(problem.remedy)),
        element("p", element("code", f"{problem.origin}/{problem.reason}"), class_="soft"),
    )

# SPDX-License-Identifier: Apache-2.0
"""The snapshot for Prometheus: text format 0.0.4 and OpenMetrics 1.0.

https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.exposition import generate_latest as write_text
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as write_openmetrics

from impacts.quantities import CATALOGUE, PROBLEM, Kind, Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impacts.figures import Figure
    from impacts.snapshots import Snapshot

    Renderer = Callable[[Snapshot], bytes]

# The library's own constants differ from release to release, and so would the version that a scraper is promised.
TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_FAMILY_SUFFIXES = {Kind.COUNTER: "_total", Kind.INFO: "_info", Kind.GAUGE: ""}


def text(snapshot: Snapshot) -> bytes:
    """Return the snapshot in the Prometheus text format."""
    return write_text(_Families(snapshot))


def openmetrics(snapshot: Snapshot) -> bytes:
    """Return the snapshot in the OpenMetrics text format."""
    return bytes(write_openmetrics(_Families(snapshot)))  # type: ignore[no-untyped-call]


def choose(accept_header: str) -> tuple[str, Renderer]:
    """Return content type and renderer: OpenMetrics for who asks for it by name and likes it no less than text."""
    wishes = [_wish(media_range) for media_range in accept_header.lower().split(",")]
    for_openmetrics = max((q for name, version, q in wishes if _is_openmetrics(name, version)), default=0.0)
    for_text = max((q for name, version, q in wishes if _is_text(name, version)), default=0.0)
    if for_openmetrics > 0 and for_openmetrics >= for_text:
        return OPENMETRICS_CONTENT_TYPE, openmetrics
    return TEXT_CONTENT_TYPE, text


def _wish(media_range: str) -> tuple[str, str, float]:
    """Return name, version and weight of one range of an Accept header; nonsense weighs nothing."""
    name, *parameters = (piece.strip() for piece in media_range.split(";"))
    values = {key.strip(): value.strip(' "') for key, _, value in (item.partition("=") for item in parameters)}
    try:
        return name, values.get("version", ""), float(values.get("q", "1"))
    except ValueError:
        return name, "", 0.0


def _is_openmetrics(name: str, version: str) -> bool:
    return name == "application/openmetrics-text" and version in {"", "1.0.0"}


def _is_text(name: str, version: str) -> bool:
    return name == "text/plain" and version in {"", "0.0.4"}


class _Families:
    """The metric families of one snapshot, in the shape that both writers of the library take."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield each family that has a sample, in the catalogue's order, and raise `ValueError` on a duplicate."""
        # Problems come from the snapshot's own list: a figure of one, or of a quantity unknown to the catalogue, is a bug.
        by_quantity: dict[Quantity, list[Figure]] = {quantity: [] for quantity in CATALOGUE if quantity != PROBLEM}
        for figure in self._snapshot.figures:
            by_quantity[figure.quantity].append(figure)
        for quantity, figures in by_quantity.items():
            if figures:
                yield from _families(quantity, figures)
        yield from _problems(self._snapshot)


def _families(quantity: Quantity, figures: list[Figure]) -> Iterator[Metric]:
    central = _Family(quantity, quantity.name, quantity.meaning)
    for figure in figures:
        central.add(figure.label_pairs, figure.estimate.central)
    yield central.metric
    if quantity.bound_labels is None:
        return
    lower = _Family(quantity, quantity.lower_bound_name, f"Lower bound of {quantity.name}.")
    upper = _Family(quantity, quantity.upper_bound_name, f"Upper bound of {quantity.name}.")
    for figure in figures:
        labels = {name: figure.label_pairs[name] for name in quantity.bound_labels}
        lower.add(labels, figure.estimate.low)
        upper.add(labels, figure.estimate.high)
    yield lower.metric
    yield upper.metric


def _problems(snapshot: Snapshot) -> Iterator[Metric]:
    family = _Family(PROBLEM, PROBLEM.name, PROBLEM.meaning)
    for origin, reason in dict.fromkeys((problem.origin, problem.reason) for problem in snapshot.problems):
        family.add({"origin": origin, "reason": reason}, 1.0)
    if snapshot.problems:
        yield family.metric


class _Family:
    """One metric family, which has each series once."""

    def __init__(self, quantity: Quantity, name: str, documentation: str) -> None:
        suffix = _FAMILY_SUFFIXES[quantity.kind]
        self._series = name
        self._seen: set[tuple[str, ...]] = set()
        one_line = " ".join(documentation.split())
        self.metric = Metric(name.removesuffix(suffix), one_line, quantity.kind.value, quantity.suffix)

    def add(self, labels: dict[str, str], value: float) -> None:
        key = tuple(labels.values())
        if key in self._seen:
            raise ValueError(f"duplicate series {self._series}{labels}")
        self._seen.add(key)
        self.metric.add_sample(self._series, labels, value)

# SPDX-License-Identifier: Apache-2.0
"""Siblings from a Prometheus-compatible API, which has what their agents publish.

https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from agent.errors import ConfigError, FetchFailed, WattprintError
from agent.wholehost.siblings.sibling import Sibling, distinct
from impacts import quantities as q
from impacts.configurations import LOADS, Configuration
from impacts.problems import Problem
from impacts.values.bounded import Bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agent.host import Host
    from agent.web_client import WebClient
    from impacts.quantities import Quantity

_SECONDS = 30.0
_Target = frozenset[tuple[str, str]]  # the labels that Prometheus has added: job, instance …
_Series = tuple[_Target, dict[str, str], float]  # with the metric's own labels, and the value


def siblings_of_metrics(host: Host, address: str) -> tuple[list[Sibling], list[Problem]]:
    """Return the siblings whose agents the API knows now, and what is wrong with the others.

    Raises:
        ConfigError: the address is none.
        WattprintError: there is no answer, or none that can be used.
    """
    if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).netloc:
        raise ConfigError(f"--prometheus {address}: is no address; write it like http://prometheus:9090")
    api = _Api(host.web_client(address, ca=True), address)
    try:
        return _siblings(api)
    finally:
        api.close()


def _siblings(api: _Api) -> tuple[list[Sibling], list[Problem]]:
    configurations, problems = _configurations(api)
    residuals = {target: watts for target, _, watts in api.series(q.TAUGHT_RESIDUAL, q.TAUGHT_RESIDUAL.name)}
    powers: dict[_Target, dict[float, Bounded]] = {}
    for load in LOADS:
        for target, power in _powers_at(api, load):
            powers.setdefault(target, {})[load] = power
    found = distinct(
        Sibling(_name(target), configuration, powers[target], residuals[target])
        for target, configuration in configurations.items()
        if target in powers and target in residuals
    )
    return sorted(found, key=lambda sibling: sibling.host), problems


def _configurations(api: _Api) -> tuple[dict[_Target, Configuration], list[Problem]]:
    """Return the configurations of the hosts that were taught; a problem for those that do not state their product."""
    hosts = {target: labels for target, labels, _ in api.series(q.HOST, q.HOST.name)}
    found: dict[_Target, Configuration] = {}
    problems = []
    for target, parts, _ in api.series(q.TAUGHT, q.TAUGHT.name):
        host = hosts.get(target)
        if host is None or not host.get("product"):
            what = f"{_name(target)} has been taught, but its {q.HOST.name} is not there or names no product"
            problems.append(Problem("siblings", "product_unknown", what, "see that both come from one scrape of it"))
            continue
        words = {name: parts.get(name, "") for name in ("cpus", "memory", "cards", "drives")}
        found[target] = Configuration(host.get("manufacturer", ""), host["product"], **words)
    return found, problems


def _powers_at(api: _Api, load: float) -> Iterator[tuple[_Target, Bounded]]:
    """Yield the taught power at a load with its bounds, host by host: one answer holds one load of a whole fleet."""
    names = (q.TAUGHT_POWER.lower_bound_name, q.TAUGHT_POWER.name, q.TAUGHT_POWER.upper_bound_name)
    selector = f'{{load="{load:g}"}}'
    low, central, high = (
        {target: watts for target, _, watts in api.series(q.TAUGHT_POWER, name + selector)} for name in names
    )
    for target, watts in central.items():
        if 0 < low.get(target, 0.0) <= watts <= high.get(target, 0.0):
            yield target, Bounded(low[target], watts, high[target])


def _name(target: _Target) -> str:
    labels = dict(target)
    return labels.get("instance") or ", ".join(sorted(labels.values())) or "a host without labels"


class _Api:
    """Instant queries."""

    def __init__(self, web: WebClient, address: str) -> None:
        self._web = web
        self._named = urlsplit(address)._replace(netloc=urlsplit(address).netloc.rpartition("@")[2]).geturl()

    def series(self, quantity: Quantity, query: str) -> list[_Series]:
        """Return what a query gives now, each by the labels that are not the quantity's own."""
        return [_series(quantity, sample) for sample in self._samples(query)]

    def close(self) -> None:
        """Close the connections."""
        self._web.hang_up()

    def _samples(self, query: str) -> list[Mapping[str, Any]]:
        try:
            path = f"/api/v1/query?query={quote(query)}"
            reply = self._web.fetch("GET", path, _SECONDS, {"Accept": "application/json"})
        except FetchFailed as failure:
            raise WattprintError(f"{self._named}: {failure}; see that it runs and can be reached") from failure
        try:
            samples: list[Mapping[str, Any]] = json.loads(reply.body)["data"]["result"]
            return [sample for sample in samples if isfinite(float(sample["value"][1])) and sample["metric"]]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            remedy = "give the address below which /api/v1/query is"
            raise WattprintError(
                f"{self._named}: its answer is none of a Prometheus API (status {reply.status}); {remedy}"
            ) from error


def _series(quantity: Quantity, sample: Mapping[str, Any]) -> _Series:
    labels: dict[str, str] = sample["metric"]
    own = {name: labels[name] for name in quantity.labels if name in labels}
    target = frozenset((name, value) for name, value in labels.items() if name not in {*own, "__name__"})
    return target, own, float(sample["value"][1])

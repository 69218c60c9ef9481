# SPDX-License-Identifier: Apache-2.0
"""Electricity Maps, API v3: consumption of a zone with its imports, by the hour; some values are estimated.

https://portal.electricitymaps.com/developer-hub/api/reference. `history` covers the last 24 hours and is part of the
free plan, `past-range` goes back years and is not. Where it does not find the zone, the API answers with
the zone of the caller's address, so the zone of every answer is checked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from agent.grid.provider import Row, listed, value_at
from impacts.values.estimates import Citation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from agent.grid.provider import Document

_NAMES = {"life_cycle": "lifecycle", "direct": "direct"}
_HISTORY = timedelta(hours=23)  # one hour less than it covers: the first is often cut off
_HOUR_SECONDS = 3600


class ElectricityMaps:
    """One zone, by one kind of emission factors."""

    def __init__(self, zone: str, boundary: str) -> None:
        self.reported_zone = self.region = zone
        self.reported_boundary: str | None = _NAMES[boundary]
        self.citation = Citation(
            title="Electricity Maps: carbon intensity API, v3",
            dataset="live-electricity-maps",
            entry=f"electricity:{zone}",
            locator=f"zone {zone}, {self.reported_boundary} emission factors, with imports and exports, without grid losses",
            licence="terms of the Electricity Maps API",
            url="https://portal.electricitymaps.com/developer-hub/api/reference",
        )

    def latest(self, now: datetime) -> str:  # noqa: ARG002 - others ask for a period
        """Return the request of the newest hour."""
        return self._path("latest")

    def past(self, since: datetime, until: datetime, now: datetime) -> str:
        """Return the request of past hours: to `history`, part of the free plan, where it reaches back far enough."""
        if now - since < _HISTORY:
            return self._path("history")
        return self._path("past-range", start=f"{since:%Y-%m-%dT%H:%M:%SZ}", end=f"{until:%Y-%m-%dT%H:%M:%SZ}")

    def rows(self, document: Document) -> Sequence[Row]:
        """Return what `latest` (one object), `history` or `past-range` (lists of such objects) report."""
        if value_at(document, "datetime") is not None:
            found = [document]
        else:
            found = listed(document, "history" if value_at(document, "data") is None else "data")
        return [
            Row(
                zone=value_at(row, "zone") or value_at(document, "zone"),
                starts=value_at(row, "datetime"),
                seconds=_HOUR_SECONDS,
                grams_per_kwh=value_at(row, "carbonIntensity"),
                is_estimated=value_at(row, "isEstimated") is not False,
                boundary=value_at(row, "emissionFactorType"),
            )
            for row in found
        ]

    def _path(self, name: str, **more: str) -> str:
        query = {"zone": self.reported_zone, "emissionFactorType": self.reported_boundary, **more}
        return f"/v3/carbon-intensity/{name}?{urlencode(query)}"

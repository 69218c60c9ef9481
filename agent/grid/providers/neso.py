# SPDX-License-Identifier: Apache-2.0
"""NESO Carbon Intensity API: Great Britain and its regions, by the half hour.

https://carbon-intensity.github.io/api-definitions/. The value of the current half hour is a forecast. The
nation's is replaced by the outcome later, a region's stays a forecast. The answer for a period begins with the half hour
that ends where the period begins. The API states that its intensity includes interconnectors and grid losses.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from agent.grid.provider import Row, listed, value_at
from impacts.values.estimates import Citation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from agent.grid.provider import Document

_LOOK_BACK = timedelta(hours=3)
_HALF_HOUR = timedelta(minutes=30)
_NATION = "GB"


class Neso:
    """The nation, a region by its number, or the region of a postcode by its first half."""

    reported_boundary: str | None = None

    def __init__(self, zone: str, boundary: str) -> None:  # noqa: ARG002 - there is one
        self.reported_zone = zone
        self.region = "GB"
        self.citation = Citation(
            title="NESO: Carbon Intensity API",
            dataset="live-neso",
            entry=f"electricity:{'GB' if zone == _NATION else f'GB:{zone}'}",
            locator=f"zone {zone}: CO2 of generation with interconnectors and grid losses, without upstream",
            licence="CC-BY-4.0",
            url="https://carbon-intensity.github.io/api-definitions/",
        )

    def latest(self, now: datetime) -> str:
        """Return the request of the last hours and the current half hour."""
        return self.past(now - _LOOK_BACK, now + _HALF_HOUR, now)

    def past(self, since: datetime, until: datetime, now: datetime) -> str:  # noqa: ARG002 - all is in one place
        """Return the request of a period."""
        period = f"intensity/{since:%Y-%m-%dT%H:%MZ}/{until:%Y-%m-%dT%H:%MZ}"
        if self.reported_zone == _NATION:
            return f"/{period}"
        kind = "regionid" if self.reported_zone.isdigit() else "postcode"
        return f"/regional/{period}/{kind}/{self.reported_zone}"

    def rows(self, document: Document) -> Sequence[Row]:
        """Return the half hours: of the nation under `data`, of a region under the `data` of its `data`."""
        if self.reported_zone == _NATION:
            return [_row(_NATION, half_hour) for half_hour in listed(document, "data")]
        region = value_at(document, "data")
        if isinstance(region, list) and region:  # where no period is asked for, it is a list of one
            region = region[0]
        zone = value_at(region, "regionid" if self.reported_zone.isdigit() else "postcode")
        return [_row(zone, half_hour) for half_hour in listed(region, "data")]


def _row(zone: object, half_hour: object) -> Row:
    actual = value_at(half_hour, "intensity", "actual")
    return Row(
        zone=zone,
        starts=value_at(half_hour, "from"),
        seconds=int(_HALF_HOUR.total_seconds()),
        grams_per_kwh=value_at(half_hour, "intensity", "forecast") if actual is None else actual,
        is_estimated=actual is None,
    )

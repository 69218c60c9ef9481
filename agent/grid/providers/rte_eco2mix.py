# SPDX-License-Identifier: Apache-2.0
"""RTE éCO2mix on ODRÉ: combustion in the power stations of mainland France, by the quarter of an hour; no imports.

https://odre.opendatasoft.com/explore/dataset/eco2mix-national-tr/ (the last weeks, about two hours late) and
…/eco2mix-national-cons-def/ (consolidated, by the half hour), by the Opendatasoft Explore API 2.1. What it counts:
https://www.rte-france.com/eco2mix/les-emissions-de-co2-par-kwh-produit-en-france
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

_LOOK_BACK = timedelta(hours=6)
_REAL_TIME_DEPTH = timedelta(days=28)
_REAL_TIME = "Données temps réel"
_QUARTER_SECONDS, _HALF_HOUR_SECONDS = 900, 1800


class Eco2mix:
    """Mainland France."""

    reported_zone = "France"
    reported_boundary: str | None = None
    citation = Citation(
        title="RTE: éCO2mix, national data",
        dataset="live-rte-eco2mix",
        entry="electricity:FR",
        locator="taux_co2: CO2 of combustion per kWh generated in mainland France, without imports, upstream and losses",
        licence="etalab-2.0",
        url="https://odre.opendatasoft.com/explore/dataset/eco2mix-national-tr/",
    )

    def __init__(self, zone: str, boundary: str) -> None:  # noqa: ARG002 - there is one
        self.region = zone

    def latest(self, now: datetime) -> str:
        """Return the request of the last hours: values come several at a time."""
        return _path("eco2mix-national-tr", now - _LOOK_BACK, now)

    def past(self, since: datetime, until: datetime, now: datetime) -> str:
        """Return the request of a past period: to the consolidated data where the real-time data may not reach back to it."""
        is_recent = now - since < _REAL_TIME_DEPTH
        return _path("eco2mix-national-tr" if is_recent else "eco2mix-national-cons-def", since, until)

    def rows(self, document: Document) -> Sequence[Row]:
        """Return the records of an export, which is a list."""
        return [
            Row(
                zone=value_at(row, "perimetre"),
                starts=value_at(row, "date_heure"),
                seconds=_QUARTER_SECONDS if value_at(row, "nature") == _REAL_TIME else _HALF_HOUR_SECONDS,
                grams_per_kwh=value_at(row, "taux_co2"),
                is_estimated=False,
            )
            for row in listed(document)
        ]


def _path(dataset: str, since: datetime, until: datetime) -> str:
    period = f"date_heure >= date'{since:%Y-%m-%dT%H:%M:%SZ}' and date_heure < date'{until:%Y-%m-%dT%H:%M:%SZ}'"
    query = {
        "select": "perimetre,nature,date_heure,taux_co2",
        "where": f"taux_co2 is not null and {period}",
        "order_by": "date_heure",
        "timezone": "UTC",
    }
    return f"/api/explore/v2.1/catalog/datasets/{dataset}/exports/json?{urlencode(query)}"

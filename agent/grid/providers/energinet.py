# SPDX-License-Identifier: Apache-2.0
"""Energinet, dataset CO2Emis: electricity consumed in west (DK1) and east Denmark (DK2), by five minutes.

https://www.energidataservice.dk/tso-electricity/CO2Emis, https://www.energidataservice.dk/guides/api-guides. The times
that it reports are in UTC, without an offset. The times in a request are Danish, so each request reaches two hours further.
One request a minute and dataset is allowed.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from agent.grid.provider import Row, listed, value_at
from impacts.values.estimates import Citation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from agent.grid.provider import Document

_LOOK_BACK = timedelta(hours=2)
_AHEAD_OF_UTC = timedelta(hours=2)  # Denmark in summer
_STEP_SECONDS = 300
_LENGTH_WITHOUT_OFFSET = len("2026-01-20T16:30:00")


class Energinet:
    """One price area."""

    reported_boundary: str | None = None

    def __init__(self, zone: str, boundary: str) -> None:  # noqa: ARG002 - there is one
        self.reported_zone = zone
        self.region = f"DK-{zone}"
        self.citation = Citation(
            title="Energinet: CO2 emission (Energi Data Service, CO2Emis)",
            dataset="live-energinet",
            entry=f"electricity:{self.region}",
            locator=f"price area {zone}: CO2 of combustion for the electricity consumed, with imports, without upstream",
            licence="terms of the Energi Data Service",
            url="https://www.energidataservice.dk/tso-electricity/CO2Emis",
        )

    def latest(self, now: datetime) -> str:
        """Return the request of the last two hours."""
        return self.past(now - _LOOK_BACK, now, now)

    def past(self, since: datetime, until: datetime, now: datetime) -> str:  # noqa: ARG002 - all is in one place
        """Return the request of a period."""
        end = until + _AHEAD_OF_UTC
        query = {
            "start": f"{since:%Y-%m-%dT%H:%M}",
            "end": f"{end:%Y-%m-%dT%H:%M}",
            "filter": json.dumps({"PriceArea": [self.reported_zone]}),
            "sort": "Minutes5UTC DESC",
            "limit": str((end - since + _AHEAD_OF_UTC) // timedelta(seconds=_STEP_SECONDS)),
        }
        return f"/dataset/CO2Emis?{urlencode(query)}"

    def rows(self, document: Document) -> Sequence[Row]:
        """Return the records."""
        return [
            Row(
                zone=value_at(row, "PriceArea"),
                starts=_as_utc(value_at(row, "Minutes5UTC")),
                seconds=_STEP_SECONDS,
                grams_per_kwh=value_at(row, "CO2Emission"),
                is_estimated=False,
            )
            for row in listed(document, "records")
        ]


def _as_utc(moment: object) -> object:
    """Return the moment with the offset that the documentation states."""
    is_bare = isinstance(moment, str) and len(moment) == _LENGTH_WITHOUT_OFFSET
    return f"{moment}+00:00" if is_bare else moment

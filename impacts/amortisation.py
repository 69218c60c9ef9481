# SPDX-License-Identifier: Apache-2.0
"""Amortisation: the embodied impact spread evenly over the service life, and never more than the whole of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from impacts.estimates import Citation, Estimate
from impacts.units import SECONDS_PER_YEAR

if TYPE_CHECKING:
    from impacts.factors import FactorBook
    from impacts.parts import Server


def amortised_ratio(acquired: date | datetime, service_life_years: float, on: datetime) -> float:
    """Return the share of the service life that has passed at `on` (with a time zone): 0 before it begins, 1 at most.

    A day of acquisition begins at midnight UTC.
    """
    begins = acquired if isinstance(acquired, datetime) else datetime.combine(acquired, time.min, tzinfo=UTC)
    ratio = (on - begins).total_seconds() / (service_life_years * SECONDS_PER_YEAR)
    return min(1.0, max(0.0, ratio))


def service_life(server: Server, book: FactorBook) -> Estimate:
    """Return the service life in years: as the inventory says, else the default of the datasets."""
    if server.service_life_years is not None:
        return Estimate.exact(server.service_life_years, "year", Citation("inventory: service_life_years"))
    return book.find("service_life", "attribute", on=date.max).factor.value.in_unit("year")

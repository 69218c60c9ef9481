# SPDX-License-Identifier: Apache-2.0
"""A small market for tests: a grid of 60 g/kWh, residual mixes as asked for, and instruments. All factors are exact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from impacts.electricity.grid import grid_factor, split
from impacts.factor_book import FactorBook
from impacts.factors import Factor
from impacts.market_based.emissions import MarketTerms
from impacts.market_based.instruments import Delivery, Instrument, InstrumentKind, accepted, quality_problems
from impacts.market_based.residual_mix import CO2_ONLY, fallback
from impacts.values.estimates import Citation, Estimate

KWH = 3.6e6
DOCUMENT = "cancellation statement 2025-0042 of the registry"


def hour(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def kwh(*amounts: float) -> Estimate:
    low, central, high = amounts if len(amounts) == 3 else amounts * 3
    return Estimate(low * KWH, central * KWH, high * KWH, "J", (Citation("meter"),))


def per_kwh(*grams: float) -> Estimate:
    low, central, high = grams if len(grams) == 3 else grams * 3
    return Estimate(low / KWH, central / KWH, high / KWH, "gCO2e/J", (Citation(DOCUMENT),))


def instrument(kind: str, grams: float | tuple[float, ...], name: str = "", **changes: object) -> Instrument:
    grams = grams if isinstance(grams, tuple) else (grams,)
    volume_kwh = changes.pop("kwh", float("inf"))
    given = {
        "name": name or kind,
        "kind": InstrumentKind(kind),
        "begins": date(2025, 1, 1),
        "until": date(2025, 12, 31),
        "factor": per_kwh(*grams),
        "volume_joules": volume_kwh * KWH,
        "documentation": DOCUMENT,
        "markets": ("FR",),
    }
    return Instrument(**{**given, **changes})


def delivers(**kwh_by_hour: float) -> Delivery:
    """Hours of 10 June 2025, written h12=3."""
    return Delivery({hour(f"2025-06-10T{name[1:]}:00"): amount * KWH for name, amount in kwh_by_hour.items()})


def factor(subject: str, value: Estimate, region: str, year: int | None, note: str = "") -> Factor:
    entry = f"{subject}:{region}:{year or ''}"
    citation = Citation("test", "test-data", entry, locator="; ".join(filter(None, ["row", note])), licence="CC0-1.0")
    return Factor(
        citation=citation,
        value=replace(value, grounds=(citation,)),
        criterion="gwp" if value.unit == "gCO2e/J" else "attribute",
        subject=subject,
        boundary="direct",
        valid_from=date(year, 1, 1) if year else date.min,
        valid_until=date(year, 12, 31) if year else date.max,
        region=region,
    )


def residual(grams: float, year: int = 2025, boundary: str = "direct", *, co2_only: bool = False) -> Factor:
    mix = factor("residual_mix", per_kwh(grams), "FR", year, CO2_ONLY if co2_only else "")
    return replace(mix, boundary=boundary)


def market_book(*residuals: Factor, grid: Estimate | None = None) -> FactorBook:
    """The fuels' upstream is a quarter of what burning them emits; everything burns."""

    def ratio(value: float) -> Estimate:
        return Estimate.exact(value, "1", Citation("test"))

    return FactorBook(
        (
            factor("electricity", grid or per_kwh(60), "FR", 2025),
            factor("electricity", per_kwh(480), "WORLD", 2025),
            factor("electricity_plants", ratio(1.0), "WORLD", None),
            replace(factor("electricity_construction", per_kwh(25), "WORLD", None), criterion="attribute"),
            factor("electricity_carbon_free", ratio(0.0), "WORLD", None),
            factor("electricity_fuel_upstream", ratio(0.25), "WORLD", None),
            factor("electricity_td_losses", ratio(0.08), "WORLD", None),
            *residuals,
        )
    )


def market_terms(instruments, book: FactorBook, region: str = "FR", on: date = date(2025, 6, 10)):
    """The terms of a day, and the problems."""
    grid = grid_factor(book, region, on)
    rest = fallback(book, region, on, grid, split(grid, book, region, on))
    # The upstream's world share is a problem of the small book, not of the market.
    problems = [*quality_problems(instruments, region, on), *(p for p in rest.problems if p.origin == "market_based")]
    return MarketTerms(accepted(instruments, region), rest), problems

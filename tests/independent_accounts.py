# SPDX-License-Identifier: Apache-2.0
"""Scope 2 and category 3 of every hour, from what Prometheus scraped and the datasets' tables alone.

For test_accounts.py, which holds the agent's own accounts against it: nothing of the program is used here.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

DATA = Path(__file__).parent.parent / "impacts" / "data"
ENERGY = re.compile(r"^wattprint_host_energy_joules_total\{[^}]*\} (\S+)$", re.MULTILINE)


def rows(dataset, region):
    """A dataset's values of a region by year."""
    with (DATA / dataset / "factors.csv").open() as file:
        return {
            int(row["valid_from"][:4]): float(row["value"]) for row in csv.DictReader(file) if row["region"] == region
        }


OFFICIAL = {"FR": "fr-rte", "DE": "de-uba", "PL": "eea-2025"}  # of the year, else of the newest before it
BUILDING, UPSTREAM = 25.0, 0.10  # g of a carbon-free kWh; of what burning emits


def per_kwh(country, year):
    """(scope 2, category 3) of a kWh: the authority's factor, else what the plants emit of the life-cycle average."""
    statistics = rows("electricitymaps-yearly", country)
    carbon_free = rows("electricitymaps-carbon-free", country)[year]
    losses = rows("beis-2021-td-losses", country)[2021]
    if country in OFFICIAL:
        official = rows(OFFICIAL[country], country)
        scope2 = official[max(known for known in official if known <= year)]
    else:
        level = rows("ember-2025", country)[2024] / statistics[2024]
        scope2 = level * (statistics[year] - BUILDING * carbon_free)
    return scope2, (UPSTREAM * scope2 + BUILDING * carbon_free) * (1 + losses) + losses * scope2


def accounts(scrapes, country):
    """(scope 2, category 3) in grams by hour; scrapes: (the hour that ends then, as a UTC datetime, exposition)."""
    by_year = {year: per_kwh(country, year) for year in {hour.year for hour, _ in scrapes}}
    before, result = 0.0, {}
    for hour, text in scrapes:
        joules = sum(map(float, ENERGY.findall(text)))
        result[hour] = tuple((joules - before) / 3.6e6 * grams for grams in by_year[hour.year])
        before = joules
    return result

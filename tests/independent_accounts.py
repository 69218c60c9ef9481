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


def accounts(scrapes, country):
    """(scope 2, category 3) in grams by hour; scrapes: (the hour that ends then, as a UTC datetime, exposition)."""
    intensity = rows("electricitymaps-yearly", country)  # g/kWh over the life cycle
    upstream = rows("beis-2021-wtt", country)[2021] * 1000 / intensity[2021]
    losses = rows("beis-2021-td-losses", country)[2021]
    before, result = 0.0, {}
    for hour, text in scrapes:
        joules = sum(map(float, ENERGY.findall(text)))
        grams = (joules - before) / 3.6e6 * intensity[min(hour.year, max(intensity))]
        result[hour] = (grams * (1 - upstream), grams * (upstream + losses))
        before = joules
    return result

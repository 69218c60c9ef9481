# SPDX-License-Identifier: Apache-2.0
"""A year's Scope 2 and category 3 as they ought to be once every correction is made, from scrapes and datasets' tables alone.

For test_corrected_year.py: nothing of the program is used here, and nothing is corrected here; it knows all from the beginning.
"""

from __future__ import annotations

from independent_accounts import ENERGY, accounts


def corrected(scrapes, places, certificates, pue=1.0):
    """Grams of the year (location-based, market-based, category 3) and the kWh that each certificate covers.

    places: (country, the first hour elsewhere); certificates: (market, kWh, g/kWh, the first hour, the first hour after it).
    """
    by_country = {country: accounts(scrapes, country) for country, _ in places}
    left = [kwh for _, kwh, *_ in certificates]
    location = market = upstream = before = 0.0
    for hour, text in scrapes:
        joules = sum(map(float, ENERGY.findall(text)))
        drawn = rest = (joules - before) / 3.6e6 * pue
        before = joules
        country = next(country for country, until in places if hour < until)
        scope2, category3 = (grams * pue for grams in by_country[country][hour])
        for number, (where, _, per_kwh, first, end) in enumerate(certificates):
            if where == country and first <= hour < end:
                covered = min(rest, left[number])
                left[number] -= covered
                rest -= covered
                market += covered * per_kwh
        location, market, upstream = location + scope2, market + scope2 * rest / drawn, upstream + category3
    return (location, market, upstream), [one[1] - rest for one, rest in zip(certificates, left, strict=True)]

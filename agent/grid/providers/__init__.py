# SPDX-License-Identifier: Apache-2.0
"""The table of providers of live intensity. A new one is a file here, a line in the table and its answers in the tests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from agent.grid.provider import ProviderEntry
from agent.grid.providers import electricity_maps, energinet, neso, rte_eco2mix

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENTRIES = (
    ProviderEntry(
        name="electricity_maps",
        title="Electricity Maps",
        make=electricity_maps.ElectricityMaps,
        address="https://api.electricitymaps.com",
        country="",
        zones=r"[A-Z]{2}(-[A-Z0-9]+)*",
        zones_in_words="a zone such as FR, DK-DK1 or US-CAL-CISO",
        boundaries=("life_cycle", "direct"),
        resolution=timedelta(hours=1),
        usual_lag=timedelta(hours=1),
        longest_past=timedelta(days=10),
        token_header="auth-token",  # noqa: S106 - the header's name
    ),
    ProviderEntry(
        name="rte_eco2mix",
        title="RTE éCO2mix",
        make=rte_eco2mix.Eco2mix,
        address="https://odre.opendatasoft.com",
        country="FR",
        zones="FR",
        zones_in_words="FR",
        boundaries=("direct",),
        resolution=timedelta(minutes=15),
        usual_lag=timedelta(hours=2),
        longest_past=timedelta(days=30),
    ),
    ProviderEntry(
        name="neso",
        title="NESO Carbon Intensity",
        make=neso.Neso,
        address="https://api.carbonintensity.org.uk",
        country="GB",
        zones=r"GB|[1-9]|1[0-7]|[A-Z]{1,2}[0-9][0-9A-Z]?",
        zones_in_words="GB, a region from 1 to 17, or the first half of a postcode such as RG10",
        boundaries=("consumption",),
        resolution=timedelta(minutes=30),
        usual_lag=timedelta(0),
        longest_past=timedelta(days=14),
    ),
    ProviderEntry(
        name="energinet",
        title="Energinet",
        make=energinet.Energinet,
        address="https://api.energidataservice.dk",
        country="DK",
        zones="DK[12]",
        zones_in_words="DK1 (west) or DK2 (east)",
        boundaries=("direct",),
        resolution=timedelta(minutes=5),
        usual_lag=timedelta(minutes=15),
        longest_past=timedelta(days=10),
    ),
)

PROVIDERS: Mapping[str, ProviderEntry] = {entry.name: entry for entry in _ENTRIES}

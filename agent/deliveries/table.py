# SPDX-License-Identifier: Apache-2.0
"""The table of deliveries. A new one is a file here and a line below."""

from __future__ import annotations

from agent.deliveries import http
from agent.deliveries.delivery import DeliveryEntry

DELIVERIES: tuple[DeliveryEntry, ...] = (DeliveryEntry(http.NAME, http.open_http),)

# SPDX-License-Identifier: Apache-2.0
"""The digest of an inventory: equal for equal servers and parts, whatever they were detected or read from."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impacts.parts import Inventory


def inventory_digest(inventory: Inventory) -> str:
    """Return the SHA-256 of an inventory as canonical JSON: keys sorted, no spaces, days as YYYY-MM-DD."""
    text = json.dumps(asdict(inventory), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return sha256(text.encode()).hexdigest()

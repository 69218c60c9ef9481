# SPDX-License-Identifier: Apache-2.0
"""The snapshot as JSON, in base units, as docs/snapshot.schema.json describes it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impacts.figures import Figure
    from impacts.snapshots import Snapshot


def render(snapshot: Snapshot) -> str:
    """Return the figures, problems and sources of one moment as a JSON object that ends with a newline."""
    document = {
        "taken_at": snapshot.taken_at.isoformat(),
        "figures": [_figure(figure) for figure in snapshot.figures],
        "problems": [asdict(problem) for problem in snapshot.problems],
        "sources": [asdict(source) for source in snapshot.sources],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _figure(figure: Figure) -> dict[str, Any]:
    estimate = figure.estimate
    return {
        "metric": figure.quantity.name,
        "labels": figure.label_pairs,
        "low": estimate.low,
        "central": estimate.central,
        "high": estimate.high,
        "unit": estimate.unit,
        "method": figure.method,
        "grounds": [str(citation) for citation in estimate.grounds],
    }

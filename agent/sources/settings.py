# SPDX-License-Identifier: Apache-2.0
"""What a user may set of a source, as a part of the config file's JSON Schema: `sources: {NAME: {…}}`.

Every source can be switched off. What else an entry of the table offers, it brings as the schemas of its settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agent.sources.source import Pace, SourceEntry

_ENABLED = {"type": "boolean", "default": True}
_LONGEST_INTERVAL_SECONDS = 60


def settings_schema(entries: Iterable[SourceEntry]) -> dict[str, Any]:
    """Return the schema of each entry's settings by the source's name."""
    return {
        entry.name: {
            "type": "object",
            "additionalProperties": False,
            "description": f"{entry.measures[0].upper()}{entry.measures[1:]}.",
            "properties": {"enabled": _ENABLED, **entry.settings},
        }
        for entry in entries
    }


def pace_settings(
    pace: Pace, news: str, *, least_interval_seconds: float = 1, longest_deadline_seconds: float = 60, slow: str = ""
) -> Mapping[str, Any]:
    """Return the settings by which a user may set a slow source's pace.

    `news` states how often the device has a new value; `slow` how long it may need for an answer, where that is known.
    """
    return {
        "interval_seconds": {
            "type": "number",
            "minimum": least_interval_seconds,
            "maximum": _LONGEST_INTERVAL_SECONDS,
            "default": pace.interval_seconds,
            "description": f"Seconds between two readings. {news}",
        },
        "deadline_seconds": {
            "type": "number",
            "minimum": 1,
            "maximum": longest_deadline_seconds,
            "default": pace.deadline_seconds,
            "description": f"How long a reading may take before it is given up. {slow}".rstrip(),
        },
    }

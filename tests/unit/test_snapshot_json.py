# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
from snapshots import TAKEN_AT, busy_server, figure

from exporters.snapshot_json import render
from impacts import quantities as q
from impacts.snapshots import Snapshot


def test_a_figure_has_its_bounds_its_unit_and_its_grounds():
    power = figure(q.GRID_LOCATION_BASED, at=(1e-5, 1.2e-5, 2e-5))

    assert json.loads(render(Snapshot(TAKEN_AT, (power,))))["figures"] == [
        {
            "metric": "wattprint_grid_location_based_co2e_grams_per_joule",
            "labels": {},
            "low": 1e-5,
            "central": 1.2e-5,
            "high": 2e-5,
            "unit": "gCO2e/J",
            "method": "",
            "grounds": ["Yearly electricity data, row 71, 2025 [ember-2025: electricity:FR:2024] (CC-BY-4.0)"],
        }
    ]


def test_problems_and_sources_are_written_in_full():
    document = json.loads(render(busy_server()))

    assert document["taken_at"] == "2026-03-14T15:09:26+00:00"
    assert document["problems"][1]["remedy"] == "setfacl -m u:wattprint:rw /dev/ipmi0"
    assert [(source["source"], source["readable"]) for source in document["sources"]] == [
        ("rapl", True),
        ("ipmi_dcmi", False),
        ("nvidia", False),
    ]


@pytest.mark.parametrize("snapshot", [busy_server(), Snapshot(TAKEN_AT, ())])
def test_the_text_ends_with_a_newline(snapshot):
    assert render(snapshot).endswith("}\n")

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.ledger import EnergyStep, Outcome
from agent.readings import Boundary, Channel, Method
from agent.wholehost.contradictions import Contradictions
from agent.wholehost.reports import Reports
from agent.wholehost.ways import InletMeter, LoadModelled, Overheads, PlatformCounter, ways
from impacts.values.estimates import Citation, Estimate

EXACTLY = Estimate.exact(1.0, "1", Citation("test"))
ONE, OTHER = (Channel("psu_input", f"psu-{n}", "psu", Boundary.INLET, Method.INTEGRATED) for n in (1, 2))
MODEL = Channel("model", "cpu", "cpu", Boundary.COMPONENT, Method.MODELLED)


@pytest.fixture
def reports():
    """One of two supplies has reported."""
    reports = Reports([ONE, OTHER])
    reports.take([EnergyStep(ONE, 90_000_000, 1.0, 0.0, Outcome.INTEGRATED)], 1.0)
    return reports


@pytest.mark.parametrize(
    "way",
    [
        lambda *anchors: InletMeter(anchors, Contradictions()),
        lambda *anchors: PlatformCounter(anchors, Contradictions(), EXACTLY),
    ],
    ids=["inlet", "platform"],
)
def test_a_meter_can_be_used_while_any_of_its_channels_is_heard_of(reports, way):
    assert way(ONE, OTHER).usable(reports)
    assert not way(OTHER).usable(reports)
    assert not way().usable(reports)


def test_the_load_model_is_always_open_and_never_waited_for(reports):
    way = LoadModelled(EXACTLY)

    assert [way.usable(reports), way.awaited(reports), way.has_reported(reports)] == [True, False, True]


def test_without_counters_the_model_is_the_only_way():
    assert [way.anchors for way in ways([MODEL], Overheads(EXACTLY, EXACTLY), Contradictions())] == [()]

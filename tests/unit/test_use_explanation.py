# SPDX-License-Identifier: Apache-2.0
"""The working papers: every factor with its energy, and formulas that come out as they were booked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sites import LOCATION, MARKET, NOON, UPSTREAM, Site, contract, told

from agent.explain.electricity import UseExplanation
from impacts import quantities as q
from impacts.values.derivations import render


@pytest.fixture
def site(tmp_path):
    """A year that changes, an hour that was told live, and a contract that runs out."""
    made = Site(tmp_path, instruments=(contract(kwh=1.5),))
    made.clock.utc = NOON.replace(year=2025, month=12, day=31, hour=22)
    for _ in range(3):
        made.draws(1.0)
    made.provider.values_known = (told(made.clock.utc - timedelta(hours=1), 80),)
    made.draws(1.0)
    made.mends()
    yield made
    made.history.close()


def paper(site, quantity):
    site.history._meta = site.history._meta._replace(began_at=NOON.replace(year=2025))  # noqa: SLF001
    explanation = UseExplanation(site.use._standing, site.use, site.history, site.clock.utc)  # noqa: SLF001
    return explanation.of(quantity, None)


@pytest.mark.parametrize(
    ("quantity", "stem"),
    [(q.SCOPE2_LOCATION_BASED, LOCATION), (q.ENERGY_UPSTREAM, UPSTREAM), (q.SCOPE2_MARKET_BASED, MARKET)],
)
def test_a_paper_comes_to_what_is_booked(site, quantity, stem):
    whole, *_ = paper(site, quantity)
    booked = site.grams(stem)

    assert whole.result.central == pytest.approx(booked.central)
    assert whole.result.low == pytest.approx(booked.low)
    if quantity is not q.SCOPE2_MARKET_BASED:  # there the volume runs out in one corner only, as its note says
        assert whole.result.high == pytest.approx(booked.high)


def test_each_factor_is_named_with_its_hours_its_row_and_its_licence(site):
    text = "\n".join(render(one) for one in paper(site, q.SCOPE2_LOCATION_BASED))

    assert "electricitymaps-yearly/electricity:FR:2025" in text
    assert "live-test/electricity:FR" in text
    assert "the hour of 2026-01-01 00:00 UTC" in text
    assert "the factor is the mean of its hours" in text
    assert "(ODbL-1.0)" in text
    assert "grid, Scope 2: emitted by the power plants" in text
    assert "taken back" not in text


def test_instruments_are_shown_with_their_volume_and_document(site):
    text = "\n".join(render(one) for one in paper(site, q.SCOPE2_MARKET_BASED))

    assert "ppa 'Windpark'" in text
    assert "volume 1.5 kWh, used in its period" in text
    assert "no residual mix" in text


def test_without_a_history_there_is_a_paper_of_the_step_alone(site):
    explanation = UseExplanation(site.use._standing, site.use, None, site.clock.utc)  # noqa: SLF001
    assert explanation.of(q.SCOPE2_LOCATION_BASED, None) == []
    assert explanation.ratio() == []

# SPDX-License-Identifier: Apache-2.0
"""The working papers: every factor with its energy, and formulas that come out as they were entered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sites import LOCATION, MARKET, NOON, UPSTREAM, Site, contract, told

from agent.accounts.electricity import netted
from agent.explain.electricity import ElectricityPapers
from agent.explain.shares import shares_of_entries
from impacts import quantities as q
from impacts.values.derivations import render
from impacts.values.estimates import Citation

METER = Citation("the meter's accuracy", "test-data", "meter_accuracy")


@pytest.fixture
def site(tmp_path):
    """A year that changes, an hour whose live value came late, and a contract that runs out."""
    made = Site(tmp_path, instruments=(contract(kwh=1.5),))
    made.clock.utc = NOON.replace(year=2025, month=12, day=31, hour=22)
    for _ in range(3):
        made.draws(1.0)
    made.provider.values_known = (told(made.clock.utc - timedelta(hours=1), 80),)
    made.draws(1.0)
    made.mends()
    yield made
    made.history.close()


def figure(site, quantity):
    papers = ElectricityPapers(site.facts, site.electricity, site.clock.utc)
    entries = netted(site.history.accounts(NOON.replace(year=2025)))
    shares = shares_of_entries(entries).get(quantity.stem, [])
    [made] = papers.figure(quantity, shares, (METER,), "of the test")
    return made


def text(site, quantity):
    return "\n".join(render(one) for one in figure(site, quantity).derivation.all())


@pytest.mark.parametrize(
    ("quantity", "stem"),
    [(q.SCOPE2_LOCATION_BASED, LOCATION), (q.ENERGY_UPSTREAM, UPSTREAM), (q.SCOPE2_MARKET_BASED, MARKET)],
)
def test_a_paper_comes_to_what_is_entered(site, quantity, stem):
    made = figure(site, quantity)
    entered = site.grams(stem)

    for estimate in (made.estimate, made.derivation.estimate):
        assert estimate.central == pytest.approx(entered.central)
        assert estimate.low == pytest.approx(entered.low)
        assert estimate.high == pytest.approx(entered.high)


@pytest.mark.parametrize("quantity", [q.SCOPE2_LOCATION_BASED, q.ENERGY_UPSTREAM, q.SCOPE2_MARKET_BASED])
def test_a_figure_rests_on_the_leaves_of_its_paper_and_on_what_its_energy_rests_on(site, quantity):
    made = figure(site, quantity)

    assert set(made.estimate.grounds) == set(made.derivation.leaves)
    assert METER in made.estimate.grounds


def test_each_factor_is_named_with_its_hours_its_row_and_its_licence(site):
    paper = text(site, q.SCOPE2_LOCATION_BASED)

    assert "fr-rte/electricity:FR:2025" in paper
    assert "live-test/electricity:FR" in paper
    assert "the hour of 2026-01-01 00:00 UTC" in paper
    assert "the factor is the mean of its hours" in paper
    assert "(LicenseRef-cited-facts)" in paper
    assert "grid, Scope 2: emitted by the power plants" in paper
    assert "taken back" not in paper


def test_instruments_are_shown_with_their_volume_and_document(site):
    paper = text(site, q.SCOPE2_MARKET_BASED)

    assert "ppa 'Windpark'" in paper
    assert "volume 1.5 kWh, used in its period" in paper
    assert "no residual mix" in paper


def test_of_nothing_there_is_no_paper(site):
    papers = ElectricityPapers(site.facts, site.electricity, site.clock.utc)

    assert list(papers.figure(q.SCOPE2_LOCATION_BASED, [], (METER,), "of the test")) == []

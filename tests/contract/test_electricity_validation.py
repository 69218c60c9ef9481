# SPDX-License-Identifier: Apache-2.0
"""Scope 2 against official factors of countries that were left out: the limits that docs/electricity-validation.md states."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import validate_electricity as validation
from books import shipped

from impacts.factors import Standing

DOCUMENT = Path(validation.__file__).parent / "electricity-validation.md"


@cache
def derived():
    return validation.held_out(validation.official())


def from_200_grams(compared):
    return [one for one in compared if one.stated >= 200]


def test_the_derived_factor_is_unbiased_where_fuel_is_burned_and_its_bounds_hold():
    score = validation.Score.of([one for one in from_200_grams(derived()) if one.is_own])

    assert score.countries >= 20
    assert 0.9 <= score.geometric_mean <= 1.1
    assert score.near >= 0.6
    assert score.inside >= 0.9


def test_the_derived_factors_bounds_hold_on_clean_grids_too():
    clean = [one for one in derived() if one.stated < 200 and one.is_own]
    assert validation.Score.of(clean).inside >= 0.9


def test_what_is_shipped_meets_every_official_factor():
    score = validation.Score.of(from_200_grams(validation.shipped(validation.official())))

    assert 0.98 <= score.geometric_mean <= 1.02
    assert score.near >= 0.95
    assert score.inside == 1


def test_no_official_factor_is_in_what_is_derived():
    assert {one.ours.grounds[0].dataset for one in derived()} <= {"electricitymaps-yearly", "ember-2025"}


def test_what_is_fitted_to_official_factors_is_within_its_own_scatter_of_what_is_shipped():
    row = shipped().find("electricity_plants", "attribute", "WORLD", on=validation.middle(validation.official()[0]))
    assert row.factor.value.central == pytest.approx(1.0)
    unfitted = [
        validation.compare(shipped().without(Standing.OFFICIAL), one, shipped()) for one in validation.official()
    ]
    assert validation.fit(unfitted) == pytest.approx(1.0, abs=0.1)


def test_category_3_is_unbiased_within_a_third_and_holds_published_factors():
    compared = validation.category3()
    inside = [ours.low <= one.value.in_unit("gCO2e/kWh").central <= ours.high for one, ours in compared]

    assert len(compared) >= 9
    assert all(inside)


def test_the_document_is_the_one_that_these_numbers_make():
    assert DOCUMENT.read_text(encoding="utf-8") == validation.report()


def test_the_readme_states_what_the_validation_shows():
    score = validation.Score.of([one for one in from_200_grams(derived()) if one.is_own])
    clean = validation.Score.of([one for one in derived() if one.stated < 200 and one.is_own])
    text = " ".join((DOCUMENT.parent.parent / "README.md").read_text(encoding="utf-8").split())

    assert f"on {score.count} grids of 200 g/kWh and more" in text
    assert f"derived one is {score.geometric_mean:.2f} of it in the geometric mean" in text
    assert f"{score.near:.0%} lie within 20 %".replace("%", " %", 1) in text
    assert f"and {score.inside:.0%} inside the bounds".replace("%", " %", 1) in text
    assert f"inside the bounds in {clean.inside:.0%}".replace("%", " %", 1) in text

# SPDX-License-Identifier: Apache-2.0
"""The default profile against published footprints that it has not seen: the limits that docs/embodied-validation.md states."""

from __future__ import annotations

import pytest
import validate
from books import shipped

NAMED_AFTER = {
    "PowerEdge R740": "dell PowerEdge R7",
    "PowerEdge R7415": "dell PowerEdge R7",
    "PowerEdge FC630": "dell PowerEdge FC6",
    "ProLiant DL580 Gen10": "hpe ProLiant DL",
    "ProLiant MicroServer Gen10 Plus": "hpe ProLiant MicroServer",
    "Edgeline EL8000t Converged Edge System": "hpe Edgeline EL",
}


@pytest.mark.parametrize("dated", [True, False], ids=["year known", "year not known"])
def test_servers_are_predicted_without_their_own_family(dated):
    score = validate.Score.of(validate.servers(dated=dated))

    assert score.mean_absolute_error <= 0.25
    assert score.within_two >= 0.95
    assert score.inside >= 0.90
    assert score.median_spread <= 4


def test_no_footprint_of_the_own_family_is_in_the_prediction():
    assert {prediction.method for prediction in validate.servers(dated=True)} <= {"manufacturer_level", "pooled_level"}


def test_a_family_is_a_line_and_size_of_one_manufacturer():
    families = {product.configuration.server.model: validate.family(product) for product in shipped().products}
    assert NAMED_AFTER.items() <= families.items()


def test_a_manufacturer_that_publishes_nothing_is_predicted_with_bounds_that_hold():
    predictions = validate.servers(dated=True, unseen=lambda product: product.maker)

    assert {prediction.method for prediction in predictions} == {"pooled_level"}
    assert validate.Score.of(predictions).inside >= 0.90


def test_drives_lie_inside_their_bounds_without_their_own_row():
    predictions = validate.drives()

    assert {prediction.method for prediction in predictions} == {"bottom_up"}
    assert validate.Score.of(predictions).inside >= 0.90


def test_gpu_cards_are_their_assessments():
    predictions = validate.cards(by_class=False)

    assert len(predictions) == 9
    assert {prediction.method for prediction in predictions} == {"part_lca"}
    assert all(abs(prediction.error) <= 0.15 for prediction in predictions)


def test_gpu_cards_lie_inside_the_bounds_of_their_class():
    predictions = validate.cards(by_class=True)

    assert {prediction.method for prediction in predictions} == {"bottom_up"}
    assert validate.Score.of(predictions).inside >= 0.90


def test_the_page_says_what_the_model_says_now():
    written = (validate.HERE / "embodied-validation.md").read_text(encoding="utf-8")

    assert written == validate.document(), "run `make validate`"

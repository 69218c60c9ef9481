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


@pytest.fixture(scope="module")
def without_makers():
    return validate.held_out("manufacturers", validate.maker_of)


def test_published_footprints_lie_inside_the_bounds_without_their_manufacturer(without_makers):
    score = validate.Score.of(without_makers.all)

    assert len(without_makers.all) == 739
    assert score.inside >= 0.85
    assert score.within_two >= 0.70


def test_the_bounds_of_a_server_are_narrow_enough_to_mean_something(without_makers):
    assert validate.Score.of(without_makers.stated).median_spread <= 5
    assert validate.Score.of(without_makers.full).median_spread <= 12


def test_published_footprints_lie_inside_the_bounds_without_their_year():
    found = validate.held_out("years", validate.year_of)

    assert validate.Score.of(found.all).inside >= 0.85
    assert validate.Score.of(found.stated).inside >= 0.80


def test_no_footprint_of_what_is_left_out_is_in_the_prediction(without_makers):
    methods = {prediction.method for prediction in without_makers.all}

    assert methods == {"pooled_level"}


def test_the_readme_states_what_was_measured(without_makers):
    readme = " ".join((validate.HERE.parent / "README.md").read_text(encoding="utf-8").split())
    every, servers = validate.Score.of(without_makers.all), validate.Score.of(without_makers.servers)
    drives, cards = validate.drives(), validate.cards(by_class=True)

    assert f"{every.inside:.0%}".replace("%", " %") + f" of {len(without_makers.all)} published footprints" in readme
    assert f"{every.within_two:.0%} within a factor of two".replace("%", " %", 1) in readme
    both = f"of the {len(without_makers.servers)} servers among them {servers.inside:.0%} and {servers.within_two:.0%}"
    assert both.replace("%", " %") in readme
    inside = [sum(prediction.inside for prediction in each) for each in (drives, cards)]
    assert f"{inside[0]} and {inside[1]} inside" in readme


def test_no_footprint_of_the_own_family_is_in_the_prediction():
    assert {prediction.method for prediction in validate.servers(dated=True)} <= {"manufacturer_level", "pooled_level"}


def test_a_family_is_a_line_and_size_of_one_manufacturer():
    families = {product.configuration.server.model: validate.family(product) for product in shipped().products}
    assert NAMED_AFTER.items() <= families.items()


def test_the_boards_of_accelerators_lie_inside_the_bounds():
    assert all(prediction.inside for prediction in validate.boards())


def test_drives_lie_inside_their_bounds_without_their_own_row():
    predictions = validate.drives()

    assert {prediction.method for prediction in predictions} == {"bottom_up"}
    assert validate.Score.of(predictions).inside >= 0.85


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

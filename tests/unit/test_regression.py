# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wholehost.calibration.regression import Prior, Regression, inverse, solve_without_negatives

LOOSE = (Prior(1.0, 1.0), Prior(0.0, 1000.0))


def taught(slope, idle, watts, noise=0.0, fading=1.0):
    chance = random.Random(5)  # noqa: S311 - its numbers are to be the same again
    regression = Regression(LOOSE)
    for one in watts:
        regression.learn((one, 1.0), idle + slope * one + chance.gauss(0, 1) * noise, 1.0, fading)
    return regression


def test_a_line_is_learned_with_its_intercept():
    regression = taught(1.25, 60.0, [50, 100, 150, 200] * 30)

    assert regression.coefficients == pytest.approx((1.25, 60.0), rel=0.01)
    assert regression.predict((120, 1.0)) == pytest.approx(210, rel=0.002)


def test_before_anything_is_learned_the_prior_holds_and_nothing_is_certain():
    regression = Regression(LOOSE)

    assert regression.coefficients == (1.0, 0.0)
    assert regression.deviation((100, 1.0)) > 1


def test_no_coefficient_is_negative_and_the_others_make_the_best_of_it():
    regression = taught(-0.5, 300.0, [50, 100, 150, 200] * 30)

    assert regression.coefficients[0] == 0
    assert regression.coefficients[1] == pytest.approx(235, rel=0.05)


def test_a_host_that_has_only_idled_is_uncertain_of_its_load():
    idle = taught(1.2, 60.0, [50, 51, 52] * 40, noise=0.5)
    busy = taught(1.2, 60.0, [50, 120, 200] * 40, noise=0.5)

    assert idle.deviation((51, 1.0)) < 0.02
    assert idle.deviation((200, 1.0)) > 5 * busy.deviation((200, 1.0))


def test_what_is_old_fades():
    regression = taught(1.2, 60.0, [50, 120, 200] * 30, fading=0.9)
    for one in [50, 120, 200] * 30:
        regression.learn((one, 1.0), 80 + 1.5 * one, 1.0, 0.9)

    assert regression.coefficients == pytest.approx((1.5, 80.0), rel=0.02)


def test_the_deviation_is_that_of_the_residuals_as_a_share():
    regression = taught(1.2, 60.0, [180, 200, 220] * 200, noise=6.0)

    assert regression.deviation((200, 1.0)) == pytest.approx(6 / 300, rel=0.2)


def test_readings_of_nothing_divide_by_nothing():
    assert taught(0.0, 0.0, [0.0] * 5).predict((0.0, 1.0)) >= 0


systems = st.lists(st.lists(st.floats(-3, 3), min_size=4, max_size=4), min_size=6, max_size=12)


@given(systems, st.lists(st.floats(-5, 5), min_size=4, max_size=4))
def test_the_solution_without_negatives_is_about_the_best_of_all_subsets(rows, target):
    """Against every choice of entries that are zero, each solved by itself."""
    matrix = [[sum(row[i] * row[j] for row in rows) + (i == j) for j in range(4)] for i in range(4)]

    def cost(x):
        return sum(x[i] * matrix[i][j] * x[j] for i in range(4) for j in range(4)) / 2 - sum(
            one * other for one, other in zip(target, x, strict=True)
        )

    found = solve_without_negatives(matrix, target)
    subsets = chain.from_iterable(combinations(range(4), size) for size in range(5))
    candidates = [only(matrix, target, places) for places in subsets]
    best = min(cost(x) for x in candidates if min(x) >= 0)

    assert min(found) >= 0
    assert cost(found) <= best + 1e-6


def only(matrix, target, places):
    result = [0.0] * 4
    part = inverse([[matrix[i][j] for j in places] for i in places])
    for row, place in zip(part, places, strict=True):
        result[place] = sum(entry * target[other] for entry, other in zip(row, places, strict=True))
    return result


def test_an_inverse_undoes_its_matrix():
    matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]]
    product = [[sum(matrix[i][k] * inverse(matrix)[k][j] for k in range(3)) for j in range(3)] for i in range(3)]

    assert product == [pytest.approx([float(i == j) for j in range(3)], abs=1e-9) for i in range(3)]

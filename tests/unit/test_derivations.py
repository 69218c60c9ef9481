# SPDX-License-Identifier: Apache-2.0
from impacts.values.derivations import Derivation, Input, render, spread
from impacts.values.estimates import Citation, Estimate

RANGE = Estimate(1, 2, 4, "GB", (Citation("label"),))
DENSITY = Estimate(0.5, 1, 2, "GB/cm2", (Citation("study", dataset="d", entry="density"),))
AREA = Derivation("area", "capacity ÷ density", (Input("capacity", RANGE), Input("density", DENSITY)), RANGE / DENSITY)


def test_a_divisor_gives_its_opposite_corner():
    assert [AREA.worked(corner) for corner in ("low", "central", "high")] == ["1 ÷ 2", "2 ÷ 1", "4 ÷ 0.5"]


def test_a_derivation_prints_formula_corners_and_sources():
    assert render(AREA).splitlines() == [
        "area",
        "  formula   capacity ÷ density",
        "  low       1 ÷ 2 = 0.5 cm2",
        "  central   2 ÷ 1 = 2 cm2",
        "  high      4 ÷ 0.5 = 8 cm2",
        "  where",
        "    capacity = 2 GB (1 to 4)",
        "               label",
        "    density  = 1 GB/cm2 (0.5 to 2)",
        "               study [d: density]",
    ]


def test_words_of_a_formula_that_are_no_inputs_stay():
    derivation = Derivation("x", "either(capacity, other)", (Input("capacity", RANGE),), RANGE, note="why")
    assert derivation.worked("low") == "either(1, other)"
    assert "  note      why" in render(derivation)


def test_a_ratio_has_no_unit_and_an_exact_value_no_range():
    assert spread(Estimate.exact(0.5, "1", Citation("x"))) == "0.5"

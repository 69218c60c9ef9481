# SPDX-License-Identifier: Apache-2.0
import random

import pytest

from impacts.values.derivations import RESULT, render, spread, work_out
from impacts.values.estimates import Citation, Estimate

LABEL, STUDY, METER = Citation("label"), Citation("study", dataset="d", entry="density"), Citation("meter")
RANGE = Estimate(1, 2, 4, "GB", (LABEL,))
DENSITY = Estimate(0.5, 1, 2, "GB/cm2", (STUDY,))
AREA = work_out("area", "capacity ÷ density", {"capacity": RANGE, "density": DENSITY})


def ratio(low, central, high):
    return Estimate(low, central, high, "1", (METER,))


def bounds(derivation):
    return derivation.estimate.low, derivation.estimate.central, derivation.estimate.high


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


def test_an_input_that_is_derived_is_linked_and_its_leaves_are_those_of_the_whole():
    half = work_out("half of it", "area × half", {"area": AREA, "half": ratio(0.5, 0.5, 0.5)})

    assert [one.title for one in half.all()] == ["half of it", "area"]
    assert "derived below: area" in render(half)
    assert half.leaves == half.estimate.grounds == (LABEL, STUDY, METER)


@pytest.mark.parametrize(
    ("formula", "expected", "printed_low"),
    [
        ("a + b", (1.5, 5, 9), "1 + 0.5"),
        ("min(a, b)", (0.5, 2, 4), "min(1, 0.5)"),
        ("min(1, a) + b", (1.5, 4, 6), "min(1, 1) + 0.5"),
        ("either(a, b)", (0.5, 2, 5), "either(1, 0.5)"),
        ("both(a, b)", (1, 2, 4), "both(1, 0.5)"),
        ("central(a) × b", (1, 6, 10), "2 × 0.5"),
        ("b ÷ central(a)", (0.25, 1.5, 2.5), "0.5 ÷ 2"),
        ("8 − a + b", (4.5, 9, 12), "8 − 4 + 0.5"),
        ("(a + b) × (8 − a) ÷ b", (1.2, 10, 126), "(1 + 0.5) × (8 − 4) ÷ 5"),
        ("a÷b", (0.2, 2 / 3, 8), "1÷5"),
    ],
)
def test_a_formula_is_printed_with_the_numbers_that_it_was_worked_out_with(formula, expected, printed_low):
    worked = work_out("x", formula, {"a": ratio(1, 2, 4), "b": ratio(0.5, 3, 5)})

    assert bounds(worked) == pytest.approx(expected)
    assert worked.worked("low") == printed_low


def test_a_narrower_bound_that_rounding_put_beyond_the_central_value_takes_it_along():
    sum_, booked = ratio(1, 2 - 1e-12, 4), ratio(2, 2, 3)

    assert bounds(work_out("x", "both(a, b)", {"a": sum_, "b": booked})) == (2, 2, 3)


def test_a_function_that_changes_bounds_is_explained():
    text = render(work_out("x", "either(a, b)", {"a": ratio(1, 2, 4), "b": ratio(0.5, 3, 5)}, note="why"))

    assert "  either    low takes the lower of the two, high the higher, central the first\n  note      why" in text


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("a", "not of the inputs that are given: b"),
        ("a + b + c", "not of the inputs that are given: c"),
        ("a ÷ (a + b)", "wrong corner"),
        ("a − min(a, b)", "wrong corner"),
        ("a + b)", "is no formula from"),
        ("(a + b", "is missing before the end"),
        ("min(a + b)", "',' is missing"),
        ("max(a, b)", "max is no function"),
        ("central(a + b)", "central is no function"),
        ("a + × b", "stands where an input should"),
        ("a + ", "nothing stands where an input should"),
        ("a × b × (1 + 2)", "2 is combined with no input"),
        ("a − b", "bounds out of order"),
    ],
)
def test_what_cannot_be_worked_out_or_printed_is_refused(formula, reason):
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")):
        work_out("x", formula, {"a": ratio(1, 2, 4), "b": ratio(0.5, 3, 5)})


def test_the_result_is_read_in_the_unit_that_the_formula_comes_to_in_those_of_its_inputs():
    energy = Estimate.exact(3.6e6, "J", METER)
    intensity = Estimate.exact(200 / 3.6e6, "gCO2e/J", STUDY)
    inputs = {"energy": energy, "factor": intensity}
    worked = work_out("x", "energy × factor", inputs, units={"energy": "kWh"})

    assert (worked.worked("central"), worked.result.unit) == ("1 × 200", "gCO2e")
    assert worked.result.central == pytest.approx(200)
    with pytest.raises(ValueError, match="comes to gCO2e in the units that people read its inputs in, not to kgCO2e"):
        work_out("x", "energy × factor", inputs, units={"energy": "kWh", RESULT: "kgCO2e"})
    with pytest.raises(ValueError, match="comes to MJ/s"):
        work_out("x", "energy ÷ seconds", {"energy": energy, "seconds": Estimate.exact(1, "s", METER)})
    with pytest.raises(ValueError, match="gCO2e and kgCO2e do not go together"):
        work_out("x", "a + b", {"a": worked, "b": worked}, units={"b": "kgCO2e"})


def test_a_ratio_has_no_unit_and_an_exact_value_no_range():
    assert spread(Estimate.exact(0.5, "1", Citation("x"))) == "0.5"


class TestIndependentErrors:
    ONE = Estimate(1, 2, 4, "kgCO2e", (Citation("one"),))
    TWO = Estimate(3, 4, 7, "kgCO2e", (Citation("two"),))
    RATIO = Estimate(0.5, 1, 3, "1", (Citation("ratio"),))

    def test_of_a_sum_add_up_as_squares(self):
        found = work_out("t", "a ⊕ b", {"a": self.ONE, "b": self.TWO}).result

        # 6 − √(1² + 1²), 6 + √(2² + 3²)
        assert (found.low, found.central, found.high) == pytest.approx((4.585786, 6, 9.605551))

    def test_of_a_product_and_a_quotient_add_up_as_squares_of_logarithms(self):
        product = work_out("t", "a ⊗ b", {"a": self.ONE, "b": self.RATIO}).result
        quotient = work_out("t", "a ⊘ b", {"a": self.ONE, "b": self.RATIO}).result

        # 2 ÷ e^√(ln² 2 + ln² 2), 2 × e^√(ln² 2 + ln² 3); the divisor's bounds exchanged
        assert (product.low, product.central, product.high) == pytest.approx((0.750429, 2, 7.331258), rel=1e-5)
        assert (quotient.low, quotient.central, quotient.high) == pytest.approx((0.545609, 2, 5.330288), rel=1e-5)

    def test_of_nine_in_ten_keep_nine_in_ten(self):
        """Draw 20,000 servers of three independent log-normal parts, whose bounds are their 5th and 95th percentile."""
        parts = [(0.55, 0.25, 1.2), (0.34, 0.16, 0.64), (1.28, 0.15, 9.0)]
        estimates = {f"part_{n}": Estimate(*part, "kgCO2e", (Citation("p"),)) for n, part in enumerate(sorted_(parts))}
        found = work_out("t", " ⊕ ".join(estimates), estimates).result
        draw = random.Random(11)  # noqa: S311 - no secret
        inside = 0
        for _ in range(20_000):
            drawn = sum(
                central * (high / central if z > 0 else central / low) ** (z / 1.645)
                for central, low, high in parts
                for z in (draw.gauss(0, 1),)
            )
            inside += found.low <= drawn <= found.high
        assert 0.87 <= inside / 20_000 <= 0.93

    def test_are_explained_beside_the_formula(self):
        text = render(work_out("t", "a ⊕ b", {"a": self.ONE, "b": self.TWO}))

        assert "a sum of independent numbers" in text


def sorted_(parts):
    return [(low, central, high) for central, low, high in parts]

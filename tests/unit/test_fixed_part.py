# SPDX-License-Identifier: Apache-2.0
from datetime import date
from math import exp, hypot, log, sqrt

import pytest

from impacts.embodied.fixed_part import Levels
from impacts.factors import Factor
from impacts.parts import Inventory, Server
from impacts.products import Product
from impacts.values.estimates import Citation, Estimate

PARTS_KG = 100.0


def product(maker, model, kg, year=2019, form="rack"):
    value = Estimate.exact(kg * 1e3, "gCO2e/unit", Citation(f"{maker} {model}", "published", model))
    footprint = Factor(value.grounds[0], value, "gwp", model, "cradle_to_gate", date.min, date.max)
    return Product(footprint, Inventory(Server(maker, model, form, acquired=date(year, 1, 1)), ()))


def levels(*products):
    return Levels(products, lambda _: PARTS_KG)


ACME = [product("Acme", name, kg) for name, kg in (("A1", 1000), ("A2", 1100), ("A3", 1200))]
LATER = [product("Acme", name, kg, 2021) for name, kg in (("B1", 600), ("B2", 700), ("B3", 800))]
BLADES = [product("Acme", name, kg, form="blade") for name, kg in (("M1", 1500), ("M2", 1600))]
OTHER = [product("Other", name, kg, 2021) for name, kg in (("O1", 500), ("O2", 560), ("O3", 620))]
ALL = [*ACME, *LATER, *BLADES, *OTHER]


def test_a_products_fixed_part_is_its_footprint_less_its_parts():
    found = levels(*ALL).of_product(ACME[0])

    assert (found.value.central, found.method) == (900, "published_product")
    assert found.value.grounds == (ACME[0].footprint.citation,)


def test_a_makers_level_is_the_geometric_mean_of_the_nearest_year():
    in_2019 = levels(*ALL).of_maker("acme", Server(form="rack"), 2018)
    in_2021 = levels(*ALL).of_maker("acme", Server(form="rack"), 2024)

    assert in_2019.value.central == pytest.approx((900 * 1000 * 1100) ** (1 / 3))
    assert in_2021.value.central == pytest.approx((500 * 600 * 700) ** (1 / 3))
    assert in_2019.method == in_2021.method == "manufacturer_level"


def test_a_year_between_two_takes_both():
    between = levels(*ALL).of_maker("acme", Server(form="rack"), 2020)

    assert between == levels(*ALL).of_maker("acme", Server(form="rack"), None)


def test_the_pooled_bounds_without_a_year_hold_those_of_each_year():
    rack = Server(form="rack")
    unknown, *known = (levels(*ALL).pooled(rack, year).value for year in (None, 2019, 2021))

    assert unknown.low <= min(value.low for value in known)
    assert unknown.high >= max(value.high for value in known)


def test_without_a_year_all_of_a_makers_figures_count():
    found = levels(*ALL).of_maker("acme", Server(form="rack"), None)

    assert found.value.central == pytest.approx((900 * 1000 * 1100 * 500 * 600 * 700) ** (1 / 6))


def test_the_bounds_of_a_makers_level_span_all_its_years():
    spanned = levels(*ALL).of_maker("acme", Server(form="rack"), 2019).value

    assert spanned.low < 500
    assert spanned.high >= 1100


def test_a_makers_only_year_may_lie_from_others_as_far_as_anothers_years_do():
    # Acme's of 2019 over those of 2021; in `levels(*OTHER)` nobody has two years, and a factor of two stands in
    of_years = log(900 * 1000 * 1100) / 3 - log(500 * 600 * 700) / 3
    logs = [log(kg) for kg in (400, 460, 520)]
    middle = sum(logs) / 3
    deviation = sqrt(sum((x - middle) ** 2 for x in logs) / 2)
    own = 2.920 * deviation * sqrt(4 / 3)
    found = levels(*ACME, *LATER, *OTHER).of_maker("other", Server(form="rack"), 2021).value

    assert found.high == pytest.approx(exp(middle + hypot(own, of_years)))
    assert found.low == pytest.approx(exp(middle - hypot(own, of_years)))


def test_the_bounds_are_a_prediction_interval_of_students_t():
    logs = [log(kg) for kg in (400, 460, 520)]
    middle = sum(logs) / 3
    deviation = sqrt(sum((x - middle) ** 2 for x in logs) / 2)
    found = levels(*OTHER).of_maker("other", Server(form="rack"), 2021).value

    # t(0.95) with two degrees of freedom is 2.920; one more figure of three known ones; in another year twice or half
    reach = hypot(2.920 * deviation * sqrt(4 / 3), log(2))
    assert found.high == pytest.approx(exp(middle + reach))
    assert found.low == pytest.approx(exp(middle - reach))


def test_a_maker_that_publishes_nothing_has_no_level_of_its_own():
    assert levels(*ALL).of_maker("nobody", Server(), 2020) is None


def test_a_blade_is_compared_with_blades_where_its_maker_publishes_any():
    found = levels(*ALL).of_maker("acme", Server(form="blade"), 2019)

    assert found.value.central == pytest.approx(sqrt(1400 * 1500))


def test_a_blade_of_another_maker_takes_the_step_from_rack_to_blade():
    step = sqrt(1400 * 1500) / (900 * 1000 * 1100) ** (1 / 3)
    found = levels(*ALL).of_maker("other", Server(form="blade"), 2021)

    assert found.value.central == pytest.approx((400 * 460 * 520) ** (1 / 3) * step)


def test_the_pooled_level_counts_each_maker_once_in_the_nearest_year():
    in_2021 = levels(*ALL).pooled(Server(form="rack"), 2021)
    in_2019 = levels(*ALL).pooled(Server(form="rack"), 2019)

    assert in_2021.value.central == pytest.approx(sqrt((500 * 600 * 700) ** (1 / 3) * (400 * 460 * 520) ** (1 / 3)))
    assert in_2019.value.central == pytest.approx((900 * 1000 * 1100) ** (1 / 3))
    assert in_2021.method == "pooled_level"


def test_the_pooled_level_has_wider_bounds_than_a_makers():
    both = levels(*ALL)
    own, pooled = both.of_maker("other", Server(form="rack"), 2021).value, both.pooled(Server(form="rack"), 2021).value

    assert pooled.high / pooled.low > own.high / own.low


def test_a_single_makers_figures_stand_for_others_within_a_factor_of_2_6():
    found = levels(*ACME).pooled(Server(form="rack"), 2019).value

    assert found.high / found.central == pytest.approx(2.6)
    assert found.central / found.low == pytest.approx(2.6)


def test_a_footprint_smaller_than_its_parts_is_no_evidence():
    with_odd = levels(product("Acme", "A0", 50), *ACME).of_maker("acme", Server(form="rack"), 2019).value
    without = levels(*ACME).of_maker("acme", Server(form="rack"), 2019).value

    assert (with_odd.low, with_odd.central, with_odd.high) == (without.low, without.central, without.high)


def test_sheets_without_a_configuration_widen_the_upper_bound_of_their_maker_alone():
    known = Levels(ALL, lambda _: PARTS_KG, {"unstated": [2000.0, 8000.0]})
    own, other = (known.pooled(Server(form="rack"), 2021, maker).value for maker in ("unstated", "nobody"))

    assert own.high == pytest.approx(4000)
    assert other.high < 4000
    assert (own.low, own.central) == (other.low, other.central)

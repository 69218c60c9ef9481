# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from datetime import date

import pytest
from books import shipped

from impacts.electricity.grid import (
    grid_factor,
    grid_problems,
    location_based,
    other_datasets,
    split,
    upstream_share,
)
from impacts.factor_book import FactorBook
from impacts.factors import Factor, Fit
from impacts.values.derivations import render
from impacts.values.estimates import Citation, Estimate
from impacts.values.units import base_unit

TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def book():
    return shipped()


def energy(kilowatt_hours):
    joules = kilowatt_hours * 3.6e6
    return Estimate(0.9 * joules, joules, 1.2 * joules, "J", (Citation("meter"),))


def test_emissions_are_energy_times_intensity_corner_by_corner(book):
    intensity = grid_factor(book, "FR", date(2024, 6, 1)).factor.value
    grams = location_based(energy(100), intensity)
    assert grams.unit == "gCO2e"
    assert (grams.low, grams.central, grams.high) == pytest.approx((90 * 33 * 0.63, 100 * 33, 120 * 33 * 1.37))


def test_an_hour_is_charged_with_the_factor_of_its_year(book):
    values = [
        grid_factor(book, "FR", date(year, 6, 1)).factor.value.in_unit("gCO2e/kWh").central for year in (2021, 2022)
    ]
    assert values == pytest.approx([60, 91])


def test_the_working_paper_names_the_row_and_its_licence(book):
    match = grid_factor(book, "FR", date(2024, 6, 1))
    text = render(split(match, book, "FR", date(2024, 6, 1)).scope2_derivation)
    assert "intensity = 33 gCO2e/kWh" in text
    assert "Electricity Maps" in text
    assert "ODbL-1.0" in text


@pytest.mark.parametrize(
    ("region", "on", "reasons"),
    [
        ("FR", TODAY, []),
        ("US-CAL-CISO", TODAY, []),
        ("FR", date(2029, 1, 1), ["grid_factor_old"]),
        ("US-NOWHERE", TODAY, ["grid_of_larger_region"]),
        ("ZZ", TODAY, ["grid_unknown"]),
        ("", TODAY, ["location_unknown"]),
    ],
)
def test_what_does_not_fit_is_said(book, region, on, reasons):
    problems = grid_problems(grid_factor(book, region, on), region, on)
    assert [problem.reason for problem in problems] == reasons


def test_the_worlds_average_has_wide_bounds(book):
    value = grid_factor(book, "", TODAY).factor.value.in_unit("gCO2e/kWh")
    assert value.low < 50
    assert value.central == pytest.approx(472.94)
    assert value.high > 750


GRAMS = "gCO2e/kWh"


def year_factor(entry, value, boundary, dataset="first"):
    """Return a factor of a year in g/kWh or, of a share, as a ratio; `entry` is SUBJECT:REGION:YEAR."""
    subject, region, year = entry.split(":")
    is_ratio = subject.endswith(("_losses", "_share"))
    unit, scale = base_unit("1" if is_ratio else GRAMS)
    citation = Citation("t", dataset=dataset, entry=entry)
    estimate = Estimate(0.8 * value * scale, value * scale, 1.2 * value * scale, unit, (citation,))
    days = date(int(year), 1, 1), date(int(year), 12, 31)
    return Factor(citation, estimate, "attribute" if is_ratio else "gwp", subject, boundary, *days, region)


# A grid whose plants emit 300 g for a kWh, with 100 g before them and a kWh lost for each ten delivered.
DIRECT, UPSTREAM, LOSSES = 300.0, 100.0, 0.1
WHOLE = (DIRECT + UPSTREAM) * (1 + LOSSES)  # 440 g for a kWh delivered
AS_PUBLISHED = {
    "direct": DIRECT,
    "life_cycle": DIRECT + UPSTREAM,
    "consumption": DIRECT * (1 + LOSSES),
}


def grid_of(boundary, value):
    """Return a book with the factor in question as the zone's, and what is known of its country."""
    return FactorBook(
        (
            year_factor("electricity:XX-ZONE:2024", value, boundary),
            year_factor("electricity:XX:2024", DIRECT + UPSTREAM, "life_cycle"),
            year_factor("electricity_wtt:XX:2024", UPSTREAM, "upstream"),
            year_factor("electricity_td_losses:XX:2024", LOSSES, "upstream"),
        )
    )


def split_of(boundary, value):
    book, on = grid_of(boundary, value), date(2024, 6, 1)
    return split(grid_factor(book, "XX-ZONE", on), book, "XX-ZONE", on)


@pytest.mark.parametrize("boundary", AS_PUBLISHED)
def test_by_every_boundary_scope2_and_category3_make_the_same_life_cycle(boundary):
    parts = split_of(boundary, AS_PUBLISHED[boundary])
    whole = (parts.scope2 + parts.upstream).in_unit(GRAMS)
    assert whole.central == pytest.approx(WHOLE)
    assert whole.low < WHOLE < whole.high


@pytest.mark.parametrize("boundary", AS_PUBLISHED)
def test_scope2_is_what_the_plants_emit_and_nothing_of_it_is_in_category3(boundary):
    parts = split_of(boundary, AS_PUBLISHED[boundary])
    assert parts.scope2.in_unit(GRAMS).central == pytest.approx(DIRECT)
    assert parts.upstream.in_unit(GRAMS).central == pytest.approx(UPSTREAM + LOSSES * (DIRECT + UPSTREAM))


@pytest.mark.parametrize("region", ["FR", "DE", "US", "PL", "CN", "US-CAL-CISO", "US-CA", "CN-BJ", "NG", "", "EE"])
def test_on_the_real_datasets_too_the_two_make_the_factors_life_cycle_and_its_losses(book, region):
    match = grid_factor(book, region, TODAY)
    parts = split(match, book, region, TODAY)
    share, losses = parts.upstream_share.central, parts.losses.central
    life_cycle = match.factor.value.central / (1 - share if match.factor.boundary == "direct" else 1)
    assert (parts.scope2 + parts.upstream).central == pytest.approx(life_cycle * (1 + losses))
    assert 0 < parts.scope2.low <= match.factor.value.high


def test_the_uks_losses_are_what_its_government_states_in_grams(book):
    """0.01879 kgCO2e for the losses of a kWh whose generation emits 0.21233 kg, in the same release."""
    losses = book.find("electricity_td_losses", "attribute", "GB", on=TODAY).factor.value.central
    assert losses * 0.21233 == pytest.approx(0.01879, rel=0.002)


def test_the_split_of_a_life_cycle_factor_covers_the_direct_factor_of_the_same_country_and_year(book):
    on = date(2023, 6, 1)
    scope2 = split(grid_factor(book, "US", on), book, "US", on).scope2
    (direct,) = (factor for factor in book.of_region("electricity", "gwp", "US") if factor.boundary == "direct")
    assert scope2.low < direct.value.central < scope2.high


@pytest.mark.parametrize(("region", "reasons"), [("FR", []), ("NG", ["upstream_assumed"]), ("", []), ("ZZ", [])])
def test_a_grid_whose_upstream_is_not_known_is_split_by_the_worlds_shares_and_says_so(book, region, reasons):
    parts = split(grid_factor(book, region, TODAY), book, region, TODAY)
    assert [problem.reason for problem in parts.problems] == reasons


def test_an_upstream_larger_than_the_life_cycle_is_not_believed():
    book = FactorBook(
        (
            year_factor("electricity:XX:2024", 100.0, "life_cycle"),
            year_factor("electricity_wtt:XX:2024", 120.0, "upstream"),
            year_factor("electricity_upstream_share:WORLD:2024", 0.2, "upstream"),
        )
    )
    assert upstream_share(book, "XX", TODAY).factor.value.central == 0.2


@pytest.mark.parametrize("boundary", AS_PUBLISHED)
def test_the_derivations_of_a_split_can_be_redone(boundary):
    parts = split_of(boundary, AS_PUBLISHED[boundary])
    for derivation, figure in zip(
        (parts.scope2_derivation, parts.upstream_derivation), (parts.scope2, parts.upstream), strict=True
    ):
        for corner in ("low", "central", "high"):
            by_hand = eval(derivation.worked(corner).replace("×", "*").replace("÷", "/"))  # noqa: S307 - our own text
            assert by_hand == pytest.approx(getattr(figure.in_unit(GRAMS), corner), rel=1e-4)


def test_bounds_reach_to_what_another_dataset_says_of_the_same_grid_and_boundary():
    book = FactorBook(
        (
            year_factor("electricity:XX:2024", 100.0, "life_cycle"),
            year_factor("electricity:XX:2024", 150.0, "life_cycle", dataset="second"),
            year_factor("electricity:XX:2014", 900.0, "life_cycle", dataset="second"),
            year_factor("electricity:XX:2024", 40.0, "direct", dataset="third"),
        )
    )
    value = grid_factor(book, "XX", date(2024, 6, 1)).factor.value
    bounds = value.in_unit(GRAMS)
    assert (bounds.low, bounds.central, bounds.high) == pytest.approx((80, 100, 150))
    assert [citation.dataset for citation in value.grounds] == ["first", "second"]


def test_a_dataset_within_the_bounds_neither_moves_nor_grounds_them(book):
    value = grid_factor(book, "DE", date(2024, 6, 1)).factor.value
    assert [citation.dataset for citation in value.grounds] == ["electricitymaps-yearly"]


def test_an_inferred_place_is_marked_as_such_and_says_so(book):
    match = grid_factor(book, "PL", TODAY, inferred=True)
    assert match.fit is Fit.INFERRED
    assert [problem.reason for problem in grid_problems(match, "PL", TODAY)] == ["location_inferred"]


def test_of_an_inferred_place_that_no_dataset_has_both_are_said(book):
    match = grid_factor(book, "ZZ", TODAY, inferred=True)
    reasons = [problem.reason for problem in grid_problems(match, "ZZ", TODAY)]
    assert reasons == ["location_inferred", "grid_unknown"]


def test_new_englands_zone_is_no_part_of_nebraska(book):
    others = book.alternatives("electricity", "gwp", "US-NE-ISNE", on=TODAY)
    assert {other.factor.region for other in others} == {"US-NE-ISNE", "US", "WORLD"}


# By consumption in 2023, as national statistics and the IEA's key figures have them; the order does not matter here.
LARGEST_CONSUMERS = """
CN US IN RU JP BR KR CA DE FR SA IR MX ID TR GB IT TW ES VN AU ZA TH EG PL
MY SE NO PK AR NL AE KZ UA PH BE KW FI DZ BD UZ CL AT IL CZ CH VE GR IQ CO
"""


def test_the_list_of_the_largest_consumers_has_fifty():
    assert len(set(LARGEST_CONSUMERS.split())) == 50


@pytest.mark.parametrize("country", LARGEST_CONSUMERS.split())
def test_of_the_largest_consumers_a_figure_of_2023_or_later_is_known_with_source_and_bounds(book, country):
    factor = grid_factor(book, country, TODAY).factor
    assert factor.region == country
    assert factor.valid_from.year >= 2023
    assert factor.citation.title
    assert factor.citation.licence
    values = [other.value.central for other in other_datasets(book, factor, TODAY)]
    assert all(factor.value.low <= value <= factor.value.high for value in values)
    assert values or country in {"RU", "UA", "CL"}, "one dataset alone"
    assert factor.value.low < factor.value.central < factor.value.high


@pytest.mark.parametrize(
    ("share", "is_its_own"), [(0.9, True), (0.91, False)], ids=["the most", "more than any plant's fuel"]
)
def test_nine_tenths_of_a_life_cycle_at_most_may_lie_before_the_plants(share, is_its_own):
    """Beyond it the two figures do not belong together, and the world's share stands in."""
    book = FactorBook(
        (
            year_factor("electricity:XX:2024", 100, "life_cycle"),
            year_factor("electricity_wtt:XX:2024", 100 * share, "upstream"),
            year_factor("electricity_upstream_share:WORLD:2024", 0.2, "upstream"),
        )
    )
    value = upstream_share(book, "XX", date(2024, 6, 1)).factor.value

    # 20 % less and more, and no more than nine tenths
    expected = (0.8 * share, share, 0.9) if is_its_own else (0.16, 0.2, 0.24)
    assert (value.low, value.central, value.high) == pytest.approx(expected)


@pytest.mark.parametrize("boundary", [None, "direct"])
def test_upstream_without_a_life_cycle_to_belong_to_gives_no_share(boundary):
    whole = [year_factor("electricity:XX:2024", 300, boundary)] if boundary else []
    world = year_factor("electricity_upstream_share:WORLD:2024", 0.2, "upstream")
    book = FactorBook((*whole, year_factor("electricity_wtt:XX:2024", 100, "upstream"), world))

    assert upstream_share(book, "XX", date(2024, 6, 1)).factor == world


def test_upstream_of_several_years_belongs_to_the_life_cycle_of_the_last_of_them():
    upstream = replace(year_factor("electricity_wtt:XX:2020", 100, "upstream"), valid_until=date(2022, 12, 31))
    years = [year_factor(f"electricity:XX:{year}", grams, "life_cycle") for year, grams in ((2020, 1000), (2022, 400))]

    assert upstream_share(FactorBook((*years, upstream)), "XX", date(2022, 6, 1)).factor.value.central == pytest.approx(
        0.25
    )


@pytest.mark.parametrize(("on", "reasons"), [(date(2027, 1, 2), []), (date(2027, 1, 3), ["grid_factor_old"])])
def test_a_factor_is_old_two_years_after_its_own(on, reasons):
    """Of 2024; there were 732 days from its end to the second of January 2027."""
    match = grid_factor(grid_of("direct", 300), "XX-ZONE", on)

    assert [problem.reason for problem in grid_problems(match, "XX-ZONE", on)] == reasons


@pytest.mark.parametrize(("region", "fit"), [("XX", Fit.INFERRED), ("", Fit.GENERIC)])
def test_a_region_that_nobody_set_is_inferred_unless_there_is_none(region, fit):
    book = FactorBook(
        (year_factor("electricity:XX:2024", 300, "direct"), year_factor("electricity:WORLD:2024", 480, "direct"))
    )

    assert grid_factor(book, region, date(2024, 6, 1), inferred=True).fit is fit


def test_a_dataset_is_not_compared_with_its_own_other_years():
    years = [year_factor(f"electricity:XX:{year}", grams, "direct") for year, grams in ((2023, 900), (2024, 300))]

    assert other_datasets(FactorBook(tuple(years)), years[1], date(2024, 6, 1)) == ()


@pytest.mark.parametrize(("grams", "is_a_ground"), [(240, False), (239, True), (360, False), (361, True)])
def test_another_dataset_is_a_ground_where_it_lies_outside_the_bounds(grams, is_a_ground):
    """300 g, 240 to 360."""
    book = FactorBook(
        (
            year_factor("electricity:XX:2024", 300, "direct"),
            year_factor("electricity:XX:2024", grams, "direct", dataset="other"),
        )
    )
    grounds = grid_factor(book, "XX", date(2024, 6, 1)).factor.value.grounds

    assert ("other" in {citation.dataset for citation in grounds}) is is_a_ground


WORLDS = (
    replace(year_factor("electricity_upstream_share:WORLD:2024", 0.2, "upstream"), generic=True),
    year_factor("electricity_td_losses:WORLD:2024", 0.08, "upstream"),
)
OWN_LIFE_CYCLE = year_factor("electricity:XX:2024", 400, "life_cycle")
OWN_UPSTREAM = year_factor("electricity_wtt:XX:2024", 100, "upstream")
OWN_LOSSES = year_factor("electricity_td_losses:XX:2024", 0.1, "upstream")


@pytest.mark.parametrize(
    ("own", "is_assumed"),
    [
        ((OWN_UPSTREAM, OWN_LOSSES), False),
        ((OWN_UPSTREAM,), True),
        ((OWN_LOSSES,), True),
        ((), True),
    ],
    ids=["both", "upstream alone", "losses alone", "neither"],
)
def test_shares_of_the_world_in_the_place_of_a_grids_own_are_a_problem(own, is_assumed):
    book, on = FactorBook((OWN_LIFE_CYCLE, *own, *WORLDS)), date(2024, 6, 1)
    found = split(grid_factor(book, "XX-ZONE", on), book, "XX-ZONE", on)

    assert [problem.what.partition(":")[0] for problem in found.problems] == (
        ["no dataset has the upstream or the losses of the grid of XX-ZONE"] if is_assumed else []
    )


def test_shares_of_the_world_for_the_worlds_own_factor_are_none():
    world = year_factor("electricity:WORLD:2024", 480, "direct")
    book, on = FactorBook((world, *WORLDS)), date(2024, 6, 1)

    assert split(grid_factor(book, "XX", on), book, "XX", on).problems == ()

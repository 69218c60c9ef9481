# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from datetime import date

import pytest
from books import shipped

from impacts.electricity.grid import (
    grid_factor,
    grid_problems,
    location_based,
    official_factors,
    other_datasets,
    split,
)
from impacts.factor_book import FactorBook
from impacts.factors import Factor, Fit, Standing
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
    intensity = grid_factor(book, "BR", date(2024, 6, 1)).factor.value
    grams = location_based(energy(100), intensity)
    assert grams.unit == "gCO2e"
    assert (grams.low, grams.central, grams.high) == pytest.approx((90 * 91 * 0.63, 100 * 91, 120 * 91 * 1.37))


def test_an_hour_is_charged_with_the_factor_of_its_year(book):
    values = [
        grid_factor(book, "BR", date(year, 6, 1)).factor.value.in_unit("gCO2e/kWh").central for year in (2021, 2022)
    ]
    assert values == pytest.approx([169, 92])


def test_the_working_paper_names_the_row_and_its_licence(book):
    match = grid_factor(book, "BR", date(2024, 6, 1))
    text = render(split(match, book, "BR", date(2024, 6, 1)).scope2_derivation)
    assert "intensity = 91 gCO2e/kWh" in text
    assert "Electricity Maps" in text
    assert "ODbL-1.0" in text


@pytest.mark.parametrize(
    ("region", "on", "reasons"),
    [
        ("FR", TODAY, []),
        ("US-CAL-CISO", TODAY, []),
        ("BR", date(2029, 1, 1), ["grid_factor_old"]),
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
RATIOS = {"electricity_plants", "electricity_carbon_free", "electricity_fuel_upstream", "electricity_td_losses"}


def year_factor(entry, value, boundary, dataset="first"):
    """Return a factor of a year in g/kWh or, of a share, as a ratio; `entry` is SUBJECT:REGION:YEAR."""
    subject, region, year = entry.split(":")
    is_ratio = subject in RATIOS
    unit, scale = base_unit("1" if is_ratio else GRAMS)
    citation = Citation("t", dataset=dataset, entry=entry)
    estimate = Estimate(0.8 * value * scale, value * scale, 1.2 * value * scale, unit, (citation,))
    days = date(int(year), 1, 1), date(int(year), 12, 31)
    return Factor(
        citation, estimate, "gwp" if subject == "electricity" else "attribute", subject, boundary, *days, region
    )


# A grid whose plants emit 300 g for a kWh delivered to it. A quarter burns nothing, and its building makes 40 g for each of
# its kWh; what the fuels emit is 90 % of their life cycle in statistics. A kWh is lost for each ten delivered.
DIRECT, PLANTS, BUILT, CARBON_FREE, UPSTREAM, LOSSES = 300.0, 0.9, 40.0, 0.25, 0.2, 0.1
LIFE_CYCLE = DIRECT / PLANTS + BUILT * CARBON_FREE  # 343.3 g
CATEGORY3 = (
    1.1 * (0.2 * 300 + 10) + 0.1 * 300
)  # 107 g: 60 upstream and 10 building, of 1.1 kWh; 30 burned for what is lost
AS_PUBLISHED = {
    "direct": DIRECT,
    "life_cycle": LIFE_CYCLE,
    "consumption": DIRECT * (1 + LOSSES),
}
OF_THE_WORLD = (
    year_factor("electricity_plants:WORLD:2024", PLANTS, "upstream"),
    year_factor("electricity_construction:WORLD:2024", BUILT, "upstream"),
    year_factor("electricity_fuel_upstream:WORLD:2024", UPSTREAM, "upstream"),
)


def grid_of(boundary, value):
    """Return a book with the factor in question as the zone's, and what is known of its country."""
    return FactorBook(
        (
            year_factor("electricity:XX-ZONE:2024", value, boundary),
            year_factor("electricity_carbon_free:XX:2024", CARBON_FREE, "upstream"),
            year_factor("electricity_td_losses:XX:2024", LOSSES, "upstream"),
            *OF_THE_WORLD,
        )
    )


def split_of(boundary, value):
    book, on = grid_of(boundary, value), date(2024, 6, 1)
    return split(grid_factor(book, "XX-ZONE", on), book, "XX-ZONE", on)


@pytest.mark.parametrize("boundary", AS_PUBLISHED)
def test_by_every_boundary_scope2_is_what_the_plants_emit_and_category3_is_the_same(boundary):
    parts = split_of(boundary, AS_PUBLISHED[boundary])
    assert parts.scope2.in_unit(GRAMS).central == pytest.approx(DIRECT)
    assert parts.upstream.in_unit(GRAMS).central == pytest.approx(CATEGORY3)


@pytest.mark.parametrize(
    ("boundary", "method"), [("direct", "direct"), ("life_cycle", "derived"), ("consumption", "direct")]
)
def test_the_method_says_whether_scope2_is_the_factor_or_derived_from_it(boundary, method):
    assert split_of(boundary, AS_PUBLISHED[boundary]).method == method


def test_the_building_of_plants_is_in_category_3_even_where_nothing_is_burned():
    """41 g in the statistics of a grid that burns nothing, 40 of them by building: 95 % at most is taken for it."""
    book = FactorBook(
        (
            year_factor("electricity:XX:2024", 41, "life_cycle"),
            year_factor("electricity_carbon_free:XX:2024", 1.0, "upstream"),
            year_factor("electricity_td_losses:XX:2024", LOSSES, "upstream"),
            *OF_THE_WORLD,
        )
    )
    on = date(2024, 6, 1)
    parts = split(grid_factor(book, "XX", on), book, "XX", on)

    assert parts.scope2.in_unit(GRAMS).central == pytest.approx(0.9 * 41 * 0.05)
    assert parts.scope2.low > 0
    assert parts.upstream.in_unit(GRAMS).central > 40


@pytest.mark.parametrize(
    ("stated", "level"), [(220, 1.1), (40, 0.6), (900, 1.6)], ids=["higher", "far lower", "far higher"]
)
def test_what_another_dataset_states_of_the_country_moves_the_level_within_limits(stated, level):
    """The zone's 300 g and its country's 200 g are of one dataset; another states the country in the same year."""
    book = FactorBook(
        (
            year_factor("electricity:XX-ZONE:2024", 300, "life_cycle"),
            year_factor("electricity:XX:2024", 200, "life_cycle"),
            year_factor("electricity:XX:2024", stated, "life_cycle", dataset="second"),
            year_factor("electricity_carbon_free:XX:2024", 0.0, "upstream"),
            year_factor("electricity_td_losses:XX:2024", LOSSES, "upstream"),
            *OF_THE_WORLD,
        )
    )
    on = date(2024, 6, 1)
    parts = split(grid_factor(book, "XX-ZONE", on), book, "XX-ZONE", on)

    assert parts.scope2.in_unit(GRAMS).central == pytest.approx(300 * 0.9 * level)


def of_standing(standing, entry, value, dataset):
    return replace(year_factor(entry, value, "direct", dataset), standing=standing)


STATISTICS = year_factor("electricity:XX:2026", 400, "life_cycle")
OFFICIAL_2023 = of_standing(Standing.OFFICIAL, "electricity:XX:2023", 500, "authority")
OFFICIAL_2024 = of_standing(Standing.OFFICIAL, "electricity:XX:2024", 450, "agency")
IMPORTED_2023 = of_standing(Standing.IMPORTED, "electricity:XX:2023", 520, "imported-mine")


@pytest.mark.parametrize(
    ("known", "taken"),
    [
        ((STATISTICS, OFFICIAL_2023), OFFICIAL_2023),
        ((STATISTICS, OFFICIAL_2023, OFFICIAL_2024), OFFICIAL_2024),
        ((STATISTICS, OFFICIAL_2024, IMPORTED_2023), IMPORTED_2023),
    ],
    ids=["official before statistics of the year", "the newer official", "the user's before a newer official"],
)
def test_a_recent_official_factor_goes_before_statistics_whatever_their_year(known, taken):
    assert grid_factor(FactorBook(known), "XX", date(2026, 6, 1)).factor.citation == taken.citation


@pytest.mark.parametrize(("on", "taken"), [(date(2026, 1, 1), 500), (date(2026, 12, 31), 500), (date(2027, 1, 1), 400)])
def test_an_official_factor_is_recent_for_three_calendar_years_after_its_own(on, taken):
    """Of 2023. No year is of two methods."""
    assert grid_factor(FactorBook((STATISTICS, OFFICIAL_2023)), "XX", on).factor.value.in_unit(
        GRAMS
    ).central == pytest.approx(taken)


def test_an_official_factor_of_a_later_year_does_not_go_before_statistics_of_the_year():
    book = FactorBook((year_factor("electricity:XX:2022", 410, "life_cycle"), OFFICIAL_2023))
    value = grid_factor(book, "XX", date(2022, 6, 1)).factor.value.in_unit(GRAMS)
    assert value.central == pytest.approx(410)


def test_statistics_of_a_zone_go_before_an_official_factor_of_its_country():
    book = FactorBook((year_factor("electricity:XX-ZONE:2024", 100, "life_cycle"), OFFICIAL_2024))
    value = grid_factor(book, "XX-ZONE", date(2024, 6, 1)).factor.value.in_unit(GRAMS)
    assert value.central == pytest.approx(100)


def test_a_book_without_official_factors_takes_statistics_and_still_knows_the_rows():
    book = FactorBook((STATISTICS, OFFICIAL_2024)).without(Standing.OFFICIAL)
    assert grid_factor(book, "XX", date(2026, 6, 1)).factor.citation == STATISTICS.citation
    assert book.row("agency/electricity:XX:2024") == OFFICIAL_2024


def test_of_each_authority_the_factor_nearest_to_the_day_is_shown():
    older = of_standing(Standing.OFFICIAL, "electricity:XX:2021", 480, "agency")
    book = FactorBook((STATISTICS, older, OFFICIAL_2024, OFFICIAL_2023))
    assert official_factors(book, "XX", date(2026, 6, 1)) == (OFFICIAL_2024, OFFICIAL_2023)


# As their publishers print them, in g/kWh, typed from the releases; the day is one on which they are in force.
OFFICIAL_FIGURES = [
    ("GB", date(2024, 7, 1), 207.05),
    ("GB", date(2025, 7, 1), 177.0),
    ("DE", date(2024, 7, 1), 363),
    ("FR", date(2024, 7, 1), 21.7),
    ("NO", date(2023, 7, 1), 15),
    ("US", date(2023, 7, 1), 349.7),
    ("US-ERCT", date(2023, 7, 1), 334.1),
    ("CN", date(2023, 7, 1), 530.6),
    ("CN", date(2022, 7, 1), 536.6),
    ("IN", date(2024, 1, 1), 727),
    ("AU", date(2024, 7, 1), 630),
    ("AU-NSW", date(2024, 7, 1), 660),
    ("AU-VIC", date(2024, 7, 1), 770),
    ("AU-QLD", date(2024, 7, 1), 710),
    ("NZ", date(2024, 7, 1), 99.4),
    ("PL", date(2024, 7, 1), 566),
    ("TW", date(2024, 7, 1), 474),
    ("KR", date(2023, 7, 1), 417.3),
    ("ZA", date(2024, 7, 1), 942),
    ("GB", date(2022, 7, 1), 193.38),
]


@pytest.mark.parametrize(("region", "on", "grams"), OFFICIAL_FIGURES)
def test_scope2_is_what_the_authority_states(book, region, on, grams):
    parts = split(grid_factor(book, region, on), book, region, on)
    assert parts.method == "official"
    assert parts.scope2.in_unit(GRAMS).central == pytest.approx(grams, rel=0.001)


# From the rows: 91 g in 2024, 106.06 g by Ember, nine tenths of it carbon-free at 25 g.
def test_scope2_of_brazil_is_worked_out_by_hand(book):
    on = date(2024, 7, 1)
    by_hand = 91 * 1.0 * (106.06 / 91) * (1 - 25 * 0.9 / 91)
    scope2 = split(grid_factor(book, "BR", on), book, "BR", on).scope2.in_unit(GRAMS)
    assert scope2.central == pytest.approx(by_hand)


def test_the_uks_losses_are_what_its_government_states_in_grams(book):
    """0.01879 kgCO2e for the losses of a kWh whose generation emits 0.21233 kg, in the same release."""
    losses = book.find("electricity_td_losses", "attribute", "GB", on=TODAY).factor.value.central
    assert losses * 0.21233 == pytest.approx(0.01879, rel=0.002)


@pytest.mark.parametrize(("region", "reasons"), [("FR", []), ("NG", ["upstream_assumed"]), ("", []), ("ZZ", [])])
def test_a_grid_whose_upstream_is_not_known_is_split_by_the_worlds_shares_and_says_so(book, region, reasons):
    parts = split(grid_factor(book, region, TODAY), book, region, TODAY)
    assert [problem.reason for problem in parts.problems] == reasons


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
    value = grid_factor(book, "BR", date(2024, 6, 1)).factor.value
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
    assert values or factor.standing or country in {"RU", "UA"}, "one dataset of statistics alone"
    assert factor.value.low < factor.value.central < factor.value.high


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


OWN_LIFE_CYCLE = year_factor("electricity:XX:2024", 400, "life_cycle")
OWN_SHARE = year_factor("electricity_carbon_free:XX:2024", 0.5, "upstream")
OWN_LOSSES = year_factor("electricity_td_losses:XX:2024", 0.1, "upstream")
WORLDS = (
    *OF_THE_WORLD,
    replace(year_factor("electricity_carbon_free:WORLD:2024", 0.4, "upstream"), generic=True),
    year_factor("electricity_td_losses:WORLD:2024", 0.08, "upstream"),
)


@pytest.mark.parametrize(
    ("own", "is_assumed"),
    [((OWN_SHARE, OWN_LOSSES), False), ((OWN_SHARE,), True), ((OWN_LOSSES,), True), ((), True)],
    ids=["both", "carbon-free share alone", "losses alone", "neither"],
)
def test_shares_of_the_world_in_the_place_of_a_grids_own_are_a_problem(own, is_assumed):
    book, on = FactorBook((OWN_LIFE_CYCLE, *own, *WORLDS)), date(2024, 6, 1)
    found = split(grid_factor(book, "XX-ZONE", on), book, "XX-ZONE", on)

    assert [problem.what.partition(",")[0] for problem in found.problems] == (
        ["no dataset has the losses of the grid of XX-ZONE"] if is_assumed else []
    )


def test_shares_of_the_world_for_the_worlds_own_factor_are_none():
    world = year_factor("electricity:WORLD:2024", 480, "direct")
    book, on = FactorBook((world, *WORLDS)), date(2024, 6, 1)

    assert split(grid_factor(book, "XX", on), book, "XX", on).problems == ()

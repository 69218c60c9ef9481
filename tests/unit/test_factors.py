# SPDX-License-Identifier: Apache-2.0
from datetime import date

import pytest

from impacts.factor_book import FactorBook
from impacts.factors import Factor, FactorMissing, Fit
from impacts.values.estimates import Citation, Estimate


def factor(region, year, value=1.0, subject="electricity", dataset="first"):
    citation = Citation("t", dataset=dataset, entry=f"{subject}:{region}:{year}")
    days = (date(year, 1, 1), date(year, 12, 31)) if year else (date.min, date.max)
    estimate = Estimate.exact(value, "gCO2e/J", citation)
    return Factor(citation, estimate, "gwp", subject, "life_cycle", *days, region)


def found(book, region, on, subject="electricity"):
    match = book.find(subject, "gwp", region, on=on)
    return match.factor.value.central, match.fit


BOOK = FactorBook(
    (
        factor("FR", 2023, 23.0),
        factor("FR", 2024, 24.0),
        factor("US", 2024, 40.0),
        factor("US-CAL-CISO", 2024, 41.0),
        factor("WORLD", 2024, 50.0),
        factor("FR", 2024, 99.0, dataset="second"),
        factor("", 0, 7.0, subject="cpu_die"),
    )
)


@pytest.mark.parametrize(
    ("region", "on", "value", "fit"),
    [
        ("FR", date(2023, 6, 1), 23.0, Fit.EXACT),
        ("fr", date(2024, 12, 31), 24.0, Fit.EXACT),
        ("FR", date(2030, 1, 1), 24.0, Fit.OLDER_YEAR),
        ("FR", date(2015, 1, 1), 23.0, Fit.NEWER_YEAR),
        ("US-CAL-CISO", date(2024, 1, 1), 41.0, Fit.EXACT),
        ("US-CAL-BANC", date(2024, 1, 1), 40.0, Fit.PARENT_REGION),
        ("US-CAL-BANC", date(2030, 1, 1), 40.0, Fit.PARENT_REGION),
        ("ZZ", date(2024, 1, 1), 50.0, Fit.GENERIC),
        ("", date(2024, 1, 1), 50.0, Fit.GENERIC),
        ("WORLD", date(2024, 1, 1), 50.0, Fit.EXACT),
    ],
)
def test_the_nearest_place_then_the_nearest_year_is_taken(region, on, value, fit):
    assert found(BOOK, region, on) == (value, fit)


def test_where_place_and_time_do_not_matter_the_fit_is_exact():
    assert found(BOOK, "FR", date(2024, 1, 1), subject="CPU_die") == (7.0, Fit.EXACT)
    assert found(BOOK, "", date.max, subject="cpu_die") == (7.0, Fit.EXACT)


def test_a_missing_factor_says_what_was_asked():
    with pytest.raises(FactorMissing, match=r"water of electricity in FR"):
        BOOK.find("electricity", "water", "FR", on=date(2024, 1, 1))


def test_a_place_without_factor_and_without_world_is_missing():
    with pytest.raises(FactorMissing, match="in DE"):
        FactorBook((factor("FR", 2024),)).find("electricity", "gwp", "DE", on=date(2024, 1, 1))


def test_alternatives_are_everything_else_of_the_place_and_its_parents():
    others = BOOK.alternatives("electricity", "gwp", "FR", on=date(2024, 6, 1))
    assert [(other.factor.value.central, other.fit) for other in others] == [
        (23.0, Fit.OLDER_YEAR),
        (99.0, Fit.EXACT),
        (50.0, Fit.GENERIC),
    ]


def test_the_book_names_its_subjects_criteria_and_regions():
    assert BOOK.subjects() == ("cpu_die", "electricity")
    assert BOOK.criteria("Electricity") == ("gwp",)
    assert BOOK.criteria("nothing") == ()
    assert BOOK.regions("electricity", "gwp") == ("FR", "US", "US-CAL-CISO", "WORLD")

# SPDX-License-Identifier: Apache-2.0
"""Electricity factors that a user imports, and the method that the config fixes for a year."""

import json
from datetime import date
from pathlib import Path

import pytest
from books import shipped
from jsonschema import Draft202012Validator

from agent.cli import main
from agent.config_file import read_config
from agent.errors import ConfigError
from agent.recording.captured import open_root
from agent.written.config import GridFactors
from agent.written.factor_book import book_of
from agent.written.imports import import_factors, imported_factors
from impacts.datasets import load_book
from impacts.electricity.grid import grid_factor, split

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "factors.schema.json").read_text(encoding="utf-8"))
HEADER = "region,year,gco2e_per_kwh,boundary,gases,source,licence"
SOUTH_AFRICA = 'ZA,2024,940,direct,"CO2, CH4, N2O","Department of the Environment, factors 2025, table 3",cited figure'
GERMANY = "DE,2024,372,consumption,CO2,the auditor,own use only"
ROWS = f"{HEADER}\n{SOUTH_AFRICA}\n{GERMANY}\n"
TODAY = date(2026, 6, 1)


@pytest.fixture
def state(tmp_path):
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


@pytest.fixture
def file(tmp_path):
    written = tmp_path / "mine.csv"
    written.write_text(ROWS, encoding="utf-8")
    return written


def scope2(book, region):
    parts = split(grid_factor(book, region, TODAY), book, region, TODAY)
    return parts.method, parts.scope2.in_unit("gCO2e/kWh").central


def test_what_is_imported_goes_before_statistics_and_before_what_is_official(file, state):
    done = import_factors(file, state, shipped())
    book = load_book(imported_factors(state))

    assert done.file == state / "electricity" / "mine.csv"
    assert done.summary == "2 electricity factors of 2 regions, 2024"
    assert scope2(book, "ZA") == ("imported", pytest.approx(940))
    # The losses of Germany, 0.0472 per kWh delivered as the British release has them, are taken out.
    method, grams = scope2(book, "DE")
    assert method == "imported"
    assert 340 < grams < 372


def test_a_row_keeps_its_gases_year_and_source(file, state):
    import_factors(file, state, shipped())
    south_africa, _ = imported_factors(state)

    assert (south_africa.subject, south_africa.gases, south_africa.boundary) == (
        "electricity",
        "CO2, CH4, N2O",
        "direct",
    )
    assert (south_africa.valid_from, south_africa.valid_until) == (date(2024, 1, 1), date(2024, 12, 31))
    assert south_africa.citation.title == "Department of the Environment, factors 2025, table 3"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("ZA,2024,940,direct,,someone,any", "gases"),
        ("ZA,24,940,direct,CO2,someone,any", "year"),
        ("ZA,2024,0.94 kg,direct,CO2,someone,any", "gco2e_per_kwh"),
        ("ZA,2024,940,upstream,CO2,someone,any", "boundary"),
        ("ZA,2024,940,direct,CO2,,any", "source"),
        ("ZQ,2024,940,direct,CO2,someone,any", "region"),
    ],
)
def test_a_bad_row_is_refused_by_file_row_and_column_and_nothing_is_kept(tmp_path, state, row, column):
    file = tmp_path / "mine.csv"
    file.write_text(f"{HEADER}\n{row}\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=rf"mine\.csv, row 2, column {column}: "):
        import_factors(file, state, shipped())
    assert not list(state.glob("electricity/*"))


def shown(capsys, *arguments):
    assert main(["factors", "show", "--format", "json", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(document)
    return document


def test_the_shown_document_says_what_the_factor_makes_and_by_which_method(capsys):
    document = shown(capsys, "electricity:AU-VIC:2024")

    assert document["scope2"]["central"] == pytest.approx(770)
    assert document["scope2"]["unit"] == "gCO2e/kWh"
    assert (document["scope2"]["method"], document["category3"]["method"]) == ("official", "derived")
    assert document["scope2"]["low"] < 770 < document["scope2"]["high"]


def test_official_factors_of_every_boundary_stand_beside_the_one_that_is_taken(capsys):
    document = shown(capsys, "electricity:PL:2024")

    assert (document["chosen"]["dataset"], document["chosen"]["boundary"]) == ("eea-2025", "direct")
    assert {(one["dataset"], one["boundary"], one["gases"]) for one in document["official"]} == {
        ("eea-2025", "direct", "CO2, CH4, N2O"),
        ("pl-kobize", "consumption", "CO2"),
    }
    assert {one["standing"] for one in document["official"]} == {"official"}


def test_where_no_authority_states_a_factor_the_method_is_derived_and_nothing_stands_beside_it(capsys):
    document = shown(capsys, "electricity:BR:2024")

    assert document["scope2"]["method"] == "derived"
    assert document["official"] == []


def test_the_text_says_the_same_in_words(capsys):
    assert main(["factors", "show", "electricity:PL:2024"]) == 0
    text = capsys.readouterr().out

    assert "scope 2     566 gCO2e/kWh" in text
    assert "as the authority states it" in text
    beside = text.partition("Official factors of the same grid:")[2].partition("What else there is:")[0]
    assert "pl-kobize" in beside


def config(tmp_path, text):
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return read_config(file)


@pytest.mark.parametrize(
    ("text", "factors", "is_asked"),
    [
        ("location: FR", GridFactors.AS_KNOWN, False),
        ("grid: {provider: rte_eco2mix}", GridFactors.AS_KNOWN, True),
        ("grid: {provider: rte_eco2mix, factors: live}", GridFactors.LIVE, True),
        ("grid: {provider: rte_eco2mix, factors: official}", GridFactors.OFFICIAL, False),
        ("location: FR\ngrid: {factors: official}", GridFactors.OFFICIAL, False),
        ("location: FR\ngrid: {factors: yearly}", GridFactors.YEARLY, False),
    ],
)
def test_a_method_that_is_fixed_for_the_year_decides_whether_a_provider_is_asked(tmp_path, text, factors, is_asked):
    read = config(tmp_path, text)

    assert read.grid_factors is factors
    assert (read.live_grid is not None) is is_asked


def test_a_provider_that_is_not_asked_still_says_where_the_host_is(tmp_path):
    assert config(tmp_path, "grid: {provider: rte_eco2mix, factors: official}").said_location == "FR"


@pytest.mark.parametrize("text", ["grid: {factors: live}", "grid: {zone: FR}"])
def test_live_values_without_a_provider_are_refused_in_one_line(tmp_path, text):
    with pytest.raises(ConfigError, match=r"grid\.provider: is missing; name one, or set grid\.factors"):
        config(tmp_path, text)


@pytest.mark.parametrize(
    ("factors", "method"), [("official", "imported"), ("yearly", "derived")], ids=["official", "yearly"]
)
def test_by_the_yearly_averages_alone_neither_official_nor_imported_factors_are_taken(
    tmp_path, file, state, factors, method
):
    import_factors(file, state, shipped())
    read = config(tmp_path, f"location: ZA\nstate_directory: {state}\ngrid: {{factors: {factors}}}")
    with open_root(tmp_path) as host:
        book, problems = book_of(host, read, state)

    assert problems == ()
    assert scope2(book, "ZA")[0] == method
    assert scope2(book, "GB")[0] == ("official" if factors == "official" else "derived")

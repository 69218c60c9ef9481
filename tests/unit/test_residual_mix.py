# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import stat
from datetime import date
from pathlib import Path

import pytest
from books import shipped
from jsonschema import Draft202012Validator

from agent.cli import main
from agent.errors import ConfigError
from agent.written.imports import import_factors, imported_datasets, imported_factors
from agent.written.residual_mix import KIND

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "factors.schema.json").read_text())
HEADER = "region,year,gco2e_per_kwh,boundary,pollutants,source,licence"
FRANCE = 'FR,2024,41.5,direct,CO2,"Issuing bodies, residual mixes 2024",own use only'
ROWS = f"{HEADER}\n{FRANCE}\nNO,2024,480,direct,CO2,Issuing bodies,own use only\n"


@pytest.fixture(scope="module")
def book():
    return shipped()


def written(tmp_path, text, name="mixes.csv"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def state(tmp_path):
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


def refusal(tmp_path, state, book, text, name="mixes.csv"):
    file = written(tmp_path, text, name)
    with pytest.raises(ConfigError) as error:
        import_factors(file, state, book)
    assert "\n" not in str(error.value)
    assert not list(state.glob("residual_mix/*"))
    return str(error.value)


def test_what_is_imported_is_read_back_as_factors(tmp_path, state, book):
    done = import_factors(written(tmp_path, ROWS), state, book)
    assert done.file == state / "residual_mix" / "mixes.csv"
    france, norway = imported_factors(state)
    assert (france, norway) == done.factors
    assert (france.subject, france.criterion, france.region, france.boundary) == ("residual_mix", "gwp", "FR", "direct")
    assert (france.valid_from, france.valid_until) == (date(2024, 1, 1), date(2024, 12, 31))
    value = france.value.in_unit("gCO2e/kWh")
    assert (value.low, value.central, value.high) == pytest.approx((41.5, 41.5, 41.5))
    citation = france.citation
    assert (citation.title, citation.licence) == ("Issuing bodies, residual mixes 2024", "own use only")
    assert (citation.dataset, citation.entry) == ("imported-mixes", "residual_mix:FR:2024")
    assert citation.locator == "CO2 only"


def test_columns_may_stand_in_any_order_and_bounds_beside_them(tmp_path, state, book):
    text = (
        "year,region,low_gco2e_per_kwh,gco2e_per_kwh,high_gco2e_per_kwh,boundary,pollutants,source,licence,locator\n"
        "2024,us-tex-erco,300,350,,life_cycle,CO2e,someone,any,table 2\n"
    )
    import_factors(written(tmp_path, text), state, book)
    (texas,) = imported_factors(state)
    value = texas.value.in_unit("gCO2e/kWh")
    assert (value.low, value.central, value.high) == pytest.approx((300, 350, 350))
    assert (texas.region, texas.boundary, texas.citation.locator) == ("US-TEX-ERCO", "life_cycle", "table 2")


def test_a_spreadsheets_mark_before_the_text_does_no_harm(tmp_path, state, book):
    assert len(import_factors(written(tmp_path, "\ufeff" + ROWS.replace("\n", "\r\n")), state, book).factors) == 2
    assert len(imported_factors(state)) == 2


def test_a_file_of_the_same_name_is_replaced_and_another_stands_beside_it(tmp_path, state, book):
    import_factors(written(tmp_path, ROWS), state, book)
    import_factors(written(tmp_path, f"{HEADER}\n{FRANCE.replace('41.5', '40')}\n"), state, book)
    import_factors(written(tmp_path, f"{HEADER}\nDE,2024,700,direct,CO2,x,y\n", "germany.csv"), state, book)
    grams = {one.region: one.value.in_unit("gCO2e/kWh").central for one in imported_factors(state)}
    assert grams == pytest.approx({"FR": 40, "DE": 700})
    assert sorted(path.name for path in (state / "residual_mix").iterdir()) == ["germany.csv", "mixes.csv"]


def test_nothing_is_imported_where_nothing_was(tmp_path, state):
    assert imported_factors(state) == ()
    assert imported_factors(tmp_path / "none") == ()


def test_the_agent_may_read_what_root_has_imported(tmp_path, state, book):
    before = os.umask(0o077)
    try:
        done = import_factors(written(tmp_path, ROWS), state, book)
    finally:
        os.umask(before)
    assert stat.S_IMODE(done.file.stat().st_mode) == 0o644
    assert stat.S_IMODE(done.file.parent.stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("XX,2024,41,direct,CO2,s,l", ["row 2, column region", "no grid of 'XX' is known"]),
        ("EL,2024,41,direct,CO2,s,l", ["row 2, column region", "such as GB or GR"]),
        ("World,2024,41,direct,CO2,s,l", ["row 2, column region", "'WORLD' must be a country"]),
        (",2024,41,direct,CO2,s,l", ["row 2, column region", "is empty"]),
        ("FR,24,41,direct,CO2,s,l", ["row 2, column year", "'24' must be a year"]),
        ("FR,2024,,direct,CO2,s,l", ["row 2, column gco2e_per_kwh", "is empty"]),
        ("FR,2024,n/a,direct,CO2,s,l", ["row 2, column gco2e_per_kwh", "'n/a' is no number"]),
        ("FR,2024,-1,direct,CO2,s,l", ["row 2, column gco2e_per_kwh", "between 0 and 5000"]),
        ("FR,2024,41000,direct,CO2,s,l", ["row 2, column gco2e_per_kwh", "check the unit"]),
        ("FR,2024,41,scope 2,CO2,s,l", ["row 2, column boundary", "direct, life_cycle, consumption"]),
        ("FR,2024,41,direct,all,s,l", ["row 2, column pollutants", "CO2, CO2e"]),
        ("FR,2024,41,direct,CO2,,l", ["row 2, column source", "is empty"]),
        ("FR,2024,41,direct,CO2,s,", ["row 2, column licence", "is empty"]),
        (f"{FRANCE}\n{FRANCE}", ["row 3, column region", "FR 2024 is there twice"]),
    ],
)
def test_a_bad_row_is_refused_by_row_and_column_and_nothing_is_kept(tmp_path, state, book, row, words):
    message = refusal(tmp_path, state, book, f"{HEADER}\n{row}\n")
    assert message.startswith(str(tmp_path / "mixes.csv"))
    assert all(word in message for word in words), message


def test_bounds_that_do_not_hold_the_value_are_refused(tmp_path, state, book):
    message = refusal(tmp_path, state, book, f"{HEADER},low_gco2e_per_kwh\n{FRANCE},42\n")
    assert "42 <= 41.5 <= 41.5 does not hold" in message


def test_a_name_that_no_dataset_can_have_is_refused(tmp_path, state, book):
    assert "rename it" in refusal(tmp_path, state, book, ROWS, "my mixes.csv")


def test_a_region_and_year_of_another_file_are_refused_with_its_name(tmp_path, state, book):
    import_factors(written(tmp_path, ROWS), state, book)
    again = written(tmp_path, f"{HEADER}\n{FRANCE}\n", "again.csv")
    with pytest.raises(ConfigError, match=r"row 2, column region: FR 2024 is in .*mixes\.csv too"):
        import_factors(again, state, book)


def test_a_state_directory_that_is_not_there_is_not_made(tmp_path, book):
    with pytest.raises(ConfigError, match="no such directory; start the agent once"):
        import_factors(written(tmp_path, ROWS), tmp_path / "none", book)


def test_a_failed_import_leaves_the_former_file_and_nothing_else(tmp_path, state, book):
    import_factors(written(tmp_path, ROWS), state, book)
    with pytest.raises(ConfigError):
        import_factors(written(tmp_path, ROWS.replace("480", "x")), state, book)
    assert [path.name for path in (state / "residual_mix").iterdir()] == ["mixes.csv"]
    assert len(imported_factors(state)) == 2


def test_a_kept_file_that_was_spoilt_is_named(tmp_path, state, book):
    done = import_factors(written(tmp_path, ROWS), state, book)
    done.file.write_text(ROWS.replace("480", "many"))
    with pytest.raises(ConfigError, match=r"residual_mix/mixes\.csv, row 3, column gco2e_per_kwh"):
        imported_factors(state)


def test_a_zero_and_co2_alone_are_accepted_with_a_problem(tmp_path, state, book):
    text = f"{HEADER}\nAT,2024,0,direct,CO2e,s,l\n{FRANCE}\nDE,2024,700,direct,CO2e,s,l\n"
    done = import_factors(written(tmp_path, text), state, book)
    assert [(one.reason, "of AT 2024" in one.what) for one in done.problems] == [
        ("residual_mix_zero", True),
        ("residual_mix_co2_only", False),
    ]


def test_a_file_says_of_itself_what_its_rows_say(tmp_path, state, book):
    import_factors(written(tmp_path, ROWS), state, book)
    ((dataset, factors),) = imported_datasets(state)
    assert (dataset.id, dataset.year, dataset.licence) == ("imported-mixes", 2024, "own use only")
    assert dataset.publisher == "Issuing bodies, residual mixes 2024; Issuing bodies"
    assert len(factors) == 2


def command(capsys, *arguments):
    status = main(["factors", *map(str, arguments)])
    return status, capsys.readouterr()


def test_the_command_imports_shows_and_lists(tmp_path, state, capsys):
    file = written(tmp_path, ROWS)
    status, printed = command(capsys, "import", file, "--into", state)
    assert status == 0
    assert "2 residual mixes of 2 regions, 2024; restart the agent" in printed.out
    assert printed.out.count("residual_mix_co2_only") == 1
    assert "(1 more like it)" in printed.out

    status, printed = command(capsys, "show", "residual_mix:FR:2024", "--state", state)
    assert status == 0
    assert printed.out.startswith("residual_mix:FR:2024 (gwp): 41.5 gCO2e/kWh")
    assert "own use only" in printed.out
    assert "scope 2" in printed.out
    assert "counts CO2 alone" in printed.out

    _, printed = command(capsys, "list", "--state", state)
    assert "imported-mixes" in printed.out
    assert "residual_mix:REGION[:YEAR] (2 regions, FR to NO)" in printed.out


@pytest.mark.parametrize("action", [("list",), ("show", "residual_mix:FR")])
def test_what_is_imported_keeps_to_the_schema_too(tmp_path, state, capsys, action):
    command(capsys, "import", written(tmp_path, ROWS), "--into", state)
    _, printed = command(capsys, *action, "--state", state, "--format", "json")
    Draft202012Validator(SCHEMA).validate(json.loads(printed.out))


def test_the_config_names_the_state_directory(tmp_path, state, capsys):
    config = written(tmp_path, f"state_directory: {state}\n", "config.yaml")
    assert command(capsys, "import", written(tmp_path, ROWS), "--config", config)[0] == 0
    status, printed = command(capsys, "show", "residual_mix:NO", "--config", config)
    assert (status, printed.err) == (0, "")
    assert "480 gCO2e/kWh" in printed.out


def test_a_bad_file_is_one_line_and_exit_2(tmp_path, state, capsys):
    status, printed = command(capsys, "import", written(tmp_path, ROWS.replace("480", "x")), "--into", state)
    assert (status, printed.out) == (2, "")
    assert printed.err.count("\n") == 1
    assert "row 3, column gco2e_per_kwh" in printed.err


def test_without_an_import_the_remedy_is_to_import(tmp_path, state, capsys):
    status, printed = command(capsys, "show", "residual_mix:FR", "--state", state)
    assert status == 2
    assert "import one with `wattprint factors import F`" in printed.err


def test_the_documents_example_can_be_imported_and_its_columns_are_all(tmp_path, state, book):
    document = (Path(__file__).parents[2] / "docs" / "market-based.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(region,.*?)```", document, re.DOTALL)[1]
    assert len(import_factors(written(tmp_path, example), state, book).factors) == 1
    assert all(f"`{column}`" in document for column in (*KIND.columns, *KIND.optional_columns))


def test_the_document_names_every_problem_of_the_market_based_figure():
    root = Path(__file__).parents[2]
    document = (root / "docs" / "market-based.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text() for path in (root / "impacts" / "market_based").glob("*.py"))
    reasons = set(re.findall(r'Problem\(ORIGIN, "(\w+)"', sources))
    assert len(reasons) == 13
    assert all(f"`{reason}`" in document for reason in reasons)

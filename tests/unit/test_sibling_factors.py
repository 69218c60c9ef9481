# SPDX-License-Identifier: Apache-2.0
"""What a fleet's meters give others: means and bounds by configuration and load, and the file that carries them."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from books import shipped
from clocks import START
from jsonschema import Draft202012Validator

from agent.answers.sibling_factors import Spreads, sibling_factors, sibling_problems
from agent.cli import main
from agent.errors import ConfigError
from agent.wholehost.siblings.sibling import Sibling
from agent.written.imports import import_factors, imported_datasets, imported_factors
from agent.written.sibling_power import COLUMNS, write_rows
from impacts.configurations import Configuration
from impacts.datasets import load_book
from impacts.values.bounded import Bounded

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "factors.schema.json").read_text(encoding="utf-8"))
SERVER = Configuration("Dell Inc.", "PowerEdge R740", "2 x Xeon Gold 6226", "12 x 32 GB", "", "2 x ssd")
MORE_MEMORY = replace(SERVER, memory="24 x 32 GB")
SPREADS = Spreads(of_equals=0.05, of_parts=0.1)
ORIGIN = "inlet meters of siblings, learned by wattprint from prometheus on 2026-11-25"


def sibling(name, watts, configuration=SERVER, loads=(0.2,)):
    return Sibling(name, configuration, dict.fromkeys(loads, Bounded(watts, watts, watts)), 0.0)


def factors(*siblings, any_parts=False):
    found = sibling_factors(siblings, SPREADS, ORIGIN)
    return [factor for factor in found if factor.configuration.is_of_any_parts is any_parts]


def reach(factor):
    """Return how far the bounds lie from the mean, which is the same on both sides."""
    assert factor.power.high - factor.power.central == pytest.approx(factor.power.central - factor.power.low)
    return factor.power.high / factor.power.central - 1


def test_a_single_sibling_is_taken_with_the_stated_spread_of_two_servers():
    """Student's t of 4 degrees is 2.776; two servers of 5 % each differ by 7.07 %."""
    [factor] = factors(sibling("one", 200))

    assert (factor.load, factor.power.central, factor.siblings) == (0.2, 200, 1)
    assert reach(factor) == pytest.approx(2.776 * 0.0707, rel=0.005)


def test_ten_siblings_that_agree_narrow_the_bounds():
    """13 degrees: 2.160; the variance is (4 × 0.05² + 0) / 13."""
    [factor] = factors(*(sibling(str(name), 200) for name in range(10)))

    assert factor.siblings == 10
    assert reach(factor) == pytest.approx(2.160 * (0.01 / 13 * 1.1) ** 0.5, rel=0.003)


def test_siblings_that_disagree_widen_the_bounds_beyond_each_of_them():
    [factor] = factors(sibling("low", 150), sibling("high", 250))

    assert factor.power.central == 200
    assert factor.power.low < 150
    assert factor.power.high > 250


def test_what_an_hour_differs_by_and_the_meters_accuracy_widen_them_too():
    [plain] = factors(sibling("one", 200))
    [restless] = factors(replace(sibling("one", 200), residual_watts=20))
    [inaccurate] = factors(replace(sibling("one", 200), powers={0.2: Bounded(190, 200, 210)}))

    assert reach(restless) > reach(plain)
    assert inaccurate.power.high == pytest.approx(plain.power.high * 1.05)
    assert inaccurate.power.low == pytest.approx(plain.power.low * 0.95)


def test_each_load_counts_the_siblings_that_know_it():
    known = factors(sibling("one", 200, loads=(0.0, 0.2)), sibling("two", 210, loads=(0.2, 1.0)))

    assert [(factor.load, factor.siblings) for factor in known] == [(0.0, 1), (0.2, 2), (1.0, 1)]


def test_beside_each_configuration_stands_one_for_any_memory_and_drives_with_wider_bounds():
    fleet = (sibling("one", 200), sibling("two", 204), sibling("three", 240, MORE_MEMORY))
    own = {factor.configuration: factor for factor in factors(*fleet)}
    [of_any] = factors(*fleet, any_parts=True)

    assert {parts: factor.siblings for parts, factor in own.items()} == {SERVER: 2, MORE_MEMORY: 1}
    assert (of_any.siblings, of_any.configuration.memory, of_any.configuration.drives) == (3, "any", "any")
    assert reach(of_any) > max(map(reach, own.values()))


@pytest.mark.parametrize(
    "other", [{"product": "PowerEdge R750"}, {"cpus": "1 x Xeon Gold 6226"}, {"cards": "1 x A100"}]
)
def test_another_product_processor_or_card_is_no_sibling(other):
    fleet = (sibling("one", 200), sibling("two", 300, replace(SERVER, **other)))

    assert [factor.siblings for factor in factors(*fleet, any_parts=True)] == [1, 1]


def test_a_single_sibling_is_a_problem_that_names_it():
    fleet = [sibling("one", 200), sibling("two", 204), sibling("lonely", 240, MORE_MEMORY)]
    [problem] = sibling_problems(fleet)

    assert problem.reason == "single_sibling"
    assert "lonely" in problem.what


def test_the_shipped_spreads_are_those_of_the_assumptions():
    assert Spreads.of(shipped(), START.date()) == SPREADS


@pytest.fixture
def state(tmp_path):
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


@pytest.fixture
def written(tmp_path):
    def write(text, name="fleet.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def learned():
    known = factors(sibling("one", 200, loads=(0.0, 0.2)), sibling("two", 210, loads=(0.2, 1.0)))
    return write_rows(factor.row() for factor in known)


def test_what_was_learned_can_be_imported_and_is_found_by_configuration_and_load(learned, written, state):
    done = import_factors(written(learned), state, shipped())
    book = load_book(imported_factors(state))
    found = book.find(SERVER.subject(0.2), "power", on=START.date()).factor

    assert done.file == state / "server_power" / "fleet.csv"
    assert done.summary == "the power of servers by load, 3 rows; configurations: 1"
    assert (found.value.central, found.value.unit) == (205, "W")
    assert (found.citation.title, found.citation.dataset) == (ORIGIN, "imported-fleet")
    assert found.citation.locator == "2 siblings"


def test_a_row_for_any_parts_fits_as_a_generic_one(written, state):
    rows = write_rows(factor.row() for factor in factors(sibling("one", 200), any_parts=True))
    import_factors(written(rows), state, shipped())
    match = load_book(imported_factors(state)).find(SERVER.of_any_parts.subject(0.2), "power", on=START.date())

    assert match.fit == "generic"


def test_both_kinds_stand_beside_each_other(learned, written, state):
    mixes = "region,year,gco2e_per_kwh,boundary,pollutants,source,licence\nFR,2024,41,direct,CO2,s,l\n"
    import_factors(written(learned), state, shipped())
    import_factors(written(mixes, "mixes.csv"), state, shipped())

    assert {dataset.id: dataset.unit for dataset, _ in imported_datasets(state)} == {
        "imported-mixes": "gCO2e/kWh",
        "imported-fleet": "W",
    }


def test_a_file_named_as_one_of_another_kind_is_refused(learned, written, state):
    mixes = "region,year,gco2e_per_kwh,boundary,pollutants,source,licence\nFR,2024,41,direct,CO2,s,l\n"
    import_factors(written(mixes), state, shipped())
    with pytest.raises(ConfigError, match="imported as residual mixes; rename it"):
        import_factors(written(learned), state, shipped())


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("product", "", "column product: is empty"),
        ("cpus", "", "column cpus: is empty"),
        ("load", "20", "column load: 20 must lie between 0 and 1"),
        ("load", "0.25", "column load: 0.25 must be one of 0, 0.1, 0.2"),
        ("watts", "0", "column watts: 0 <"),
        ("low_watts", "300", "column watts: 0 < 300 <= 205"),
        ("siblings", "0", "column siblings: 0 is no number of siblings"),
        ("siblings", "1.5", "column siblings"),
        ("source", "", "column source: is empty"),
        ("licence", "", "column licence: is empty"),
    ],
)
def test_a_bad_row_is_refused_by_row_and_column(importing, column, cell, words):
    with pytest.raises(ConfigError) as error:
        importing(column, cell)

    assert f"row 3, {words}" in str(error.value)


@pytest.fixture
def importing(learned, written, state):
    """Import what was learned with a cell of its second row changed."""

    def run(column, cell):
        rows = list(csv.DictReader(StringIO(learned)))
        rows[1][column] = cell
        import_factors(written(write_rows(rows)), state, shipped())

    return run


def test_a_configuration_and_load_that_stand_there_twice_are_refused(learned, written, state):
    twice = learned + learned.splitlines()[1] + "\n"
    with pytest.raises(ConfigError, match=r"row 5, column product: .*PowerEdge R740.* at a load of 0 is there twice"):
        import_factors(written(twice), state, shipped())


def test_the_documents_example_can_be_imported_and_its_columns_are_all(written, state):
    document = (Path(__file__).parents[2] / "docs" / "siblings.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(product,.*?)```", document, re.DOTALL)[1]

    assert len(import_factors(written(example), state, shipped()).factors) == 2
    assert all(f"`{column}`" in document for column in COLUMNS)


def test_the_command_shows_and_lists_what_was_imported(learned, written, state, capsys):
    import_factors(written(learned), state, shipped())
    assert main(["factors", "show", SERVER.subject(0.2), "--state", str(state)]) == 0
    shown = capsys.readouterr().out
    assert main(["factors", "list", "--state", str(state)]) == 0
    listed = capsys.readouterr().out

    assert "(power): 205 W" in shown
    assert "2 siblings" in shown
    assert "imported-fleet" in listed


@pytest.mark.parametrize("name", ["sibling_spread", "sibling_parts_spread"])
def test_the_spreads_can_be_looked_up_with_their_reason(name, capsys):
    assert main(["factors", "show", name]) == 0
    assert "judgement" in capsys.readouterr().out


@pytest.mark.parametrize("action", [("list",), ("show", SERVER.subject(0.2))], ids=lambda action: action[0])
def test_what_was_imported_keeps_to_the_schema(learned, written, state, capsys, action):
    import_factors(written(learned), state, shipped())
    assert main(["factors", *action, "--state", str(state), "--format", "json"]) == 0

    Draft202012Validator(SCHEMA).validate(json.loads(capsys.readouterr().out))

# SPDX-License-Identifier: Apache-2.0
import json
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from agent.answers.factor_answer import answer
from agent.cli import main
from agent.errors import ConfigError
from impacts.datasets import read_datasets

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "factors.schema.json").read_text())
TODAY = date(2026, 6, 1)


def printed(capsys, *arguments):
    assert main(["factors", *arguments]) == 0
    return capsys.readouterr().out


def test_the_list_as_json_keeps_to_its_schema_and_names_every_dataset(capsys):
    document = json.loads(printed(capsys, "list", "--format", "json"))
    Draft202012Validator(SCHEMA).validate(document)
    assert [each["dataset"] for each in document["datasets"]] == [dataset.id for dataset, _ in read_datasets()]


def test_without_an_action_the_datasets_are_listed(capsys):
    text = printed(capsys)
    assert text == printed(capsys, "list")
    assert any(line.startswith("uba-2021-gwp") and "Umweltbundesamt" in line for line in text.splitlines())
    assert "electricity:REGION[:YEAR] (352 regions, AE to ZW)" in text


@pytest.mark.parametrize(
    "subject", ["electricity", "electricity:FR", "electricity:ZZ", "cpu_die", "cpu_load_curve:server:0.1"]
)
def test_a_subject_as_json_keeps_to_its_schema(capsys, subject):
    document = json.loads(printed(capsys, "show", "--format", "json", subject))
    Draft202012Validator(SCHEMA).validate(document)
    assert document["subject"] == subject


def test_a_factor_is_shown_in_its_publishers_unit_with_its_source(capsys):
    document = json.loads(printed(capsys, "show", "electricity:BR:2024", "--format", "json"))
    chosen = document["chosen"]
    assert (chosen["central"], chosen["unit"]) == (pytest.approx(91), "gCO2e/kWh")
    assert (chosen["dataset"], chosen["entry"]) == ("electricitymaps-yearly", "electricity:BR:2024")
    assert (chosen["valid_from"], chosen["fit"], chosen["licence"]) == ("2024-01-01", "exact", "ODbL-1.0")
    assert ("ember-2025", "electricity:BR:2024") in {
        (each["dataset"], each["entry"]) for each in document["alternatives"]
    }


def test_text_says_where_the_number_comes_from_and_why_it_has_these_bounds(capsys):
    text = printed(capsys, "show", "cpu_base")
    assert text.startswith("cpu_base (gwp): 9.14 kgCO2e/unit (4.57 to 13.71)")
    assert "uba-2021-gwp, entry cpu_base" in text
    assert "The study gives no bounds" in text
    assert "--criterion adpe" in text


def test_bounds_of_the_row_itself_are_not_explained_by_the_assumption_for_others():
    assert answer("electricity:FR", None, TODAY).why_these_bounds
    assert not answer("electricity:WORLD", None, TODAY).why_these_bounds


def test_a_grid_is_shown_with_what_the_datasets_say_between_them(capsys):
    document = json.loads(printed(capsys, "show", "electricity:BR:2024", "--format", "json"))
    assert document["spread"]["datasets"] == ["electricitymaps-yearly", "ember-2025"]
    assert document["spread"]["low"] == pytest.approx(91)
    assert document["chosen"]["low"] <= document["spread"]["low"]
    assert document["spread"]["high"] <= document["chosen"]["high"]
    assert "between electricitymaps-yearly, ember-2025" in printed(capsys, "show", "electricity:BR:2024")


def test_a_grid_of_one_dataset_alone_has_no_spread(capsys):
    assert json.loads(printed(capsys, "show", "electricity:US-CAL-CISO", "--format", "json"))["spread"] is None


def test_a_grids_alternatives_are_shown_with_value_dataset_boundary_licence_and_fit(capsys):
    lines = printed(capsys, "show", "electricity:US:2023").splitlines()
    statistics = next(line for line in lines if "electricitymaps-yearly" in line)
    for stated in ("electricity:US:2023", "420 gCO2e/kWh", "life cycle", "ODbL-1.0", "exact"):
        assert stated in statistics


def test_a_grid_is_shown_with_its_scope2_and_category3(capsys):
    split = json.loads(printed(capsys, "show", "electricity:PL:2024", "--format", "json"))["split"]
    assert split["scope2"]["unit"] == split["category3"]["unit"] == "gCO2e/kWh"
    assert 0 < split["category3"]["central"] < split["scope2"]["central"]
    assert "emitted by the power plants" in printed(capsys, "show", "electricity:PL:2024")


def test_only_a_grids_carbon_intensity_is_split(capsys):
    assert json.loads(printed(capsys, "show", "cpu_die", "--format", "json"))["split"] is None
    water = printed(capsys, "show", "electricity:FR", "--criterion", "water", "--format", "json")
    assert json.loads(water)["split"] is None


def test_what_a_subject_has_no_place_for_is_said():
    assert [problem.reason for problem in answer("electricity:ZZ", None, TODAY).problems] == ["grid_unknown"]
    assert "FR" in answer("electricity", None, TODAY).regions
    assert answer("hdd", None, TODAY).regions == ()


def test_a_criterion_may_be_asked_for():
    assert answer("hdd", "pe", TODAY).chosen.factor.criterion == "pe"


@pytest.mark.parametrize(
    ("text", "criterion", "message"),
    [
        ("electrcity:FR", None, "did you mean electricity "),
        ("Xeon", None, "unknown subject 'Xeon'"),
        ("cpu_tdp:Xeon Gold 6231", None, "cpu_tdp:Xeon Gold 6230"),
        ("hdd", "karma", "hdd has no criterion 'karma'"),
        ("electricity:FR:north:2024", None, "has more in it than SUBJECT:REGION:YEAR"),
    ],
)
def test_what_is_not_known_is_refused_with_the_nearest(text, criterion, message):
    with pytest.raises(ConfigError) as refused:
        answer(text, criterion, TODAY)
    assert message in str(refused.value)


def test_an_unknown_subject_is_one_line_and_exit_2(capsys):
    assert main(["factors", "show", "nonsense"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_the_value_shown_is_the_value_printed_by_the_publisher():
    for subject in ("electricity:FR:2022", "service_life", "cpu_die", "cpu_tdp:EPYC 7742", "memory_density"):
        shown = answer(subject, None, TODAY)
        dataset = shown.datasets[shown.chosen.factor.citation.dataset]
        assert shown.as_printed(shown.chosen.factor).unit == dataset.unit_of(shown.chosen.factor.subject)

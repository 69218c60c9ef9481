# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from agent.cli import main

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "compare.schema.json").read_text(encoding="utf-8"))
SERVER = "{form: rack, service_life_years: 5, footprint: {manufacturing_kgco2e: 1000, low_kgco2e: 500, high_kgco2e: 2000, source: maker}}"
PARTS = "[{kind: cpu, count: 1, model: EPYC 9354P}, {kind: memory, count: 6, capacity_gb: 32}]"


@pytest.fixture
def pair(tmp_path):
    for name in ("old", "new"):
        (tmp_path / f"{name}.yaml").write_text(f"server: {SERVER}\nparts: {PARTS}\n")
    return ["--keep", tmp_path / "old.yaml", "--replace", tmp_path / "new.yaml"]


@pytest.fixture
def printed(capsys, pair):
    def print_it(*arguments):
        assert main(["compare", *map(str, pair), *arguments]) == 0
        return capsys.readouterr().out

    return print_it


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--load", "30%", "--replace-load", "0.1", "--replaces", "3", "--country", "fr"),
        ("--keep-watts", "250", "--replace-watts", "90:100:130", "--country", "PL"),
        ("--keep-watts", "50", "--replace-watts", "100"),
    ],
)
def test_json_keeps_to_its_schema(printed, options):
    Draft202012Validator(SCHEMA).validate(json.loads(printed(*options, "--format", "json")))


def test_json_adds_up(printed):
    """Exact powers of 300 W, twice, and 200 W: 400 W less are 3506.4 kWh a year, and 5 years of them."""
    document = json.loads(
        printed("--keep-watts", "300:300:300", "--replace-watts", "200:200:200", "--replaces", "2", "--format", "json")
    )
    grams_per_kwh = document["electricity"]["central"]
    saving = 3506.4 * grams_per_kwh / 1000

    assert document["keep"]["energy_per_year"]["central"] == pytest.approx(600 * 8.766)
    assert document["saving_per_year"]["central"] == pytest.approx(saving)
    assert document["break_even_years"]["central"] == pytest.approx(1000 / saving)
    assert document["over_service_life"]["difference"]["central"] == pytest.approx(5 * saving - 1000)
    assert (document["keep"]["method"], document["keep"]["load"]) == ("given", None)
    assert "embodied" not in document["keep"]


def test_json_has_null_for_a_break_even_that_never_comes(printed):
    document = json.loads(printed("--keep-watts", "100", "--replace-watts", "200", "--format", "json"))

    assert document["break_even_years"] == {"low": None, "central": None, "high": None}
    assert document["verdict"] == "keep_lower"


@pytest.mark.parametrize(
    ("keep", "replace", "said"),
    [
        ("100", "200", ["Break-even: none. ", "Verdict: keeping emits less, by"]),
        ("100:105:120", "100:105:120", ["none on the central values; at the earliest after", "it cannot be said"]),
        ("100:180:300", "80:100:190", ["at the latest never", "Bounds: from keeping less by"]),
        ("900:900:900", "100:100:100", ["Break-even: after 0.", "Verdict: replacing emits less, by"]),
    ],
)
def test_text_says_the_break_even_and_the_verdict(printed, keep, replace, said):
    text = printed("--keep-watts", keep, "--replace-watts", replace, "--country", "PL")

    for words in said:
        assert words in text


def test_text_shows_load_grid_and_the_sums(printed):
    text = printed("--load", "0.3", "--replaces", "4", "--country", "FR")

    assert re.search(r"keep +\S+old\.yaml, 4 machines, power modelled at 30% CPU load$", text, re.MULTILINE)
    assert re.search(r"grid +FR \d{4}: \S+ gCO2e/kWh", text)
    assert re.search(r"manufacture, kgCO2e, once +500 +1,000 +2,000$", text, re.MULTILINE)
    assert "replace_load_assumed" in text
    assert "location_unknown" not in text


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--load", "30"), "--load"),
        (("--load", "-1%"), "--load"),
        (("--load", "much"), "no number"),
        (("--replace-load", "nan"), "no number"),
        (("--keep-watts", "0"), "--keep-watts"),
        (("--replace-watts", "1:2"), "220:240:270"),
        (("--replace-watts", "3:2:1"), "220:240:270"),
        (("--replaces", "0"), "--replaces"),
        (("--replaces", "half"), "--replaces"),
        (("--country", "Farnce"), "--country"),
        (("--country", "UK"), "did you mean GB?"),
        (("--keep", "missing.yaml"), "missing.yaml"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_2(capsys, pair, options, named):
    assert main(["compare", *map(str, pair), *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert named in shown.err


def test_both_machines_are_needed(capsys):
    assert main(["compare"]) == 2
    assert "--keep, --replace" in capsys.readouterr().err

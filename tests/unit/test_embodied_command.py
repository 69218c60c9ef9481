# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from agent.cli import main

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "embodied.schema.json").read_text())

INVENTORY = """
server: {form: rack}
parts:
  - {kind: cpu, count: 2, die_area_mm2: 694}
  - {kind: memory, count: 12, capacity_gb: 32, density_gb_per_cm2: 1.79}
  - {kind: gpu, count: 1, model: NVIDIA X1}
"""


@pytest.fixture
def inventory(tmp_path):
    path = tmp_path / "inventory.yaml"
    path.write_text(INVENTORY)
    return path


def printed(capsys, *arguments):
    assert main(["embodied", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("profile", ["default", "boavizta"])
def test_json_keeps_to_its_schema_and_adds_up(capsys, inventory, profile):
    document = json.loads(printed(capsys, "--inventory", inventory, "--profile", profile, "--format", "json"))
    Draft202012Validator(SCHEMA).validate(document)
    assert document["profile"] == profile
    assert {name: criterion["unit"] for name, criterion in document["criteria"].items()} == {
        "gwp": "kgCO2e",
        "adpe": "kgSbe",
        "pe": "MJ",
    }
    for criterion in document["criteria"].values():
        summed = {b: sum(each[b] for each in criterion["components"]) for b in ("low", "central", "high")}
        assert criterion["central"] == pytest.approx(summed["central"])
        if profile == "boavizta":
            assert (criterion["low"], criterion["high"]) == pytest.approx((summed["low"], summed["high"]))
        else:  # what is wrong of one component is seldom wrong of all
            assert summed["low"] < criterion["low"] < criterion["central"] < criterion["high"] < summed["high"]
    assert "gpu_unknown" in {problem["reason"] for problem in document["problems"]}


def test_text_names_components_totals_and_problems(capsys, inventory):
    text = printed(capsys, "--inventory", inventory, "--profile", "boavizta")
    assert "Greenhouse gases, kgCO2e" in text
    assert any(line.split() == ["memory", "12", "535", "535", "535", "bottom_up"] for line in text.splitlines())
    assert any(line.split()[:1] == ["total"] for line in text.splitlines())
    assert "NVIDIA X1" in text
    assert "transport, end of life" in text
    assert "booked, year unknown" in text


def test_years_of_booking_and_amortisation_stand_beside_the_manufacture(capsys, tmp_path):
    path = tmp_path / "inventory.yaml"
    path.write_text(
        "server: {form: rack, acquired: 2020-01-01, service_life_years: 4, footprint: {manufacturing_kgco2e: 1000,"
        " low_kgco2e: 1000, high_kgco2e: 1000, source: PCF}}\nparts: []\n"
    )
    gwp = json.loads(printed(capsys, "--inventory", path, "--format", "json"))["criteria"]["gwp"]

    assert gwp["booked"] == [{"year": 2020, "low": 1000, "central": 1000, "high": 1000}]
    assert gwp["amortised"]["central"] == pytest.approx(1000)
    # Kept beyond its four years: the whole over all its years, so less each year.
    assert gwp["yearly"]["years"] > 6
    assert gwp["yearly"]["central"] == pytest.approx(1000 / gwp["yearly"]["years"])
    assert gwp["transport_and_end_of_life"]["central"] == pytest.approx(36)


def test_the_inventory_file_of_the_config_counts_as_for_the_agent(capsys, tmp_path):
    (tmp_path / "inventory.yaml").write_text("server: {footprint: {manufacturing_kgco2e: 1234, source: PCF}}\n")
    (tmp_path / "config.yaml").write_text(f"inventory_file: {tmp_path / 'inventory.yaml'}\n")
    document = json.loads(printed(capsys, "--root", tmp_path, "--config", tmp_path / "config.yaml", "--format", "json"))

    assert document["criteria"]["gwp"]["central"] == pytest.approx(1234)


def test_without_an_inventory_the_machine_under_root_is_detected(capsys, tmp_path):
    document = json.loads(printed(capsys, "--root", tmp_path, "--format", "json"))
    Draft202012Validator(SCHEMA).validate(document)
    assert {each["method"] for each in document["criteria"]["gwp"]["components"]} == {"archetype", "pooled_level"}
    assert {"parts_unknown", "archetype"} <= {problem["reason"] for problem in document["problems"]}


def test_a_missing_inventory_is_one_line_and_exit_2(capsys, tmp_path):
    assert main(["embodied", "--inventory", str(tmp_path / "none.yaml")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "none.yaml" in captured.err


def test_an_unknown_profile_is_exit_2(capsys):
    assert main(["embodied", "--profile", "best"]) == 2
    assert "best" in capsys.readouterr().err

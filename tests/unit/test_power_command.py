# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from trees import write

from agent.cli import main

PROJECT = Path(__file__).parents[2]
SCHEMA = json.loads((PROJECT / "docs" / "power.schema.json").read_text(encoding="utf-8"))
MACHINES = sorted(path for path in (PROJECT / "tests" / "hosts").iterdir() if path.name != "empty-root")
PARTS = "[{kind: cpu, count: 1, model: EPYC 9354P}, {kind: memory, count: 6, capacity_gb: 32}]"


@pytest.fixture
def file(tmp_path):
    def write(parts=PARTS, server="{}"):
        path = tmp_path / "machine.yaml"
        path.write_text(f"server: {server}\nparts: {parts}\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def printed(capsys, file):
    def print_it(*arguments, parts=PARTS, server="{}"):
        assert main(["power", "--inventory", str(file(parts, server)), *arguments]) == 0
        return capsys.readouterr().out

    return print_it


@pytest.fixture
def refused(capsys):
    def refuse(*arguments):
        assert main(["power", *map(str, arguments)]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        [line] = shown.err.splitlines()
        return line

    return refuse


def test_json_has_the_loads_that_were_asked_for_in_their_order_and_grounds(printed):
    document = json.loads(printed("--load", "1,20%, 0.5,20 %", "--format", "json"))

    Draft202012Validator(SCHEMA).validate(document)
    assert [point["load"] for point in document["loads"]] == [1, 0.2, 0.5]
    assert document["loads"][0]["central"] > document["loads"][2]["central"] > document["loads"][1]["central"]
    assert any("amd-cpu-tdp" in ground for ground in document["loads"][0]["grounds"])


def test_without_a_load_there_are_seven(printed):
    document = json.loads(printed("--format", "json"))

    assert [point["load"] for point in document["loads"]] == [0, 0.1, 0.2, 0.3, 0.5, 0.7, 1]


def test_the_power_is_what_compare_takes_for_the_same_machine_and_load(printed, capsys, file):
    [point] = json.loads(printed("--load", "0.3", "--format", "json"))["loads"]
    keep = ["--keep", str(file()), "--replace", str(file()), "--load", "0.3", "--format", "json"]
    assert main(["compare", *keep]) == 0
    power = json.loads(capsys.readouterr().out)["keep"]["power"]

    assert [power[corner] for corner in ("low", "central", "high")] == pytest.approx(
        [point[corner] for corner in ("low", "central", "high")]
    )


@pytest.mark.parametrize("machine", MACHINES, ids=lambda path: path.name)
def test_a_captured_machine_is_answered_by_its_own_parts(capsys, machine):
    assert main(["power", "--root", str(machine), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)

    Draft202012Validator(SCHEMA).validate(document)
    assert all(0 < point["low"] < point["central"] < point["high"] for point in document["loads"])


def test_an_inventory_file_of_a_captured_machine_gives_its_figures(capsys, tmp_path):
    machine = str(PROJECT / "tests" / "hosts" / "intel-2s-cascadelake-dram")
    assert main(["inventory", "--root", machine, "--format", "yaml"]) == 0
    (tmp_path / "detected.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["power", "--root", machine, "--format", "json"]) == 0
    of_machine = json.loads(capsys.readouterr().out)["loads"]
    assert main(["power", "--inventory", str(tmp_path / "detected.yaml"), "--format", "json"]) == 0

    assert json.loads(capsys.readouterr().out)["loads"] == of_machine


def test_text_shows_a_row_for_each_load_and_the_curve_in_80_columns_of_plain_characters(printed):
    text = printed("--load", "0,0.25,1")
    head, plot = text.split("\n\n")[1:3]

    assert [line.split()[0] for line in head.splitlines()] == ["load", "0", "0.25", "1"]
    assert max(map(len, plot.splitlines())) <= 80
    assert plot.isascii()
    assert {":", "*"} <= set(plot)


def test_one_load_alone_is_no_curve(printed):
    assert "*" not in printed("--load", "0.3")


def test_problems_stand_below_with_a_remedy_that_fits(printed):
    text = printed(parts="[{kind: cpu, count: 1, model: Fancy 9000, cores: 16}, {kind: gpu, count: 1}]")

    assert "model · tdp_unknown" in text
    assert "model · gpu_unknown" in text
    assert "model · memory_power_unknown" in text
    assert "-watts" not in text
    assert "meter at the plug" in text


def test_of_a_card_that_is_known_only_its_use_is_assumed(printed):
    text = printed(parts=f"{PARTS[:-1]}, {{kind: gpu, count: 8, model: NVIDIA H100 80GB HBM3}}]")

    assert "model · gpu_power_assumed" in text
    assert "gpu_unknown" not in text


@pytest.mark.parametrize("parts", ["[{kind: cpu, count: 1, model: Xeon Platinum 8280}]", "[{kind: cpu, count: 0}]"])
def test_a_guest_whose_logical_cpus_nobody_has_counted_is_refused_and_not_0_w(refused, file, parts):
    line = refused("--inventory", file(parts, "{virtual: true}"))

    assert "`cores` of each CPU" in line or "no CPU is listed" in line


def test_a_core_of_arm_is_one_logical_cpu_and_of_others_two(printed):
    arm, other = (
        json.loads(
            printed("--load", "1", "--format", "json", parts=f"[{{kind: cpu, count: 1, cores: 64, model: {model}}}]")
        )
        for model in ("Neoverse-N1", "Fancy 9000")
    )

    assert arm["loads"][0]["central"] < other["loads"][0]["central"] * 0.6


def test_parts_that_have_left_draw_nothing(printed):
    left = "[{kind: cpu, count: 1, model: EPYC 9354P}, {kind: memory, count: 6, capacity_gb: 32, retired: 2020-01-01}]"
    with_memory = json.loads(printed("--load", "0", "--format", "json"))["loads"][0]
    without = json.loads(printed("--load", "0", "--format", "json", parts=left))["loads"][0]

    assert without["central"] < with_memory["central"]


def test_what_siblings_have_taught_goes_before_the_parts(capsys, file, tmp_path):
    rows = [
        "product,manufacturer,cpus,memory,cards,drives,load,low_watts,watts,high_watts,siblings,source,licence",
        "PowerEdge R6615,,1 x EPYC 9354P,6 x 32 GB,,,0.2,150,160,170,4,meters of siblings,own use",
    ]
    (tmp_path / "state").mkdir()
    (tmp_path / "fleet.csv").write_text("\n".join(rows))
    (tmp_path / "config.yaml").write_text(f"state_directory: {tmp_path / 'state'}\n")
    config = ["--config", str(tmp_path / "config.yaml")]
    assert main(["factors", "import", str(tmp_path / "fleet.csv"), *config]) == 0
    capsys.readouterr()
    asked = ["power", "--inventory", str(file(server="{model: PowerEdge R6615}")), "--load", "0.2", *config]
    assert main(asked) == 0
    text = capsys.readouterr().out
    assert main([*asked, "--format", "json"]) == 0
    [point] = json.loads(capsys.readouterr().out)["loads"]

    assert "siblings have taught" in text
    assert [point[corner] for corner in ("low", "central", "high")] == pytest.approx([150, 160, 170])
    assert "meters of siblings, 4 siblings" in " ".join(point["grounds"])


def test_a_guest_is_answered_and_said_to_be_one(printed):
    text = printed(server="{virtual: true}", parts="[{kind: cpu, count: 1, model: EPYC, cores: 4}]")

    assert "model · virtual_machine" in text


@pytest.mark.parametrize("loads", ["30", "-1%", "much", "nan", "0.1,,0.2", "", "0.1;0.2"])
def test_a_load_that_is_none_is_one_line(refused, loads):
    assert "--load" in refused(f"--load={loads}")


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ("[{kind: cpu, count: 1, model: Fancy 9000}]", "Fancy 9000"),
        ("[{kind: ssd, count: 1}]", "no CPU is listed"),
        ("[{kind: ssd, count: some}]", "parts[0].count"),
    ],
)
def test_an_inventory_that_cannot_be_used_is_one_line_with_the_file(refused, file, parts, named):
    path = file(parts)
    line = refused("--inventory", path)

    assert named in line
    assert str(path) in line


def test_a_machine_that_shows_no_cpu_is_one_line(refused, tmp_path):
    write(tmp_path, {"proc/stat": "cpu  1 0 0 1 0 0 0 0"})

    assert "no CPU is listed" in refused("--root", tmp_path)

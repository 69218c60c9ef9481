# SPDX-License-Identifier: Apache-2.0
"""Each command as its user calls it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

PROJECT = Path(__file__).parent.parent.parent
HOSTS = PROJECT / "tests" / "hosts"
MACHINES = sorted(HOSTS.iterdir())
SERVER = HOSTS / "intel-2s-cascadelake-dram"
COMMANDS = (
    "run",
    "once",
    "doctor",
    "inventory",
    "embodied",
    "power",
    "compare",
    "explain",
    "factors",
    "config",
    "capture",
)
NOBODY = 65534

each_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda path: path.name)


def schema(name):
    return json.loads((PROJECT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8"))


def samples(exposition):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def values(exposition, name):
    return [value for key, value in samples(exposition).items() if key[0] == name]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_that_names_root(call, command):
    shown = call(command, "--help")

    assert shown.returncode == 0
    assert "--root" in shown.stdout


def test_help_names_every_command(call):
    shown = call("--help").stdout

    assert all(command in shown for command in COMMANDS)


def test_the_version_is_the_one_of_the_project(call):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))

    assert call("--version").stdout == f"wattprint {project['project']['version']}\n"


@each_machine
def test_once_prints_the_golden_figures_of_a_captured_machine(call, machine):
    given = call("once", "--root", machine)
    golden = samples((machine / "expected" / "metrics.prom").read_text(encoding="utf-8").replace("{…}", ""))

    assert given.returncode == 0
    assert {key: value for key, value in samples(given.stdout).items() if key[0] != "wattprint_build_info"} == {
        key: value for key, value in golden.items() if key[0] != "wattprint_build_info"
    }


@each_machine
def test_once_as_json_keeps_to_its_schema(call, machine):
    jsonschema.validate(json.loads(call("once", "--root", machine, "--format", "json").stdout), schema("snapshot"))


@each_machine
def test_doctor_says_of_every_source_what_it_found_and_as_json_keeps_to_its_schema(call, machine):
    document = json.loads(call("doctor", "--root", machine, "--format", "json").stdout)
    text = call("doctor", "--root", machine).stdout

    jsonschema.validate(document, schema("doctor"))
    for source in document["sources"]:
        assert source["readable"] or source["why_not"]
        assert source["source"] in text
        assert source["remedy"] in text


@each_machine
def test_the_inventory_of_a_machine_is_a_valid_inventory_file_that_gives_the_same_impact(call, machine, tmp_path):
    detected = call("inventory", "--root", machine, "--format", "yaml")
    file = tmp_path / "inventory.yaml"
    file.write_text(detected.stdout, encoding="utf-8")
    jsonschema.validate(
        yaml.safe_load(call("inventory", "--root", machine, "--format", "json").stdout), schema("inventory-output")
    )

    from_file = json.loads(call("embodied", "--inventory", file, "--format", "json").stdout)
    from_machine = json.loads(call("embodied", "--root", machine, "--format", "json").stdout)

    jsonschema.validate(from_file, schema("embodied"))
    assert from_file["criteria"] == from_machine["criteria"]


@pytest.mark.parametrize("figure", ["scope3_embodied_co2e", "scope2_location_based_co2e", "wattprint_host_power_watts"])
@each_machine
def test_explain_prints_formula_inputs_rows_and_licences(call, machine, figure):
    explained = call("explain", figure, "--root", machine)
    if machine.name == "empty-root" and figure != "scope3_embodied_co2e":
        assert explained.returncode == 1
        assert "Not known on this machine" in explained.stdout
        return

    assert explained.returncode == 0
    assert "formula" in explained.stdout
    of_a_row = any(licence in explained.stdout for licence in ("LicenseRef-cited-facts", "CC-BY-4.0", "Apache-2.0"))
    assert of_a_row or "the meter's own statement" in explained.stdout


def test_power_of_a_machine_as_json_keeps_to_its_schema_and_as_text_is_a_table_with_its_curve(call):
    text = call("power", "--root", SERVER).stdout

    jsonschema.validate(json.loads(call("power", "--root", SERVER, "--format", "json").stdout), schema("power"))
    assert "central" in text
    assert "*" in text


def test_capture_records_a_machine_that_gives_figures_again(call, tmp_path):
    recorded = call("capture", tmp_path / "mine", "--seconds", "1", "--root", SERVER)

    assert recorded.returncode == 0
    assert values(call("once", "--root", tmp_path / "mine").stdout, "wattprint_host_power_watts")


def test_this_machine_has_figures_with_bounds_and_a_factor_for_each(call):
    exposition = call("once").stdout

    [power] = values(exposition, "wattprint_host_power_watts")
    [low] = values(exposition, "wattprint_host_power_lower_bound_watts")
    [high] = values(exposition, "wattprint_host_power_upper_bound_watts")
    assert 0 < low <= power <= high
    assert values(exposition, "wattprint_factor_info")


def test_the_agent_serves_the_page_and_growing_counters_and_keeps_them_over_a_restart(start, tmp_path):
    state = tmp_path / "state"
    agent = start("--state", state)
    agent.first_words()
    first = agent.get("/metrics")
    page = agent.get("/")
    open_metrics = agent.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert agent.stop() == 0
    again = start("--state", state)
    again.first_words()
    second = again.get("/metrics")

    assert "<!doctype html>" in page.lower()
    assert list(openmetrics_families(open_metrics))
    for counter in (
        "wattprint_host_energy_joules_total",
        "wattprint_scope2_location_based_co2e_grams_total",
        "wattprint_scope3_embodied_amortised_co2e_grams_total",
    ):
        assert 0 < sum(values(first, counter)) < sum(values(second, counter))
    assert agent.process.stderr.read() == ""


def test_a_captured_machine_is_served_as_it_was_and_writes_nothing(start, tmp_path):
    agent = start("--root", SERVER)
    agent.first_words()

    assert values(agent.get("/metrics"), "wattprint_host_power_watts") == [pytest.approx(316.9468, rel=1e-4)]
    assert not list(tmp_path.iterdir())


def test_explain_states_the_totals_of_the_agents_history(start, call, tmp_path):
    state = tmp_path / "state"
    agent = start("--state", state)
    agent.first_words()
    agent.stop()

    assert "since the history began" in call("explain", "scope2_location_based_co2e", "--state", state).stdout


def wrong(call, *arguments):
    """Return the one line that bad input gets."""
    given = call(*arguments)
    assert given.returncode == 2
    assert given.stdout == ""
    [line] = given.stderr.splitlines()
    assert line.startswith("wattprint: ")
    return line


def test_a_port_in_use_is_one_line_and_nothing_is_written(call, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = wrong(call, "run", "--listen", address, "--state", tmp_path / "state")

    assert address in line
    assert "--listen" in line
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("place", ["/proc/wattprint", "/dev/null/state"])
def test_a_state_directory_that_cannot_be_written_is_one_line(call, place):
    line = wrong(call, "run", "--listen", "127.0.0.1:0", "--state", place)

    assert place in line
    assert "--state" in line


CONFIGS = {
    "unknown key": ("intervall_seconds: 5", ["unknown key 'intervall_seconds'"]),
    "nearest key": ("sampling: {interval_second: 5}", ["sampling", "did you mean 'interval_seconds'"]),
    "wrong type": ("sampling: {interval_seconds: often}", ["sampling.interval_seconds", "must be a number"]),
    "no YAML": ("listen: [", ["line 1"]),
    "missing inventory": ("inventory_file: nowhere.yaml", ["nowhere.yaml", "No such file"]),
}


@pytest.mark.parametrize(("content", "words"), CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize(
    "command", [("config", "check"), ("run", "--state", "state", "--config"), ("once", "--config")], ids=lambda c: c[0]
)
def test_a_bad_config_is_one_line_and_nothing_is_written(call, tmp_path, command, content, words):
    config = tmp_path / "config.yaml"
    config.write_text(content, encoding="utf-8")
    line = wrong(call, *command, config)

    assert all(word in line for word in words)
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_a_missing_config_is_one_line(call):
    assert "nowhere.yaml" in wrong(call, "once", "--config", "nowhere.yaml")


def test_an_unknown_kind_of_part_is_one_line_with_the_nearest_right_one(call, tmp_path):
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text("parts: [{kind: memry, count: 1}]", encoding="utf-8")
    line = wrong(call, "embodied", "--inventory", inventory)

    assert "parts[0].kind" in line
    assert "did you mean 'memory'" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuchcommand",),
        ("once", "--fromat", "json"),
        ("once", "--format", "xml"),
        ("explain",),
        ("explain", "host_powr"),
        ("once", "--root", "/nowhere"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_one_line(call, arguments):
    wrong(call, *arguments)


def as_on_a_real_machine(captured, copy):
    """Copy a machine's tree with its counters readable by one user only, who is not the one that asks."""
    shutil.copytree(captured / "first", copy)
    counters = [*copy.glob("sys/class/powercap/*/energy_uj")]
    for counter in counters:
        counter.chmod(stat.S_IRUSR)
        os.chown(counter, NOBODY, NOBODY)
    return bool(counters)


def rapl_in(document):
    return next(source for source in json.loads(document)["sources"] if source["source"] == "rapl")


@pytest.mark.root
@each_machine
def test_an_ordinary_user_is_shown_which_right_is_missing_and_the_command_that_gives_it(
    wattprint, call, tmp_path, machine
):
    """Root without capabilities is bound by a file's owner and mode like everyone else."""
    has_counters = as_on_a_real_machine(machine, tmp_path / "root")
    doctor = ["doctor", "--root", tmp_path / "root", "--format", "json"]
    without_rights = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", wattprint, *doctor]

    as_root = rapl_in(call(*doctor).stdout)
    as_other = rapl_in(subprocess.run(without_rights, capture_output=True, check=True).stdout)

    assert (as_root["found"], as_root["readable"]) == (has_counters, has_counters)
    assert (as_other["found"], as_other["readable"]) == (has_counters, False)
    if has_counters:
        assert "energy_uj" in as_other["why_not"]
        assert "CAP_DAC_READ_SEARCH" in as_other["remedy"]


def test_a_reader_that_goes_away_is_no_traceback(wattprint):
    shown = subprocess.run(
        f"{wattprint} once --root {SERVER} | head -1", shell=True, capture_output=True, text=True, check=True
    )

    assert shown.stderr == ""

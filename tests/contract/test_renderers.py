# SPDX-License-Identifier: Apache-2.0
"""Every renderer writes every quantity of the catalogue, and what it writes can be read back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from snapshots import busy_server, just_started

from exporters import prometheus, snapshot_json
from impacts.quantities import CATALOGUE, PROBLEM, Kind

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/snapshot.schema.json").read_text())
RENDERERS = {"text": (prometheus.text, parse_text), "openmetrics": (prometheus.openmetrics, parse_openmetrics)}

every_quantity = pytest.mark.parametrize("quantity", CATALOGUE, ids=lambda quantity: quantity.stem)
every_exposition = pytest.mark.parametrize(("render", "parse"), RENDERERS.values(), ids=RENDERERS)


def families(render, parse, snapshot):
    return list(parse(render(snapshot).decode()))


def samples(render, parse):
    everything = families(render, parse, busy_server())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in everything
        for sample in family.samples
    }


@every_exposition
@every_quantity
def test_every_figure_of_every_quantity_reads_back_with_its_bounds(quantity, render, parse):
    read = samples(render, parse)
    figures = [figure for figure in busy_server().figures if figure.quantity == quantity]

    assert figures or quantity == PROBLEM
    for figure in figures:
        labels = figure.label_pairs
        assert read[quantity.name, frozenset(labels.items())] == figure.estimate.central
        if quantity.bound_labels is not None:
            bounds = frozenset((name, labels[name]) for name in quantity.bound_labels)
            assert read[quantity.lower_bound_name, bounds] == figure.estimate.low
            assert read[quantity.upper_bound_name, bounds] == figure.estimate.high


@every_exposition
def test_every_problem_reads_back(render, parse):
    read = samples(render, parse)

    for problem in busy_server().problems:
        labels = {"origin": problem.origin, "reason": problem.reason}
        assert read[PROBLEM.name, frozenset(labels.items())] == 1.0


@every_exposition
def test_nothing_is_written_that_is_no_figure(render, parse):
    snapshot = busy_server()
    bounded = sum(figure.quantity.bound_labels is not None for figure in snapshot.figures)

    assert len(samples(render, parse)) == len(snapshot.figures) + 2 * bounded + len(snapshot.problems)


@every_exposition
@every_quantity
def test_every_quantity_has_its_kind_and_one_line_of_help(quantity, render, parse):
    by_name = {family.name: family for family in families(render, parse, busy_server())}
    family = by_name.get(quantity.name) or by_name[quantity.name.removesuffix("_total").removesuffix("_info")]

    assert family.documentation == quantity.meaning
    assert "\n" not in quantity.meaning
    kinds = {quantity.kind.value, "gauge"} if quantity.kind is Kind.INFO else {quantity.kind.value}
    assert family.type in kinds


@pytest.mark.promtool
@pytest.mark.parametrize("snapshot", [busy_server(), just_started()], ids=["busy", "just_started"])
def test_promtool_finds_nothing(snapshot):
    check = subprocess.run(
        ["promtool", "check", "metrics"], input=prometheus.text(snapshot), capture_output=True, check=False
    )

    assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")


@every_quantity
def test_every_figure_of_every_quantity_is_in_the_json(quantity):
    written = json.loads(snapshot_json.render(busy_server()))["figures"]
    figures = [figure for figure in busy_server().figures if figure.quantity == quantity]

    for figure in figures:
        [row] = [row for row in written if (row["metric"], row["labels"]) == (quantity.name, figure.label_pairs)]
        assert (row["low"], row["central"], row["high"]) == (
            figure.estimate.low,
            figure.estimate.central,
            figure.estimate.high,
        )
        assert row["unit"] == quantity.unit
        assert row["grounds"]


@pytest.mark.parametrize("snapshot", [busy_server(), just_started()], ids=["busy", "just_started"])
def test_the_json_keeps_its_schema(snapshot):
    Draft202012Validator.check_schema(SCHEMA)

    errors = Draft202012Validator(SCHEMA).iter_errors(json.loads(snapshot_json.render(snapshot)))

    assert [error.message for error in errors] == []


@pytest.mark.parametrize("key", ["taken_at", "figures", "problems", "sources"])
def test_the_schema_misses_what_is_missing_and_minds_what_is_new(key):
    document = json.loads(snapshot_json.render(busy_server()))
    validator = Draft202012Validator(SCHEMA)

    assert not validator.is_valid({name: value for name, value in document.items() if name != key})
    assert not validator.is_valid({**document, "new": 1})

# SPDX-License-Identifier: Apache-2.0
"""Profile `boavizta` against answers of BoaviztAPI 2.5.0, low and high at four significant figures.

Each inventory is the request of one answer; a CPU's die area is the one the answer states, where it states a single
value. Where it states a range (s10, s14), no inventory can say so: there the CPU and the total are not compared.
Components of an answer for 8760 h (s27, s29) are a quarter of those for the life of 35040 h. Not covered: CPUs known
by cores only (c10), SSDs known by layers (c20), and GPUs (c28, c30, c32, c34), which have no footprint here yet.
"""

import csv
import json
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from math import isclose
from pathlib import Path

import pytest

from agent.cli import main

EXAMPLES = Path(__file__).parent / "data" / "boavizta_examples"

with (EXAMPLES / "expected.csv").open(encoding="utf-8") as file:
    EXPECTED = list(csv.DictReader(file))


def test_every_inventory_has_expected_values():
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == {row["example"] for row in EXPECTED}
    assert len(EXPECTED) > 200


@cache
def answer(example):
    inventory, printed = EXAMPLES / f"{example}.yaml", StringIO()
    with redirect_stdout(printed):
        assert main(["embodied", "--inventory", str(inventory), "--profile", "boavizta", "--format", "json"]) == 0
    return json.loads(printed.getvalue())["criteria"]


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: f"{row['example']}-{row['component']}-{row['criterion']}")
def test_low_and_high_agree_at_four_figures(row):
    criterion = answer(row["example"])[row["criterion"]]
    ours = {component["component"]: component for component in criterion["components"]} | {"total": criterion}
    for bound in ("low", "high"):
        expected, value = float(row[bound]), ours[row["component"]][bound] * float(row["share_of_life"])
        assert agrees_at_four_figures(value, expected), f"{bound}: {value}, not {expected}"


def agrees_at_four_figures(value, expected):
    """Half a unit of the fourth figure: an answer may round a tie down."""
    unit = 10.0 ** (int(f"{expected:e}".partition("e")[2]) - 3)
    return abs(value - expected) <= unit / 2 or isclose(abs(value - expected), unit / 2, rel_tol=1e-6)

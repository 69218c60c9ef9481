# SPDX-License-Identifier: Apache-2.0
"""Profile `boavizta` against answers of BoaviztAPI 2.5.0, low and high at four significant figures.

Each inventory is the request of one answer. What the program looks up in tables of its own stands there as its answer
states it: the die area of a CPU (c02 to c10, s10, s14), the density of an SSD (c20). Where it states a range, there are
two inventories, one for the low and one for the high figures. Components of an answer for 8760 h (s27, s29) are a quarter of those
for the life of 35040 h.
"""

import csv
import json
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from figures import agree_at_four_figures

from agent.cli import main

EXAMPLES = Path(__file__).parent / "data" / "boavizta_examples"
H100 = "the program has the masses of this card to a hundredth of a gram from a table of its own; the study rounds"
DIFFERENCES = {("c28_gpu_h100", "adpe"): H100, ("c34_gpu_nvidia_smi_string", "adpe"): H100}

with (EXAMPLES / "expected.csv").open(encoding="utf-8") as file:
    EXPECTED = list(csv.DictReader(file))


def test_every_inventory_has_expected_values():
    assert {path.name.partition(".")[0] for path in EXAMPLES.glob("*.yaml")} == {row["example"] for row in EXPECTED}
    assert len(EXPECTED) > 250


@cache
def answer(example, bound):
    inventory = EXAMPLES / f"{example}.{bound}.yaml"
    if not inventory.exists():
        inventory = EXAMPLES / f"{example}.yaml"
    printed = StringIO()
    with redirect_stdout(printed):
        assert main(["embodied", "--inventory", str(inventory), "--profile", "boavizta", "--format", "json"]) == 0
    return json.loads(printed.getvalue())["criteria"]


def compared(row):
    """Return our low and high value, each with the expected one."""
    for bound in ("low", "high"):
        criterion = answer(row["example"], bound)[row["criterion"]]
        ours = {component["component"]: component for component in criterion["components"]} | {"total": criterion}
        yield ours[row["component"]][bound] * float(row["share_of_life"]), float(row[bound])


def known_to_differ(row):
    return (row["example"], row["criterion"]) in DIFFERENCES


def name(row):
    return f"{row['example']}-{row['component']}-{row['criterion']}"


@pytest.mark.parametrize("row", [row for row in EXPECTED if not known_to_differ(row)], ids=name)
def test_low_and_high_agree_at_four_figures(row):
    for ours, expected in compared(row):
        assert agree_at_four_figures(ours, expected), f"{ours}, not {expected}"


@pytest.mark.parametrize("row", [row for row in EXPECTED if known_to_differ(row)], ids=name)
def test_a_difference_that_is_listed_is_there_and_small(row):
    for ours, expected in compared(row):
        assert not agree_at_four_figures(ours, expected)
        assert ours == pytest.approx(expected, rel=0.002)

# SPDX-License-Identifier: Apache-2.0
"""A derivation is what its formula comes to: one function makes them, and each can be redone from its own text."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pytest
from books import shipped
from by_hand import redone

from agent.recording.captured import open_root
from agent.wiring import build_machine
from agent.written.config import Config
from impacts.electricity.grid import grid_factor, split
from impacts.electricity.shares import ELECTRICITY, GWP
from impacts.embodied.profiles import CRITERIA, PROFILES, embodied, transport_and_end_of_life
from impacts.values.derivations import render

ROOT = Path(__file__).parents[2]
HOSTS = sorted((ROOT / "tests" / "hosts").iterdir())
MAKER = "impacts/values/derivations.py"
MADE = {"Derivation", "Input"}

CHOOSE = {
    "low": {"either": min, "both": max},
    "central": {"either": lambda first, _: first, "both": lambda first, _: first},
    "high": {"either": max, "both": min},
}


@pytest.fixture(scope="module")
def book():
    return shipped()


def calls(path):
    """Yield what a file calls by name, or as something's attribute."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


@pytest.mark.parametrize("package", ["agent", "exporters", "impacts", "tests"])
def test_derivations_are_made_where_they_are_worked_out_and_nowhere_else(package):
    makers = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py") if MADE & set(calls(path))}

    assert makers == ({MAKER} if package == "impacts" else set())


def check_independent(derivation, text):
    lines = [re.search(rf"^  {corner} +(.+) = (\S+)(?: \S+)?$", text, re.MULTILINE) for corner in CHOOSE]
    printed = [float(line[2]) for line in lines]
    result = derivation.result
    assert redone(*(line[1] for line in lines)) == pytest.approx(printed, rel=1e-4)
    assert printed == pytest.approx([result.low, result.central, result.high], rel=1e-5)


def check(derivation):
    """Work each printed line out as a reader would; the derivation rests on what its inputs rest on."""
    text = render(derivation)
    if any(sign in derivation.formula for sign in "⊕⊗⊘"):  # a corner needs the central values, too
        check_independent(derivation, text)
        return
    for corner, functions in CHOOSE.items():
        line = re.search(rf"^  {corner} +(.+) = (\S+)(?: \S+)?$", text, re.MULTILINE)
        worked = line[1].replace("×", "*").replace("÷", "/").replace("−", "-")
        assert eval(worked, {"__builtins__": {}, "min": min, **functions}) == pytest.approx(float(line[2]), rel=5e-5)  # noqa: S307 -- our own text
        assert getattr(derivation.result, corner) == pytest.approx(float(line[2]), rel=1e-5)
    assert set(derivation.leaves) == set(derivation.estimate.grounds)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("captured", HOSTS, ids=lambda path: path.name)
def test_the_manufacture_of_a_captured_machine_can_be_redone(captured, profile, book):
    with open_root(captured) as host:
        inventory = build_machine(host, Config())[0].inventory
    impact = embodied(inventory, profile, book)
    for whole in (*map(impact.derivation, CRITERIA), transport_and_end_of_life(impact, book)):
        for derivation in dict.fromkeys(whole.all()):
            check(derivation)


def test_what_a_grid_emits_can_be_redone_for_every_region(book):
    on = date(2024, 7, 1)
    boundaries = set()
    for region in book.regions(ELECTRICITY, GWP):
        of_grid = split(grid_factor(book, region, on), book, region, on)
        boundaries.add(of_grid.boundary)
        for whole in (of_grid.scope2_derivation, of_grid.upstream_derivation):
            for derivation in whole.all():
                check(derivation)

    assert boundaries >= {"life_cycle", "direct"}

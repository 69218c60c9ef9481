# SPDX-License-Identifier: Apache-2.0
"""The plan of the house holds for every import, type-only ones included; the rooms' order itself is in pyproject.toml."""

import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
LOOSE_MODULES = 15  # what everybody needs; the rest has a room


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("agent", "exporters", "impacts", cache_dir=None)


def circles(graph):
    """Return the sets of modules that import one another, directly or not (Tarjan's strongly connected components)."""
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for imported in graph.find_modules_directly_imported_by(module):
            if imported not in index:
                visit(imported)
                low[module] = min(low[module], low[imported])
            elif imported in stack:
                low[module] = min(low[module], index[imported])
        if low[module] == index[module]:
            circle = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            found.append(set(circle))

    sys.setrecursionlimit(10_000)
    for module in sorted(graph.modules):
        if module not in index:
            visit(module)
    return [circle for circle in found if len(circle) > 1]


def test_no_two_modules_import_one_another_not_even_for_types(graph):
    assert circles(graph) == []


def test_a_circle_would_be_found(graph):
    graph.add_import(importer="agent.readings", imported="agent.ledger")

    assert circles(graph) == [{"agent.readings", "agent.ledger"}]


def test_only_what_everybody_needs_lies_at_the_top_of_agent():
    loose = [path.name for path in (ROOT / "agent").glob("*.py")]

    assert len(loose) <= LOOSE_MODULES, loose

# SPDX-License-Identifier: Apache-2.0
"""What mutation testing changes in a module, and what it leaves alone."""

from __future__ import annotations

import pytest
from mutation.mutants import mutants


@pytest.fixture
def changes(tmp_path):
    """Return the changes of a module, each with the line that it is in."""

    def of(source):
        path = tmp_path / "module.py"
        path.write_text(source)
        found = mutants(path)
        for one in found:
            compile(one.source, "module.py", "exec")
        return [one.change for one in found]

    return of


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a < b -> (a <= b)", "a < b -> (a >= b)", "a < b -> pass"]),
        ("x = a + 2", ["2 -> 3", "2 -> (1)", "a + 2 -> (a - 2)"]),
        ("x = 5_000_000", ["5_000_000 -> 10000000", "5_000_000 -> 4500000"]),
        ("x = 0.5", ["0.5 -> 1.0", "0.5 -> 0.45"]),
        ("x = a and b", ["a and b -> (a or b)", "a and b -> b", "a and b -> a"]),
        ("x = not a", ["not a -> a"]),
        ("x = min(a)", ["min -> max"]),
        ("x = one.low", ["one.low -> one.high"]),
        ("x = a if b else c", ["a if b else c -> a", "a if b else c -> c"]),
        ("x = [a for a in b if c]", ["c -> not c", "c -> True"]),
        ("x = kind == 'cpu'", ["kind == 'cpu' -> (kind != 'cpu')", "kind == 'cpu' -> (kind == 'cpux')"]),
        ("x = {a, b}", ["{a, b} -> ({b})", "{a, b} -> ({a})"]),
        ("x += 1", ["1 -> 2", "1 -> (0)", "x += 1 -> pass", "x += 1 -> x = 1", "x += 1 -> x -= 1"]),
        ("def f():\n    return a", ["return a -> return None"]),
        ("x = sorted(a)", ["sorted(a) -> list(a)"]),
        ("while a:\n    break", ["a -> (not a)", "break -> continue"]),
    ],
)
def test_one_small_thing_is_changed_at_a_time(changes, source, expected):
    assert sorted(change.replace("(not c)", "not c") for change in changes(source)) == sorted(expected)


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring of 3 words."""',
        "x: Literal[3]",
        "@dataclass(frozen=True)\nclass A:\n    x: int",
        "x = f'{a + 1} W'",
        "assert a < b",
        "what = 'a' if b else 'c'",
        "if TYPE_CHECKING:\n    import a",
        "x = zip(a, b, strict=True)",
    ],
)
def test_what_states_no_behaviour_is_left_alone(changes, source):
    assert changes(source) == []


def test_a_change_knows_the_outermost_function_it_is_in(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "class A:\n    @property\n    def b(self):\n        def c():\n            return 1.5\n        return c\n"
    )
    found = {(one.function, one.lines, one.line) for one in mutants(path)}

    assert found == {("A.b", (2, 6), 5), ("A.b", (2, 6), 6)}

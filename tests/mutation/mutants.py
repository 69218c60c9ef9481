# SPDX-License-Identifier: Apache-2.0
"""The mutants of a module: each differs from it in one small thing that a test ought to notice.

Left alone is what states no behaviour: docstrings, annotations, decorators, the texts of messages (f-strings and what
stands in a `raise`), `assert`, and what only a type checker runs.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
# Names that come in pairs, and mean the other thing when they are mistaken for one another.
PAIRS = (
    ("min", "max"),
    ("any", "all"),
    ("low", "high"),
    ("begins", "until"),
    ("valid_from", "valid_until"),
    ("observed_seconds", "unobserved_seconds"),
)
OTHER = {**dict(PAIRS), **{second: first for first, second in PAIRS}}
LARGE = 100  # beyond this a whole number is no count: one more or less is the same
NO_BEHAVIOUR = (ast.JoinedStr, ast.Raise, ast.Assert)
MESSAGES = {"what", "remedy"}  # the names of what a person reads


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of one place in a module."""

    function: str  # the outermost function that it is in, with its class; empty: what runs on import
    lines: tuple[int, int]  # of that function
    line: int
    was: str
    becomes: str
    source: str  # of the whole module, changed

    @property
    def change(self) -> str:
        """The change in one line, as the file of explanations writes it."""
        return f"{' '.join(self.was.split())} -> {' '.join(self.becomes.split())}"


def mutants(path: Path) -> list[Mutant]:
    """Return the mutants of a module, each once, from its first line to its last."""
    source = path.read_text(encoding="utf-8")
    found = {one.source: one for one in _Places(source).mutants()}
    return sorted(found.values(), key=lambda one: (one.line, one.was))


class _Places:
    """Walks the module's places in which something can be changed."""

    def __init__(self, source: str) -> None:
        self._source = source.encode()
        self._tree = ast.parse(source)
        begins = [0]
        for line in self._source.splitlines(keepends=True):
            begins.append(begins[-1] + len(line))
        self._begins = begins

    def mutants(self) -> Iterator[Mutant]:
        """Yield a mutant for each change of each place."""
        for statement in self._tree.body:
            yield from self._of(statement, "", (0, 0))

    def _of(self, node: ast.AST, function: str, lines: tuple[int, int]) -> Iterator[Mutant]:
        if isinstance(node, ast.ClassDef):
            for child in node.body:
                yield from self._of(child, node.name, (0, 0))
            return
        if isinstance(node, ast.FunctionDef) and lines == (0, 0):
            function = f"{function}.{node.name}".lstrip(".")
            for default in filter(None, [*node.args.defaults, *node.args.kw_defaults]):
                yield from self._of(default, function, (0, 0))
            lines = (min(one.lineno for one in [node, *node.decorator_list]), node.end_lineno or node.lineno)
        for changed, becomes in [*((node, becomes) for becomes in changes(node)), *turned_conditions(node)]:
            yield self._mutant(changed, becomes, function, lines)
        for child in _children(node):
            yield from self._of(child, function, lines)

    def _mutant(self, node: ast.AST, becomes: str, function: str, lines: tuple[int, int]) -> Mutant:
        begins = self._begins[node.lineno - 1] + node.col_offset
        ends = self._begins[node.end_lineno - 1] + node.end_col_offset
        source = self._source[:begins] + becomes.encode() + self._source[ends:]
        was = self._source[begins:ends].decode()
        return Mutant(function, lines, node.lineno, was, becomes, source.decode())


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that state behaviour."""
    if isinstance(node, NO_BEHAVIOUR) or _is_text(node) or (isinstance(node, ast.If) and _is_for_types(node.test)):
        return
    if isinstance(node, ast.FunctionDef):
        yield from node.body
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield node.value
    elif isinstance(node, ast.match_case):
        yield from (child for child in (node.guard, *node.body) if child is not None)
    else:
        # `zip(strict=True)` is a guard: without it the tests see the same, as long as what it guards is right.
        yield from (c for c in ast.iter_child_nodes(node) if not (isinstance(c, ast.keyword) and c.arg == "strict"))


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a docstring, writes to the log or words a message."""
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Name) and target.id in MESSAGES for target in targets)
    if not isinstance(node, ast.Expr):
        return False
    if isinstance(node.value, ast.Constant):
        return True
    called = node.value.func if isinstance(node.value, ast.Call) else None
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "log"


def changes(node: ast.AST) -> Iterator[str]:
    """Yield what a node may be changed into, as source."""
    yield from _of_expression(node) if isinstance(node, ast.expr) else _of_statement(node)


def _of_expression(node: ast.expr) -> Iterator[str]:  # noqa: C901 - a table, one case a kind of node
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp():
            yield from _bool_operations(node)
        case ast.BinOp() if type(node.op) in OPERATORS:
            yield _source(ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right))
        case ast.UnaryOp(op=ast.Not()):
            yield _source(node.operand)
        case ast.Constant():
            yield from _constants(node.value)
        case ast.Name(ctx=ast.Load()) if node.id in OTHER:
            yield OTHER[node.id]
        case ast.Attribute(ctx=ast.Load()) if node.attr in OTHER:
            yield _source(ast.Attribute(node.value, OTHER[node.attr], node.ctx))
        case ast.IfExp():
            yield from (_source(node.body), _source(node.orelse))
        case ast.Set() if len(node.elts) > 1:
            yield from (_source(ast.Set([one for one in node.elts if one is not left])) for left in node.elts)
        case ast.Call(func=ast.Name(id="sorted" | "reversed")):
            yield f"list({ast.unparse(node.args[0])})"
        case ast.Call(func=ast.Name(id="set" | "round" | "abs"), args=[only]):
            yield _source(only)


def _of_statement(node: ast.AST) -> Iterator[str]:
    if _is_text(node):
        return
    match node:
        case ast.Return() if node.value is not None and not _is_none(node.value):
            yield "return None"
        case ast.Expr() | ast.Raise() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "pass"
        case ast.AugAssign():
            yield from ("pass", f"{ast.unparse(node.target)} = {ast.unparse(node.value)}")
            if type(node.op) in OPERATORS:
                yield ast.unparse(ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value))
        case ast.Continue():
            yield "break"
        case ast.Break():
            yield "continue"


def _bool_operations(node: ast.BoolOp) -> Iterator[str]:
    yield _source(ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
    for left_out in node.values:
        rest = [value for value in node.values if value is not left_out]
        yield _source(ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])


def turned_conditions(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield each plain condition of a node turned round, and a filter that lets everything pass."""
    plain = [node.test] if isinstance(node, ast.If | ast.While) and not _is_for_types(node.test) else []
    filters = node.ifs if isinstance(node, ast.comprehension) else []
    for condition in [*plain, *filters]:
        if not isinstance(condition, ast.Compare | ast.BoolOp) and not _is_not(condition):
            yield condition, _source(ast.UnaryOp(ast.Not(), condition))
    yield from ((condition, "True") for condition in filters)


def _is_not(condition: ast.expr) -> bool:
    return isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not)


def _comparisons(node: ast.Compare) -> Iterator[str]:
    for place, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield _source(ast.Compare(node.left, ops, node.comparators))
        for text in _texts(node.comparators[place]):
            changed = _source(node.comparators[place]).replace(repr(text), repr(f"{text}x"))
            comparators = [
                *node.comparators[:place],
                ast.parse(changed, mode="eval").body,
                *node.comparators[place + 1 :],
            ]
            yield _source(ast.Compare(node.left, node.ops, comparators))


def _texts(compared: ast.expr) -> Iterator[str]:
    """Yield the words that something is compared with."""
    for node in [compared, *getattr(compared, "elts", ())]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _constants(value: object) -> Iterator[str]:
    match value:
        case bool():
            yield str(not value)
        case int() if abs(value) <= LARGE:
            yield from (str(value + 1), f"({value - 1})")
        case int():
            yield from (str(value * 2), str(value * 9 // 10))
        case float():
            yield from (repr(value * 2 if value else 1.0), repr(value * 0.9 if value else 0.1))


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _source(node: ast.expr) -> str:
    """Return an expression's source, in brackets: it may stand beside anything."""
    plain = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Constant)
    return ast.unparse(node) if plain else f"({ast.unparse(node)})"

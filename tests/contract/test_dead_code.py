# SPDX-License-Identifier: Apache-2.0
"""Nothing is kept by its tests alone: what the packages define, the packages or the scripts of docs/ use."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "exporters", "impacts")
SCRIPTS = ("docs",)  # they use the packages, and nobody uses them

# What others call or read: the name, and who does.
USED_BY_OTHERS = {
    "main": "the installed command",
    "PROCFS_PATH": "psutil reads it",
    "trust_env": "requests reads it",
    "proxies": "requests reads it",
    "verify": "requests reads it",
    "_fields_": "ctypes reads it",
    "yaml_implicit_resolvers": "PyYAML reads it",
    "ConnectionClass": "cheroot reads it",
    "max_request_header_size": "cheroot reads it",
    "max_request_body_size": "cheroot reads it",
    "keep_alive_conn_limit": "cheroot reads it",
    "error_log": "cheroot calls it",
    "retrieved": "a key of dataset.toml, for whoever renews the dataset",
    "original_sha256": "a key of dataset.toml, for whoever renews the dataset",
}


# What the history holds for rooms that are still to be built, so that its file need not change for them (docs/adr/0019).
AWAITED = {
    "statement": "reports over histories",
    "host_name": "a column of the table identity, for reports",
    "closed_hours": "the evidence of reports",
    "add_off": "whoever sees a host stop cleanly",
    "add_workload": "the shares of workloads",
}


class Definition(NamedTuple):
    module: str
    name: str
    is_member: bool  # of a class: whoever uses it writes it behind a dot


def modules(root, folders):
    """Return the syntax trees of all files, by dotted name."""
    paths = [path for folder in folders for path in (root / folder).rglob("*.py")]
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in paths
    }


def assigned(statement):
    targets = {ast.Assign: lambda one: one.targets, ast.AnnAssign: lambda one: [one.target]}
    found = targets.get(type(statement), lambda _: [])(statement)
    return [target.id for target in found if isinstance(target, ast.Name)]


def definitions(module, tree):
    for statement in tree.body:
        yield from (Definition(module, name, is_member=False) for name in named(statement))
        if isinstance(statement, ast.ClassDef) and not is_enum(statement):
            members = (name for member in statement.body for name in named(member))
            yield from (Definition(module, name, is_member=True) for name in members)


def named(statement):
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    return assigned(statement)


def is_enum(statement):
    """Members of an enumeration are made of the values that files hold."""
    return any(getattr(base, "id", "").endswith("Enum") for base in statement.bases)


def used_inside(tree):
    """Return the names that a module reads."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def imported(trees):
    """Return what is imported by name: (module, name)."""
    nodes = (node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {(node.module, alias.name) for node in nodes for alias in node.names}


def behind_a_dot(trees):
    """Return what is read of something."""
    nodes = (node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if isinstance(node.ctx, ast.Load)}


def in_texts(trees):
    """Return all texts: a member may be asked for by its name in one."""
    nodes = (node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str)}


def dead(root):
    """Return what is defined in the packages below a root and used nowhere there."""
    trees = modules(root, PACKAGES)
    users = trees | modules(root, SCRIPTS)
    by_name, everywhere, members = (
        imported(users),
        behind_a_dot(users) | USED_BY_OTHERS.keys() | AWAITED.keys(),
        in_texts(users),
    )
    return sorted(
        f"{one.module}.{one.name}"
        for module, tree in trees.items()
        for one in definitions(module, tree)
        if one.name not in used_inside(tree) | everywhere
        and (one.name not in members if one.is_member else (one.module, one.name) not in by_name)
        and not one.name.startswith("__")
    )


def test_what_is_defined_is_used():
    assert dead(ROOT) == []


def test_what_only_a_test_would_use_is_found(tmp_path):
    package = tmp_path / "impacts"
    package.mkdir()
    (package / "parts.py").write_text(
        "FORMS = ('rack',)\nKINDS = ('cpu',)\n"
        "class Part:\n    kind: str = KINDS[0]\n    def weighs(self): return self.kind\n"
        "def heavy(part): return part\ndef light(part): return heavy(part)\n"
    )
    (package / "servers.py").write_text("from impacts.parts import Part\nPARTS = Part()\n")

    assert dead(tmp_path) == [
        "impacts.parts.FORMS",
        "impacts.parts.light",
        "impacts.parts.weighs",
        "impacts.servers.PARTS",
    ]

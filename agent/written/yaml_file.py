# SPDX-License-Identifier: Apache-2.0
"""Strict YAML: what a user wrote is read as it stands, or an error names the line.

Plain words follow YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema): Norway's `NO` is a
word, not false, and dates stay text. Values are those of JSON, so a JSON Schema describes them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from agent.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN_WORDS = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+",
        list("-+.0123456789"),
    ),
)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- PyYAML's, replaced

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 -- PyYAML's signature
        """Refuse what YAML would drop without a word: a key that is there twice."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node)
            if not isinstance(key, str):
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is not a word", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key}' is there twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- PyYAML's, replaced


for _tag, _pattern, _first_characters in _PLAIN_WORDS:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _first_characters)


def read_yaml(path: Path) -> object:
    """Return the document in the file; None if it is empty.

    Raises:
        ConfigError: there is no such file, it cannot be read, or it is not strict YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; {_remedy(error)}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from error
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader with fewer types
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {_what(error)}; correct the YAML") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply; correct the YAML") from error
    except ValueError as error:  # an integer of thousands of digits
        raise ConfigError(f"{path}: a number is too long; correct the YAML") from error


def to_yaml(document: object, *, on_one_line: bool = False) -> str:
    """Return the document as YAML that `read_yaml` reads back equal."""
    return yaml.dump(
        document,
        Dumper=_Dumper,
        default_flow_style=on_one_line,
        width=float("inf"),
        sort_keys=False,
        allow_unicode=False,  # PyYAML leaves some line breaks of Unicode bare, and would read them as spaces
    ).strip()


def _remedy(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "check the path"
        case PermissionError():
            return "let this user read it, or run as root"
        case IsADirectoryError():
            return "name a file in it"
    return "check the file"


def _what(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(getattr(error, "reason", "not YAML"))
    context = getattr(error, "context", None) or ""
    if context.startswith("expected"):  # the first half of the sentence
        problem = f"{context}, {problem}"
    return f"line {mark.line + 1}: {problem}" if mark else problem

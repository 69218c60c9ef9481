# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.errors import ConfigError
from agent.written.schema_errors import nearest, validate

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["interval_seconds"],
    "minProperties": 1,
    "properties": {
        "interval_seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 3600},
        "port": {"type": "integer", "minimum": 1},
        "listen": {"type": "string", "pattern": "^.+:[0-9]+$", "examples": ["127.0.0.1:9733"]},
        "form": {"enum": ["rack", "blade"]},
        "name": {"type": ["string", "null"], "minLength": 1},
        "list": {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {"a": {"type": "boolean"}}}},
        "odd": {"multipleOf": 3},
    },
}


def complaint(**document: object) -> str:
    with pytest.raises(ConfigError) as caught:
        validate({"interval_seconds": 5} | document, SCHEMA, "file.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"intervall_seconds": 5}, "file.yaml: unknown key 'intervall_seconds'; did you mean 'interval_seconds'?"),
        ({"port": "high"}, "file.yaml: port: 'high' must be a whole number"),
        ({"port": True}, "file.yaml: port: true must be a whole number"),
        ({"port": 0}, "file.yaml: port: 0 must be 1 or more"),
        ({"interval_seconds": 0}, "file.yaml: interval_seconds: 0 must be more than 0"),
        ({"interval_seconds": 7200.5}, "file.yaml: interval_seconds: 7200.5 must be 3600 or less"),
        ({"interval_seconds": None}, "file.yaml: interval_seconds: an empty value must be a number"),
        ({"listen": "here"}, "file.yaml: listen: 'here' must be written like 127.0.0.1:9733"),
        ({"form": "Blade"}, "file.yaml: form: 'Blade' is unknown; did you mean 'blade'?"),
        ({"form": 7}, "file.yaml: form: 7 is unknown; must be one of rack, blade"),
        ({"name": ["x"]}, "file.yaml: name: a list must be text or empty"),
        ({"name": ""}, "file.yaml: name: must not be empty"),
        ({"list": []}, "file.yaml: list: must not be empty"),
        ({"list": [{}, {"a": "no"}]}, "file.yaml: list[1].a: 'no' must be true or false"),
        ({"list": {"a": 1}}, "file.yaml: list: a group of keys must be a list"),
        ({"odd": 4}, "file.yaml: odd: 4 is not a multiple of 3"),
        ({"port": "x" * 100}, f"file.yaml: port: '{'x' * 37}...' must be a whole number"),
    ],
)
def test_one_line_says_where_what_and_what_to_write(document, says):
    assert complaint(**document) == says


def test_a_misspelt_key_comes_before_the_key_that_it_leaves_missing():
    with pytest.raises(ConfigError, match="unknown key 'interval'"):
        validate({"interval": 5}, SCHEMA, "file.yaml")


def test_a_missing_key_is_named():
    with pytest.raises(ConfigError, match="the key 'interval_seconds' is missing; add it"):
        validate({"port": 1}, SCHEMA, "file.yaml")


def test_a_document_that_keeps_to_the_schema_passes():
    validate({"interval_seconds": 1, "list": [{"a": True}]}, SCHEMA, "file.yaml")


def test_an_unlike_word_is_answered_with_all_the_known_ones():
    assert nearest("ram", ["cpu", "memory"]) == "must be one of cpu, memory"

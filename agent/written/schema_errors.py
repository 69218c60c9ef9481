# SPDX-License-Identifier: Apache-2.0
"""A document against its JSON Schema, and the one line that says what to write instead."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import jsonschema

from agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES_OF_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "empty",
    "number": "a number",
    "object": "a group of keys",
    "string": "text",
}


def validate(document: object, schema: dict[str, Any], where: str) -> None:
    """Return if the document keeps to the schema (draft 7).

    Raises:
        ConfigError: one line: `where` (the file), the place in it, what is wrong there, what to write.
    """
    errors = sorted(jsonschema.Draft7Validator(schema).iter_errors(document), key=_urgency)
    if errors:
        place = _place(errors[0].absolute_path)
        raise ConfigError(f"{where}: {place}{_what(errors[0])}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice for a word that is not known: the nearest one that is, else all of them."""
    choices = [str(choice) for choice in known]
    close = difflib.get_close_matches(word, choices, n=1)
    return f"did you mean '{close[0]}'?" if close else f"must be one of {', '.join(choices)}"


def _urgency(error: jsonschema.ValidationError) -> tuple[bool, int, list[str]]:
    """Order errors for a person: a misspelt key first, for it also makes the right one missing."""
    return not _is_about_a_key(error), len(error.absolute_path), [str(step) for step in error.absolute_path]


def _is_about_a_key(error: jsonschema.ValidationError) -> bool:
    return error.validator == "additionalProperties" or "propertyNames" in error.absolute_schema_path


def _place(path: Iterable[str | int]) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"{place}: " if place else ""


def _what(error: jsonschema.ValidationError) -> str:
    expected: Any = error.validator_value
    found: Any = error.instance
    match error.validator:
        case "additionalProperties":
            return _unknown_key(error)
        case "enum" if _is_about_a_key(error):
            return f"the key '{found}' does not belong here; {nearest(found, expected)}"
        case "required":
            missing = next(key for key in expected if key not in found)
            return f"the key '{missing}' is missing; add it"
        case "type":
            return f"{_shown(found)} must be {_types(expected)}"
        case "enum":
            return f"{_shown(found)} is unknown; {nearest(str(found), expected)}"
    return _about_a_value(error)


def _unknown_key(error: jsonschema.ValidationError) -> str:
    schema: Any = error.schema
    found: Any = error.instance
    unknown = next(key for key in found if key not in schema["properties"])
    return f"unknown key '{unknown}'; {nearest(unknown, schema['properties'])}"


def _about_a_value(error: jsonschema.ValidationError) -> str:
    expected: Any = error.validator_value
    schema: Any = error.schema
    shown = _shown(error.instance)
    match error.validator:
        case "minimum":
            return f"{shown} must be {expected} or more"
        case "maximum":
            return f"{shown} must be {expected} or less"
        case "exclusiveMinimum":
            return f"{shown} must be more than {expected}"
        case "pattern":
            return f"{shown} must be written like {schema.get('examples', [expected])[0]}"
        case "minLength" | "minItems" | "minProperties":
            return "must not be empty"
    return " ".join(error.message.split())


def _types(expected: str | list[str]) -> str:
    names = [expected] if isinstance(expected, str) else expected
    return " or ".join(_NAMES_OF_TYPES[name] for name in names)


def _shown(value: object) -> str:
    """Return the value as YAML would have it, short enough for the line."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return str(value).lower()
        case dict() | list():
            return "a group of keys" if isinstance(value, dict) else "a list"
        case int() | float():
            return str(value)
    text = " ".join(str(value).split())
    shortened = text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 -- room for the rest of the line
    return f"'{shortened}'"

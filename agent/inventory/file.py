# SPDX-License-Identifier: Apache-2.0
"""The inventory file: what the machine does not show of itself, written by a person or by `wattprint inventory`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.written.schema_errors import validate
from agent.written.yaml_file import read_yaml, to_yaml
from impacts.parts import Inventory, ManufacturerFootprint, Part, Server

if TYPE_CHECKING:
    from pathlib import Path


_DAYS = frozenset({"acquired", "first_used", "extended_on", "retired"})


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the inventory file."""
    text = resources.files("agent.inventory").joinpath("inventory.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def read_inventory(path: Path) -> Inventory:
    """Return the inventory in the file.

    Raises:
        ConfigError: the file cannot be read or does not keep to the schema.
    """
    document: Any = read_yaml(path)
    if document is None:
        raise ConfigError(
            f"{path}: is empty; write at least 'server: {{}}', or begin with `wattprint inventory --format yaml`"
        )
    validate(document, schema(), str(path))
    server, parts = document.get("server", {}), document.get("parts")
    return Inventory(
        Server(**_values(server, f"{path}: server")),
        None if parts is None else tuple(Part(**_values(p, f"{path}: parts[{n}]")) for n, p in enumerate(parts)),
    )


def _values(written: dict[str, Any], where: str) -> dict[str, Any]:
    """Return what is written of a server or part as the values of its class."""
    return {name: _value(name, value, f"{where}.{name}") for name, value in written.items()}


def _value(name: str, value: Any, where: str) -> Any:  # noqa: ANN401 -- any value of JSON
    if name in _DAYS:
        return _date(value, where)
    if name == "footprint":
        return _footprint(value, where)
    # JSON Schema takes 2.0 for a whole number too.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{where}: '{text}' is no day; write it like 2024-03-01") from error


def _footprint(written: dict[str, Any], where: str) -> ManufacturerFootprint:
    footprint = ManufacturerFootprint(**written)
    central = footprint.manufacturing_kgco2e
    low, high = footprint.low_kgco2e, footprint.high_kgco2e
    if not (central if low is None else low) <= central <= (central if high is None else high):
        raise ConfigError(f"{where}: must have low_kgco2e <= manufacturing_kgco2e <= high_kgco2e")
    return footprint


def write_inventory(inventory: Inventory) -> str:
    """Return the inventory as a file that `read_inventory` reads back equal."""
    lines = ["server: {}"]
    server = _known(asdict(inventory.server))
    if server:
        lines = ["server:", *(f"  {line}" for line in to_yaml(server).splitlines())]
    if inventory.parts is not None:
        rows = [f"  - {to_yaml(_known(asdict(part)), on_one_line=True)}" for part in inventory.parts]
        lines += ["parts:", *rows] if rows else ["parts: []"]
    return "\n".join(lines) + "\n"


def inventory_document(inventory: Inventory) -> dict[str, Any]:
    """Return the inventory as plain values of JSON; what is unknown is left out."""
    parts = inventory.parts
    return {
        "server": _known(asdict(inventory.server)),
        "parts": None if parts is None else [_known(asdict(part)) for part in parts],
    }


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a server, part or footprint as JSON's values, whole numbers without a fraction."""
    return {name: _plain(value) for name, value in values.items() if value is not None and value is not False}


def _plain(value: object) -> object:
    match value:
        case dict():
            return _known(value)
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return int(value)
    return value

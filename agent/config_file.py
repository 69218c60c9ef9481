# SPDX-License-Identifier: Apache-2.0
"""The config file: found, checked against its schema and read. docs/config.schema.json publishes the schema for editors."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.grid.settings import refuse_marginal
from agent.sources.settings import settings_schema
from agent.sources.table import SOURCES
from agent.written.config import DEFAULT_PATH, Config, config_from, schema_without_sources
from agent.written.schema_errors import validate
from agent.written.yaml_file import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from agent.host import Host


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of the config file. Its part for the sources follows from their table."""
    whole = schema_without_sources()
    whole["properties"]["sources"]["properties"] = settings_schema(SOURCES)
    return whole


def config_of(host: Host, path: Path | None) -> Config:
    """Read the file given, else the host's own config file, if it has one; a captured machine has none.

    Raises:
        ConfigError: one line with file, key and what to do.
    """
    if path is not None:
        return read_config(path)
    path = host.path(str(DEFAULT_PATH))
    try:
        path.stat()
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; let this user read it, or name another with --config") from error
    return read_config(path)


def read_config(path: Path) -> Config:
    """Read a config file.

    Raises:
        ConfigError: one line with file, key and what to do.
    """
    document: Any = read_yaml(path)
    document = {} if document is None else document  # an empty file sets nothing
    refuse_marginal(document, str(path))
    validate(document, schema(), str(path))
    return config_from(document, path)

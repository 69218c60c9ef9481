# SPDX-License-Identifier: Apache-2.0
"""The config file -> frozen dataclasses. Its schema, agent/written/config.schema.json, is published for editors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.grid.settings import GridSettings, grid_settings, refuse_marginal
from agent.written.instruments import read_instruments
from agent.written.schema_errors import validate
from agent.written.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.host import Host
    from impacts.market_based.instruments import Instrument

DEFAULT_PATH = Path("/etc/wattprint/config.yaml")
DEFAULT_LISTEN = "127.0.0.1:9733"
DEFAULT_STATE = Path("/var/lib/wattprint")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How often counters are read and the history is written."""

    interval_seconds: float = 1.0
    write_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Config:
    """Everything an administrator may set."""

    listen: str = DEFAULT_LISTEN
    state_directory: Path = DEFAULT_STATE
    location: str = ""  # ISO 3166 country or grid zone; empty: not said
    inventory_file: Path | None = None
    sampling: Sampling = field(default_factory=Sampling)
    grid: GridSettings | None = None  # who tells the live intensity; None: nobody
    instruments: tuple[Instrument, ...] = ()  # of the market-based figure, as far as they are this host's
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # settings by source

    @property
    def said_location(self) -> str:
        """The place that somebody named: as the location, or as where the live intensity is wanted of."""
        return self.location or (self.grid.provider().region if self.grid else "")


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of the config file."""
    loaded: dict[str, Any] = json.loads(
        files("agent.written").joinpath("config.schema.json").read_text(encoding="utf-8")
    )
    return loaded


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
    return _config(document, path)


def _config(document: dict[str, Any], path: Path) -> Config:
    """Build the config from a valid document; relative paths start at the config file's folder."""
    folder = path.parent
    location = document.get("location", "").upper()
    grid = document.get("grid")
    sampling = replace(Sampling(), **document.get("sampling", {}))
    inventory = document.get("inventory_file")
    return Config(
        listen=document.get("listen", DEFAULT_LISTEN),
        state_directory=folder / Path(document.get("state_directory", DEFAULT_STATE)).expanduser(),
        location=location,
        inventory_file=folder / Path(inventory).expanduser() if inventory else None,
        sampling=sampling,
        grid=None if grid is None else grid_settings(grid, location, str(path)),
        instruments=read_instruments(document.get("market_based", {}), folder, str(path)),
        sources=document.get("sources", {}),
    )

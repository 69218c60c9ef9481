# SPDX-License-Identifier: Apache-2.0
"""What a user writes in the config file -> frozen dataclasses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.grid.settings import GridSettings, grid_settings
from agent.place import UNDATED
from agent.written.instruments import read_instruments
from agent.written.location import read_location
from agent.written.pue import read_pue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.place import DatedPlaces
    from impacts.facility import Pue
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
    """Everything that a user may set."""

    listen: str = DEFAULT_LISTEN
    state_directory: Path = DEFAULT_STATE
    location: str = ""  # ISO 3166 country or grid zone, the last of several; empty: not set
    places: DatedPlaces = UNDATED  # where the host was when, if that is set with dates
    inventory_file: Path | None = None
    sampling: Sampling = field(default_factory=Sampling)
    grid: GridSettings | None = None  # who provides the live intensity; None: nobody
    instruments: tuple[Instrument, ...] = ()  # of the market-based figure, as far as they are this host's
    pue: Pue | None = None  # of the facility; None: not set
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # settings by source

    @property
    def said_location(self) -> str:
        """The place that the user sets: the location, else the region of the live intensity."""
        return self.location or (self.grid.provider().region if self.grid else "")

    @property
    def locations(self) -> tuple[str, ...]:
        """Everything that the user sets as a location."""
        return (self.location, *self.places.regions)


def schema_without_sources() -> dict[str, Any]:
    """Return the JSON Schema of the config file, into which the settings of the sources are to be put."""
    loaded: dict[str, Any] = json.loads(
        files("agent.written").joinpath("config.schema.json").read_text(encoding="utf-8")
    )
    return loaded


def config_from(document: dict[str, Any], path: Path) -> Config:
    """Build the config from a document that keeps to the schema; relative paths start at the config file's folder.

    Raises:
        ConfigError: values that do not go together, or a file named in it that cannot be used.
    """
    folder = path.parent
    location, places = read_location(document.get("location", ""), str(path))
    grid = document.get("grid")
    sampling = replace(Sampling(), **document.get("sampling", {}))
    inventory = document.get("inventory_file")
    return Config(
        listen=document.get("listen", DEFAULT_LISTEN),
        state_directory=folder / Path(document.get("state_directory", DEFAULT_STATE)).expanduser(),
        location=location,
        places=places,
        inventory_file=folder / Path(inventory).expanduser() if inventory else None,
        sampling=sampling,
        grid=None if grid is None else grid_settings(grid, location, str(path)),
        instruments=read_instruments(document.get("market_based", {}), folder, str(path)),
        pue=read_pue(document.get("pue"), folder, str(path)),
        sources=document.get("sources", {}),
    )

# SPDX-License-Identifier: Apache-2.0
"""The config's `grid` section: which provider is asked for which zone, and where its token is kept.

The token is read whenever it is needed, and never stored.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError, ReadFailed
from agent.grid.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent.grid.provider import Provider, ProviderEntry

TOKEN_VARIABLE = "WATTPRINT_GRID_TOKEN"  # noqa: S105 - the name of a variable
DEFAULT_DEADLINE_SECONDS = 30.0

_SHORTEST_STALE_AFTER = timedelta(hours=2)
_LONGEST_TOKEN_BYTES = 4096
_MARGINAL = "watttime"
_WHY_NOT_MARGINAL = (
    "reports the marginal intensity: what one kWh more or less would change. Scope 2 wants the average of what was "
    "generated (GHG Protocol Scope 2 Guidance, 2015)"
)

# Not in the schema, whose errors show what was written: here it may be a token, or an address with a password.
_SHAPES = {
    "token_file": ("/.+", "the path of a file that holds the token, from / on"),
    "token_env": (
        "[A-Z_][A-Z0-9_]*",
        f"the name of the environment variable that holds the token, in capital letters, such as {TOKEN_VARIABLE}",
    ),
    "address": (
        r"(https://[^/?#@\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?)/?",
        "https://HOST or https://HOST:PORT, without user name and password; http:// only to this machine",
    ),
    "proxy": (r"http://[^/?#@\s]+/?", "http://HOST:PORT, without user name and password"),
}


@dataclass(frozen=True, slots=True)
class GridSettings:
    """Which provider is asked, for which zone, and how long it may take. It holds no secret."""

    entry: ProviderEntry
    zone: str
    boundary: str
    address: str
    proxy: str = ""  # of HTTP; empty: none
    token_file: Path | None = None  # None: the environment has the token
    token_env: str = TOKEN_VARIABLE
    stale_after: timedelta = _SHORTEST_STALE_AFTER
    deadline_seconds: float = DEFAULT_DEADLINE_SECONDS

    def provider(self) -> Provider:
        """Return the provider for the zone."""
        return self.entry.make(self.zone, self.boundary)

    def token(self) -> str:
        """Return the token, read each time because it may have changed; empty where none is needed.

        Raises:
            ReadFailed: one is needed and there is none that can be used.
        """
        if not self.entry.token_header:
            return ""
        token = os.environ.get(self.token_env, "") if self.token_file is None else self._token_of_file(self.token_file)
        if not token:
            raise self._no_token("is not known" if self.token_file is None else f"file {self.token_file} is empty")
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise self._no_token("holds characters that no token has")
        return token

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """What is risky about the settings, and what mends it."""
        if self.token_file is None or not _is_open_to_others(self.token_file):
            return ()
        return ((f"others may read the token file {self.token_file}", f"sudo chmod o= {self.token_file}"),)

    def _token_of_file(self, file: Path) -> str:
        try:
            with file.open(encoding="utf-8") as opened:
                return opened.read(_LONGEST_TOKEN_BYTES).strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise self._no_token(f"file {file} cannot be read: {why}") from None

    def _no_token(self, what: str) -> ReadFailed:
        remedy = (
            f"write it to a file that the agent alone may read and set grid.token_file, or set {TOKEN_VARIABLE} in the "
            "agent's environment"
        )
        return ReadFailed(f"the token of {self.entry.title} {what}", reason="unauthorized", remedy=remedy)


def refuse_marginal(document: object, where: str) -> None:
    """Raise ConfigError if the config names a provider of marginal intensity: Scope 2 needs the average."""
    section = document.get("grid") if isinstance(document, dict) else None
    name = section.get("provider") if isinstance(section, dict) else None
    if isinstance(name, str) and re.sub(r"[^a-z]", "", name.casefold()) == _MARGINAL:
        raise ConfigError(f"{where}: grid.provider: WattTime {_WHY_NOT_MARGINAL}; choose one of {', '.join(PROVIDERS)}")


def grid_settings(given: Mapping[str, Any], location: str, where: str) -> GridSettings:
    """Return the settings of a `grid` section that keeps to the schema; `location` is the config's, or empty.

    Raises:
        ConfigError: one line, beginning with `where`.
    """
    entry = PROVIDERS[given["provider"]]
    zone = _zone(entry, str(given.get("zone", "")).upper(), location, where)
    boundary = given.get("boundary", entry.boundaries[0])
    if boundary not in entry.boundaries:
        raise ConfigError(
            f"{where}: grid.boundary: {entry.title} has no {boundary} intensity; it has {' and '.join(entry.boundaries)}"
        )
    for key, (pattern, must_be) in _SHAPES.items():
        if key in given and not re.fullmatch(pattern, given[key]):
            raise ConfigError(f"{where}: grid.{key}: must be {must_be}")
    file = given.get("token_file")
    stale_after = given.get("stale_after_seconds")
    return GridSettings(
        entry=entry,
        zone=zone,
        boundary=boundary,
        address=given.get("address", entry.address),
        proxy=given.get("proxy", ""),
        token_file=None if file is None else Path(file),
        token_env=given.get("token_env", TOKEN_VARIABLE),
        stale_after=_stale_after(entry) if stale_after is None else timedelta(seconds=stale_after),
        deadline_seconds=given.get("deadline_seconds", DEFAULT_DEADLINE_SECONDS),
    )


def _zone(entry: ProviderEntry, given: str, location: str, where: str) -> str:
    """Return the zone to ask for: the one given, else the location's."""
    country = location.partition("-")[0]
    if entry.country and country not in {"", entry.country}:
        raise ConfigError(
            f"{where}: grid.provider: {entry.title} covers {entry.country} alone, and location is {location}; "
            "choose another provider or correct the location"
        )
    of_location = location.removeprefix(f"{entry.country}-") if entry.country else location
    zone = given or of_location or entry.country
    if not re.fullmatch(entry.zones, zone):
        raise ConfigError(f"{where}: grid.zone: {entry.title} needs {entry.zones_in_words}; write it under `grid`")
    if country and not entry.country and zone.partition("-")[0] != country:
        raise ConfigError(f"{where}: grid.zone: {zone} does not lie in {location}, the location; correct one of them")
    return zone


def _stale_after(entry: ProviderEntry) -> timedelta:
    return max(_SHORTEST_STALE_AFTER, entry.usual_lag + 3 * entry.resolution)


def _is_open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IRWXO)
    except OSError:
        return False

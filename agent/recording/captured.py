# SPDX-License-Identifier: Apache-2.0
"""Captured machines: a recording of the files of one machine at two moments, played back as a host.

DIR/capture.toml states when; DIR/first/ is the root at the first moment, DIR/second/ holds the files that had
changed at the second. `agent.recording.capture` makes one.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.host import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD = "capture.toml"
_LONGEST_SECONDS = 100 * 366 * 86400.0
FIRST, SECOND = "first", "second"


@dataclass(frozen=True, slots=True)
class Recording:
    """What capture.toml states."""

    description: str
    taken: datetime  # UTC
    monotonic_seconds: float
    seconds_between: float


class RecordedClock:
    """The clock of a recording: the first wait brings its second moment, however long was asked for."""

    def __init__(self, recording: Recording, root: Path, second: Path) -> None:
        self._monotonic_seconds = recording.monotonic_seconds
        self._utc = recording.taken
        self._seconds_between = recording.seconds_between
        self._root = root
        self._second = second
        self.exhausted = False  # whether the second moment has come

    def monotonic_seconds(self) -> float:
        """Return the seconds of the recorded boot."""
        return self._monotonic_seconds

    def utc_now(self) -> datetime:
        """Return the recorded time of day."""
        return self._utc

    def wait(self, seconds: float) -> None:
        """Go to the second moment; from there on time passes and nothing changes any more."""
        if self.exhausted:
            self._pass(max(0.0, seconds))
            return
        _overwrite(self._root, self._second)
        self._pass(self._seconds_between)
        self.exhausted = True

    def _pass(self, seconds: float) -> None:
        self._monotonic_seconds += seconds
        self._utc += timedelta(seconds=seconds)


@contextmanager
def open_root(root: Path) -> Iterator[Host]:
    """Give the machine under `root`: a recording is played back from a copy, any other directory is read as it is.

    Raises:
        ConfigError: `root` is no directory, or a recording that cannot be played.
    """
    if not _is_recording(root):
        yield Host(root)
        return
    recording = read_recording(root)
    with tempfile.TemporaryDirectory(prefix="wattprint-") as temporary:
        copy = Path(temporary)
        _copy(root / FIRST, copy)
        yield Host(copy, RecordedClock(recording, copy, root / SECOND))


def _is_recording(root: Path) -> bool:
    try:
        root.stat()
        if root.is_dir():
            return (root / RECORD).exists()
    except OSError as error:
        raise ConfigError(
            f"--root {root}: {error.strerror}; name a captured machine or a file system's root"
        ) from error
    raise ConfigError(f"--root {root}: is no directory; name a captured machine or the root of a file system")


def read_recording(directory: Path) -> Recording:
    """Return what the recording in `directory` states of itself.

    Raises:
        ConfigError: it cannot be played.
    """
    path = directory / RECORD
    if not (directory / FIRST).is_dir():
        raise ConfigError(f"{directory / FIRST}: is no directory; capture the machine again")
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; let this user read it") from error
    except ValueError as error:  # no UTF-8, or no TOML
        raise ConfigError(f"{path}: {error}; capture the machine again") from error
    return Recording(
        description=str(_value(path, written, "description", (str,))),
        taken=_utc(path, written),
        monotonic_seconds=_seconds(path, written, "monotonic_seconds"),
        seconds_between=_seconds(path, written, "seconds_between"),
    )


def _value(path: Path, written: dict[str, Any], key: str, types: tuple[type, ...]) -> Any:  # noqa: ANN401 -- checked here
    value = written.get(key)
    if not isinstance(value, types) or isinstance(value, bool):
        raise ConfigError(f"{path}: {key} is missing or no {types[-1].__name__}; capture the machine again")
    return value


def _seconds(path: Path, written: dict[str, Any], key: str) -> float:
    seconds = float(_value(path, written, key, (int, float)))
    if not 0 < seconds < _LONGEST_SECONDS:
        raise ConfigError(f"{path}: {key} must be more than 0 and no more than a century; capture the machine again")
    return seconds


def _utc(path: Path, written: dict[str, Any]) -> datetime:
    taken: datetime = _value(path, written, "taken", (datetime,))
    if taken.tzinfo is None:
        raise ConfigError(f"{path}: taken has no time zone; write it with a Z for UTC")
    return taken.astimezone(UTC)


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
    except shutil.Error as error:
        name, _, why = error.args[0][0]
        raise ConfigError(f"{name}: cannot be copied: {why}; let this user read the whole recording") from error
    except OSError as error:
        raise ConfigError(
            f"{source}: cannot be copied to {target}: {error.strerror}; set TMPDIR to a writable folder"
        ) from error


def _overwrite(root: Path, overlay: Path) -> None:
    """Write the overlay's files over the copies without replacing them: what is open sees the new content."""
    for path in sorted(overlay.rglob("*")):
        if path.is_file():
            target = root / path.relative_to(overlay)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())  # truncates and writes: the inode stays

# SPDX-License-Identifier: Apache-2.0
"""The intensities that are known, on disk with their times, so that a restart asks for none of them. It holds no secret.

A file that is damaged is moved aside and named in a problem; one of another provider, zone or boundary is replaced.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from agent.grid.values import BadRow, Value, intensity, moment
from agent.history.file import move_aside
from impacts.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from agent.clock import Clock
    from agent.grid.settings import GridSettings

FILE_NAME = "grid.json"
VERSION = 1

_LARGEST_BYTES = 4 * 1024 * 1024
_LONGEST_VALUE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept: the values, when they were asked for, and until when the provider wants to be left alone."""

    values: tuple[Value, ...] = ()
    asked_at: datetime | None = None
    leave_alone_until: datetime | None = None


class Cache:
    """The file in the state directory; None: nothing is kept."""

    def __init__(self, directory: Path | None, settings: GridSettings, clock: Clock) -> None:
        self.problems: tuple[Problem, ...] = ()
        self._path = None if directory is None else directory / FILE_NAME
        self._clock = clock
        self._about = {
            "version": VERSION,
            "provider": settings.entry.name,
            "zone": settings.zone,
            "boundary": settings.boundary,
        }

    def load(self) -> Kept:
        """Return what was kept of the same provider, zone and boundary."""
        if self._path is None:
            return Kept()
        try:
            with self._path.open("rb") as file:
                document = json.loads(file.read(_LARGEST_BYTES))
            is_ours = {key: document[key] for key in self._about} == self._about
            return _kept(document) if is_ours else Kept()
        except FileNotFoundError:
            return Kept()
        except OSError as error:
            self._report_problem("cache_unreadable", f"{self._path} cannot be read: {error.strerror}")
        except (BadRow, ValueError, TypeError, KeyError, RecursionError) as damage:
            self._set_aside(self._path, damage)
        return Kept()

    def save(self, kept: Kept) -> None:
        """Replace the file, all or nothing. A full disk is a problem, and the agent goes on."""
        if self._path is None:
            return
        beside = self._path.with_name(f"{FILE_NAME}.new")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
            with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
                json.dump(self._about | _document(kept), file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            self._report_problem("cache_not_written", f"{self._path} cannot be written: {error.strerror}")
        else:
            self.problems = tuple(problem for problem in self.problems if problem.reason == "cache_damaged")

    def _set_aside(self, path: Path, damage: Exception) -> None:
        try:
            aside = move_aside(path, self._clock.utc_now())
        except OSError as error:
            self._report_problem("cache_damaged", f"{path} is damaged and cannot be moved aside: {error.strerror}")
        else:
            self._report_problem("cache_damaged", f"{path} was damaged ({type(damage).__name__}) and is now {aside}")

    def _report_problem(self, reason: str, what: str) -> None:
        remedy = "check the state directory's disk and permissions; the intensities are asked for again"
        others = (problem for problem in self.problems if problem.reason != reason)
        self.problems = (*others, Problem("grid", reason, what, remedy))


def _document(kept: Kept) -> dict[str, Any]:
    return {
        "asked_at": _text(kept.asked_at),
        "leave_alone_until": _text(kept.leave_alone_until),
        "values": [
            [v.valid_from.isoformat(), v.valid_until.isoformat(), v.grams_per_kwh, v.is_estimated] for v in kept.values
        ],
    }


def _kept(document: dict[str, Any]) -> Kept:
    """Return what a document holds; raise ValueError, TypeError, KeyError or BadRow if it was not written by us."""
    return Kept(
        values=tuple(_value(*entry) for entry in document["values"]),
        asked_at=_moment(document["asked_at"]),
        leave_alone_until=_moment(document["leave_alone_until"]),
    )


def _value(valid_from: object, valid_until: object, grams: object, is_estimated: object) -> Value:
    value = Value(moment(valid_from), moment(valid_until), intensity(grams), bool(is_estimated))
    if not value.valid_from < value.valid_until <= value.valid_from + _LONGEST_VALUE:
        raise ValueError("a value that ends before it begins, or lasts too long")
    return value


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _moment(text: object) -> datetime | None:
    return None if text is None else moment(text)

# SPDX-License-Identifier: Apache-2.0
"""One request to a provider: checked values, or a failure in plain words. The token goes into its header alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from agent.errors import FetchFailed, ReadFailed
from agent.grid.provider import NoRows
from agent.grid.values import BadRow, checked
from agent.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.clock import Clock
    from agent.grid.provider import Row
    from agent.grid.settings import GridSettings
    from agent.grid.values import Value
    from agent.web_client import Reply, WebClient

LONGEST_RETRY_AFTER = timedelta(days=1)

_OK = 200
_UNAUTHORIZED = frozenset({401, 403})
_BUSY = frozenset({429, 503})

_REMEDIES = {
    "unauthorized": "check the token, and that its plan includes the zone",
    "busy": "nothing: it is asked again when it allows it; if it lasts, check the limits of the plan",
    "tls": "check whether something between this host and the provider replaces its certificate",
    "unreachable": "let this host reach the provider, directly or by grid.proxy",
    "timeout": "let this host reach the provider, directly or by grid.proxy, or set a longer grid.deadline_seconds",
    "other_zone": "check grid.zone, and that the token's plan includes it",
    "in_future": "check that this machine's clock is right (timedatectl)",
}
_OTHER_REMEDY = "if it lasts, look at the provider's own status page"


class Asker:
    """Asks one provider for one zone; it is asked by one thread."""

    def __init__(self, web: WebClient, settings: GridSettings, clock: Clock) -> None:
        self.leave_alone_until: datetime | None = None  # what the provider asked for
        self._web = web
        self._settings = settings
        self._provider = settings.provider()
        self._clock = clock

    def latest(self) -> list[Value]:
        """Return the newest values, at least one.

        Raises:
            ReadFailed: with its remedy.
        """
        return self._ask(self._provider.latest(self._clock.utc_now()))

    def past(self, since: datetime, until: datetime) -> list[Value]:
        """Return the values of a past period, as far as one request goes, at least one.

        Raises:
            ReadFailed: with its remedy.
        """
        until = min(until, since + self._settings.entry.longest_past)
        return self._ask(self._provider.past(since, until, self._clock.utc_now()))

    def left_alone(self, now: datetime) -> timedelta:
        """Return for how long the provider still wants no requests; zero where it has named no time."""
        until = self.leave_alone_until
        if until is None or not now < until <= now + LONGEST_RETRY_AFTER:  # later than that, the clock was put back
            return timedelta(0)
        return until - now

    def _ask(self, path: str) -> list[Value]:
        reply = self._fetch(path)
        if reply.status in _UNAUTHORIZED:
            raise self._failed("unauthorized", f"refuses the zone {self._settings.zone} (HTTP {reply.status})")
        if reply.status in _BUSY:
            self.leave_alone_until = _retry_after(reply.headers.get("Retry-After") or "", self._clock.utc_now())
            raise self._failed("busy", f"has had too many requests or is busy (HTTP {reply.status})")
        if reply.status != _OK:
            raise self._failed(f"http_{reply.status}", f"answers with HTTP status {reply.status}")
        self.leave_alone_until = None
        return self._values(reply.body)

    def _fetch(self, path: str) -> Reply:
        settings = self._settings
        headers = {"Accept": "application/json", "User-Agent": f"wattprint/{VERSION}"}
        if settings.entry.token_header:
            headers[settings.entry.token_header] = settings.token()
        try:
            return self._web.fetch("GET", path, settings.deadline_seconds, headers)
        except FetchFailed as failure:
            raise self._failed(failure.reason, f"cannot be read: {failure}") from None
        finally:
            self._web.hang_up()  # the next request is minutes away

    def _values(self, body: bytes) -> list[Value]:
        """Return the values of an answer, without the rows that cannot be used."""
        try:
            rows = self._provider.rows(json.loads(body))
        except NoRows as wrong:
            raise self._failed("garbage", f"does not answer as documented: {wrong}") from None
        except (ValueError, RecursionError):
            raise self._failed("garbage", "answers with something that is not JSON") from None
        values, troubles = self._checked(rows)
        if values:
            return values
        if troubles:
            worst = next((trouble for trouble in troubles if trouble.reason != "null_value"), troubles[0])
            raise self._failed(worst.reason, f"reported {worst}")
        raise self._failed("empty", f"has no values of {self._settings.zone} for that time")

    def _checked(self, rows: Sequence[Row]) -> tuple[list[Value], list[BadRow]]:
        now = self._clock.utc_now()
        values, troubles = [], []
        for row in rows:
            try:
                values.append(checked(row, self._provider, now))
            except BadRow as trouble:
                troubles.append(trouble)
        return values, troubles

    def _failed(self, reason: str, what: str) -> ReadFailed:
        return ReadFailed(
            f"{self._settings.entry.title} {what}", reason=reason, remedy=_REMEDIES.get(reason, _OTHER_REMEDY)
        )


def _retry_after(stated: str, now: datetime) -> datetime | None:
    """Return the time of a Retry-After header, in seconds or a date (RFC 9110, 10.2.3); None if it states none."""
    latest = now + LONGEST_RETRY_AFTER
    if stated.isascii() and stated.isdigit():
        is_short = len(stated) < len("100000")
        return min(now + timedelta(seconds=int(stated)), latest) if is_short else latest
    try:
        at = parsedate_to_datetime(stated)
        return min(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), latest)
    except (ValueError, OverflowError):  # no date, or one at the end of the calendar
        return None

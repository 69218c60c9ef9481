# SPDX-License-Identifier: Apache-2.0
"""A session with a Redfish service (DMTF DSP0266): one at most, ended after use and after every failure.

A BMC has room for a handful of sessions; one that is not ended stays for half an hour and keeps administrators out.
"""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent.errors import FetchFailed, ReadFailed, SourceDenied

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agent.clock import Clock
    from agent.sources.redfish_settings import Account, RedfishSettings
    from agent.web_client import Reply, WebClient

ROOT = "/redfish/v1/"

_USUAL_SESSIONS = "/redfish/v1/SessionService/Sessions"
_LONGEST_LOG_OUT_SECONDS = 5.0
_LONGEST_RETRY_AFTER_SECONDS = 3600.0

_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BAD_REQUEST = 400  # what iLO 4 answers to a wrong password
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED = 401, 403, 404, 405
_TOO_MANY, _UNAVAILABLE = 429, 503

_REMEDIES = {
    "unauthorized": "see sources.redfish.user and the password; the account needs the role ReadOnly (Login)",
    "tls": "set sources.redfish.ca_file to the certificate that signed the BMC's, and address to the name it is for",
    "unreachable": "see sources.redfish.address, and whether this host may reach the BMC's network",
    "timeout": "see whether the BMC is busy; a slow one needs a longer sources.redfish.deadline_seconds",
    "http_503": "see whether the BMC is busy or has too many sessions open",
    "garbage": "restart the BMC or update its firmware",
}


class RedfishSession:
    """Reads documents of one service, logged in when it has to be."""

    def __init__(self, web: WebClient, settings: RedfishSettings, clock: Clock) -> None:
        self._web = web
        self._settings = settings
        self._clock = clock
        self._sessions_path = ""  # where to log in; empty: not asked yet
        self._session_path = ""  # the session to end; empty: none
        self._secrets: Mapping[str, str] = {}  # the headers that identify the account
        self._is_sessionless = False
        self._until = 0.0  # when this turn is over
        self._leave_alone_until = 0.0  # what the service asked for

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Give the requests within this long in all; if they fail, the session is ended."""
        self._until = self._clock.monotonic_seconds() + seconds
        is_done = False
        try:
            yield
            is_done = True
        finally:
            if not is_done:
                self.log_out()
            self._web.hang_up()

    def get(self, path: str) -> dict[str, Any] | None:
        """Return a document, None where there is none.

        Raises:
            ReadFailed: no answer, or none that can be used, with its remedy.
        """
        if not self._secrets:
            self._log_in()
        reply = self._follow(path)
        if reply.status == _UNAUTHORIZED and self._session_path:  # it has expired
            self.log_out()
            self._log_in()
            reply = self._follow(path)
        if reply.status == _NOT_FOUND:
            return None
        if reply.status in {_UNAUTHORIZED, _FORBIDDEN}:
            if not self._session_path:
                self._secrets = {}  # the password may have been changed: it is read anew
            raise self._failed("unauthorized", f"does not let {self._settings.user} read {path}")
        self._check(reply, path)
        return self._document(reply, path)

    def log_out(self) -> None:
        """End the session, if there is one. One that could not be ended is kept, to be used again."""
        if not self._session_path:
            return
        seconds = min(_LONGEST_LOG_OUT_SECONDS, self._settings.deadline_seconds)
        try:
            reply = self._web.fetch("DELETE", self._session_path, seconds, self._secrets)
        except FetchFailed:
            return
        if reply.status < _BAD_REQUEST or reply.status in {_UNAUTHORIZED, _NOT_FOUND}:  # ended, or there no more
            self._session_path, self._secrets = "", {}

    def _log_in(self) -> None:
        self._check_patience()
        account = self._account()
        if not self._sessions_path:
            self._sessions_path = self._find_sessions()
        credentials = {"UserName": account.user, "Password": account.password}
        reply = None if self._is_sessionless else self._fetch("POST", self._sessions_path, credentials)
        if reply is None or reply.status in {_NOT_FOUND, _NOT_ALLOWED}:
            self._is_sessionless = True
            pair = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
            self._secrets = {"Authorization": f"Basic {pair}"}
            return
        if reply.status in {_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN}:
            raise self._failed("unauthorized", f"does not let {account.user} log in")
        self._check(reply, self._sessions_path)
        token = reply.headers.get("X-Auth-Token")
        path = path_of(reply.headers.get("Location") or self._document(reply, self._sessions_path).get("@odata.id"))
        if not token or not path:
            raise self._failed("garbage", "reports no token or no address of the session it opened")
        self._secrets, self._session_path = {"X-Auth-Token": token}, path

    def _account(self) -> Account:
        try:
            return self._settings.account()
        except SourceDenied as denied:
            raise ReadFailed(denied.what, reason="unauthorized", remedy=denied.remedy) from None

    def _find_sessions(self) -> str:
        """Return where sessions are opened, as the service's root shows to everyone."""
        reply = self._follow(ROOT)
        self._check(reply, ROOT)
        return link(self._document(reply, ROOT).get("Links"), "Sessions") or _USUAL_SESSIONS

    def _follow(self, path: str) -> Reply:
        """Get a path, and the one it has moved to on the same server: some want a slash at its end, others none."""
        self._check_patience()
        reply = self._fetch("GET", path)
        moved = path_of(reply.headers.get("Location")) if reply.status in _REDIRECTS else ""
        return self._fetch("GET", moved) if moved else reply

    def _fetch(self, method: str, path: str, document: object = None) -> Reply:
        seconds = min(self._settings.deadline_seconds, self._until - self._clock.monotonic_seconds())
        if seconds <= 0:
            raise self._failed("timeout", f"has not answered all within {self._settings.deadline_seconds:g} s")
        try:
            return self._web.fetch(method, path, seconds, {"Accept": "application/json", **self._secrets}, document)
        except FetchFailed as failure:
            raise self._failed(failure.reason, f"cannot be read: {failure}") from None

    def _check(self, reply: Reply, path: str) -> None:
        """Return if the answer is a good one; take note if the service wants to be left alone."""
        if reply.status in {_TOO_MANY, _UNAVAILABLE}:
            after = reply.headers.get("Retry-After") or ""
            if after.isascii() and after.isdigit() and len(after) < len("100000"):
                wait = min(float(after), _LONGEST_RETRY_AFTER_SECONDS)
                self._leave_alone_until = self._clock.monotonic_seconds() + wait
        if not _OK <= reply.status < _OK + 100:
            raise self._failed(f"http_{reply.status}", f"answers {path} with HTTP status {reply.status}")

    def _check_patience(self) -> None:
        left = self._leave_alone_until - self._clock.monotonic_seconds()
        if left > 0:
            raise self._failed("http_503", f"is busy and wants to be left alone for {left:.0f} s more")

    def _document(self, reply: Reply, path: str) -> dict[str, Any]:
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            raise self._failed("garbage", f"answers {path} with what is no JSON") from None
        if not isinstance(document, dict):
            raise self._failed("garbage", f"answers {path} with what is no resource")
        return document

    def _failed(self, reason: str, what: str) -> ReadFailed:
        remedy = _REMEDIES.get(reason, "see the BMC's own log")
        return ReadFailed(f"the BMC at {self._settings.address} {what}", reason=reason, remedy=remedy)


def link(resource: object, name: str) -> str:
    """Return the path that a resource's property links to; empty where it does not."""
    linked = resource.get(name) if isinstance(resource, dict) else None
    return path_of(linked.get("@odata.id")) if isinstance(linked, dict) else ""


def path_of(address: object) -> str:
    """Return the path of an address that a service sent; another server's name in it is not followed."""
    if not isinstance(address, str):
        return ""
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    return path if path.startswith("/") and path.isascii() and path.isprintable() else ""

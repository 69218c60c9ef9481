# SPDX-License-Identifier: Apache-2.0
"""HTTPS to one server, by `requests`: a limit on time and size, no redirection, and failures in plain words.

What `requests` raises never leaves this file: its exceptions carry the request, with the password in it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests
import urllib3

from agent.errors import FetchFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agent.clock import Clock

LARGEST_ANSWER_BYTES = 2 * 1024 * 1024
_CHUNK_BYTES = 16 * 1024

_OTHER_ADDRESS = 64  # these are OpenSSL's numbers
_CERTIFICATE_FAULTS = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is signed by itself",
    19: "its certificate is signed by an authority that is not known here",
    20: "its certificate is signed by an authority that is not known here",
    62: "its certificate is for another host name",
    _OTHER_ADDRESS: "its certificate is for another address",
}

# Not urllib3's own TimeoutError: a refused connection is one, too.
_TIMEOUTS = (TimeoutError, requests.Timeout, urllib3.exceptions.ReadTimeoutError)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. Its contents stay out of every repr: a header may be a session's token."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # names in any case
    body: bytes = field(repr=False)


class WebClient:
    """Requests to one server, on connections that are kept until `hang_up`."""

    def __init__(self, address: str, ca: str | bool, clock: Clock, proxy: str = "") -> None:  # noqa: FBT001 - as `requests` has it
        self._address = address.rstrip("/")
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc, no proxy but the one given: the password goes to this server alone
        self._session.proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._session.verify = ca
        self._session.headers["Accept-Encoding"] = "identity"  # a small answer stays small
        if ca is False:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def fetch(
        self, method: str, path: str, seconds: float, headers: Mapping[str, str], document: object = None
    ) -> Reply:
        """Return the answer to one request, whatever its status; `document` is sent as JSON.

        Raises:
            FetchFailed: there was no whole answer within the time.
        """
        until = self._clock.monotonic_seconds() + seconds
        try:
            with self._session.request(
                method,
                self._address + path,
                headers=dict(headers),
                json=document,
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Reply(response.status_code, response.headers, self._body(response, until))
        except OSError as error:  # what `requests` raises is one, too
            raise _failure(error, seconds) from None

    def hang_up(self) -> None:
        """Close the connections: a server may drop them unseen before the next request."""
        self._session.close()

    def _body(self, response: requests.Response, until: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > LARGEST_ANSWER_BYTES:
                raise FetchFailed("garbage", f"an answer of more than {LARGEST_ANSWER_BYTES} bytes")
            if self._clock.monotonic_seconds() > until:
                raise FetchFailed("timeout", "its answer was not complete within the deadline")
        return bytes(body)


def _failure(error: OSError, seconds: float) -> FetchFailed:
    """Return the failure, named by its root cause."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchFailed("tls", _CERTIFICATE_FAULTS.get(cause.verify_code, cause.verify_message))
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, TimeoutError):
            return FetchFailed("tls", f"its TLS connection failed ({cause.reason or 'handshake failed'})")
    if isinstance(error, requests.exceptions.SSLError):  # not OpenSSL's: older libraries compare addresses themselves
        return FetchFailed("tls", _CERTIFICATE_FAULTS[_OTHER_ADDRESS])
    if any(isinstance(cause, _TIMEOUTS) for cause in causes):
        return FetchFailed("timeout", f"no answer within {seconds:.3g} s")
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return FetchFailed("garbage", "its answer broke off")
    reasons = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return FetchFailed("unreachable", reasons[-1] if reasons else "it closed the connection without an answer")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it, the outermost first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]

# SPDX-License-Identifier: Apache-2.0
"""Requests to a BMC, their answers, and what an answer's completion code means (IPMI 2.0, sections 5.1 and 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agent.errors import ReadFailed

SENSOR_EVENT, STORAGE, GROUP_EXTENSION = 0x04, 0x0A, 0x2C

BUSY, INVALID_COMMAND, TIMEOUT, RESERVATION_LOST = 0xC0, 0xC1, 0xC3, 0xC5

# What may be otherwise at the next try: busy, out of time or space, no answer to give, updating, starting, not now.
_PASSING = frozenset({BUSY, TIMEOUT, 0xC4, RESERVATION_LOST, 0xCE, 0xD0, 0xD1, 0xD2, 0xD5})
_MEANINGS = {
    BUSY: "busy",
    INVALID_COMMAND: "invalid command",
    0xC2: "invalid command for this LUN",
    TIMEOUT: "it ran out of time",
    0xC4: "out of space",
    RESERVATION_LOST: "reservation lost",
    0xC7: "wrong length of the request",
    0xC9: "parameter out of range",
    0xCA: "cannot return that many bytes",
    0xCB: "no such sensor or record",
    0xCC: "invalid field in the request",
    0xCE: "no answer could be given",
    0xD0: "its records are being updated",
    0xD1: "its firmware is being updated",
    0xD2: "it is starting",
    0xD4: "not privileged enough",
    0xD5: "not supported in its present state",
    0xD6: "switched off",
    0xFF: "unspecified error",
}


BUSY_REMEDY = "see whether the BMC is busy or hangs: ipmitool mc info; ipmitool mc reset cold restarts it"
_REFUSED_REMEDY = "see the BMC's settings and log; ipmitool mc reset cold restarts it"
_GARBAGE_REMEDY = "update the BMC's firmware, or switch sources.ipmi_dcmi off in the config"
_NOT_MEASURING_REMEDY = "switch power monitoring on in the BMC's settings; ipmitool mc reset cold restarts it"


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its data; `lun` picks one of the BMC's logical units."""

    netfn: int
    command: int
    data: bytes = b""
    lun: int = 0


class Transport(Protocol):
    """A way to one BMC."""

    def send(self, request: Request) -> bytes:
        """Return the completion code and the data of the answer.

        Raises:
            ReadFailed: no answer in time, or the interface failed.
            SourceGone: the interface is no more.
        """

    def close(self) -> None:
        """Give back its device."""


class Refused(ReadFailed):
    """The BMC answers that it will not or cannot."""

    def __init__(self, request: Request, code: int) -> None:
        meaning = _MEANINGS.get(code, "see its manual")
        super().__init__(
            f"the BMC answers command 0x{request.netfn:02X}/0x{request.command:02X} with 0x{code:02X}: {meaning}",
            reason="timeout" if code == TIMEOUT else "completion_code",
            remedy=BUSY_REMEDY if code == TIMEOUT else _REFUSED_REMEDY,
        )
        self.code = code

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code in _PASSING


def ask(transport: Transport, request: Request, least_bytes: int = 0) -> bytes:
    """Return the data of the answer, `least_bytes` or more.

    Raises:
        Refused: the completion code is not 0.
        ReadFailed: no answer, or one that is too short.
    """
    answer = transport.send(request)
    if answer and answer[0]:
        raise Refused(request, answer[0])
    if len(answer) < 1 + least_bytes:
        raise garbage(
            f"the answer to 0x{request.netfn:02X}/0x{request.command:02X} has {len(answer)} bytes: {answer.hex()}"
        )
    return answer[1:]


def garbage(what: str) -> ReadFailed:
    """Return the error of an answer that cannot be what the BMC means."""
    return ReadFailed(what, reason="garbage", remedy=_GARBAGE_REMEDY)


def not_measuring(what: str) -> ReadFailed:
    """Return the error of a meter that is there and measures nothing."""
    return ReadFailed(what, reason="not_measuring", remedy=_NOT_MEASURING_REMEDY)

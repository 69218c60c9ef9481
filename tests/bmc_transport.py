# SPDX-License-Identifier: Apache-2.0
"""A way to the simulated BMC within the process, with the faults that interfaces have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.simbmc import SimBmc

from agent.errors import ReadFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.ipmi.messages import Request


class BmcTransport:
    """Hands requests to a simulated BMC. `instead` may answer in its place; None leaves the request to it."""

    def __init__(self, bmc: SimBmc | None = None, instead: Callable[[Request], bytes | None] | None = None) -> None:
        self.bmc = bmc or SimBmc()
        self.instead = instead or (lambda _: None)
        self.asked: list[Request] = []
        self.closed = False

    def send(self, request: Request) -> bytes:
        self.asked.append(request)
        answer = self.instead(request)
        if answer is None:
            answer = self.bmc.handle(request.netfn, request.command, request.data)
        if answer is None:
            raise ReadFailed("the BMC has not answered within 8 s", reason="timeout")
        return answer

    def close(self) -> None:
        self.closed = True


def first_then_it(*answers: bytes | None, command: int) -> Callable[[Request], bytes | None]:
    """Give these answers to the first requests of a command, and leave the rest to the BMC."""
    left = list(answers)
    return lambda request: left.pop(0) if left and request.command == command else None

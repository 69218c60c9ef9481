# SPDX-License-Identifier: Apache-2.0
"""The kernel's IPMI device, /dev/ipmi0: one request at a time by ioctl, its answer waited for with a deadline.

https://docs.kernel.org/driver-api/ipmi.html, section "Upper Level Interface"; include/uapi/linux/ipmi.h
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
from typing import TYPE_CHECKING

from agent.errors import ReadFailed, SourceGone
from agent.ipmi.messages import BUSY_REMEDY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agent.clock import Clock
    from agent.ipmi.messages import Request

_SYSTEM_INTERFACE, _BMC_CHANNEL = 0x0C, 0x0F
_RESPONSE = 1  # the kind of message; events and commands of others come by the same way
_LONGEST_ADDRESS_BYTES, _LONGEST_MESSAGE_BYTES = 40, 272
_LARGEST_MESSAGE_ID = 0x7FFF_FFFF
_GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN})


class Address(ctypes.Structure):
    """`struct ipmi_system_interface_addr`."""

    _fields_ = (("kind", ctypes.c_int), ("channel", ctypes.c_short), ("lun", ctypes.c_ubyte))


class Message(ctypes.Structure):
    """`struct ipmi_msg`."""

    _fields_ = (
        ("netfn", ctypes.c_ubyte),
        ("command", ctypes.c_ubyte),
        ("data_bytes", ctypes.c_ushort),
        ("data", ctypes.c_void_p),
    )


class Sent(ctypes.Structure):
    """`struct ipmi_req`."""

    _fields_ = (
        ("address", ctypes.c_void_p),
        ("address_bytes", ctypes.c_uint),
        ("message_id", ctypes.c_long),
        ("message", Message),
    )


class Received(ctypes.Structure):
    """`struct ipmi_recv`."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("address", ctypes.c_void_p),
        ("address_bytes", ctypes.c_uint),
        ("message_id", ctypes.c_long),
        ("message", Message),
    )


def ioctl_number(number: int, size_bytes: int, *, writes: bool, architecture: str) -> int:
    """Return the ioctl that reads (and writes) a structure of the IPMI device, by the kernel's asm/ioctl.h."""
    if architecture.startswith(("ppc", "mips", "sparc")):
        read_bit, write_bit, direction_shift = 2, 4, 29
    else:
        read_bit, write_bit, direction_shift = 2, 1, 30
    direction = read_bit | (write_bit if writes else 0)
    return direction << direction_shift | size_bytes << 16 | ord("i") << 8 | number


_ARCHITECTURE = os.uname().machine
SEND_COMMAND = ioctl_number(13, ctypes.sizeof(Sent), writes=False, architecture=_ARCHITECTURE)
# Truncating, for a message too long for the buffer would stay in the queue for ever.
RECEIVE_TRUNCATED = ioctl_number(11, ctypes.sizeof(Received), writes=True, architecture=_ARCHITECTURE)

# By the C library, because fcntl.ioctl keeps Python's global lock while the driver may sleep.
_ioctl = ctypes.CDLL(None, use_errno=True).ioctl
_ioctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)


class IpmiDevice:
    """An open IPMI device. Answers are matched by their number, for those of requests given up come late."""

    def __init__(
        self, path: Path, clock: Clock, timeout_seconds: float, ioctl: Callable[[int, int, int], int] = _ioctl
    ) -> None:
        self._path = path
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._ioctl = ioctl
        self._last_id = 0
        # Reading is all that the driver asks for, whatever is sent: one right less to grant.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def send(self, request: Request) -> bytes:
        """Return the completion code and the data of the answer.

        Raises:
            ReadFailed: timeout, or the device failed.
            SourceGone: the driver was taken away.
        """
        until = self._clock.monotonic_seconds() + self._timeout_seconds
        self._last_id = self._last_id % _LARGEST_MESSAGE_ID + 1
        self._post(request)
        while self._is_answered(until - self._clock.monotonic_seconds()):
            answer = self._receive(request)
            if answer is not None:
                return answer
        raise ReadFailed(
            f"the BMC has not answered within {self._timeout_seconds:g} s",
            reason="timeout",
            remedy=BUSY_REMEDY,
        )

    def close(self) -> None:
        """Close the device."""
        os.close(self._descriptor)

    def _post(self, request: Request) -> None:
        address = Address(_SYSTEM_INTERFACE, _BMC_CHANNEL, request.lun)
        data = ctypes.create_string_buffer(request.data, max(1, len(request.data)))
        message = Message(request.netfn, request.command, len(request.data), ctypes.addressof(data))
        sent = Sent(ctypes.addressof(address), ctypes.sizeof(address), self._last_id, message)
        self._call(SEND_COMMAND, sent)

    def _is_answered(self, seconds: float) -> bool:
        """Wait for a message, and return whether one has come."""
        if seconds <= 0:
            return False
        events = self._poll.poll(seconds * 1000)
        if events and not events[0][1] & select.POLLIN:
            raise SourceGone(f"{self._path} hung up: its driver was taken away")
        return bool(events)

    def _receive(self, request: Request) -> bytes | None:
        """Take a message from the queue; None if it is not the answer to the last request."""
        address = ctypes.create_string_buffer(_LONGEST_ADDRESS_BYTES)
        data = ctypes.create_string_buffer(_LONGEST_MESSAGE_BYTES)
        message = Message(0, 0, len(data), ctypes.addressof(data))
        received = Received(0, ctypes.addressof(address), len(address), 0, message)
        try:
            self._call(RECEIVE_TRUNCATED, received)
        except BlockingIOError:  # the queue is empty after all
            return None
        if not self._answers(received, request):
            return None
        return data.raw[: received.message.data_bytes]

    def _answers(self, received: Received, request: Request) -> bool:
        return bool(
            received.kind == _RESPONSE
            and received.message_id == self._last_id
            and received.message.netfn == request.netfn | 1
            and received.message.command == request.command
        )

    def _call(self, number: int, structure: ctypes.Structure) -> None:
        while self._ioctl(self._descriptor, number, ctypes.addressof(structure)) < 0:
            code = ctypes.get_errno()
            if code == errno.EMSGSIZE:  # truncated, and taken from the queue
                return
            if code == errno.EAGAIN:
                raise BlockingIOError
            if code in _GONE:
                raise SourceGone(f"{self._path}: {os.strerror(code)}: its driver was taken away")
            if code != errno.EINTR:
                raise ReadFailed(
                    f"{self._path}: {os.strerror(code)}", reason="io_error", remedy="see journalctl -k -g ipmi"
                )

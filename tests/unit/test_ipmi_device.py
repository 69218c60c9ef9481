# SPDX-License-Identifier: Apache-2.0
"""The ioctls of the kernel's IPMI device: as linux/ipmi.h has them, and as they are matched and failed here.

The device itself is in the laboratory's guest.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import time

import pytest

from agent.clock import SystemClock
from agent.errors import ReadFailed, SourceGone
from agent.ipmi.device import (
    RECEIVE_TRUNCATED,
    SEND_COMMAND,
    Address,
    IpmiDevice,
    Message,
    Received,
    Sent,
    ioctl_number,
)
from agent.ipmi.messages import Request

LAYOUT = r"""
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <linux/ipmi.h>
#define SHOW(type, member) printf("%zu ", offsetof(struct type, member))
int main(void) {
    printf("%lu %lu ", (unsigned long)IPMICTL_SEND_COMMAND, (unsigned long)IPMICTL_RECEIVE_MSG_TRUNC);
    printf("%d %d ", IPMI_SYSTEM_INTERFACE_ADDR_TYPE, IPMI_BMC_CHANNEL);
    printf("%zu %zu %zu %zu ", sizeof(struct ipmi_system_interface_addr), sizeof(struct ipmi_msg),
           sizeof(struct ipmi_req), sizeof(struct ipmi_recv));
    SHOW(ipmi_system_interface_addr, channel); SHOW(ipmi_system_interface_addr, lun);
    SHOW(ipmi_msg, cmd); SHOW(ipmi_msg, data_len); SHOW(ipmi_msg, data);
    SHOW(ipmi_req, addr_len); SHOW(ipmi_req, msgid); SHOW(ipmi_req, msg);
    SHOW(ipmi_recv, addr); SHOW(ipmi_recv, addr_len); SHOW(ipmi_recv, msgid); SHOW(ipmi_recv, msg);
    return 0;
}
"""


@pytest.mark.gcc
def test_numbers_and_layouts_are_those_of_the_kernels_header(tmp_path):
    (tmp_path / "layout.c").write_text(LAYOUT)
    subprocess.run(["gcc", "-o", tmp_path / "layout", tmp_path / "layout.c"], check=True)
    printed = subprocess.run([tmp_path / "layout"], check=True, capture_output=True, text=True).stdout

    assert [int(number) for number in printed.split()] == [
        *(SEND_COMMAND, RECEIVE_TRUNCATED, 0x0C, 0x0F),
        *(ctypes.sizeof(one) for one in (Address, Message, Sent, Received)),
        *(Address.channel.offset, Address.lun.offset),
        *(Message.command.offset, Message.data_bytes.offset, Message.data.offset),
        *(Sent.address_bytes.offset, Sent.message_id.offset, Sent.message.offset),
        *(Received.address.offset, Received.address_bytes.offset, Received.message_id.offset, Received.message.offset),
    ]


@pytest.mark.parametrize(
    ("architecture", "send", "receive"),
    [("x86_64", 0x8028690D, 0xC030690B), ("aarch64", 0x8028690D, 0xC030690B), ("ppc64le", 0x4028690D, 0xC030690B)],
)
def test_the_numbers_of_64_bit_kernels(architecture, send, receive):
    assert ioctl_number(13, 40, writes=False, architecture=architecture) == send
    assert ioctl_number(11, 48, writes=True, architecture=architecture) == receive


class OtherSide:
    """The kernel's side within the process: a pipe that wakes `poll`, and messages or error numbers it hands out."""

    def __init__(self, path, queue, *, send_error=0):
        os.mkfifo(path)
        self.writer = os.open(path, os.O_RDWR)
        self.queue = list(queue)  # (kind, how far from the request's number, netfn, command, data), or an errno
        self.send_error = send_error
        self.sent = b""
        self.sent_id = 0
        if queue:
            os.write(self.writer, b"x")

    def ioctl(self, _descriptor, number, address):
        error = self._send(Sent.from_address(address)) if number == SEND_COMMAND else self._receive(address)
        ctypes.set_errno(error)
        return -1 if error else 0

    def _send(self, sent):
        self.sent = ctypes.string_at(sent.message.data, sent.message.data_bytes)
        self.sent_id = sent.message_id
        return self.send_error

    def _receive(self, address):
        if not self.queue:
            time.sleep(0.01)
            return errno.EAGAIN
        told = self.queue.pop(0)
        if isinstance(told, int):
            return told
        kind, behind, netfn, command, data = told
        into = Received.from_address(address)
        into.kind, into.message_id = kind, self.sent_id - behind
        into.message.netfn, into.message.command, into.message.data_bytes = netfn, command, len(data)
        ctypes.memmove(into.message.data, data, len(data))
        return 0


def device(tmp_path, *queue, timeout_seconds=5.0, send_error=0):
    path = tmp_path / "ipmi0"
    side = OtherSide(path, queue, send_error=send_error)
    return IpmiDevice(path, SystemClock(), timeout_seconds, side.ioctl), side


ASKED = Request(0x2C, 0x02, bytes([0xDC, 1, 0, 0]))
ANSWER = (1, 0, 0x2D, 0x02, b"\0answer")
LATE = (1, 1, 0x2D, 0x02, b"\0of the request before")


def test_the_answer_is_the_one_with_the_requests_number(tmp_path):
    opened, side = device(tmp_path, LATE, ANSWER)

    assert opened.send(ASKED) == b"\0answer"
    assert side.sent == ASKED.data


@pytest.mark.parametrize(
    "other",
    [
        (2, 0, 0x2D, 0x02, b"\0an event"),
        (1, 0, 0x2C, 0x02, b"\0no answer"),
        (1, 0, 0x2D, 0x01, b"\0to another command"),
        errno.EAGAIN,
        errno.EINTR,
        errno.EMSGSIZE,
    ],
)
def test_what_is_not_the_answer_is_passed_over(tmp_path, other):
    assert device(tmp_path, other, ANSWER)[0].send(ASKED) == b"\0answer"


def test_late_answers_alone_are_a_timeout(tmp_path):
    opened, _ = device(tmp_path, LATE, timeout_seconds=0.1)

    with pytest.raises(ReadFailed, match=r"within 0\.1 s") as failure:
        opened.send(ASKED)

    assert failure.value.reason == "timeout"


def test_silence_is_a_timeout(tmp_path):
    opened, _ = device(tmp_path, timeout_seconds=0.2)
    with pytest.raises(ReadFailed, match=r"within 0\.2 s") as failure:
        opened.send(ASKED)

    assert failure.value.reason == "timeout"


def test_an_error_of_the_driver_is_a_failed_read(tmp_path):
    opened, _ = device(tmp_path, errno.EIO)

    with pytest.raises(ReadFailed) as failure:
        opened.send(ASKED)

    assert failure.value.reason == "io_error"


def test_a_driver_that_was_taken_away_is_gone(tmp_path):
    opened, _ = device(tmp_path, send_error=errno.ENODEV)

    with pytest.raises(SourceGone):
        opened.send(ASKED)


def test_a_device_that_hangs_up_is_gone(tmp_path):
    opened, side = device(tmp_path)
    os.close(side.writer)

    with pytest.raises(SourceGone):
        opened.send(ASKED)


def test_a_device_that_knows_no_such_ioctl_is_a_failed_read():
    opened = IpmiDevice("/dev/null", SystemClock(), 1.0)

    with pytest.raises(ReadFailed, match="/dev/null") as failure:
        opened.send(ASKED)

    assert failure.value.reason == "io_error"
    opened.close()

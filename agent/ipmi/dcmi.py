# SPDX-License-Identifier: Apache-2.0
"""DCMI: what the machine draws at its inlet, as its BMC reports (Data Center Manageability Interface 1.5, section 6)."""

from __future__ import annotations

from agent.errors import ReadFailed
from agent.ipmi.messages import GROUP_EXTENSION, Refused, Request, Transport, ask, garbage, not_measuring

_DCMI = 0xDC
_SUPPORTED_CAPABILITIES = 1
CAPABILITIES = Request(GROUP_EXTENSION, 0x01, bytes([_DCMI, _SUPPORTED_CAPABILITIES]))
POWER_READING = Request(GROUP_EXTENSION, 0x02, bytes([_DCMI, 0x01, 0x00, 0x00]))  # mode 1: power statistics

_CAPABILITIES_BYTES = 7
_POWER_MANAGEMENT = 0x01
_POWER_READING_BYTES = 18
_MEASURING = 0x40
_UNKNOWN_WATTS = 0xFFFF


def announces_power(transport: Transport) -> bool | None:
    """Whether the BMC announces power management by DCMI; None if its answer makes no sense.

    Raises:
        ReadFailed: it does not answer at all.
    """
    try:
        data = ask(transport, CAPABILITIES)
    except Refused as refusal:
        if refusal.is_passing:
            return None
        return False
    return parse_capabilities(data)


def read_watts(transport: Transport) -> int:
    """Return the present power.

    Raises:
        ReadFailed: no answer, a refusal, or a BMC that is not measuring.
    """
    return parse_power_reading(ask(transport, POWER_READING))


def probe_watts(transport: Transport) -> int:
    """Return the present power, asking twice: some BMCs refuse the first request after their start."""
    try:
        return read_watts(transport)
    except ReadFailed as failure:
        if failure.reason == "timeout":  # no need to wait as long once more
            raise
        return read_watts(transport)


def parse_capabilities(data: bytes) -> bool | None:
    """Return whether power management is among the supported capabilities; None for what is no such answer."""
    if len(data) < _CAPABILITIES_BYTES or data[0] != _DCMI:
        return None
    return bool(data[5] & _POWER_MANAGEMENT)


def parse_power_reading(data: bytes) -> int:
    """Return the current watts. Minimum, maximum and mean run since a reset that may be a month ago: not looked at.

    Raises:
        ReadFailed: no such answer, or the BMC is not measuring, which it may show by 0 W or by an old value.
    """
    if len(data) < _POWER_READING_BYTES or data[0] != _DCMI:
        raise garbage(f"the BMC's power reading makes no sense: {data.hex()}")
    watts = int.from_bytes(data[1:3], "little")
    if not data[17] & _MEASURING:
        raise not_measuring("the BMC reports that its power measurement is not active")
    if watts in {0, _UNKNOWN_WATTS}:
        raise not_measuring(f"the BMC reports {watts} W, which is no measurement")
    return watts

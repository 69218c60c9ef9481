# SPDX-License-Identifier: Apache-2.0
"""What `ipmitool dcmi power reading` and FreeIPMI's `ipmi-dcmi --get-system-power-statistics` print."""

from __future__ import annotations

import re

from agent.ipmi.messages import garbage, not_measuring

_WATTS = re.compile(
    r"^\s*(?:Instantaneous power reading|Current Power)\s*:\s*([0-9]{1,9})\s*watts?\s*$", re.IGNORECASE | re.MULTILINE
)
_STATE = re.compile(r"^\s*(?:Power reading state is|Power Measurement)\s*:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_MEASURING = frozenset({"activated", "active"})


def parse_watts(text: str) -> int:
    """Return the present watts. Both tools print watts and exit with 0 when the BMC is not measuring.

    Raises:
        ReadFailed: it is not measuring, or that is not what either of them prints.
    """
    watts, state = _WATTS.search(text), _STATE.search(text)
    if not watts or not state:
        raise garbage(f"neither ipmitool nor ipmi-dcmi prints this: {text.strip()[:80]!r}")
    if state[1].lower() not in _MEASURING:
        raise not_measuring(f"the BMC reports its power measurement as {state[1][:40]}")
    if int(watts[1]) == 0:
        raise not_measuring("the BMC reports 0 W, which is no measurement")
    return int(watts[1])

# SPDX-License-Identifier: Apache-2.0
"""What the unit tests share."""

from __future__ import annotations

import pytest
from clocks import START, HandClock
from histories import OPENED


@pytest.fixture
def clock():
    return HandClock(utc=START)


@pytest.fixture(autouse=True)
def nothing_left_open():
    yield
    while OPENED:
        OPENED.pop().close()

# SPDX-License-Identifier: Apache-2.0
"""Whatever a card's library answers, a read gives readings or a named failure; never another exception."""

from __future__ import annotations

import ctypes
from pathlib import Path

from books import shipped
from clocks import HandClock
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ReadFailed, SourceGone
from agent.host import Host
from agent.readings import CounterReading
from agent.sources.nvidia import NvidiaSource
from agent.sources.nvml import Code, NvmlError

ACCURACY = shipped().find("nvml_accuracy", "power", on=HandClock().utc_now().date()).factor.value

codes = st.sampled_from([*Code, 999, -1])
numbers = st.integers(0, 2**32 - 1)
slots = st.builds("{:04x}:{:02x}:{:02x}.0".format, numbers, numbers, numbers) | st.just("0000:10:00.0")


class AnyNvml:
    """A library that answers each call with a code or a value that the call's type can hold."""

    def __init__(self, data):
        self._data = data

    def start(self):
        self._answer(st.none())

    stop = start

    def card_count(self):
        return self._answer(st.integers(0, 3))

    def card(self, index):
        return self._answer(st.just(ctypes.c_void_p(index + 1)))

    def slot(self, _):
        return self._answer(slots)

    def energy_millijoules(self, _):
        return self._answer(st.integers(0, 2**64 - 1) | numbers)

    def power_milliwatts(self, _):
        return self._answer(numbers)

    power_limit_milliwatts = power_milliwatts

    def is_mig_on(self, _):
        return self._answer(st.booleans())

    def _answer(self, values):
        if self._data.draw(st.sampled_from([True, True, True, False])):
            return self._data.draw(values)
        raise NvmlError("any", self._data.draw(codes))


def check_a_source(data):
    clock = HandClock()
    try:
        source = NvidiaSource(Host(Path("/nowhere"), clock), AnyNvml(data), ACCURACY)
    except NvmlError:
        return  # told by `open_source`
    known = set()
    for _ in range(4):
        try:
            readings, reason = source.read(), "none"
        except ReadFailed as failure:
            readings, reason = failure.readings, failure.reason
        except SourceGone:
            return
        assert reason
        names = [channel.name for channel in source.channels]
        assert known <= set(names)
        assert len(names) == len(set(names))
        known = set(names)
        for reading in readings:
            assert reading.channel in source.channels
            if isinstance(reading, CounterReading):
                assert 0 <= reading.microjoules < 2**63
            else:
                assert 0 <= reading.watts <= reading.channel.plausible_watts
        clock.wait(300)
    source.close()


@given(st.data())
def test_whatever_the_library_answers_is_a_reading_or_a_named_failure(data):
    check_a_source(data)

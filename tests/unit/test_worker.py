# SPDX-License-Identifier: Apache-2.0
"""The worker with real threads and devices that answer, dawdle, hang and vanish; deadlines go by a hand clock."""

from __future__ import annotations

import threading
import time

import pytest
from clocks import HandClock

from agent.errors import ReadFailed, SourceAbsent, SourceGone
from agent.loop.worker import Worker
from agent.readings import Boundary, Channel, Method, PowerReading
from agent.sources.source import Pace

CHANNEL = Channel("toy", "inlet", "host", Boundary.INLET, Method.INTEGRATED)
READING = PowerReading(CHANNEL, 1.0, 200.0)
QUICK = Pace(interval_seconds=0.01, deadline_seconds=5)
PATIENCE = 60.0  # much longer than anything here takes, on a busy machine as well


class Device:
    """Answers with what it is given: readings, an exception, or an event that it waits for."""

    channels = (CHANNEL,)
    notes = ()

    def __init__(self, *answers):
        self.answers = list(answers)
        self.reads = 0
        self.at_once = 0
        self.most_at_once = 0
        self.closed = threading.Event()

    def read(self):
        self.reads += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        try:
            if isinstance(answer, threading.Event):
                answer.wait(PATIENCE)
                return [READING]
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            self.at_once -= 1

    def close(self):
        self.closed.set()


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def work(clock):
    workers = []

    def start(open_device, pace=QUICK):
        workers.append(Worker(open_device, pace, clock))
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


def until(condition):
    """Wait for what another thread is about to bring about."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.005)
    return False


def answers_of(worker, wanted):
    """Collect until an answer is as wanted; return all of them."""
    seen = []

    def found():
        seen.extend(worker.collect())
        return any(wanted(answer) for answer in seen)

    assert until(found)
    return seen


def test_readings_come_at_the_workers_own_pace(work):
    worker = work(lambda: Device([READING]))
    seen = answers_of(worker, lambda answer: answer.readings)

    assert seen[0].readings == [READING]
    assert seen[0].trouble is None


def test_a_device_that_hangs_is_counted_once_read_once_and_holds_nobody_up(work, clock):
    release = threading.Event()
    device = Device(release)
    worker = work(lambda: device)
    assert until(lambda: device.reads == 1)
    clock.wait(5)
    assert worker.collect() == []
    seen = []
    for _ in range(1000):
        clock.wait(0.5)
        seen += worker.collect()

    assert device.at_once == 1  # it hangs still: nobody has waited for it
    assert [answer.reason for answer in seen] == ["deadline"]
    assert (device.reads, device.most_at_once) == (1, 1)
    release.set()


def test_an_answer_after_its_deadline_is_old_news_and_the_next_read_counts_again(work, clock):
    late = threading.Event()
    device = Device(late, [READING])
    worker = work(lambda: device)
    assert until(lambda: device.reads == 1)
    clock.wait(6)
    assert [answer.reason for answer in worker.collect()] == ["deadline"]
    late.set()
    seen = answers_of(worker, lambda answer: answer.readings)

    assert device.reads >= 2
    assert all(answer.trouble is not None for answer in seen if not answer.readings)
    assert [answer.reason for answer in seen].count("deadline") == 0


def test_failures_are_answers_with_their_reason(work):
    worker = work(lambda: Device(ReadFailed("no", reason="not_measuring"), [READING]))
    seen = answers_of(worker, lambda answer: answer.readings)

    assert [answer.reason for answer in seen] == ["not_measuring", ""]


def test_each_failure_in_a_row_doubles_the_wait(work):
    device = Device(ReadFailed("no", reason="io_error"))
    worker = work(lambda: device, Pace(interval_seconds=0.05, deadline_seconds=1))
    began = time.monotonic()
    assert until(lambda: device.reads >= 4)

    assert time.monotonic() - began >= 0.05 * (2 + 4 + 8) * 0.9  # on a busy machine longer
    worker.stop()


def test_a_source_of_which_a_part_fails_is_read_on_at_its_pace(work):
    device = Device(ReadFailed("one of two is lost", reason="gpu_lost", readings=[READING]))
    worker = work(lambda: device, Pace(interval_seconds=0.02, deadline_seconds=1))

    assert until(lambda: device.reads >= 100)  # 2 s; with back-off it would be half a minute
    assert {answer.reason for answer in worker.collect()} == {"gpu_lost"}


def test_a_source_that_is_absent_is_looked_for_again(work):
    tries = []

    def open_device():
        tries.append(1)
        if len(tries) < 3:
            raise SourceAbsent("no such device")
        return Device([READING])

    worker = work(open_device)
    seen = answers_of(worker, lambda answer: answer.readings)

    assert [type(answer.trouble) for answer in seen[:2]] == [SourceAbsent, SourceAbsent]
    assert worker.source is not None


def test_a_source_that_is_gone_is_closed_and_opened_again(work):
    first, second = Device(SourceGone("unplugged")), Device([READING])
    devices = [first, second]
    worker = work(lambda: devices.pop(0))
    answers_of(worker, lambda answer: answer.readings)

    assert first.closed.is_set()
    assert worker.source is second


def test_a_bug_in_the_source_is_an_answer_too(work):
    worker = work(lambda: Device(ZeroDivisionError("oops"), [READING]))

    assert answers_of(worker, lambda answer: answer.readings)[0].reason == "bug"


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(KeyError("oops"), "bug"), (PermissionError("oops"), "bug"), (SourceGone("unplugged"), "gone")],
)
def test_a_source_that_fails_to_open_unforeseen_is_an_answer_and_is_opened_again(work, trouble, reason):
    openings = [trouble, Device([READING])]

    def open_device():
        opening = openings.pop(0)
        if isinstance(opening, Exception):
            raise opening
        return opening

    seen = answers_of(work(open_device), lambda answer: answer.readings)

    assert [answer.reason for answer in seen] == [reason, ""]


def test_patience_waits_for_the_answer_of_a_read_that_is_asked_for_now(work):
    worker = work(lambda: Device([READING]), Pace(interval_seconds=1000, deadline_seconds=5))
    answers_of(worker, lambda answer: answer.readings)

    [answer] = worker.collect_within(PATIENCE)
    assert answer.readings == [READING]


def test_patience_has_an_end(work):
    release = threading.Event()
    worker = work(lambda: Device(release), Pace(interval_seconds=1, deadline_seconds=60))

    assert worker.collect_within(0.1) == []
    release.set()


def test_stopping_closes_the_source_as_soon_as_the_device_lets_it(work):
    release = threading.Event()
    device = Device(release)
    worker = work(lambda: device)
    assert until(lambda: device.reads == 1)
    worker.stop()

    assert device.at_once == 1  # it was not waited for
    assert not device.closed.is_set()
    release.set()
    assert device.closed.wait(PATIENCE)


def test_the_end_is_waited_for_as_long_as_is_said(work):
    release = threading.Event()
    device = Device(release)
    worker = work(lambda: device)
    assert until(lambda: device.reads == 1)
    worker.stop()
    worker.wait_for_end(0.1)

    assert device.at_once == 1
    release.set()
    worker.wait_for_end(PATIENCE)
    assert device.closed.is_set()

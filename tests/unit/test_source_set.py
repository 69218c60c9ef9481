# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging

import pytest
from clocks import HandClock
from trees import machine, processor, set_counter, write, zone

from agent.errors import ReadFailed, SourceAbsent, SourceDenied, SourceGone
from agent.ledger import EnergyLedger
from agent.loop.source_set import SourceSet
from agent.readings import Boundary, Channel, Method, PowerReading
from agent.sources.source import SourceEntry
from agent.sources.table import SOURCES
from impacts.factors import FactorMissing

CHANNEL = Channel("toy", "one", "cpu", Boundary.COMPONENT, Method.INTEGRATED)


class Toy:
    """A source that answers as it is told to."""

    channels = (CHANNEL,)
    notes = ()

    def __init__(self, *answers):
        self.answers = list(answers)
        self.closed = False

    def read(self):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed = True


def toy_set(tmp_path, *openings, clock=None):
    """A set of one source; each opening is what the next attempt to open it gives."""
    attempts = list(openings)

    def open_toy(_machine):
        opening = attempts.pop(0)
        if isinstance(opening, Exception):
            raise opening
        return opening

    return SourceSet(machine(tmp_path, clock), [SourceEntry("toy", open_toy, (), "a toy")])


def reading(watts=5.0):
    return PowerReading(CHANNEL, 1.0, watts)


def test_a_read_that_fails_is_counted_by_its_reason_and_keeps_what_did_answer(tmp_path):
    failure = ReadFailed("half of it", reason="io_error", readings=[reading()])
    sources = toy_set(tmp_path, Toy(failure, failure, [reading()]))

    assert sources.read() == [reading()]
    sources.read()
    [watched] = sources.watched

    assert watched.failures == {"io_error": 2}
    assert watched.problem.reason == "read_failed"

    sources.read()
    assert watched.problem is None
    assert watched.state.readable


def test_a_source_with_no_reading_is_down_and_keeps_the_time_of_its_last(tmp_path):
    clock = HandClock()
    sources = toy_set(tmp_path, Toy([reading()], ReadFailed("no", reason="io_error")), clock=clock)
    sources.read()
    seen = clock.utc_now()
    clock.wait(5)
    sources.read()
    [watched] = sources.watched

    assert not watched.up
    assert watched.last_read_at == seen


def test_a_bug_in_one_source_is_counted_logged_once_and_stops_nothing(tmp_path, caplog):
    sources = toy_set(tmp_path, Toy(KeyError("oops"), KeyError("oops"), [reading()]))
    with caplog.at_level(logging.ERROR):
        assert sources.read() == []
        assert sources.read() == []

    assert sources.read() == [reading()]
    assert sources.watched[0].failures == {"bug": 2}
    assert sum("KeyError" in record.exc_text for record in caplog.records if record.exc_text) == 1


@pytest.mark.parametrize("bug", [KeyError("oops"), PermissionError("oops"), FactorMissing("oops")])
def test_a_bug_in_opening_one_source_is_counted_logged_once_and_the_source_is_opened_later(tmp_path, caplog, bug):
    clock = HandClock()
    with caplog.at_level(logging.ERROR):
        sources = toy_set(tmp_path, bug, bug, Toy([reading()]), clock=clock)
        assert sources.read() == []
        clock.wait(59)
        assert sources.read() == []
        assert sources.watched[0].failures == {"bug": 1}
        clock.wait(1)
        assert sources.read() == []
    [watched] = sources.watched

    assert watched.failures == {"bug": 2}
    assert sum("oops" in record.exc_text for record in caplog.records if record.exc_text) == 1
    assert (watched.problem.reason, watched.problem.remedy) == ("read_failed", "please report it with the agent's log")
    assert (watched.state.found, watched.state.readable) == (True, False)

    clock.wait(60)
    assert sources.read() == [reading()]
    assert watched.problem is None


def test_a_source_that_denies_a_read_is_asked_again_and_its_power_is_not_integrated_meanwhile(tmp_path):
    denial = SourceDenied("root only", remedy="be root")
    sources = toy_set(tmp_path, Toy([reading()], denial, denial, [reading()]))
    for _ in range(3):
        sources.read()
    [watched] = sources.watched

    assert watched.problem.reason == "denied"
    assert sources.interrupted == [CHANNEL.key]
    assert sources.read() == [reading()]
    assert watched.problem is None


def test_a_source_that_is_gone_is_closed_and_looked_for_again(tmp_path):
    clock = HandClock()
    first, second = Toy(SourceGone("unplugged")), Toy([reading()])
    sources = toy_set(tmp_path, first, second, clock=clock)

    assert sources.read() == []
    assert first.closed
    assert sources.channels == []
    clock.wait(60)
    assert sources.read() == [reading()]


def test_a_source_that_appears_later_is_found_within_a_minute(tmp_path):
    clock = HandClock()
    sources = toy_set(tmp_path, SourceAbsent("not yet"), Toy([reading()]), clock=clock)

    assert sources.read() == []
    clock.wait(60)
    assert sources.read() == [reading()]


def test_what_is_absent_is_no_problem_and_what_is_denied_is_one_with_its_remedy(tmp_path):
    absent = toy_set(tmp_path, SourceAbsent("no such thing", remedy="modprobe it")).watched[0]
    denied = toy_set(tmp_path, SourceDenied("root only", remedy="be root")).watched[0]

    assert absent.problem is None
    assert (absent.state.found, absent.state.readable, absent.state.remedy) == (False, False, "modprobe it")
    assert (denied.state.found, denied.state.readable) == (True, False)
    assert (denied.problem.reason, denied.problem.remedy) == ("denied", "be root")


def test_what_is_denied_is_warned_of_once(tmp_path, caplog):
    clock = HandClock()
    denial = SourceDenied("root only", remedy="be root")
    with caplog.at_level(logging.WARNING):
        sources = toy_set(tmp_path, denial, denial, clock=clock)
        clock.wait(60)
        sources.read()

    assert [record.getMessage() for record in caplog.records] == ["toy: root only; be root"]


def test_closing_closes_every_source(tmp_path):
    toy = Toy()
    toy_set(tmp_path, toy).close()

    assert toy.closed


@pytest.mark.parametrize("content", ["", "x"])
def test_one_bad_counter_takes_nothing_from_the_other_sources(tmp_path, content):
    processor(tmp_path)
    write(tmp_path, zone("intel-rapl:0", "package-0", 5))
    sources = SourceSet(machine(tmp_path), SOURCES)
    set_counter(tmp_path, "intel-rapl:0", content)

    assert {reading.channel.source for reading in sources.read()} == {"model"}
    assert {watched.entry.name for watched in sources.watched if watched.up} == {"model"}


def test_power_is_not_integrated_over_a_time_in_which_its_source_told_nothing(tmp_path):
    """Told at 0 s and at 40 s, with failed reads between: what happened meanwhile is unobserved."""
    failure = ReadFailed("no answer", reason="timeout")
    clock = HandClock()
    answers = [[PowerReading(CHANNEL, 0.0, 200.0)], failure, failure, [PowerReading(CHANNEL, 40.0, 200.0)]]
    sources = toy_set(tmp_path, Toy(*answers), clock=clock)
    ledger = EnergyLedger()
    for _ in answers:
        steps = ledger.record(sources.read())
        ledger.interrupt(sources.interrupted)

    assert steps[0].microjoules == 0
    assert steps[0].unobserved_seconds == 40


def test_one_hiccup_interrupts_nothing(tmp_path):
    answers = [
        [PowerReading(CHANNEL, 0.0, 200.0)],
        ReadFailed("busy", reason="io_error"),
        [PowerReading(CHANNEL, 2.0, 200.0)],
    ]
    sources = toy_set(tmp_path, Toy(*answers))
    ledger = EnergyLedger()
    for _ in answers:
        steps = ledger.record(sources.read())
        ledger.interrupt(sources.interrupted)

    assert steps[0].microjoules == 400_000_000

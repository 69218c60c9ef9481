# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading

from agent.loop.publication import Publication


class Counted:
    """Evaluations, numbered in their order."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return self.times


def test_before_the_first_tick_there_is_nothing():
    assert Publication(Counted()).latest() is None


def test_a_tick_is_worked_out_once_however_often_it_is_asked_for():
    evaluate = Counted()
    publication = Publication(evaluate)
    with publication.changing():
        pass

    assert [publication.latest() for _ in range(3)] == [1, 1, 1]
    assert evaluate.times == 1


def test_ticks_that_nobody_asks_for_are_not_worked_out():
    evaluate = Counted()
    publication = Publication(evaluate)
    for _ in range(10):
        with publication.changing():
            pass
    publication.latest()

    assert evaluate.times == 1


def test_who_asks_while_a_tick_hangs_is_given_what_was_published_before():
    publication = Publication(Counted())
    with publication.changing():
        pass
    before = publication.latest()
    given = []
    with publication.changing():
        asks = threading.Thread(target=lambda: given.append(publication.latest()))
        asks.start()
        asks.join(60)

    assert given == [before]


def test_many_threads_that_ask_at_once_are_given_one_and_the_same():
    publication = Publication(object)
    with publication.changing():
        pass
    given = []
    threads = [threading.Thread(target=lambda: given.append(publication.latest())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(given) == 20
    assert len({id(snapshot) for snapshot in given}) == 1


def test_at_the_end_the_last_tick_is_worked_out_and_stays_in_force():
    evaluate = Counted()
    publication = Publication(evaluate)
    with publication.changing():
        pass
    publication.latest()
    with publication.changing():
        pass
    publication.end()
    with publication.changing():
        pass

    assert publication.latest() == 2
    assert evaluate.times == 2

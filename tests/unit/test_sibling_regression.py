# SPDX-License-Identifier: Apache-2.0
"""What five-minute means teach of the power by load, against lines that are known."""

from __future__ import annotations

from random import Random

import pytest

from agent.wholehost.siblings.regression import Regression, shares_at

LOADS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def line(load):
    """100 W idle, 2 W a percent up to 30 % load, 1 W a percent above."""
    return 100 + 200 * min(load, 0.3) + 100 * max(0.0, load - 0.3)


def window(loads, noise=0.0):
    """Return the shares and the mean power of a window that spends the same time at each load."""
    shares = [sum(column) / len(loads) for column in zip(*map(shares_at, loads), strict=True)]
    return shares, sum(map(line, loads)) / len(loads) + noise


def taught(windows):
    regression = Regression()
    for shares, watts in windows:
        regression.take(shares, watts)
    return regression


@pytest.mark.parametrize(
    ("load", "shares"),
    [
        (0.0, {0.0: 1}),
        (0.2, {0.2: 1}),
        (0.25, {0.2: 0.5, 0.3: 0.5}),
        (0.85, {0.7: 0.5, 1.0: 0.5}),
        (1.0, {1.0: 1}),
    ],
)
def test_a_moment_counts_for_the_loads_beside_it(load, shares):
    assert shares_at(load) == pytest.approx([shares.get(bend, 0.0) for bend in LOADS])


def test_the_line_is_found_from_steady_windows():
    random = Random(1)  # noqa: S311 - the same in every run
    bends, residual = taught(window([random.random()], random.gauss(0, 3)) for _ in range(2000)).bends()

    assert [bend.load for bend in bends] == [0, 0.1, 0.2, 0.3, 0.5, 0.7, 1]
    assert [bend.watts for bend in bends] == pytest.approx([line(bend.load) for bend in bends], abs=2)
    assert residual == pytest.approx(3, rel=0.1)


def test_bursts_within_a_window_do_not_bend_the_line():
    """Means of load and power alone would put 150 W at half load, which draws 180."""
    random = Random(2)  # noqa: S311 - the same in every run
    bursts = [window([0.0] * idle + [1.0] * (30 - idle), random.gauss(0, 1)) for idle in range(31) for _ in range(20)]
    steady = [window([0.5], random.gauss(0, 1)) for _ in range(100)]
    bends, _ = taught([*bursts, *steady]).bends()

    assert {bend.load: pytest.approx(bend.watts, abs=2) for bend in bends if bend.load in {0, 0.5, 1}} == {
        0: 100,
        0.5: 180,
        1: 230,
    }


def test_a_load_at_which_too_little_time_was_spent_is_not_known():
    bends, _ = taught([*[window([0.1])] * 100, *[window([0.7])] * 11]).bends()

    assert {bend.load for bend in bends} == {0.1}
    assert taught([*[window([0.1])] * 100, *[window([0.7])] * 20]).bends()[0][-1].load == 0.7


def test_what_nothing_distinguishes_is_not_known():
    """A host always busy at 95 % is at neither bend beside it: what each draws cannot be known from that."""
    bends, _ = taught([window([0.85])] * 3000).bends()

    assert not bends


def test_errors_hold_the_truth_and_shrink_with_time():
    random = Random(3)  # noqa: S311 - the same in every run
    windows = [window([random.random()], random.gauss(0, 5)) for _ in range(8000)]
    few, many = taught(windows[:800]).bends()[0], taught(windows).bends()[0]

    assert all(abs(bend.watts - line(bend.load)) < 2 * bend.error_watts for bend in (*few, *many))
    assert max(bend.error_watts for bend in many) < min(bend.error_watts for bend in few)


def test_what_is_older_than_months_is_forgotten():
    random = Random(4)  # noqa: S311 - the same in every run
    before = [(shares, 2 * watts) for shares, watts in (window([random.random()]) for _ in range(5000))]
    after = [window([random.random()]) for _ in range(40000)]
    bends, _ = taught([*before, *after]).bends()

    assert [bend.watts for bend in bends] == pytest.approx([line(bend.load) for bend in bends], rel=0.02)


def test_the_floor_is_the_least_that_a_window_has_shown():
    assert taught([window([0.5]), window([0.1]), window([0.7])]).floor_watts == pytest.approx(120)


def test_nothing_is_known_before_the_first_window():
    assert Regression().bends() == ((), 0.0)

# SPDX-License-Identifier: Apache-2.0
"""`wattprint power --learn`: from the histories of agents to a file that other hosts import."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from clocks import HandClock
from fleet import measured_step

from agent.cli import main
from agent.history.entries import Entries
from agent.history.identity import Identity
from agent.history.writer import History
from agent.ledger import EnergyLedger
from agent.wholehost.siblings.learning import Learning
from agent.wholehost.siblings.taught import ANCHOR
from impacts.configurations import Configuration

SERVER = Configuration("Dell Inc.", "PowerEdge R740", "2 x Xeon Gold 6226", "12 x 32 GB", "", "2 x ssd")


def history(directory, name, watts=0.0):
    """Write the history of an agent whose host drew some power at 20 % load for ten hours; 0: it has no meter."""
    clock, learning = HandClock(), Learning(SERVER)
    learning.take(0.2, None, 0.0)
    for tick in range(1, 3601 if watts else 1):
        learning.take(0.2, measured_step(watts, 10.0), 10.0 * tick)
    kept = History.open(directory, clock)
    kept.identify(Identity("", name, SERVER.manufacturer, SERVER.product))
    if learning.state is not None:
        kept.keep_calibration(ANCHOR, learning.state)
    kept.write(EnergyLedger(), Entries(), 0.0, clock.utc_now())
    kept.close()
    return directory


@pytest.fixture
def learned(capsys):
    def run(*arguments):
        status = main(["power", "--learn", *map(str, arguments)])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def test_histories_teach_a_file_that_can_be_imported(tmp_path, learned, capsys):
    one, two = (history(tmp_path / name, name, watts) for name, watts in (("one", 200), ("two", 210)))
    status, text, problems = learned("--history", one, two / "history.sqlite")

    assert (status, problems) == (0, "")
    assert "PowerEdge R740,Dell Inc.,2 x Xeon Gold 6226,12 x 32 GB,,2 x ssd,0.2," in text
    (tmp_path / "fleet.csv").write_text(text)
    state = tmp_path / "state"
    state.mkdir()
    assert main(["factors", "import", str(tmp_path / "fleet.csv"), "--into", str(state)]) == 0
    assert "configurations: 2;" in capsys.readouterr().out


def test_hosts_that_have_taught_nothing_and_lonely_ones_are_named_beside_the_file(tmp_path, learned):
    one, silent = history(tmp_path / "one", "lonely", 200), history(tmp_path / "silent", "silent")
    status, text, problems = learned("--history", one, silent)

    assert status == 0
    assert text.startswith("product,")
    assert "has taught nothing yet" in problems
    assert "lonely" in problems


def test_a_history_that_is_given_twice_is_one_sibling(tmp_path, learned):
    one = history(tmp_path / "one", "lonely", 200)
    _, text, problems = learned("--history", one, one / "history.sqlite")

    assert [row["siblings"] for row in csv.DictReader(StringIO(text))] == ["1", "1"]
    assert "lonely" in problems


def test_nothing_learned_is_no_file(tmp_path, learned):
    status, text, problems = learned("--history", history(tmp_path / "silent", "silent"))

    assert (status, text) == (1, "")
    assert "no inlet meter has taught anything there" in problems


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--prometheus URL, or --history FILE"),
        (("--prometheus", "http://a", "--history", "b"), "not allowed with"),
        (("--prometheus", "nowhere"), "http://prometheus:9090"),
        (("--history", "/nowhere/history.sqlite"), "there is no history"),
    ],
)
def test_what_cannot_be_learned_from_is_one_line(learned, arguments, words):
    status, text, said = learned(*arguments)

    assert (status, text) == (2, "")
    assert said.count("\n") == 1
    assert words in said


def test_where_to_learn_from_is_of_use_with_learn_alone(capsys):
    assert main(["power", "--history", "x"]) == 2
    assert "--learn" in capsys.readouterr().err

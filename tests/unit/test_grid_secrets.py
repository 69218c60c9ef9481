# SPDX-License-Identifier: Apache-2.0
"""The token of a provider stands in no log, error, repr, problem or file, and in nothing that a command prints."""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta

import pytest
from books import shipped
from grid_server import ANSWERS, TOKEN

from agent.cli import main
from agent.errors import ReadFailed
from agent.grid.cache import Cache
from agent.grid.live import live_intensity
from agent.grid.rounds import Rounds

MAPS = ANSWERS["electricity_maps"]

FAULTS = {
    "none": {},
    "refused": {"status": 401},
    "busy": {"status": 429, "retry_after": "60"},
    "broken": {"status": 500},
    "slow": {"stalls": True},
    "malformed": {"body": b"{"},
    "echo": {"status": 400, "body": f'{{"message": "bad auth-token {TOKEN}"}}'.encode()},
}


def deadline_of(fault):
    return 0.3 if fault == "slow" else 30


def assert_secret(text):
    assert text
    assert TOKEN not in text


@pytest.fixture
def everything_logged(caplog):
    """What all libraries log, too, at their most talkative."""
    with caplog.at_level(logging.DEBUG):
        yield lambda: "\n".join([caplog.text, *(repr(record.__dict__) for record in caplog.records)])


@pytest.mark.parametrize("fault", FAULTS)
def test_no_request_shows_the_token(grid, everything_logged, fault):
    grid.server.document = MAPS.of(grid.start_of(MAPS), 100)
    for name, value in FAULTS[fault].items():
        setattr(grid.server, name, value)
    settings = grid.settings(MAPS, deadline_seconds=deadline_of(fault))
    asker = grid.asker(MAPS, deadline_seconds=deadline_of(fault))
    shown = [repr(settings), repr(asker), repr(vars(asker)), repr(settings.provider())]
    try:
        shown.append(repr(asker.latest()))
    except ReadFailed as failure:
        shown += traceback.format_exception(failure)
        shown += [repr(failure), repr(vars(failure)), repr(failure.__cause__)]

    assert grid.server.asked.wait(30)
    assert grid.server.headers[0]["auth-token"] == TOKEN  # it was really sent
    for text in (*shown, everything_logged()):
        assert_secret(text)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_problem_and_no_file_shows_the_token(grid, everything_logged, fault):
    grid.server.document = MAPS.of(grid.start_of(MAPS), 100)
    for name, value in FAULTS[fault].items():
        setattr(grid.server, name, value)
    settings = grid.settings(MAPS, deadline_seconds=deadline_of(fault))
    state = grid.folder / "state"
    state.mkdir()
    asker = grid.asker(MAPS, deadline_seconds=deadline_of(fault))
    rounds = Rounds(asker, Cache(state, settings, grid.clock), settings, grid.clock, lambda: 0.0)
    rounds.turn()
    live = live_intensity(grid.host, settings, state, shipped())
    shown = [repr(live), repr(vars(live)), repr(rounds.failure), repr(live.problems(grid.clock.utc))]
    now = grid.clock.utc
    shown += [repr(live.at(now)), repr(live.history(now - timedelta(days=1), now))]
    grid.server.released.set()
    live.close()

    for text in (*shown, everything_logged()):
        assert_secret(text)
    for file in state.iterdir():
        assert_secret(file.read_text())


@pytest.mark.parametrize("content", [f"two {TOKEN}", f"{TOKEN}\nX-Other: 1", f"{TOKEN}ü"])
def test_a_token_that_cannot_be_sent_is_not_repeated(grid, everything_logged, content):
    asker = grid.asker(MAPS)
    (grid.folder / "grid-token").write_text(content)
    with pytest.raises(ReadFailed) as failure:
        asker.latest()

    assert grid.server.requests == []
    assert_secret("".join(traceback.format_exception(failure.value)) + repr(vars(failure.value)))
    assert TOKEN not in everything_logged()


def test_a_token_for_another_server_goes_by_no_redirection(grid):
    grid.server.status = 302
    with pytest.raises(ReadFailed):
        grid.asker(MAPS).latest()

    assert len(grid.server.requests) == 1


MISPLACED = {
    "token": f"token: {TOKEN}",
    "token_file": f"token_file: {TOKEN}",
    "token_env": f"token_env: {TOKEN}",
    "auth-token": f"auth-token: {TOKEN}",
    "list": f"token_file: [{TOKEN}]",
    "account in the address": f"address: 'https://{TOKEN}@example.org'",
    "account on this machine": f"address: 'http://{TOKEN}@127.0.0.1'",
    "account of the proxy": f"proxy: 'http://user:{TOKEN}@proxy.example.org'",
}


@pytest.mark.parametrize("written", MISPLACED.values(), ids=MISPLACED)
def test_a_token_in_the_wrong_place_is_refused_and_not_repeated(tmp_path, capsys, written):
    file = tmp_path / "config.yaml"
    file.write_text(f"grid:\n  provider: electricity_maps\n  zone: FR\n  {written}\n")

    assert main(["config", "check", str(file)]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"wattprint: {file}: grid")
    assert printed.err.count("\n") == 1
    assert_secret(printed.err + printed.out)


def test_config_check_and_the_config_show_no_token(grid, tmp_path, capsys):
    file = tmp_path / "config.yaml"
    token_file = grid.settings(MAPS).token_file
    file.write_text(f"grid:\n  provider: electricity_maps\n  zone: FR\n  token_file: {token_file}\n")

    assert main(["config", "check", str(file)]) == 0
    printed = capsys.readouterr()
    assert_secret(printed.err + printed.out)

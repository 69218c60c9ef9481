# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.errors import ConfigError
from agent.recording.captured import RecordedClock, open_root

RECORD = """\
description = "a machine"
taken = 2026-03-02T10:00:00Z
monotonic_seconds = 1000.5
seconds_between = 5.0
"""
COUNTER = "sys/class/powercap/intel-rapl:0/energy_uj"
TAKEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def recording(tmp_path) -> Path:
    for moment, path, text in (
        ("first", COUNTER, "123456789\n"),
        ("first", "proc/uptime", "1000.5\n"),
        ("second", COUNTER, "42\n"),
        ("second", "proc/new/file", "new\n"),
    ):
        file = tmp_path / moment / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "capture.toml").write_text(RECORD)
    return tmp_path


def test_the_first_moment_is_there_before_any_wait(recording):
    with open_root(recording) as host:
        assert host.read_text("/" + COUNTER) == "123456789"
        assert host.clock.monotonic_seconds() == 1000.5
        assert host.clock.utc_now() == TAKEN
        assert not host.clock.exhausted


def test_the_first_wait_brings_the_second_moment_however_long_it_was_to_be(recording):
    with open_root(recording) as host:
        host.clock.wait(0.001)

        assert host.read_text("/" + COUNTER) == "42"
        assert host.read_text("/proc/uptime") == "1000.5"
        assert host.read_text("/proc/new/file") == "new"
        assert host.clock.monotonic_seconds() == 1005.5
        assert host.clock.utc_now() == TAKEN + timedelta(seconds=5)
        assert host.clock.exhausted


def test_an_open_file_shows_the_second_moment(recording):
    with open_root(recording) as host:
        descriptor = os.open(host.path(COUNTER), os.O_RDONLY)
        try:
            assert os.pread(descriptor, 32, 0) == b"123456789\n"
            host.clock.wait(1)
            assert os.pread(descriptor, 32, 0) == b"42\n"
        finally:
            os.close(descriptor)


def test_later_waits_pass_the_time_asked_and_change_nothing(recording):
    with open_root(recording) as host:
        host.clock.wait(1)
        host.path(COUNTER).write_text("77\n")
        host.clock.wait(2.5)
        host.clock.wait(-1)

        assert host.clock.monotonic_seconds() == 1008.0
        assert host.read_text("/" + COUNTER) == "77"


def test_the_recording_itself_is_never_changed_and_its_copy_is_removed(recording):
    with open_root(recording) as host:
        host.clock.wait(1)
        root = host.root

    assert not root.exists()
    assert (recording / "first" / COUNTER).read_text() == "123456789\n"


def test_each_opening_begins_at_the_first_moment(recording):
    for _ in range(2):
        with open_root(recording) as host:
            assert host.read_text("/" + COUNTER) == "123456789"
            host.clock.wait(1)


def test_a_plain_directory_is_read_as_it_is_by_the_systems_clock(tmp_path):
    with open_root(tmp_path) as host:
        assert host.root == tmp_path
        assert isinstance(host.clock, SystemClock)


def test_the_own_root_is_the_own_machine():
    with open_root(Path("/")) as host:
        assert host.is_own


def test_a_recording_is_not_the_own_machine(recording):
    with open_root(recording) as host:
        assert not host.is_own
        assert isinstance(host.clock, RecordedClock)


@pytest.mark.parametrize("root", ["nowhere", "capture.toml"])
def test_a_root_that_is_no_directory_is_refused(recording, root):
    with pytest.raises(ConfigError, match=r"is no directory|No such file"), open_root(recording / root):
        pass


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ('description = "a machine"', "", "description is missing"),
        ("taken = 2026-03-02T10:00:00Z", 'taken = "yesterday"', "taken is missing or no datetime"),
        ("taken = 2026-03-02T10:00:00Z", "taken = 2026-03-02T10:00:00", "no time zone"),
        ("seconds_between = 5.0", "seconds_between = 0", "seconds_between must be more than 0"),
        ("seconds_between = 5.0", "seconds_between = nan", "seconds_between must be more than 0"),
        ("seconds_between = 5.0", "seconds_between = true", "seconds_between is missing or no float"),
        ("monotonic_seconds = 1000.5", "monotonic_seconds = [", "capture again|capture the machine again"),
    ],
)
def test_a_broken_record_is_named_in_one_line(recording, line, instead, says):
    (recording / "capture.toml").write_text(RECORD.replace(line, instead))

    with pytest.raises(ConfigError, match=says) as caught, open_root(recording):
        pass
    assert "capture.toml: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recording_without_its_first_moment_is_refused(tmp_path):
    (tmp_path / "capture.toml").write_text(RECORD)

    with pytest.raises(ConfigError, match="first: is no directory"), open_root(tmp_path):
        pass

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os

import pytest

from agent.errors import ReadFailed
from agent.readings import Boundary, Channel, Method, PowerReading
from agent.sources.open_files import Failure, OpenFile, open_all, read_each

CHANNEL = Channel("toy", "one", "cpu", Boundary.COMPONENT, Method.INTEGRATED)


@pytest.fixture
def meter(tmp_path):
    """Return files that hold what is given, by the names of their keys."""
    opened = []

    def make(name, content, **more):
        (tmp_path / name).write_text(content)
        opened.append(OpenFile(str(tmp_path / name), 8, **more))
        return opened[-1]

    yield make
    for file in opened:
        file.close()


def replace(file, content):
    with open(f"{file.path}.new", "w", encoding="utf-8") as new:  # noqa: PTH123 - the file's own path is text
        new.write(content)
    os.rename(f"{file.path}.new", file.path)  # noqa: PTH104 - as above


def watts(file):
    return PowerReading(CHANNEL, 1.0, float(file.read()))


def in_words(file, error):
    return Failure(f"{file.path}: {error}", "garbage" if isinstance(error, ValueError) else "io_error")


def test_a_file_is_read_anew_at_each_read_and_no_further_than_its_longest(meter, tmp_path):
    file = meter("power", "5")

    assert file.read() == b"5"
    (tmp_path / "power").write_text("0123456789")
    assert file.read() == b"01234567"


def test_a_file_that_was_closed_is_opened_again(meter):
    file = meter("power", "5")
    file.read()
    file.close()

    assert file.read() == b"5"


@pytest.mark.parametrize(("is_replaced", "read"), [(True, b"6"), (False, b"5")])
def test_a_file_in_whose_place_its_writer_puts_a_new_one_is_read_from_the_new_one(meter, is_replaced, read):
    file = meter("power", "5", is_replaced=is_replaced)
    file.read()
    replace(file, "6")

    assert file.read() == read


def test_a_replaced_file_that_is_taken_away_altogether_is_an_error_until_it_is_back(meter, tmp_path):
    file = meter("power", "5", is_replaced=True)
    file.read()
    (tmp_path / "power").unlink()

    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            file.read()
    (tmp_path / "power").write_text("5")
    assert file.read() == b"5"


def test_files_of_which_one_cannot_be_opened_are_all_left_closed(meter, tmp_path):
    files = [meter("one", "1"), OpenFile(str(tmp_path / "two"), 8), meter("three", "3")]

    with pytest.raises(FileNotFoundError) as error:
        open_all(files)

    assert error.value.filename == str(tmp_path / "two")
    assert [file.descriptor for file in files] == [-1, -1, -1]


def test_a_round_in_which_every_file_answers_is_its_readings(meter):
    files = [meter("one", "1"), meter("two", "2")]

    assert [reading.watts for reading in read_each(files, watts, in_words).whole()] == [1, 2]


def test_a_round_with_failures_raises_the_first_with_the_readings_of_the_others(meter, tmp_path):
    files = [meter("one", "1"), OpenFile(str(tmp_path / "two"), 8), meter("three", "three"), meter("four", "4")]
    taken = read_each(files, watts, in_words)

    assert [failure.reason for failure in taken.failures] == ["io_error", "garbage"]
    with pytest.raises(ReadFailed, match=r"two: .* No such file") as failed:
        taken.whole()
    assert failed.value.reason == "io_error"
    assert [reading.watts for reading in failed.value.readings] == [1, 4]


def test_what_is_neither_an_error_of_the_file_nor_of_its_value_is_a_bug_and_not_a_failure(meter):
    def broken(_file):
        raise KeyError("oops")

    with pytest.raises(KeyError):
        read_each([meter("one", "1")], broken, in_words)

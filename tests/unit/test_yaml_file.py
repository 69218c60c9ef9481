# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.written.yaml_file import read_yaml, to_yaml

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


def read(tmp_path, text: str | bytes) -> object:
    file = tmp_path / "file.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(file)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),  # Norway
        ("on", "on"),
        ("yes", "yes"),
        ("2024-03-01", "2024-03-01"),
        ("12:30:45", "12:30:45"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        (".nan", ".nan"),
        ("<<", "<<"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
    ],
)
def test_a_plain_word_means_what_it_looks_like(tmp_path, written, meant):
    found = read(tmp_path, f"key: {written}")

    assert found == {"key": meant}
    assert type(found["key"]) is type(meant)


@given(document=DOCUMENTS, on_one_line=st.booleans())
def test_what_is_written_reads_back_equal(tmp_path_factory, document, on_one_line):
    folder = tmp_path_factory.mktemp("yaml", numbered=True)

    assert read(folder, to_yaml(document, on_one_line=on_one_line) + "\n") == document


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is there twice"),
        ("a: {b: 1, b: 2}\n", "line 1: the key 'b' is there twice"),
        ("1: x\n", "line 1: the key 1 is not a word"),
        ("? [a]\n: b\n", "is not a word"),
        ("a:\n\t- b\n", "line 2"),
        ("a: [1\n", "line 2"),
        ("a: !!python/object:os.system x\n", "line 1"),
        ("a: *unknown\n", "line 1"),
        ("a: 1\n---\nb: 2\n", "single document"),
        ("a: \x01\n", "special characters"),
        ("[" * 5000, "nested too deeply"),
        ("a: " + "9" * 5000, "too long"),
        (b"a: \xff\n", "byte 3 is not UTF-8"),
    ],
)
def test_an_error_is_one_line_with_file_and_place(tmp_path, text, says):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)

    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/file.yaml: ")
    assert says in message
    assert "\n" not in message


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(ConfigError, match="No such file or directory; check the path"):
        read_yaml(tmp_path / "none.yaml")


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match="Is a directory; name a file in it"):
        read_yaml(tmp_path)


def test_an_empty_file_is_an_empty_document(tmp_path):
    assert read(tmp_path, "# only a comment\n") is None

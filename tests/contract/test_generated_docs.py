# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import generate
import pytest

from agent.sources.table import SOURCES


@pytest.mark.parametrize("name", sorted(generate.DOCUMENTS))
def test_a_generated_document_is_what_the_code_says_now(name):
    written = (generate.HERE / name).read_text(encoding="utf-8")

    assert written == generate.DOCUMENTS[name](), f"docs/{name} is out of date: run `make docs`"


@pytest.mark.parametrize("entry", SOURCES, ids=lambda entry: entry.name)
def test_every_source_is_described_in_full(entry):
    text = generate.text_of(entry)

    assert set(text) == {"reports", "boundary", "rights", "cost", "does_not_show"}
    assert all(text.values())


def test_what_is_no_source_is_not_described():
    assert set(generate.texts_of_sources()) == {entry.name for entry in SOURCES}

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import generate
import pytest

from agent.sources.table import SOURCES


@pytest.mark.parametrize("name", sorted(generate.documents()))
def test_a_generated_document_is_what_the_code_says_now(name):
    written = (generate.HERE / name).read_text(encoding="utf-8")

    assert written == generate.documents()[name], "run `make docs`"


def test_every_source_is_described_in_full():
    texts = generate.texts_of_sources()

    assert list(texts) == [entry.name for entry in SOURCES]
    for text in texts.values():
        assert set(text) == {"tells", "boundary", "rights", "cost", "cannot_tell"}
        assert all(text.values())

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import generate
import pytest


@pytest.mark.parametrize("name", sorted(generate.documents()))
def test_a_generated_document_is_what_the_code_says_now(name):
    written = (generate.HERE / name).read_text(encoding="utf-8")

    assert written == generate.documents()[name], "run `make docs`"

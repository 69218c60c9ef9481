# SPDX-License-Identifier: Apache-2.0
"""Each captured machine gives the exposition that lies beside it. `make golden` rewrites them; read the difference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.captured import open_root
from agent.wiring import sample_once
from exporters import prometheus

HOSTS = sorted((Path(__file__).parent.parent / "hosts").iterdir())

# The interpreter's version is this machine's, not the captured one's.
_OF_THIS_MACHINE = re.compile(r"^(wattprint_build_info)\{.*$", re.MULTILINE)


def exposition(captured: Path, tmp_path: Path) -> str:
    config = tmp_path / "empty.yaml"
    config.write_text("")
    with open_root(captured) as host:
        return _OF_THIS_MACHINE.sub(r"\1{…} 1.0", prometheus.text(sample_once(host, config)).decode())


@pytest.mark.parametrize("captured", HOSTS, ids=lambda path: path.name)
def test_a_captured_machine_gives_its_golden_exposition(captured, tmp_path, pytestconfig):
    golden = captured / "expected" / "metrics.prom"
    given = exposition(captured, tmp_path)
    if pytestconfig.getoption("--rewrite-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(given, encoding="utf-8")

    assert given == golden.read_text(encoding="utf-8")

# SPDX-License-Identifier: Apache-2.0
"""Each captured machine gives the exposition that lies beside it. `make golden` rewrites them; read the difference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.recording.captured import open_root
from agent.wiring import sample_once
from exporters import prometheus

HOSTS = sorted((Path(__file__).parent.parent / "hosts").iterdir())

# prometheus-client 0.16 writes an exponent's leading zero where newer ones do not.
_LEADING_ZERO = re.compile(r"(?<=e\+)0(?=\d\d$)", re.MULTILINE)

# The interpreter's version is this machine's, not the captured one's.
_OF_THIS_MACHINE = re.compile(r"^(wattprint_build_info)\{.*$", re.MULTILINE)


def exposition(captured: Path, tmp_path: Path) -> str:
    config = tmp_path / "empty.yaml"
    config.write_text("")
    with open_root(captured) as host:
        given = prometheus.text(sample_once(host, config)).decode()
    return _LEADING_ZERO.sub("", _OF_THIS_MACHINE.sub(r"\1{…} 1.0", given))


@pytest.mark.parametrize("captured", HOSTS, ids=lambda path: path.name)
def test_a_captured_machine_gives_its_golden_exposition(captured, tmp_path, pytestconfig):
    golden = captured / "expected" / "metrics.prom"
    given = exposition(captured, tmp_path)
    if pytestconfig.getoption("--rewrite-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(given, encoding="utf-8")

    assert golden.exists(), (
        f"{captured.name} has no golden exposition: run `make golden`, and check its figures by hand"
    )
    assert given == golden.read_text(encoding="utf-8")

# SPDX-License-Identifier: Apache-2.0
"""What the markers need. A missing tool skips its tests with the line that mends it; under CI it fails them."""

from __future__ import annotations

import os
import shutil

import pytest

NEEDS = {
    "chromium": (
        lambda: shutil.which("chromium") and shutil.which("chromedriver"),
        "apt-get install chromium chromium-driver",
    ),
    "promtool": (lambda: shutil.which("promtool"), "apt-get install prometheus"),
    "root": (lambda: os.geteuid() == 0, "run the tests as root"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (is_there, remedy) in NEEDS.items():
        if item.get_closest_marker(marker) and not is_there():
            missing = f"needs {marker}: {remedy}"
            if os.environ.get("CI"):
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="rewrite what captured machines are compared with")

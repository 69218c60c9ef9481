# SPDX-License-Identifier: Apache-2.0
"""What the markers need. A missing tool skips its tests with the line that mends it; under CI it fails them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bmcs import Bmcs
from grid_server import Grid, GridServer
from hypothesis import settings
from lab.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

# No test asserts on a time; a busy machine is no failure.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

NEEDS = {
    "chromium": (
        lambda: shutil.which("chromium") and shutil.which("chromedriver"),
        "apt-get install chromium chromium-driver",
    ),
    "dmidecode": (
        lambda: shutil.which("dmidecode", path=os.environ["PATH"] + ":/usr/sbin:/sbin"),
        "apt-get install dmidecode",
    ),
    "gcc": (lambda: shutil.which("gcc"), "apt-get install gcc libc6-dev"),
    "node_exporter": (
        lambda: shutil.which("prometheus-node-exporter"),
        "apt-get install --no-install-recommends prometheus-node-exporter",
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


@pytest.fixture(scope="session")
def fake_nvml(tmp_path_factory) -> Path:
    """A folder with a libnvidia-ml.so.1 whose cards' truth and faults are given by the environment."""
    source = Path(__file__).parent / "lab" / "fake_nvml.c"
    folder = tmp_path_factory.mktemp("nvml")
    command = ["gcc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(folder / "libnvidia-ml.so.1"), str(source)]
    subprocess.run(command, check=True)
    return folder


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    """A certificate authority for servers of 127.0.0.1."""
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture
def bmcs(authority, tmp_path) -> Iterator[Bmcs]:
    """BMCs that serve Redfish; they are stopped at the end."""
    started = Bmcs(authority, tmp_path)
    yield started
    for server in started.servers:
        server.stop()


@pytest.fixture
def grid(tmp_path) -> Iterator[Grid]:
    """A provider of live intensity, and what asks it; its server is stopped at the end."""
    started = Grid(GridServer(), tmp_path)
    yield started
    started.server.stop()

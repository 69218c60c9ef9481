# SPDX-License-Identifier: Apache-2.0
"""The program as its users have it: the wheel, in an environment of its own, with the sources away."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from fcntl import LOCK_EX, flock
from http import HTTPStatus
from pathlib import Path

import pytest

PATIENCE_SECONDS = 60  # much longer than anything here takes, on a busy machine as well
PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def wattprint(tmp_path_factory, worker_id) -> Path:
    """The installed console script; processes that share the tests share it, too."""
    alone = worker_id == "master"
    folder = tmp_path_factory.mktemp("installed") if alone else tmp_path_factory.getbasetemp().parent / "installed"
    folder.mkdir(exist_ok=True)
    script = folder / "venv" / "bin" / "wattprint"
    with (folder / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not script.exists():
            install(folder)
    return script


def install(folder: Path) -> None:
    """Build the wheel and install it into an environment of its own."""
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(PROJECT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    [wheel] = folder.glob("*.whl")
    environment = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(pip, check=True, cwd=folder)


@pytest.fixture
def call(wattprint, tmp_path):
    """Run a command to its end."""

    def run(*arguments, **options):
        command = [str(wattprint), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE_SECONDS, check=False, **options
        )

    return run


class Agent:
    """A running agent."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.first_line = process.stdout.readline()
        self.address = re.search(r"http://(\S+?)/", self.first_line)[1]

    def first_words(self) -> str:
        """Wait for the first figures and return them."""
        lines = []
        while not lines or not lines[-1].startswith("  problems"):
            lines.append(self.process.stdout.readline())
            assert lines[-1], "the agent ended"
        return "".join(lines)

    def get(self, path: str, accept: str = "*/*") -> str:
        request = urllib.request.Request(f"http://{self.address}{path}", headers={"Accept": accept})
        for _ in range(10 * PATIENCE_SECONDS):
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                time.sleep(0.1)  # there is no snapshot yet
        raise AssertionError("the agent never had a snapshot")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
def start(wattprint, tmp_path):
    """Start agents on free ports of 127.0.0.1; whatever still runs is ended."""
    running = []

    def start_agent(*arguments, **environment):
        command = [str(wattprint), "run", "--listen", "127.0.0.1:0", *map(str, arguments)]
        pipe = subprocess.PIPE
        environment = {**os.environ, **environment}
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=tmp_path, env=environment)
        running.append(process)
        return Agent(process)

    yield start_agent
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()

# SPDX-License-Identifier: Apache-2.0
"""BoaviztAPI 2.5.0 itself, run beside: its server on loopback, and what it answers for a server's manufacture."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-boaviztapi"
CRITERIA = {"gwp": "gwp", "adp": "adpe", "pe": "pe"}  # its names -> ours
# The prefix of its components -> our component. What it has once is numbered, too.
COMPONENTS = {
    "CPU": "cpu",
    "GPU": "gpu",
    "RAM": "memory",
    "SSD": "ssd",
    "HDD": "hdd",
    "POWER_SUPPLY": "psu",
    "CASE": "case",
    "MOTHERBOARD": "board",
    "ASSEMBLY": "assembly",
}


def install() -> str:
    """Make the environment if it is not there; return why that failed, or nothing."""
    command = ["make", "--silent", f"{ENVIRONMENT.name}/.ready", f"PYTHON={sys.executable}"]
    try:
        made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no make"
    return "" if made.returncode == 0 else f"exit {made.returncode}: {made.stderr.strip()[-300:]}"


@contextmanager
def serving() -> Iterator[Program]:
    """Start the server on a free port of loopback, and end it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [str(ENVIRONMENT / "bin/python"), "-m", "uvicorn", "boaviztapi.main:app"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        program = Program(f"http://127.0.0.1:{port}")
        try:
            program.wait_until_it_answers(process)
            yield program
        finally:
            process.terminate()


class Program:
    """The running program."""

    def __init__(self, address: str) -> None:
        self._address = address

    def wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        """Give it a minute: it reads its tables first."""
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self._address}/v1/utils/version", timeout=5).close()
            except urllib.error.URLError:
                assert process.poll() is None, f"BoaviztAPI ended with {process.returncode}"
                assert time.monotonic() < until, "BoaviztAPI does not answer"
                time.sleep(0.2)
            else:
                return

    def version(self) -> str:
        """Return its release."""
        with urllib.request.urlopen(f"{self._address}/v1/utils/version", timeout=10) as answer:
            return str(json.load(answer))

    def server(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return its whole answer for a server."""
        query = "verbose=true&" + "&".join(f"criteria={criterion}" for criterion in CRITERIA)
        # A server's manufacture is shared out over its life: ask for the whole of it.
        request = urllib.request.Request(
            f"{self._address}/v1/server/?{query}",
            json.dumps({**body, "usage": {"hours_life_time": 35040}}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def embedded(answer: dict[str, Any]) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the low and high of an answer by (component, criterion): `memory-2` is the second group of modules."""
    impacts = {"total": answer["impacts"]} | {
        f"{COMPONENTS[kind]}-{number}": told["impacts"]
        for name, told in answer["verbose"].items()
        for kind, _, number in [name.rpartition("-")]
        if kind in COMPONENTS
    }
    return {
        (component, ours): (figures[theirs]["embedded"]["min"], figures[theirs]["embedded"]["max"])
        for component, figures in impacts.items()
        for theirs, ours in CRITERIA.items()
    }

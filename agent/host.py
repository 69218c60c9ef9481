# SPDX-License-Identifier: Apache-2.0
"""The host: with its clock the only door to the root path, time, commands and the network.

Everything that touches the machine is given a `Host`, so a captured machine, a chroot at /host or a test
with a clock of its own run the same code as the real one.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.clock import Clock
    from agent.web_client import WebClient


@dataclass(frozen=True)
class Host:
    """A machine to read: its root directory and its clock."""

    root: Path = Path("/")
    clock: Clock = field(default_factory=SystemClock)

    def path(self, absolute: str) -> Path:
        """Return where the machine's `absolute` path lies for this process."""
        return self.root / absolute.lstrip("/")

    def read_text(self, absolute: str) -> str | None:
        """Return a small file's text without surrounding whitespace, or None if there is no such file to read."""
        try:
            return self.path(absolute).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    def boot_id(self) -> str:
        """Return what distinguishes this boot from any other; empty when the kernel does not report it."""
        return self.read_text("/proc/sys/kernel/random/boot_id") or ""

    def run(self, command: Sequence[str], timeout_seconds: float) -> tuple[int, str]:
        """Run a program, found by PATH, and return its exit status and what it printed, errors included.

        Raises:
            TimeoutError: it was not done in time, and it and its children were ended.
            OSError: it cannot be run.
        """
        import subprocess  # noqa: PLC0415 - few machines are configured to run anything

        with subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            start_new_session=True,
        ) as process:
            try:
                printed, _ = process.communicate(timeout=timeout_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise TimeoutError(f"{command[0]} took more than {timeout_seconds:g} s") from None
        return process.returncode, printed.decode(errors="replace")

    @property
    def is_own(self) -> bool:
        """Whether this is the machine the process runs on, rather than another root."""
        return self.root == Path("/")

    def web_client(self, address: str, ca: str | bool, proxy: str = "") -> WebClient:  # noqa: FBT001 - as `requests` has it
        """Return a client of one server; `ca` is a file of authorities, True for the system's, False to trust anyone."""
        from agent.web_client import WebClient  # noqa: PLC0415 - loads `requests`, which costs 7 MB

        return WebClient(address, ca, self.clock, proxy)

# SPDX-License-Identifier: Apache-2.0
"""The guest and its BMC, as the tests drive them: what power they have, and what the agent in the guest says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

LAB = Path(__file__).parent
BOOT_SECONDS = 180  # it takes 10 on an idle machine
COMMAND_SECONDS = 120
_RAPL = "/sys/module/fakerapl/parameters"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_so, seconds: float, what: str) -> None:
    """Ask until it is so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.5)


class Scrape:
    """What the agent said at one moment."""

    def __init__(self, text: str) -> None:
        families = text_string_to_metric_families(text)
        self.samples = [sample for family in families for sample in family.samples]

    def all(self, name: str, **labels: str) -> list[float]:
        wanted = labels.items()
        return [s.value for s in self.samples if s.name == f"wattprint_{name}" and wanted <= s.labels.items()]

    def one(self, name: str, **labels: str) -> float:
        [value] = self.all(name, **labels)
        return value

    def total(self, name: str, **labels: str) -> float:
        return sum(self.all(name, **labels))

    def joules_by_channel(self, source: str) -> dict[str, float]:
        name = "wattprint_channel_energy_joules_total"
        found = [s for s in self.samples if s.name == name and s.labels["source"] == source]
        return {s.labels["channel"]: s.value for s in found}

    def reasons(self, source: str) -> dict[str, float]:
        name = "wattprint_source_read_failures_total"
        found = [s for s in self.samples if s.name == name and s.labels["source"] == source]
        return {s.labels["reason"]: s.value for s in found}


class Guest:
    """A running guest."""

    def __init__(self, metrics_port: int, command_port: int) -> None:
        self._metrics_port = metrics_port
        self._command_port = command_port

    def run(self, command: str) -> str:
        """Do a shell command in the guest and return what it prints; a failing one fails the test."""
        with socket.create_connection(("127.0.0.1", self._command_port), timeout=COMMAND_SECONDS) as connection:
            connection.sendall(command.encode())
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        status, _, output = answer.partition("\n")
        assert status == "0", f"{command!r} in the guest: {answer}"
        return output

    def start_agent(self, config: str = "{}") -> None:
        """Start the installed agent with a config, and wait until it serves its first snapshot."""
        self.run(f"mkdir -p /etc/wattprint; cat >/etc/wattprint/config.yaml <<'CONFIG'\n{config}\nCONFIG")
        self.run(
            "wattprint run --config /etc/wattprint/config.yaml --listen 0.0.0.0:9733 --state /run/wattprint "
            "</dev/null >/tmp/agent.log 2>&1 & echo $! >/run/agent.pid"
        )
        try:
            wait_until(self._serves, 90, "the agent's first snapshot")
        except AssertionError as error:
            raise AssertionError(f"{error}; its log: {self.run('cat /tmp/agent.log')}") from error

    def scrape(self) -> Scrape:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._metrics_port}/metrics", timeout=30) as answer:
            return Scrape(answer.read().decode())

    def wait_for_ticks(self, count: int) -> Scrape:
        """Wait until the sampler has read everything so many times from now on."""
        enough = self.scrape().one("sampler_ticks_total") + count
        wait_until(lambda: self.scrape().one("sampler_ticks_total") >= enough, 60 + 5 * count, f"{count} more ticks")
        return self.scrape()

    def load_counters(self, **parameters: object) -> None:
        """Load the counters. They exist from here on with 1 mW, which is next to nothing, until told otherwise."""
        words = " ".join(f"{name}={value}" for name, value in parameters.items())
        self.run(f"modprobe intel_rapl_common && insmod /lab/fakerapl.ko {words}")

    def unload_counters(self) -> None:
        self.run("rmmod fakerapl")

    def set_milliwatts(self, *milliwatts: int) -> None:
        self.run(f"echo {','.join(map(str, milliwatts))} >{_RAPL}/milliwatts")

    def truth(self) -> dict[str, tuple[float, int]]:
        """Return joules and wraps of every counter since they were loaded, by the agent's name of the channel."""
        rows = [line.split() for line in self.run(f"cat {_RAPL}/truth").splitlines()]
        names = {
            (package, domain): domain if domain == "psys" else f"{domain}-{package}" for package, domain, *_ in rows
        }
        told = {names[package, domain]: (int(nj) * 1e-9, int(wraps)) for package, domain, nj, wraps in reversed(rows)}
        return {name: told[name] for name in sorted(told)}

    def _serves(self) -> bool:
        try:
            return bool(self.scrape().all("sampler_ticks_total"))
        except OSError:
            return False


class Bmc:
    """The simulated BMC; what it is told takes effect at its next answer."""

    def __init__(self, port: int, control: Path) -> None:
        self.port = port
        self._control = control

    def tell(self, *lines: str) -> None:
        aside = self._control.with_suffix(".new")
        aside.write_text("".join(f"{line}\n" for line in lines))
        aside.rename(self._control)


def build(folder: Path) -> None:
    """Make the wheel and the guest around it."""
    build_wheel = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(LAB.parent.parent)]
    subprocess.run(build_wheel, check=True, stdout=subprocess.DEVNULL)
    [wheel] = folder.glob("*.whl")
    subprocess.run([str(LAB / "build-guest.sh"), str(folder), str(wheel)], check=True)


@contextmanager
def running_guest(built: Path, log: Path, *, cpu: str = "Skylake-Server", bmc: Bmc | None = None):
    """Boot; switched off at the end."""
    ports = [free_port(), free_port()]
    command = [str(LAB / "run-guest.sh"), str(built), *map(str, ports), *([str(bmc.port)] if bmc else [])]
    with log.open("w") as console:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=os.environ | {"CPU": cpu}
        )
    try:
        wait_until(lambda: "lab: ready" in log.read_text() or process.poll() is not None, BOOT_SECONDS, "the guest")
        assert process.poll() is None, log.read_text()
        yield Guest(*ports)
    finally:
        process.kill()
        process.wait()


@contextmanager
def running_bmc(folder: Path, *options: str):
    """Start a BMC whose power stands still unless told otherwise."""
    bmc = Bmc(free_port(), folder / "bmc.control")
    command = [sys.executable, str(LAB / "simbmc.py"), "--vm", str(bmc.port), "--swing", "0", "--control"]
    process = subprocess.Popen([*command, str(folder / "bmc.control"), *options])
    try:
        yield bmc
    finally:
        process.kill()
        process.wait()

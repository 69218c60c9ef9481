# SPDX-License-Identifier: Apache-2.0
"""Every command of the README does what a newcomer expects: it ends well. `make test` is what runs this."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
LINES = [
    line.partition("  # ")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
MAKE = [line for line in LINES if line.startswith("make ")]
CURL = [line for line in LINES if line.startswith("curl ")]
OTHERS = [line for line in LINES if line not in MAKE + CURL]


def test_the_readme_has_these_commands():
    assert MAKE == ["make run", "make test"]
    assert len(CURL) == 1
    assert len(OTHERS) > 8


def test_every_other_command_ends_well_one_after_the_other(wattprint, tmp_path):
    (tmp_path / ".venv").symlink_to(wattprint.parent.parent)
    for folder in ("docs", "tests"):
        (tmp_path / folder).symlink_to(PROJECT / folder)
    for line in OTHERS:
        done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

        assert (line, done.returncode, done.stderr) == (line, 0, "")


def test_the_curl_command_shows_figures_of_the_running_agent(start):
    agent = start("--root", PROJECT / "tests" / "hosts" / "intel-2s-cascadelake-dram")
    agent.first_words()
    line = CURL[0].replace("127.0.0.1:9733", agent.address)
    shown = subprocess.run(line, shell=True, capture_output=True, text=True, check=True, timeout=60).stdout

    assert "wattprint_host_power_watts{" in shown
    assert "wattprint_scope2_location_based_co2e_grams_total" in shown


def test_make_run_alone_installs_and_starts_the_agent_in_a_fresh_checkout(tmp_path):
    """A fresh checkout, a fresh HOME, no virtual environment."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        target = tmp_path / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    # A make that runs the tests hands its own settings down.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "VIRTUAL_ENV", "PYTHON"))
    }
    environment["HOME"] = str(tmp_path)
    process = subprocess.Popen(
        ["make", "run", "ARGUMENTS=--listen 127.0.0.1:0"],
        cwd=tmp_path / "checkout",
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output = ""
        for line in process.stdout:
            output += line
            if line.startswith("  problems"):
                break
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
        process.stdout.close()

    assert re.search(r"http://127\.0\.0\.1:\d+/", output)
    assert re.search(r"power +[\d.]+ W", output)


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"`make ([a-z]+)`", README + (PROJECT / "Makefile").read_text(encoding="utf-8"))))
)
def test_every_make_target_that_is_named_exists(target):
    subprocess.run(["make", "--dry-run", target], cwd=PROJECT, check=True, capture_output=True)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_leads_to_a_file(link):
    assert (PROJECT / link).exists()

# SPDX-License-Identifier: Apache-2.0
"""CONTRIBUTING.md, "A new source", done to a copy of the tree: the suite finds the source, and names a step left out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("agent", "exporters", "impacts", "tests", "docs", "pyproject.toml", "Makefile", "CONTRIBUTING.md")
NAME, MACHINE = "power_meter_file", "power-meter-file"
BASE = ROOT / "tests" / "hosts" / "kvm-guest-amd-epyc" / "first"  # a machine without a meter
TESTS = ("test_sources.py", "test_hosts.py", "test_golden.py", "test_generated_docs.py")

# Writes 200 W, 200.1 W … as the program of a meter might: each time as a new file in the place of the old one.
METER = """
import itertools, os, sys, time
for tenths in itertools.count(2000):
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(f"{tenths / 10}\\n")
    os.replace(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(0.1)
"""

pytestmark = pytest.mark.slow


class Tree:
    """A copy of the tree, in which its own code and tests are run."""

    def __init__(self, root):
        self.root = root
        self.root.mkdir()
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis")
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, root / part, ignore=ignored)
            else:
                shutil.copy2(ROOT / part, root / part)

    def run(self, *command):
        environment = {**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *command], cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def test(self, *tests):
        """Run contract tests on all that is named after the new source, and on what is of no source or machine."""
        named = f"{NAME} or {MACHINE} or in_the_table or generated or no_source"
        paths = [f"tests/contract/{test}" for test in tests]
        return self.run(
            "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--tb=short", "--maxfail=3", "-k", named, *paths
        )

    def make(self, target):
        """Do what the Makefile does for a target."""
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", (self.root / "Makefile").read_text(), re.MULTILINE)
        for line in recipe[1].splitlines():
            program, *arguments = shlex.split(line)
            assert program == "$(BIN)/python"
            status, printed = self.run(*arguments)
            assert status == 0, printed

    def write(self, path, change):
        file = self.root / path
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def steps():
    """Return the steps of the walkthrough, each as its text and its blocks of code."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("\n## A new source\n")[2].partition("\n## ")[0]
    numbered = re.split(r"^\d\. ", section, flags=re.MULTILINE)[1:]
    numbered[-1] = numbered[-1].partition("\n\nThe tests of")[0]
    return [
        (step, [unindented(block) for block in re.findall(r"```\w+\n(.*?)```", step, re.DOTALL)]) for step in numbered
    ]


def unindented(block):
    return "".join(line.removeprefix("   ") for line in block.splitlines(keepends=True))


SOURCE, TABLE, ACCURACY, DESCRIPTION, CAPTURE, GENERATED = steps()


def add_the_source(tree):
    [sample] = re.findall(r"\]\((tests/\S+)\)", SOURCE[0])
    shutil.copy(ROOT / sample, tree.root / f"agent/sources/{NAME}.py")


def put_it_in_the_table(tree):
    [line] = TABLE[1]
    tree.write(
        "agent/sources/table.py",
        lambda text: text.replace(", nvidia,", f", nvidia, {NAME},").replace(
            "    rapl.ENTRY,", f"    {line}    rapl.ENTRY,"
        ),
    )


def add_its_accuracy(tree):
    [row] = ACCURACY[1]
    tree.write("impacts/data/wattprint-assumptions/factors.csv", lambda text: text + row)


def describe_it(tree):
    [entry] = DESCRIPTION[1]
    tree.write("docs/sources.toml", lambda text: f"{text}\n{entry}")


def capture_a_machine(tree):
    [[program, *arguments]] = [shlex.split(command) for command in CAPTURE[1]]
    assert program == "wattprint"
    with machine_with_a_meter(tree.root.parent / "machine") as root:
        code = "import sys; from agent.cli import main; sys.exit(main())"
        status, printed = tree.run("-c", code, *arguments, "--root", str(root), "--seconds", "1")
    assert status == 0, printed


@contextmanager
def machine_with_a_meter(root):
    """Give the root of a machine on which a program replaces the meter's file ten times a second."""
    shutil.copytree(BASE, root)
    file = root / "run/power-meter/watts"
    file.parent.mkdir(parents=True)
    program = subprocess.Popen([sys.executable, "-c", METER, str(file)])
    try:
        while not file.exists():
            assert program.poll() is None
        yield root
    finally:
        program.kill()
        program.wait()


def make_the_generated_files(tree):
    [[make, *targets]] = [shlex.split(command) for command in GENERATED[1]]
    assert make == "make"
    for target in targets:
        tree.make(target)


DRILL = (
    add_the_source,
    put_it_in_the_table,
    add_its_accuracy,
    describe_it,
    capture_a_machine,
    make_the_generated_files,
)


@pytest.fixture(scope="module")
def drilled():
    """A copy of the tree to which every step has been done; others may read it, for tests that become one of them."""
    with TemporaryDirectory(prefix="drill-") as temporary:
        Path(temporary).chmod(0o755)
        tree = Tree(Path(temporary) / "wattprint")
        for step in DRILL:
            step(tree)
        yield tree


def test_the_suite_finds_a_source_that_was_added_by_the_walkthrough_and_passes(drilled):
    status, printed = drilled.test(*TESTS)

    assert status == 0, printed
    for test in (
        f"test_sources.py::test_every_reading_is_of_a_channel_and_never_negative[{NAME}-{MACHINE}]",
        f"test_sources.py::test_a_source_reads_only_what_a_capture_records[{NAME}-{MACHINE}]",
        f"test_sources.py::test_a_config_file_can_switch_a_source_off[{NAME}]",
        f"test_hosts.py::test_it_holds_two_moments_of_plain_files[{MACHINE}]",
        f"test_golden.py::test_a_captured_machine_gives_its_golden_exposition[{MACHINE}]",
        f"test_generated_docs.py::test_every_source_is_described_in_full[{NAME}]",
    ):
        assert f"PASSED tests/contract/{test}" in printed


def test_its_power_is_the_hosts_measured_power(drilled):
    golden = (drilled.root / "tests/hosts" / MACHINE / "expected/metrics.prom").read_text()
    [watts] = re.findall(r'^wattprint_host_power_watts\{basis="measured"\} (\S+)$', golden, re.MULTILINE)

    assert 200 <= float(watts) < 300  # what the meter's program has written meanwhile


def test_no_other_machines_figures_have_changed(drilled):
    for golden in ROOT.glob("tests/hosts/*/expected/metrics.prom"):
        assert (drilled.root / golden.relative_to(ROOT)).read_text() == golden.read_text()


# What each step adds, and who names it, and how, when it is not there.
LEFT_OUT = {
    "the source": (f"agent/sources/{NAME}.py", "test_sources.py", f"cannot import name '{NAME}' from 'agent.sources'"),
    "its line in the table": (
        "agent/sources/table.py",
        "test_sources.py",
        f"agent/sources/{NAME}.py: give ['{NAME}'] a line in agent/sources/table.py",
    ),
    "its accuracy": (
        "impacts/data/wattprint-assumptions/factors.csv",
        "test_sources.py",
        f"no dataset has power of {NAME}_accuracy; `wattprint factors list` names every subject: add the row to impacts/",
    ),
    "its description": (
        "docs/sources.toml",
        "test_generated_docs.py",
        f"docs/sources.toml has no [{NAME}]: describe the source there as the others are",
    ),
    "a machine that has it": (
        f"tests/hosts/{MACHINE}",
        "test_sources.py",
        f"no machine in tests/hosts has {NAME}: capture one, or compose it in tests/compose_hosts.py",
    ),
    "the machine's golden exposition": (
        f"tests/hosts/{MACHINE}/expected",
        "test_golden.py",
        f"{MACHINE} has no golden exposition: run `make golden`",
    ),
    "the reference of sources": (
        "docs/sources.md",
        "test_generated_docs.py",
        "docs/sources.md is out of date: run `make docs`",
    ),
    "the schema of the config file": (
        "docs/config.schema.json",
        "test_generated_docs.py",
        "docs/config.schema.json is out of date: run `make docs`",
    ),
}


@pytest.mark.parametrize(("path", "test", "message"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_step_that_is_left_out_is_named(drilled, path, test, message):
    with left_out(drilled, path):
        status, printed = drilled.test(test)

    assert status != 0
    assert message in " ".join(printed.split())


@contextmanager
def left_out(tree, path):
    """Take from the tree what a step has done to a file or folder, and put it back at the end."""
    done, aside = tree.root / path, tree.root.parent / "aside"
    done.rename(aside)
    if (ROOT / path).exists():
        shutil.copy2(ROOT / path, done)
    yield
    done.unlink(missing_ok=True)
    aside.rename(done)


@pytest.mark.parametrize(
    ("globs", "message"),
    [
        ("()", f"{NAME} has no READS: a capture would record nothing of it"),
        ('("run/another/file",)', f"{NAME} reads what is not in its READS: {{'run/power-meter/watts'}}"),
    ],
)
def test_globs_that_are_left_out_are_named(drilled, globs, message):
    module = f"agent/sources/{NAME}.py"
    with changed(drilled, module, lambda text: re.sub(r"^READS = .*$", f"READS = {globs}", text, flags=re.MULTILINE)):
        status, printed = drilled.test("test_sources.py")

    assert status != 0
    assert message in " ".join(printed.split())


@contextmanager
def changed(tree, path, change):
    whole = (tree.root / path).read_text(encoding="utf-8")
    tree.write(path, change)
    yield
    tree.write(path, lambda _: whole)


def test_every_step_names_what_it_adds():
    named = [re.findall(r"`([^`\n]+)`", step)[0] for step, _ in (SOURCE, TABLE, ACCURACY, DESCRIPTION, CAPTURE)]

    assert named == [
        f"agent/sources/{NAME}.py",
        "agent/sources/table.py",
        "impacts/data/wattprint-assumptions/factors.csv",
        "docs/sources.toml",
        "tests/hosts",
    ]

# SPDX-License-Identifier: Apache-2.0
"""Would a test notice? Changes one small thing at a time in the modules that figures depend on, and runs their tests.

    python tests/mutation/mutate.py                  all modules; writes docs/mutation.md
    python tests/mutation/mutate.py ledger rapl      these only, and writes nothing

Each mutant runs in a process of its own that is forked with the libraries loaded, imports the changed module in the
place of the real one, and runs the tests until one fails, first those that enter the changed function. What survives
the unit tests is tried by the wider ones too. Tests that find no end have noticed. Whoever survives has to be killed
by a new test, or to be explained in docs/mutation-survivors.toml: by module, function and change, with the reason.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "docs")]

from mutation.mutants import Mutant, mutants  # noqa: E402 - beside this file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

EXPLANATIONS = ROOT / "docs" / "mutation-survivors.toml"
PAGE = ROOT / "docs" / "mutation.md"
REQUIRED_RATIO = 0.9


@dataclass(frozen=True)
class Subject:
    """Modules that are tested together: the tests that every mutant meets, and those that only survivors meet."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    wider: tuple[str, ...] = ()


SUBJECTS = (
    Subject(
        "ledger",
        ("agent/ledger.py",),
        ("unit/test_ledger.py", "unit/test_ledger_properties.py", "unit/test_history.py"),
        ("unit/test_sampler.py", "unit/test_source_set.py", "contract/test_golden.py"),
    ),
    Subject(
        "balance",
        tuple(
            f"agent/wholehost/{name}.py"
            for name in ("balance", "ways", "reports", "contradictions", "host_step", "meters")
        ),
        tuple(f"unit/test_{name}.py" for name in ("balance", "ways", "reports", "host_step", "meters", "overlap")),
        ("unit/test_sampler.py", "unit/test_wiring.py", "contract/test_golden.py"),
    ),
    Subject(
        "rapl",
        ("agent/sources/rapl.py", "agent/sources/rapl_zones.py"),
        ("unit/test_rapl.py", "unit/test_open_files.py"),
        ("unit/test_doctor.py", "contract/test_sources.py", "contract/test_golden.py"),
    ),
    Subject(
        "acquisition",
        ("impacts/lifetime/acquisition.py", "impacts/lifetime/amortisation.py"),
        ("unit/test_acquisition.py", "unit/test_amortisation_derivations.py", "unit/test_amortisation.py"),
        (
            "unit/test_replacement.py",
            "unit/test_sampler.py",
            "unit/test_embodied_command.py",
            "contract/test_golden.py",
        ),
    ),
    Subject(
        "default profile",
        ("impacts/embodied/default_profile.py",),
        ("unit/test_default_profile.py", "unit/test_embodied.py", "unit/test_fixed_part.py"),
        ("unit/test_embodied_command.py", "contract/test_embodied_validation.py", "contract/test_golden.py"),
    ),
    Subject(
        "market-based",
        (
            "impacts/market_based/emissions.py",
            "impacts/market_based/instruments.py",
            "impacts/market_based/residual_mix.py",
        ),
        (
            "unit/test_market_criteria.py",
            "unit/test_market_fallback.py",
            "contract/test_market_based_cases.py",
            "unit/test_market_based.py",
        ),
        ("unit/test_residual_mix.py", "unit/test_electricity_accounts.py", "unit/test_market_derivations.py"),
    ),
    Subject(
        "grid",
        ("impacts/electricity/grid.py", "impacts/electricity/shares.py"),
        ("unit/test_electricity.py",),
        ("contract/test_market_based_cases.py", "unit/test_factors_command.py", "contract/test_golden.py"),
    ),
)


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the changed module in the place of the real one."""

    def __init__(self, module: str, source: str) -> None:
        self._name = module.removesuffix(".py").replace("/", ".")
        self._path = str(ROOT / module)
        self._source = source

    def find_spec(self, fullname, path=None, target=None):  # noqa: ARG002
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def create_module(self, spec):  # noqa: ARG002
        return None

    def exec_module(self, module):
        exec(compile(self._source, self._path, "exec"), module.__dict__)  # noqa: S102

    def get_filename(self, fullname):  # noqa: ARG002
        return self._path


class Selection:
    """A plugin of pytest: property tests find the same each time, and only the chosen tests run, in their order."""

    def __init__(self, chosen: list[str] | None = None) -> None:
        self._order = None if chosen is None else {node: place for place, node in enumerate(chosen)}

    def pytest_sessionstart(self):
        settings = hypothesis.settings
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        settings.register_profile("mutation", deadline=None, database=None, derandomize=True, phases=phases)
        settings.load_profile("mutation")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if self._order is not None:
            items[:] = sorted(
                (item for item in items if item.nodeid in self._order), key=lambda i: self._order[i.nodeid]
            )


class Recorder(Selection):
    """A plugin that writes down which functions of some files each test enters, and how long it takes."""

    def __init__(self, modules: Iterable[str]) -> None:
        super().__init__()
        self._files = {str(ROOT / module): module for module in modules}
        self.seen: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        entered = self.seen[item.nodeid] = set()

        def profile(frame, event, _argument):
            if event == "call" and frame.f_code.co_filename in self._files:
                entered.add((self._files[frame.f_code.co_filename], frame.f_code.co_firstlineno))

        began = time.perf_counter()
        sys.setprofile(profile)
        yield
        sys.setprofile(None)
        self.seconds[item.nodeid] = time.perf_counter() - began


@dataclass
class Coverage:
    """Which tests enter which lines, and how long each takes."""

    seen: dict[str, set[tuple[str, int]]]
    seconds: dict[str, float]

    def of(self, module: str, mutant: Mutant) -> list[str]:
        """Return all tests: first those that enter the mutant's function, the quickest first; what is cached is entered once."""
        first, last = mutant.lines
        enter = {
            test
            for test, entered in self.seen.items()
            if any(name == module and first <= line <= last for name, line in entered)
        }
        return sorted(self.seen, key=lambda test: (test not in enter, self.seconds[test]))


@dataclass
class Outcome:
    """What became of a module's mutants."""

    module: str
    number: int
    survivors: list[Mutant] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """How many a test has noticed."""
        return self.number - len(self.survivors)


def main() -> int:
    """Try the mutants asked for; return 1 where too few are killed or a survivor is not explained."""
    given = arguments()
    os.chdir(ROOT)
    if lost := [name for name in files_of(SUBJECTS) if not Path(name).exists()]:
        sys.exit(f"the table of subjects names what is not there: {', '.join(lost)}")
    explained, outcomes = explanations(), []
    for subject in SUBJECTS:
        for module in subject.modules:
            if subject.name in (given.subjects or [subject.name]) and given.module in {None, module}:
                outcomes.append(tried(replace(subject, wider=()) if given.quick else subject, module, given.jobs))
                show(outcomes[-1], explained)
    if not (given.subjects or given.module or given.quick):
        PAGE.write_text(page(outcomes, explained), encoding="utf-8")
    return report(outcomes, explained)


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("subjects", nargs="*", help=", ".join(subject.name for subject in SUBJECTS))
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes at a time")
    parser.add_argument("--quick", action="store_true", help="leave the wider tests out")
    parser.add_argument("--module", help="of the subjects, this module only")
    return parser.parse_args()


def files_of(subjects: Iterable[Subject]) -> Iterator[str]:
    """Yield the modules and test files of the table."""
    for subject in subjects:
        yield from subject.modules
        yield from (f"tests/{name}" for name in (*subject.tests, *subject.wider))


def tried(subject: Subject, module: str, jobs: int) -> Outcome:
    """Run the tests of a subject on each mutant of one of its modules."""
    began = time.monotonic()
    found = mutants(ROOT / module)
    print(f"{module}: {len(found)} mutants", flush=True)
    left = found
    for files in filter(None, (subject.tests, subject.wider)):
        left = survivors(module, left, recorded(module, files), jobs)
        print(f"  {len(left)} survive {', '.join(files)} ({time.monotonic() - began:.0f} s)", flush=True)
    return Outcome(module, len(found), left)


def survivors(module: str, found: list[Mutant], coverage: Coverage, jobs: int) -> list[Mutant]:
    """Return those mutants that no test notices, `jobs` of them tried at a time."""
    waiting, running = [Trial(module, mutant, coverage) for mutant in reversed(found)], []
    left: list[Mutant] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(waiting.pop())
            running[-1].start()
        wait([trial.process.sentinel for trial in running], timeout=1.0)
        for trial in [trial for trial in running if trial.is_over()]:
            running.remove(trial)
            if trial.has_survived():
                left.append(trial.mutant)
    return sorted(left, key=found.index)


class Trial:
    """A mutant and the tests that may notice it, in a process of their own."""

    def __init__(self, module: str, mutant: Mutant, coverage: Coverage) -> None:
        self.module, self.mutant, self.tests = module, mutant, coverage.of(module, mutant)
        # A mutant that loops is given up where a slow machine, too, would long have ended.
        self._patience = 10 + 10 * sum(map(coverage.seconds.__getitem__, self.tests))

    def start(self) -> None:
        """Let the tests begin."""
        self.process = forked(run_tests, Changed(self.module, self.mutant.source), self.tests)
        self._ends = time.monotonic() + self._patience

    def is_over(self) -> bool:
        """Whether the tests have ended, or will not."""
        return not self.process.is_alive() or time.monotonic() > self._ends

    def has_survived(self) -> bool:
        """Clear up; return whether all tests have passed."""
        if self.process.is_alive():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join()
        return self.process.exitcode == 0


def forked(target: Callable[..., None], *arguments: object) -> multiprocessing.process.BaseProcess:
    """Start a process that has all libraries loaded already."""
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    return process


def run_tests(changed: Changed, tests: list[str]) -> None:
    """Run some tests until one fails, with a changed module. The exit status says whether one did."""
    sys.meta_path.insert(0, changed)
    files = sorted({test.partition("::")[0] for test in tests})
    os._exit(int(pytest_run(files, Selection(tests))))


def recorded(module: str, files: tuple[str, ...]) -> Coverage:
    """Run the tests on the module as it is, and return what they enter."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "coverage.json"
        process = forked(record, module, files, into)
        process.join()
        if process.exitcode:
            sys.exit(f"{module}: its own tests fail without any change; run {' '.join(files)}")
        seen, seconds = json.loads(into.read_text())
    return Coverage({test: {(name, line) for name, line in entered} for test, entered in seen.items()}, seconds)


def record(module: str, files: tuple[str, ...], into: Path) -> None:
    """Run test files and write down what they enter."""
    recorder = Recorder([module])
    status = pytest_run([f"tests/{name}" for name in files], recorder)
    into.write_text(json.dumps([{test: sorted(seen) for test, seen in recorder.seen.items()}, recorder.seconds]))
    os._exit(int(status))


def pytest_run(files: list[str], plugin: Selection) -> int:
    """Run test files in this process, in silence; a forked one, of which nothing stays."""
    os.setsid()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    folder = tempfile.mkdtemp(prefix="mutant-")
    try:
        options = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
        return pytest.main([*options, f"--basetemp={folder}/tests", *files], plugins=[plugin])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def explanations() -> dict[tuple[str, str, str], str]:
    """Return why a survivor is none that matters, by module, function and change."""
    if not EXPLANATIONS.exists():
        return {}
    document = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))
    return {
        (module, one.get("function", ""), change): one["reason"]
        for module, listed in document.items()
        for one in listed
        for change in one["changes"]
    }


def unexplained(outcome: Outcome, explained: dict[tuple[str, str, str], str]) -> list[Mutant]:
    """Return the survivors of which nothing is said."""
    return [one for one in outcome.survivors if (outcome.module, one.function, one.change) not in explained]


def show(outcome: Outcome, explained: dict[tuple[str, str, str], str]) -> None:
    """Print the survivors that nothing is said of."""
    for one in unexplained(outcome, explained):
        print(f"\n{outcome.module}:{one.line} {one.function}\n  - {one.was}\n  + {one.becomes}", flush=True)


def report(outcomes: list[Outcome], explained: dict[tuple[str, str, str], str]) -> int:
    """Print the sums; return the exit status."""
    print()
    for outcome in outcomes:
        new = len(unexplained(outcome, explained))
        print(f"{outcome.module}: {outcome.killed} of {outcome.number} killed, {new} survivors not explained")
    met = all(one.killed >= REQUIRED_RATIO * one.number and not unexplained(one, explained) for one in outcomes)
    return 0 if met else 1


def page(outcomes: list[Outcome], explained: dict[tuple[str, str, str], str]) -> str:
    """Return docs/mutation.md."""
    return "\n".join([*_table(outcomes), *_reasons(outcomes, explained)]) + "\n"


def _table(outcomes: list[Outcome]) -> Iterator[str]:
    yield "# Would a test notice?\n"
    yield "`make mutation` changes one small thing at a time in the modules that figures depend on: a comparison, a bound,"
    yield "an operator, a constant, a condition, a statement. Then it runs the tests of that module: one of them has to"
    yield "fail. What survives is explained below, from `mutation-survivors.toml`. This page is written by the command.\n"
    yield "| module | mutants | killed | survive | killed of all |"
    yield "|---|---:|---:|---:|---:|"
    for one in outcomes:
        ratio = one.killed / one.number
        yield f"| `{one.module}` | {one.number} | {one.killed} | {len(one.survivors)} | {ratio:.1%} |"


def _reasons(outcomes: list[Outcome], explained: dict[tuple[str, str, str], str]) -> Iterator[str]:
    yield "\n## Survivors"
    for outcome in outcomes:
        if not outcome.survivors:
            continue
        yield f"\n### `{outcome.module}`\n"
        yield "| function | change | why it may survive |"
        yield "|---|---|---|"
        counted = Counter((one.function, one.change) for one in outcome.survivors)
        for (function, change), times in counted.items():
            reason = explained.get((outcome.module, function, change), "**not explained**")
            more = f" ({times} times)" if times > 1 else ""
            yield f"| `{function or 'module'}` | `{change.replace('|', chr(92) + '|')}`{more} | {reason} |"


if __name__ == "__main__":
    sys.exit(main())

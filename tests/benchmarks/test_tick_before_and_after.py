# SPDX-License-Identifier: Apache-2.0
"""What a tick costs beside an older version of the program, in one run: `make bench BEFORE=COMMIT`.

Both versions tick the same captured server, alternately, each in a process of its own. A snapshot is asked for at every
fifteenth tick, as by Prometheus at its usual interval. "With more figures" adds 200 counters of 200 workloads.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "tests" / "hosts" / "intel-2s-cascadelake-dram"
ROUNDS = 5

PROGRAM = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
try:
    from agent.recording.captured import open_root
    from agent.written.config import Config
except ImportError:  # before the rooms
    from agent.captured import open_root
    from agent.config import Config
from agent.wiring import sampling
from impacts import quantities as q
from impacts.figures import Figure

def with_more(evaluation, count):
    plain = evaluation.snapshot
    counter = replace(q.SCOPE2_LOCATION_BASED, stem="workload", labels=("kind", "workload"))
    def snapshot(*given):
        made = plain(*given)
        estimate = made.named(q.HOST_ENERGY.name)[0].estimate if made.named(q.HOST_ENERGY.name) else None
        more = [Figure(counter, ("systemd", f"unit-{n}"), estimate) for n in range(count)] if estimate else []
        return replace(made, figures=(*made.figures, *more))
    evaluation.snapshot = snapshot

server, state, more, ticks = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open_root(Path(server)) as host, sampling(host, Config(), Path(state)) as sampler:
    if more:
        with_more(sampler.evaluation, more)
    for _ in range(20):
        host.clock.wait(0.01)
        sampler.tick()
    began = time.process_time()
    for number in range(ticks):
        host.clock.wait(0.01)
        sampler.tick()
        if number % 15 == 0:
            sampler.latest
    print(json.dumps((time.process_time() - began) / ticks * 1e3))
"""


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """The tree of the version to compare with."""
    commit = os.environ.get("BEFORE")
    if not commit:
        pytest.skip("name the version to compare with: make bench BEFORE=COMMIT")
    tree = tmp_path_factory.mktemp("before") / "tree"
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--detach", "--quiet", tree, commit], check=True)
    yield tree
    subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", tree], check=True)


def milliseconds(tree, state, more):
    shutil.rmtree(state, ignore_errors=True)
    command = [sys.executable, "-c", PROGRAM, str(SERVER), str(state), str(more), "600"]
    run = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def test_a_tick_beside_the_version_before(before, tmp_path):
    runs = {(name, more): [] for name in ("before", "after") for more in (0, 200)}
    for _ in range(ROUNDS):
        for (name, more), times in runs.items():
            times.append(milliseconds(before if name == "before" else ROOT, tmp_path / "state", more))
    print()
    for (name, more), times in runs.items():
        print(
            f"{name}, {more} more figures: {statistics.median(times):.3f} ms of CPU a tick ({min(times):.3f} to {max(times):.3f})"
        )
    ratio = statistics.median(runs["after", 0]) / statistics.median(runs["before", 0])
    print(f"after / before: {ratio:.2f}")

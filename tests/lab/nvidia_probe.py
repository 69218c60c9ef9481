# SPDX-License-Identifier: Apache-2.0
"""Reads NVIDIA's cards step by step and prints what came of each, as JSON: a process of its own, because the loader
looks for libraries where LD_LIBRARY_PATH said when the process began.

    nvidia_probe.py ROOT STEP…      steps: read, wait=SECONDS, later=SECONDS (by the clock alone), fault=WORDS
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from agent.errors import ReadFailed, SourceError
from agent.host import Host
from agent.ledger import EnergyLedger
from agent.machine import Machine
from agent.readings import CounterReading
from agent.sources import nvidia
from impacts.datasets import load_book
from impacts.parts import Inventory, Server

sys.path.append(str(Path(__file__).parents[1]))
from clocks import ShiftedClock


def told(source, ledger):
    """One read and what it adds up to."""
    outcome = {"reason": ""}
    try:
        readings = source.read()
    except ReadFailed as failure:
        readings, outcome = failure.readings, {"reason": failure.reason, "what": failure.what}
    except SourceError as trouble:
        return {"error": type(trouble).__name__, "what": trouble.what}
    steps = {step.channel.name: step.outcome for step in ledger.record(readings)}
    return outcome | {
        "channels": [f"{channel.name} {channel.method}" for channel in source.channels],
        "notes": source.notes,
        "values": {r.channel.name: r.microjoules if isinstance(r, CounterReading) else r.watts for r in readings},
        "epochs": {reading.channel.name: reading.epoch for reading in readings},
        "steps": steps,
        "joules": {name: account.microjoules / 1e6 for (_, name), account in ledger.accounts.items()},
        "seconds": {name: account.state.at_monotonic_seconds for (_, name), account in ledger.accounts.items()},
    }


def main(root, *steps):
    clock, ledger, outcomes = ShiftedClock(), EnergyLedger(), []
    machine = Machine(Host(Path(root), clock), Inventory(Server(), ()), load_book())
    try:
        source = nvidia.open_source(machine)
    except SourceError as trouble:
        return [{"error": type(trouble).__name__, "what": trouble.what, "remedy": trouble.remedy}]
    for step in steps:
        word, _, value = step.partition("=")
        if word == "read":
            outcomes.append(told(source, ledger))
        elif word == "wait":
            time.sleep(float(value))
        elif word == "later":
            clock.shift_seconds += float(value)
        elif word == "fault":
            Path(os.environ["FAKE_NVML_CONTROL"]).write_text(value, encoding="utf-8")
        else:
            raise SystemExit(f"no such step: {step}")
    source.close()
    return outcomes


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))

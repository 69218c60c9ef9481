# SPDX-License-Identifier: Apache-2.0
"""wattprint doctor: what each source has found, whether it can be read, why not, and what mends it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.cli.options import add_config, add_format
from agent.cli.tables import problem_lines
from agent.wiring import sample_once

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.host import Host
    from impacts.figures import Snapshot, SourceState

HELP = "say for every source: found, readable, why not, and the command that mends it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_config(parser)
    add_format(parser, "text", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Open and read every source, and print what came of it."""
    snapshot = sample_once(host, arguments.config)
    if arguments.format == "json":
        print(json.dumps(_document(snapshot), indent=2))
    else:
        print("\n".join(_text(snapshot)))
    return DONE


def _document(snapshot: Snapshot) -> dict[str, object]:
    return {
        "basis": _basis(snapshot),
        "sources": [asdict(state) for state in snapshot.sources],
        "problems": [asdict(problem) for problem in snapshot.problems],
    }


def _basis(snapshot: Snapshot) -> str | None:
    return next((figure.labels[0] for figure in snapshot.named("wattprint_host_power_watts")), None)


def _text(snapshot: Snapshot) -> Iterator[str]:
    for state in snapshot.sources:
        yield from _source(state)
    yield ""
    yield f"Host power is {(_basis(snapshot) or 'not known').replace('_', ' ')}."
    yield from problem_lines(snapshot.problems)


def _source(state: SourceState) -> Iterator[str]:
    found = "found" if state.found else "not found"
    readable = "readable" if state.readable else "not readable"
    yield f"{state.source:<8} {found}, {readable}   {state.measures}"
    if state.channels:
        yield f"  channels  {', '.join(state.channels)}"
    for note in state.notes:
        yield f"  note      {note}"
    if state.why_not:
        yield f"  why       {state.why_not}"
    if state.remedy:
        yield f"  remedy    {state.remedy}"

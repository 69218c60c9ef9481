# SPDX-License-Identifier: Apache-2.0
"""wattprint doctor: what each source has found, whether it can be read, why not, and what mends it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.cli.options import add_config, add_format
from agent.cli.tables import problem_lines
from agent.config_file import config_of
from agent.wholehost.overlap import Line, tree
from agent.wiring import sample_twice, sampling

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from agent.host import Host
    from agent.wholehost.host_step import HostStep
    from impacts.snapshots import Snapshot, SourceState

HELP = "show for every source whether it is found and readable, why not, and the command that mends it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_config(parser)
    add_format(parser, "text", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Open and read every source, and print what came of it."""
    with sampling(host, config_of(host, arguments.config), None) as sampler:
        snapshot = sample_twice(host, sampler)
        lines = tree(sampler.sources.channels)
        step = sampler.state.present.host_step
    if arguments.format == "json":
        print(json.dumps(_document(snapshot, lines, step), indent=2))
    else:
        print("\n".join(_text(snapshot, lines, step)))
    return DONE


def _document(snapshot: Snapshot, lines: Sequence[Line], step: HostStep | None) -> dict[str, object]:
    return {
        "basis": _basis(snapshot),
        "sources": [asdict(state) for state in snapshot.sources],
        "tree": [_branch(line, step) for line in lines],
        "problems": [asdict(problem) for problem in snapshot.problems],
    }


def _branch(line: Line, step: HostStep | None) -> dict[str, object]:
    channel = line.channel
    return {
        "depth": line.depth,
        "source": channel.source,
        "channel": channel.name,
        "component": channel.component,
        "boundary": channel.boundary.value,
        "method": channel.method.value,
        "in_host_energy": _is_taken(line, step),
        "remark": line.remark,
    }


def _is_taken(line: Line, step: HostStep | None) -> bool:
    return step is not None and any(channel.key == line.channel.key for channel in step.channels)


def _basis(snapshot: Snapshot) -> str | None:
    return next((figure.labels[0] for figure in snapshot.named("wattprint_host_power_watts")), None)


def _text(snapshot: Snapshot, lines: Sequence[Line], step: HostStep | None) -> Iterator[str]:
    for state in snapshot.sources:
        yield from _source(state)
    yield "\nWhat contains what (* goes into the host's energy now):"
    yield from (_tree_line(line, step) for line in lines)
    yield ""
    yield f"Host power is {(_basis(snapshot) or 'not known').replace('_', ' ')}."
    yield from problem_lines(snapshot.problems)


def _tree_line(line: Line, step: HostStep | None) -> str:
    mark = "*" if _is_taken(line, step) else " "
    name = f"{'  ' * line.depth}{line.channel.source} {line.channel.name}"
    what = f"{line.channel.component} at the {line.channel.boundary}, {line.channel.method}"
    return f"{mark} {name:<42} {line.remark or what}"


def _source(state: SourceState) -> Iterator[str]:
    found = "found" if state.found else "not found"
    readable = "readable" if state.readable else "not readable"
    yield f"{state.source:<16} {found}, {readable}   {state.measures}"
    if state.channels:
        yield f"  channels  {', '.join(state.channels)}"
    for note in state.notes:
        yield f"  note      {note}"
    if state.why_not:
        yield f"  why       {state.why_not}"
    if state.remedy:
        yield f"  remedy    {state.remedy}"

# SPDX-License-Identifier: Apache-2.0
"""wattprint inventory: the hardware found here, what of it is assumed, and what to do about that."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.cli.options import add_format
from agent.inventory import detect
from agent.inventory.file import inventory_document, write_inventory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.host import Host
    from impacts.parts import Inventory, Part, Server
    from impacts.problems import Problem

HELP = "show the detected hardware; `--format yaml` is an inventory file to complete by hand"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_format(parser, "text", "yaml", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print what is detected."""
    inventory, problems = detect(host)
    render = {"text": _text, "yaml": _yaml, "json": _json}[arguments.format]
    print(render(inventory, problems))
    return DONE


def _json(inventory: Inventory, problems: tuple[Problem, ...]) -> str:
    """Return what docs/inventory-output.schema.json describes."""
    document = {**inventory_document(inventory), "problems": [asdict(problem) for problem in problems]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _yaml(inventory: Inventory, problems: tuple[Problem, ...]) -> str:
    comments = [f"# {problem.what}\n#   -> {problem.remedy}" for problem in problems]
    return "\n".join([*comments, write_inventory(inventory).rstrip("\n")])


def _text(inventory: Inventory, problems: tuple[Problem, ...]) -> str:
    assumed = {problem.reason.removesuffix("_assumed") for problem in problems if problem.reason.endswith("_assumed")}
    return "\n".join([_server_line(inventory.server), "", *_rows(inventory, assumed), *_advice(problems)])


def _server_line(server: Server) -> str:
    name = " ".join(filter(None, (server.manufacturer, server.model))) or "a machine that does not tell its name"
    shape = "virtual machine" if server.virtual else server.form
    return f"{name} ({shape})" if shape else name


def _rows(inventory: Inventory, assumed: set[str]) -> Iterator[str]:
    if inventory.parts is None:
        yield "  the parts are unknown"
        return
    if not inventory.parts:
        yield "  no parts"
    for part in inventory.parts:
        mark = "  (assumed)" if part.kind in assumed else ""
        yield f"  {part.kind:<7} {part.count:>4} x {_attributes(part)}{mark}".rstrip()


def _attributes(part: Part) -> str:
    known = (
        _with_unit(part.capacity_gb, "GB"),
        part.generation,
        _with_unit(part.rated_watts, "W"),
        part.model,
        _with_unit(part.cores, "cores"),
    )
    return " ".join(filter(None, known)) or "model unknown"


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}"


def _advice(problems: tuple[Problem, ...]) -> Iterator[str]:
    if not problems:
        return
    yield ""
    for problem in problems:
        yield f"{problem.what}\n  -> {problem.remedy}"

# SPDX-License-Identifier: Apache-2.0
"""wattprint inventory: the hardware found here, what of it is assumed, and what to do about that."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.cli.options import add_format
from agent.inventory.detection import detect
from agent.inventory.file import inventory_document, write_inventory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.host import Host
    from impacts.parts import Inventory, Part, Server
    from impacts.problems import Problem

# What the estimate of a part rests on; where it is not known, the line shows that.
_ESTIMATED_BY = {
    "cpu": ("model",),
    "memory": ("capacity_gb", "generation"),
    "ssd": ("capacity_gb", "model"),
    "hdd": ("capacity_gb", "model"),
    "psu": ("rated_watts",),
    "gpu": ("model",),
    "nic": ("model",),
    "storage_controller": ("model",),
}
_UNKNOWN = {
    "model": "model unknown",
    "capacity_gb": "size unknown",
    "generation": "generation unknown",
    "rated_watts": "rating unknown",
}
_DATED = ("ssd", "hdd")

HELP = "show the detected hardware; `--format yaml` is an inventory file to complete by hand"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_format(parser, "text", "yaml", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print what is detected."""
    inventory, problems = detect(host)
    render = {"text": text, "yaml": _yaml, "json": _json}[arguments.format]
    print(render(inventory, problems))
    return DONE


def _json(inventory: Inventory, problems: tuple[Problem, ...]) -> str:
    """Return what docs/inventory-output.schema.json describes."""
    document = {**inventory_document(inventory), "problems": [asdict(problem) for problem in problems]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _yaml(inventory: Inventory, problems: tuple[Problem, ...]) -> str:
    comments = [f"# {problem.what}\n#   -> {problem.remedy}" for problem in problems]
    return "\n".join([*comments, write_inventory(inventory).rstrip("\n")])


def text(inventory: Inventory, problems: tuple[Problem, ...]) -> str:
    """Return what fits one screen: the server, a line for each part, and what is doubtful with its remedy."""
    return "\n".join([_server_line(inventory.server), "", *_rows(inventory, problems), *_advice(problems)])


def _server_line(server: Server) -> str:
    name = " ".join(filter(None, (server.manufacturer, server.model))) or "a machine that does not state its name"
    shape = "virtual machine" if server.virtual else server.form
    return f"{name} ({shape})" if shape else name


def _rows(inventory: Inventory, problems: tuple[Problem, ...]) -> Iterator[str]:
    if not inventory.parts:
        yield "  the parts are unknown" if inventory.parts is None else "  no parts"
        return
    width = max(len(part.kind) for part in inventory.parts)
    assumed = _assumed_kinds(inventory.parts, problems)
    for part in inventory.parts:
        mark = "  (assumed)" if part.assumed or part.kind in assumed else ""
        yield f"  {part.kind:<{width}} {part.count:>4} x {_attributes(part)}{mark}"
    undated = dict.fromkeys(part.kind for part in inventory.parts if _lacks_year(part))
    if undated and not inventory.server.virtual:
        yield f"  (nothing here states the year of manufacture of: {', '.join(undated)})"


def _lacks_year(part: Part) -> bool:
    return part.kind in _DATED and part.year is None and not part.assumed


def _assumed_kinds(parts: tuple[Part, ...], problems: tuple[Problem, ...]) -> set[str]:
    """Return the kinds that a problem states as assumed, but for those whose parts are marked so themselves."""
    kinds = {problem.reason.removesuffix("_assumed") for problem in problems if problem.reason.endswith("_assumed")}
    return kinds - {part.kind for part in parts if part.assumed}


def _attributes(part: Part) -> str:
    known = {
        "capacity_gb": _with_unit(part.capacity_gb, "GB"),
        "generation": part.generation or "",
        "speed_mts": _with_unit(part.speed_mts, "MT/s"),
        "rated_watts": _with_unit(part.rated_watts, "W"),
        "transport": part.transport or "",
        "model": part.model or "",
        "part_number": part.part_number or "",
        "cores": _with_unit(part.cores, "cores"),
        "year": f"of {part.year}" if part.year else "",
    }
    stated = " ".join(filter(None, known.values()))
    return ", ".join(filter(None, (stated, *(_UNKNOWN[name] for name in _ESTIMATED_BY[part.kind] if not known[name]))))


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}"


def _advice(problems: tuple[Problem, ...]) -> Iterator[str]:
    if not problems:
        return
    yield ""
    for problem in problems:
        yield f"{problem.what}\n  -> {problem.remedy}"

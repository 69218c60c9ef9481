# SPDX-License-Identifier: Apache-2.0
"""wattprint config check: whether a config file, and the inventory file that it names, can be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.config_file import read_config
from agent.inventory.file import read_inventory
from agent.place import check_locations
from impacts.datasets import load_book

if TYPE_CHECKING:
    import argparse

    from agent.host import Host

HELP = "check a config file before the agent runs by it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check", help="check whether F can be used; exit with 2 and one line on what to correct if it cannot"
    )
    check.add_argument("file", type=Path, metavar="F", help="the config file")


def execute(arguments: argparse.Namespace, host: Host) -> int:  # noqa: ARG001 - a file is no machine
    """Read the file as the agent would."""
    config = read_config(arguments.file)
    check_locations(load_book(), config.locations)
    if config.inventory_file is not None:
        read_inventory(config.inventory_file)
    print(f"{arguments.file}: fine")
    return DONE

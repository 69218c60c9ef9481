# SPDX-License-Identifier: Apache-2.0
"""wattprint capture: record this machine for tests, identities removed."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.recording.capture import capture

if TYPE_CHECKING:
    from agent.host import Host

HELP = "record what the agent reads of this machine at two moments, identities removed, for tests and bug reports"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="a new directory for the recording")
    parser.add_argument(
        "--seconds", type=_seconds, default=5.0, metavar="S", help="time between the two moments (default: 5)"
    )


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Record, and name the files that could not be read with what mends it."""
    recorded, unread = capture(host, arguments.directory, arguments.seconds)
    for file in unread:
        print(f"not recorded: /{file.path}: {file.why}; {file.remedy}")
    print(f"{arguments.directory}: {recorded} files recorded, {len(unread)} could not be read")
    print(f"look through it before you pass it on, then try: wattprint once --root {arguments.directory}")
    return DONE


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:  # noqa: PLR2004 -- an hour; NaN fails too
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds between 0 and 3600")
    return seconds

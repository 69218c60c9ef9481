# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.written.config import DEFAULT_PATH

if TYPE_CHECKING:
    import argparse


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add --config."""
    parser.add_argument(
        "--config", type=Path, metavar="F", help=f"config file (default: {DEFAULT_PATH}, if it is there)"
    )


def add_format(parser: argparse.ArgumentParser, *formats: str) -> None:
    """Add --format; the first format is the default."""
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help=f"how to print it (default: {formats[0]})"
    )

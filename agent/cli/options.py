# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share."""

from __future__ import annotations

import argparse
from math import isfinite, nan
from pathlib import Path

from agent.written.config import DEFAULT_PATH

_PERCENT = 100.0


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


def load_of(text: str) -> float:
    """Return a CPU load of 0 to 1, written 0.3 or 30%.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    load = number_of(text.removesuffix("%")) / (_PERCENT if text.endswith("%") else 1)
    if not 0 <= load <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no load; write 0.3 or 30%")
    return load


def number_of(text: str) -> float:
    """Return a finite number.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return number

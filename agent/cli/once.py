# SPDX-License-Identifier: Apache-2.0
"""wattprint once: two samples one second apart, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.cli.options import add_config, add_format
from agent.wiring import sample_once

if TYPE_CHECKING:
    import argparse

    from agent.host import Host

HELP = "take two samples one second apart, print every figure and exit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_config(parser)
    add_format(parser, "prometheus", "json")


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Print the figures of this moment; nothing is written."""
    snapshot = sample_once(host, arguments.config)
    if arguments.format == "json":
        from exporters import snapshot_json  # noqa: PLC0415 - one renderer is enough

        print(snapshot_json.render(snapshot))
    else:
        from exporters import prometheus  # noqa: PLC0415

        print(prometheus.text(snapshot).decode(), end="")
    return DONE

# SPDX-License-Identifier: Apache-2.0
"""wattprint run: the agent."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli import DONE
from agent.cli.options import add_config
from agent.clock import SystemClock
from agent.config_file import config_of
from agent.version import VERSION
from agent.wiring import sample_twice, serving
from agent.written.config import DEFAULT_LISTEN, DEFAULT_STATE
from exporters.summary import first_words

if TYPE_CHECKING:
    import argparse

    from agent.host import Host

# The first figures should not wait for a long interval.
FIRST_WAIT_SECONDS = 1.0

HELP = "run the agent: sample, keep the history, serve the landing page and /metrics"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_config(parser)
    parser.add_argument(
        "--listen", metavar="HOST:PORT", help=f"where to serve / and /metrics (default: {DEFAULT_LISTEN})"
    )
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help=f"where to keep the history (default: {DEFAULT_STATE})"
    )


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="wattprint: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config = config_of(host, arguments.config)
    if arguments.listen is not None:
        config = replace(config, listen=arguments.listen)
    if arguments.state is not None:
        config = replace(config, state_directory=arguments.state)
    recorded = not isinstance(host.clock, SystemClock)
    if not recorded:
        host = replace(host, clock=SystemClock(stop))
    # A captured machine's history would be somebody else's: it is kept in memory unless a directory is asked for.
    state = config.state_directory if arguments.state is not None or not recorded else None
    with serving(host, config, state) as (sampler, announcements):
        print(f"wattprint {VERSION}: {'; '.join(announcements)}", flush=True)
        if recorded:
            print(first_words(sample_twice(host, sampler)), flush=True)
            stop.wait()  # a recording has two moments: after the second no figure changes
            return DONE
        sampler.tick()
        sampler.write()
        host.clock.wait(min(FIRST_WAIT_SECONDS, config.sampling.interval_seconds))
        sampler.tick()
        if (snapshot := sampler.latest) is not None:
            print(first_words(snapshot), flush=True)
        sampler.run(config.sampling.interval_seconds, config.sampling.write_seconds, stop.is_set)
    return DONE

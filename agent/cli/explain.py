# SPDX-License-Identifier: Apache-2.0
"""wattprint explain: the derivation of a figure, to be redone with pencil and paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli import COULD_NOT, DONE
from agent.cli.options import add_config
from agent.config import config_of
from agent.errors import ConfigError
from agent.explanation import Explanation
from agent.history_view import HistoryView
from agent.schema_errors import nearest
from agent.wiring import ONCE_SECONDS, build_standing, sampling
from impacts.derivations import render
from impacts.quantities import CATALOGUE

if TYPE_CHECKING:
    import argparse

    from agent.host import Host
    from impacts.quantities import Quantity

HELP = "print how a figure came about: formula, inputs, datasets, rows, licences"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("figure", metavar="FIGURE", help="such as scope2_location_based_co2e, or a metric's whole name")
    add_config(parser)
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="the running agent's history, to explain its totals too"
    )


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Take two samples and print every derivation behind the figure."""
    quantity = _quantity(arguments.figure)
    config = config_of(host, arguments.config)
    if arguments.state is not None:
        config = replace(config, state_directory=arguments.state)
    history = HistoryView.open_read_only(config.state_directory) if host.is_own or arguments.state else None
    with sampling(host, config, None) as sampler:
        sampler.tick()
        host.clock.wait(ONCE_SECONDS)
        sampler.tick()
        derivations = Explanation(sampler, build_standing(host, config), history).of(quantity)
    print(f"{quantity.name}\n{quantity.meaning}\n")
    if not derivations:
        print("Not known on this machine now, or observed by the agent itself: there is nothing to derive.")
        return COULD_NOT
    print("\n\n".join(render(derivation) for derivation in derivations))
    return DONE


def _quantity(word: str) -> Quantity:
    """Return the quantity by its stem or by the name of one of its metrics."""
    for quantity in CATALOGUE:
        names = {quantity.stem, quantity.name, quantity.lower_bound_name, quantity.upper_bound_name}
        if word in names:
            return quantity
    raise ConfigError(f"no figure is called {word!r}; {nearest(word, (quantity.stem for quantity in CATALOGUE))}")
